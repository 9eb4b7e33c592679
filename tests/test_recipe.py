"""Recipes travel as JSON, name models by their bytes, and say what they do."""

import base64
import gc
import hashlib
import json
import os
import pickle
import weakref

import numpy as np
import pytest

import brushwood as bw
from brushwood.apoc.files import save_model
from brushwood.batch.model_ref import ModelRef
from brushwood.batch.models import Models
from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import ClassifyStep, EvaluateStep, MeasureStep, ObjectStep, PixelStep
from brushwood.errors import InputError, OutputExistsError, RecipeError
from brushwood.objects.split_params import SplitParams
from chain_scenes import PARAMS, flat, image_file, object_model, recipe
from pixel_scenes import SMALL, new, picture, strokes


@pytest.fixture(scope="module")
def models():
    image, classifier = flat()
    return image, classifier, object_model(image, classifier)


@pytest.fixture
def referring(models, tmp_path):
    """A recipe of two files, saved beside them."""
    _, classifier, model = models
    classifier.save(tmp_path / "pixels.brushwood")
    (tmp_path / "shapes").mkdir()
    model.save(tmp_path / "shapes" / "objects.brushwood")
    steps = Recipe(
        PixelStep(tmp_path / "pixels.brushwood", channels=(0, "GFP"), channel_axis=-1),
        ObjectStep(PARAMS, "classes", (2, 3), "GFP", 2),
        MeasureStep(("area", "intensity_mean-α"), True, (0,), ("α",), ("a", "b")),
        ClassifyStep(tmp_path / "shapes" / "objects.brushwood"),
        EvaluateStep(tmp_path / "truth", "objects", 0.7, None),
        ("table", "classes"),
        "ome-zarr",
        "parquet",
        "zellen",
    )
    return steps, steps.save(tmp_path / "recipe.json")


def test_a_recipe_comes_back_from_its_file(referring):
    steps, path = referring
    assert Recipe.load(path) == steps
    assert bw.Recipe is Recipe
    assert Recipe.from_json(steps.to_json()) == steps
    assert Recipe.from_json(path.read_text("utf-8"), path.parent) == steps
    assert steps.outputs == ("classes", "table")
    assert pickle.loads(pickle.dumps(steps)) == steps


def test_paths_are_relative_to_the_recipe_and_move_with_it(referring, tmp_path):
    _, path = referring
    document = json.loads(path.read_text("utf-8"))
    assert document["pixels"]["model"]["path"] == "pixels.brushwood"
    assert document["classify"]["model"]["path"] == "shapes/objects.brushwood"
    assert document["evaluate"]["truth"] == "truth"
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("pixels.brushwood", "shapes", "recipe.json"):
        (tmp_path / name).rename(moved / name)
    found = Recipe.load(moved / "recipe.json")
    found.check_models()
    assert found.pixels.model.path == os.path.abspath(moved / "pixels.brushwood")
    other = found.save(tmp_path / "other.json")
    assert json.loads(other.read_text())["pixels"]["model"]["path"] == "moved/pixels.brushwood"


def test_saving_overwrites_only_when_asked(referring):
    steps, path = referring
    before = path.read_bytes()
    with pytest.raises(OutputExistsError):
        steps.save(path)
    assert path.read_bytes() == before
    steps.save(path, overwrite=True)
    assert path.read_bytes() == before


def test_a_missing_or_changed_model_is_said(referring):
    steps, path = referring
    pixels, objects = (path.parent / n for n in ("pixels.brushwood", "shapes/objects.brushwood"))
    pixels.write_bytes(pixels.read_bytes() + b" ")
    objects.unlink()
    with pytest.raises(RecipeError) as caught:
        steps.check_models()
    assert len(caught.value.problems) == 2
    assert "not the one that the recipe was made with" in caught.value.problems[0]
    assert "is missing" in caught.value.problems[1]
    for use in (lambda: Models(steps), steps.digest, steps.embedded, lambda: steps.run(0)):
        with pytest.raises(RecipeError):
            use()
    assert Recipe.load(path) == steps  # it can still be looked at
    assert "pixels.brushwood" in steps.describe()


def test_models_inside_need_no_files(models, tmp_path):
    image, classifier, _model = models
    classifier.save(tmp_path / "pixels.brushwood")
    data = (tmp_path / "pixels.brushwood").read_bytes()
    steps = Recipe.of_model(tmp_path / "pixels.brushwood")
    expected = steps.run(image)
    whole = steps.embedded()
    (tmp_path / "pixels.brushwood").unlink()
    whole.save(tmp_path / "whole.json")
    found = Recipe.load(tmp_path / "whole.json")
    stored = json.loads((tmp_path / "whole.json").read_text())["pixels"]["model"]
    assert base64.b64decode(stored["embedded"]) == data
    assert stored["sha256"] == hashlib.sha256(data).hexdigest()
    assert stored["name"] == "pixels.brushwood"
    np.testing.assert_array_equal(found.run(image).classes, expected.classes)
    assert found.embedded() == found == whole


