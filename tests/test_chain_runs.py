"""Runs whose images are cut into parts that all workers share leave the same files."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

import brushwood as bw
from batch_scenes import leftovers, tree
from brushwood.batch import chain_stages, planning, survey
from brushwood.batch.steps import MeasureStep
from brushwood.io.images import write_image
from chain_scenes import CLASSES, object_model, recipe
from pixel_scenes import new, picture, strokes


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Images of several kinds, a recipe, and what it makes of them in one piece."""
    folder = tmp_path_factory.mktemp("parts")
    shape = (150, 700)
    image, discs = picture(shape)
    image = np.clip(image / 3, 0, 255).astype(np.uint8)
    classifier = new(class_names=CLASSES).fit(image, strokes(discs, density=0.01))
    (folder / "in").mkdir()
    write_image(folder / "in" / "a.ome.zarr", image, "yx")
    write_image(folder / "in" / "b.tif", image[::-1], "yx")
    packed = image[:, ::-1].astype(np.uint16)
    tifffile.imwrite(folder / "in" / "c.tif", packed, compression="zlib", tile=(64, 64))
    Image.fromarray(image[::-1, ::-1]).save(folder / "in" / "d.png")
    np.save(folder / "in" / "e.npy", np.roll(image, 9, 0))
    model = object_model(image[:60, :70], classifier)
    steps = recipe(
        classifier,
        model,
        measure=MeasureStep(("area", "intensity_mean"), True),
        outputs=("classes", "objects", "object_classes", "table"),
        image_format="ome-zarr",
    )
    done = bw.batch.run(steps, folder / "in", folder / "one")
    assert done.state == "done"
    assert sum(file.counts["objects"] for file in done.files) > 500
    return folder, steps


@pytest.mark.parametrize(
    "options", [{}, {"workers": 3}, {"workers": 2, "processes": True}], ids=str
)
def test_the_same_files_from_parts(desk, tmp_path, monkeypatch, options):
    folder, steps = desk
    monkeypatch.setattr(survey, "is_large", lambda *_: True)
    monkeypatch.setattr(chain_stages, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(chain_stages, "SMALL_PIXELS", 1000)
    done = bw.batch.run(steps, folder / "in", tmp_path / "out", **options)
    assert done.state == "done", [file.why for file in done.files]
    assert tree(tmp_path / "out") == tree(folder / "one")
    assert not leftovers(tmp_path / "out")


def test_the_plan_counts_what_lies_on_the_disk_on_the_way(desk, tmp_path, monkeypatch):
    folder, steps = desk
    monkeypatch.setattr(chain_stages, "MEMORY_BYTES", 1000)
    only = replace(steps, outputs=("table",))
    monkeypatch.setattr(planning, "free_bytes", lambda _: 100)
    found = bw.batch.plan(only, folder / "in", tmp_path / "out")
    assert found.bytes == 0
    (problem,) = (each for each in found.problems if "are free" in each.text)
    # One image is worked on at a time: its classes, probabilities and objects, 13 bytes a pixel.
    assert "need up to 1.3 MiB" in problem.text
