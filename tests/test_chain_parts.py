"""The chain of a recipe gives the same bytes whoever does its parts, and wherever arrays are."""

import hashlib
from contextlib import ExitStack

import numpy as np
import pandas as pd
import pytest

from brushwood.batch import chain_maps, chain_stages
from brushwood.batch.chain import planned_outputs, run_chain, scratch_bytes
from brushwood.batch.models import Models
from brushwood.batch.steps import MeasureStep, ObjectStep
from brushwood.batch.workers_local import local_workers
from brushwood.io.images import create_image, read_image, write_image
from brushwood.io.reopened import ReopenedArray
from brushwood.objects.painting import paint_objects
from brushwood.objects.split_params import SplitParams
from brushwood.workers import IN_TURN
from chain_scenes import CLASSES, NAMES, image_file, object_model, recipe
from pixel_scenes import new, picture, strokes


@pytest.fixture(scope="module")
def wide():
    """A picture that is several chunks wide, as a file, and a chain for it."""
    image, discs = picture((100, 1100))
    classifier = new(class_names=CLASSES).fit(image[:80, :90], strokes(discs[:80, :90]))
    model = object_model(image[:80, :90], classifier)
    steps = recipe(classifier, model, measure=MeasureStep(NAMES, with_probabilities=True))
    return image, steps


def run(steps, file, workers, folder, ending, scratch):
    """Run a chain into files; return their bytes and the result."""
    models = Models(steps)
    files = {n: folder / f"{n}{ending}" for n in planned_outputs(steps, file, models)}
    with ExitStack() as stack:
        arrays = {
            name: stack.enter_context(create_image(files[name], s.shape, s.dtype, s.axes))
            for name, s in planned_outputs(steps, file, models).items()
        }
        result = run_chain(steps, file, models, arrays, scratch=scratch, workers=workers)
    return {name: digest(path) for name, path in files.items()}, result


def digest(path):
    """A hash of a file, or of all files of a folder with their names."""
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            found.update(str(file.relative_to(path)).encode() if path.is_dir() else b"")
            found.update(file.read_bytes())
    return found.hexdigest()


def folders(tmp_path, name):
    made = tmp_path / name, tmp_path / f"{name}-scratch"
    for folder in made:
        folder.mkdir()
    return made


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
@pytest.mark.parametrize("processes", [False, True])
def test_workers_give_the_same_bytes(wide, tmp_path, ending, processes):
    image, steps = wide
    write_image(tmp_path / "wide.tif", image, "yx")
    with read_image(tmp_path / "wide.tif") as opened:
        out, scratch = folders(tmp_path, "one")
        expected, alone = run(steps, opened, IN_TURN, out, ending, scratch)
    array = ReopenedArray.of(tmp_path / "wide.tif")
    out, scratch = folders(tmp_path, "many")
    with_name = image_file(array, "yx", name="wide")
    with local_workers(2, processes=processes) as workers:
        found, shared = run(steps, with_name, workers, out, ending, scratch)
    assert found == expected
    pd.testing.assert_frame_equal(shared.table, alone.table, check_exact=True)
    assert shared.counts == alone.counts
    assert shared.counts["objects"] > 200


def test_processes_share_what_is_not_saved(wide, tmp_path):
    image, steps = wide
    expected = steps.run(image_file(image, "yx", name="wide"))
    write_image(tmp_path / "wide.tif", image, "yx")
    array = ReopenedArray.of(tmp_path / "wide.tif")
    only = recipe(
        steps.pixels.model, steps.classify.model, measure=steps.measure, outputs=("table",)
    )
    with local_workers(2, processes=True) as workers:
        found = run_chain(
            only, image_file(array, "yx", name="wide"), Models(only), {}, scratch=tmp_path,
            workers=workers,
        )  # fmt: skip
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)


def test_what_is_large_goes_through_files_with_the_same_result(wide, tmp_path, monkeypatch):
    image, steps = wide
    expected = steps.run(image)
    monkeypatch.setattr(chain_stages, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(chain_stages, "SMALL_PIXELS", 1000)
    monkeypatch.setattr(chain_maps, "_PART_PIXELS", 1000)
    made, create = [], chain_stages._on_disk
    monkeypatch.setattr(
        chain_stages, "_on_disk", lambda path, spec: made.append(path.name) or create(path, spec)
    )
    models = Models(steps)
    out = {"object_classes": np.zeros(image.shape, np.uint8)}
    steps = recipe(
        steps.pixels.model, steps.classify.model, measure=steps.measure,
        outputs=("object_classes", "table"),
    )  # fmt: skip
    found = run_chain(steps, image_file(image, "yx", name="image"), models, out, scratch=tmp_path)
    assert made == ["classes.zarr", "probabilities.zarr", "objects.zarr"]
    assert scratch_bytes(steps, image_file(image, "yx"), models) > image.size * (1 + 8 + 4)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(out["object_classes"], expected.object_classes)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
    assert found.counts == expected.counts


def test_threads_in_memory_give_the_same_as_one(wide):
    image, steps = wide
    expected = steps.run(image)
    with local_workers(3) as workers:
        found = steps.run(image, workers=workers)
    for name in ("classes", "probabilities", "uncertainty", "objects", "object_classes"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)


def test_frames_are_painted_by_their_own_rows():
    labels = np.zeros((3, 40, 50), np.int32)
    labels[0, 5:9, 5:9], labels[2, 5:9, 5:9], labels[2, 20:30, 20:30] = 1, 1, 7
    table = pd.DataFrame({"label": [7, 1, 1], "frame": [2, 2, 0], "class": [300, 2, 1]})
    out = np.zeros(labels.shape, np.uint16)
    with local_workers(2) as workers:
        chain_maps.paint_classes(labels, table, out, 2, workers)
    np.testing.assert_array_equal(out, paint_objects(labels, table, ndim=2))


def test_a_series_of_stacks_with_a_probability(tmp_path):
    image, discs = picture((2, 6, 40, 50))
    classifier = new(ndim=3, class_names=CLASSES).fit(image[0], strokes(discs[0]))
    step = ObjectStep(SplitParams(method="probability", smoothing=0.5), "probability", (2,))
    steps = recipe(classifier, objects=step, measure=MeasureStep(("area", "centroid")))
    file = image_file(image, "tzyx", size=(1.0, 0.5, 0.5))
    expected = steps.run(file)
    with local_workers(2) as workers:
        found = steps.run(file, workers=workers)
    np.testing.assert_array_equal(found.objects, expected.objects)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
    assert set(found.table["frame"]) == {0, 1}