def test_equal_work_has_an_equal_digest(referring, models):
    steps, _ = referring
    assert steps.digest() == steps.embedded().digest()
    renamed = Recipe.from_json(steps.to_json().replace("zellen", "cells"))
    assert renamed != steps and renamed.digest() == steps.digest()
    changes = (
        ('"min_size": 8', '"min_size": 9'),
        ('"parquet"', '"csv"'),
        ('"table"\n', '"objects"\n'),
        ('"channel_axis": -1', '"channel_axis": 0'),
    )
    for before, after in changes:
        assert before in steps.to_json()
        changed = Recipe.from_json(steps.to_json().replace(before, after))
        assert changed.digest() != steps.digest()


def test_a_recipe_without_hashes_takes_the_model_that_is_there(referring):
    steps, path = referring
    document = json.loads(path.read_text("utf-8"))
    document["pixels"]["model"] = "pixels.brushwood"
    document["classify"]["model"]["sha256"] = None
    path.write_text(json.dumps(document))
    found = Recipe.load(path)
    found.check_models()
    assert found.digest() == steps.digest()


def test_models_in_memory_are_embedded_without_training_rows(models):
    image, classifier, _ = models
    step = PixelStep(classifier)
    assert step.model.path is None and len(step.model.data) < 100_000
    assert ModelRef.of(step.model) is step.model
    loaded = step.model.load(bw.PixelClassifier)
    assert loaded.stored_rows_ is None
    np.testing.assert_array_equal(loaded.predict(image), classifier.predict(image))


def test_what_a_recipe_does_is_said(referring):
    steps, _ = referring
    truth = steps.evaluate.truth
    assert steps.describe().splitlines() == [
        "zellen",
        "1. Classify pixels with pixels.brushwood, channels 0, GFP along axis -1.",
        (
            "2. Make objects of classes 2, 3: distance (distance to the background); "
            "fill holes yes; min size 8; parted by channel GFP; in 2-D."
        ),
        "3. Measure area, intensity_mean-α in channel 0, also in the probabilities.",
        "4. Classify objects with objects.brushwood.",
        f"5. Compare with the truth in {truth}: objects, which match from IoU 0.7 on.",
        "6. Save classes as OME-Zarr and the table as Parquet.",
    ]


def test_steps_that_do_not_go_together_are_refused(models):
    _, classifier, model = models
    with pytest.raises(InputError, match="measure needs the step objects"):
        Recipe(PixelStep(classifier), measure=MeasureStep())
    with pytest.raises(InputError, match='save names "table"'):
        recipe(classifier, measure=None, outputs=("table",))
    with pytest.raises(InputError, match="at least one"):
        recipe(classifier, outputs=())
    with pytest.raises(InputError, match="not tabel"):
        recipe(classifier, outputs=("tabel",))
    with pytest.raises(InputError, match="one class id"):
        recipe(classifier, objects=ObjectStep(source="probability", foreground=(1, 2)))
    with pytest.raises(InputError, match="hysteresis"):
        recipe(classifier, objects=ObjectStep(SplitParams(method="hysteresis")))
    with pytest.raises(InputError, match="core threshold"):
        params = SplitParams(method="hysteresis", core=0.2)
        recipe(classifier, objects=ObjectStep(params, "probability"))
    with pytest.raises(RecipeError, match="kind 'object-classifier'"):
        Models(recipe(model))


def test_a_model_of_apoc_is_a_pixel_classifier(tmp_path):
    image, discs = picture()
    classifier = bw.PixelClassifier(
        "original gaussian_blur=1", SMALL, scaling="none", smoothing=0.0
    )
    classifier.fit(image, strokes(discs))
    save_model(classifier, tmp_path / "nuclei.cl")
    steps = Recipe.of_model(tmp_path / "nuclei.cl")
    expected = bw.load(tmp_path / "nuclei.cl").predict(image)
    np.testing.assert_array_equal(steps.run(image).classes, expected)
    whole = steps.embedded()
    (tmp_path / "nuclei.cl").unlink()
    np.testing.assert_array_equal(whole.run(image).classes, expected)


def test_threads_share_one_model_a_pixel_size(models):
    _, classifier, _ = models
    steps = recipe(classifier)
    shared = Models(steps)
    image = np.zeros((60, 70), np.float32)
    assert shared.for_image(image_file(image, "yx", size=(1, 1))) is shared.pixels


def test_models_for_many_pixel_sizes_are_let_go_again(models):
    image, _, _ = models
    world = new().set_params(features="original gaussian=1 units=world", spacing=(1.0, 1.0))
    world.fit(image, strokes(picture()[1]))
    shared = Models(recipe(world))
    files = [image_file(image, "yx", size=(1.0 + n / 8,) * 2) for n in range(12)]
    first = shared.for_image(files[0])
    assert shared.for_image(files[0]) is first is not shared.pixels
    found = [weakref.ref(shared.for_image(file)) for file in files]
    del first
    gc.collect()
    assert sum(each() is not None for each in found) < 8
    assert found[-1]() is shared.for_image(files[-1])
