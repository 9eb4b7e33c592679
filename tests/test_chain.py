"""The chain of a recipe on one image gives what its steps give one by one."""

import warnings

import dask.array
import numpy as np
import pandas as pd
import pytest

from brushwood.arrays import ImageSource
from brushwood.batch.chain import planned_outputs, run_chain
from brushwood.batch.models import Models
from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import EvaluateStep, MeasureStep, ObjectStep, PixelStep
from brushwood.errors import InputError
from brushwood.explore.surrogate import train_surrogate
from brushwood.io.images import write_image
from brushwood.measure.table import measure
from brushwood.models.surrogate import to_classifier
from brushwood.objects.painting import paint_objects
from brushwood.objects.split import split_objects
from brushwood.objects.split_params import SplitParams
from brushwood.tables import units_of
from chain_scenes import (
    NAMES,
    PARAMS,
    coloured,
    flat,
    image_file,
    object_model,
    recipe,
    series,
    stack,
)
from pixel_scenes import new, picture, strokes

BEFORE = ["image", "label", "index"]


def same_table(found, expected):
    """Compare all but the name of the image."""
    pd.testing.assert_frame_equal(found.drop(columns="image"), expected, check_exact=True)


def test_a_picture_gives_what_the_steps_give():
    image, classifier = flat()
    model = object_model(image, classifier)
    found = recipe(classifier, model).run(image_file(image, "yx"))
    classes = classifier.predict(image)
    objects = split_objects(classes, 2, params=PARAMS)
    np.testing.assert_array_equal(found.classes, classes)
    np.testing.assert_array_equal(found.probabilities, classifier.predict_proba(image))
    np.testing.assert_array_equal(found.uncertainty, classifier.uncertainty(image))
    np.testing.assert_array_equal(found.objects, objects)
    assert objects.max() > 5
    painted = paint_objects(objects, found.table, ndim=2)
    np.testing.assert_array_equal(found.object_classes, painted)
    assert set(np.unique(painted)) == {0, 1, 2}
    assert found.counts["objects"] == objects.max()
    assert found.counts["classes"] == {str(i): int((classes == i).sum()) for i in (1, 2)}
    assert sum(found.counts["object_classes"].values()) == objects.max()


def test_the_table_names_the_image_first_and_has_units():
    image, classifier = flat()
    found = recipe(classifier).run(image_file(image, "yx", size=(0.5, 0.25))).table
    assert list(found.columns[:3]) == BEFORE
    assert set(found["image"]) == {"cells"}
    assert units_of(found)["area"] == "µm²"
    objects = split_objects(classifier.predict(image), 2, params=PARAMS, spacing=(0.5, 0.25))
    expected = measure(objects, image, names=NAMES, spacing=(0.5, 0.25), unit="µm")
    same_table(found, expected)


def test_measured_columns_that_a_classifier_asks_for_are_added():
    image, classifier = flat()
    model = object_model(image, classifier)
    steps = recipe(classifier, model, measure=MeasureStep(("perimeter",)))
    assert list(steps.run(image).table.columns) == [
        *BEFORE, "perimeter", "area", "intensity_mean", "class", "class_name", "class_probability",
        "class_uncertainty",
    ]  # fmt: skip
    alone = recipe(classifier, model, measure=None).run(image).table
    assert list(alone.columns[3:5]) == ["area", "intensity_mean"]
    usual = recipe(classifier, model, measure=MeasureStep()).run(image).table
    assert {"area", "intensity_mean", "centroid-0", "class"} <= set(usual.columns)


def test_a_series_keeps_numbers_apart_and_may_have_empty_frames():
    frames, classifier = series()
    model = object_model(frames[0], classifier)
    found = recipe(classifier, model).run(image_file(frames, "tyx"))
    expected = split_objects(classifier.predict(frames), 2, params=PARAMS, ndim=2)
    np.testing.assert_array_equal(found.objects, expected)
    assert list(found.table.columns[:4]) == [*BEFORE, "frame"]
    assert set(found.table["frame"]) == {0, 2}
    assert not found.objects[1].any()
    painted = paint_objects(expected, found.table, ndim=2)
    np.testing.assert_array_equal(found.object_classes, painted)
    assert found.axes == "tyx"


def test_a_stack_is_three_dimensional():
    image, classifier = stack()
    found = recipe(classifier).run(image_file(image, "zyx", size=(2.0, 0.5, 0.5)))
    spacing = (2.0, 0.5, 0.5)
    expected = split_objects(classifier.predict(image), 2, params=PARAMS, spacing=spacing)
    np.testing.assert_array_equal(found.objects, expected)
    assert units_of(found.table)["area"] == "µm³"


def test_planes_of_a_stack_make_objects_in_three_dimensions_or_two():
    _, classifier = flat()
    image, _ = stack()
    solid = recipe(classifier).run(image_file(image, "zyx"))
    expected = split_objects(classifier.predict(image), 2, params=PARAMS)
    np.testing.assert_array_equal(solid.objects, expected)
    assert "frame" not in solid.table
    each = recipe(classifier, objects=ObjectStep(PARAMS, ndim=2)).run(image_file(image, "zyx"))
    expected = split_objects(classifier.predict(image), 2, params=PARAMS, ndim=2)
    np.testing.assert_array_equal(each.objects, expected)
    assert set(each.table["frame"]) == set(range(8))


@pytest.mark.parametrize("chosen", [(0, 1), ("DAPI", "GFP")])
def test_channels_are_chosen_by_place_or_name(chosen):
    data, classifier = coloured()
    file = image_file(data, "cyx", channels=("DAPI", "GFP", "noise"))
    found = recipe(classifier, channels=chosen).run(file)
    np.testing.assert_array_equal(found.classes, classifier.predict(data[:2]))
    expected = measure(found.objects, data, names=NAMES, channel_axis=0)
    same_table(found.table, expected)
    assert "intensity_mean-2" in found.table


def test_channels_to_measure_are_chosen_and_named():
    data, classifier = coloured()
    file = image_file(data, "cyx", channels=("DAPI", "GFP", "noise"))
    named = MeasureStep(("intensity_mean",), channels=("noise", 0), channel_names=("n", "d"))
    found = recipe(classifier, channels=(0, 1), measure=named).run(file)
    expected = measure(
        found.objects,
        data[[2, 0]],
        names="intensity_mean",
        channel_axis=0,
        channel_names=("n", "d"),
    )
    same_table(found.table, expected)
    one = MeasureStep(("intensity_mean",), channels=("noise",))
    found = recipe(classifier, channels=(0, 1), measure=one).run(file)
    same_table(found.table, measure(found.objects, data[2], names="intensity_mean"))


def test_channels_may_stand_last():
    data, classifier = coloured()
    last = np.moveaxis(data, 0, -1)
    found = recipe(classifier, channels=(0, 1)).run(image_file(last, "yxc"))
    np.testing.assert_array_equal(found.classes, classifier.predict(data[:2]))
    assert found.axes == "yx"
    expected = measure(found.objects, last, names=NAMES, channel_axis=-1)
    same_table(found.table, expected)


def test_an_array_has_the_axes_of_the_training():
    data, classifier = coloured()
    found = recipe(classifier).run(data[:2])
    np.testing.assert_array_equal(found.classes, classifier.predict(data[:2]))
    frames, flat_classifier = series()
    assert recipe(flat_classifier).run(frames[0]).axes == "yx"
    image, solid = stack()
    assert recipe(solid).run(image).axes == "zyx"


def test_objects_from_a_probability():
    image, classifier = flat()
    params = SplitParams(method="hysteresis", threshold=0.4, core=0.9)
    step = ObjectStep(params, "probability", (2,))
    found = recipe(classifier, objects=step).run(image)
    chance = classifier.predict_proba(image)[1]
    np.testing.assert_array_equal(found.objects, split_objects(chance, params=params))
    assert found.objects.max() > 5


def test_objects_parted_by_a_channel():
    data, classifier = coloured()
    step = ObjectStep(SplitParams(method="intensity"), image_channel="GFP")
    file = image_file(data, "cyx", channels=("DAPI", "GFP", "noise"))
    found = recipe(classifier, channels=(0, 1), objects=step).run(file)
    classes = classifier.predict(data[:2])
    expected = split_objects(classes, 2, method="intensity", image=data[1])
    np.testing.assert_array_equal(found.objects, expected)
    unsaid = recipe(classifier, channels=(0, 1), objects=ObjectStep(step.params))
    with pytest.raises(InputError, match=r"does not say which one. Set objects\.image_channel"):
        unsaid.run(file)


def test_probabilities_are_measured_by_the_names_of_classes():
    image, classifier = flat()
    step = MeasureStep(("probability_mean",), with_probabilities=True)
    found = recipe(classifier, measure=step, outputs=("table",)).run(image)
    chances = classifier.predict_proba(image)
    expected = measure(
        found.objects,
        probabilities=chances,
        names="probability_mean",
        class_names=("background", "disc"),
    )
    same_table(found.table, expected)
    named = MeasureStep(("probability_mean",), True, class_names=("a", "b"))
    assert "probability_mean-b" in recipe(classifier, measure=named).run(image).table


def test_a_model_in_units_of_the_image_follows_its_pixel_size():
    image, classifier = flat()
    world = classifier.set_params(spacing=(1.0, 1.0), features="original gaussian=1 units=world")
    world.fit(image, strokes(picture()[1]))
    found = recipe(world).run(image_file(image, "yx", size=(0.5, 0.5)))
    kept = recipe(world).run(image_file(image, "yx"))
    assert kept.notes == ("cells has no pixel size; that of the training was used.",)
    assert not found.notes
    np.testing.assert_array_equal(kept.classes, world.predict(image))
    finer = world.set_params(spacing=(0.5, 0.5))
    finer._predictor = finer._training = None
    np.testing.assert_array_equal(found.probabilities, finer.predict_proba(image))
    assert (found.probabilities != kept.probabilities).any()


def test_sizes_in_units_need_a_pixel_size():
    _, classifier = flat()
    image, _ = flat()
    step = ObjectStep(SplitParams(units="world", min_size=3.0))
    steps = recipe(classifier, objects=step)
    found = steps.run(image_file(image, "yx", size=(0.5, 0.5)))
    expected = split_objects(found.classes, 2, units="world", min_size=3.0, spacing=(0.5, 0.5))
    np.testing.assert_array_equal(found.objects, expected)
    with pytest.raises(InputError, match="no pixel size"):
        steps.run(image_file(image, "yx"))


def test_an_image_without_objects_goes_through():
    image, classifier = flat()
    model = object_model(image, classifier)
    steps = recipe(classifier, model, objects=ObjectStep(SplitParams(min_size=1e6)))
    found = steps.run(image)
    assert not found.objects.any() and not found.object_classes.any()
    assert len(found.table) == 0
    usual = recipe(classifier, model).run(image).table
    assert list(found.table.columns) == list(usual.columns)
    assert found.counts["objects"] == 0
    assert found.counts["object_classes"] == {"1": 0, "2": 0}
    assert "There are no objects." in found.notes


def test_only_the_table_is_saved():
    image, classifier = flat()
    steps = recipe(classifier, outputs=("table",))
    models, file = Models(steps), image_file(image, "yx")
    assert planned_outputs(steps, file, models) == {}
    found = run_chain(steps, file, models, {}, name="day 1/cells")
    assert set(found.table["image"]) == {"day 1/cells"}
    assert len(found.table) == found.counts["objects"] > 5


def test_a_model_alone_saves_classes():
    image, classifier = flat()
    steps = Recipe.of_model(classifier)
    assert steps.outputs == ("classes",)
    found = steps.run(image)
    np.testing.assert_array_equal(found.classes, classifier.predict(image))
    assert found.objects is None and found.table is None and found.probabilities is None


def test_planned_outputs_are_what_is_filled():
    data, classifier = coloured()
    steps = recipe(classifier, channels=(0, 1))
    file = image_file(data, "cyx")
    specs = planned_outputs(steps, file, Models(steps))
    assert {n: (s.shape, s.dtype.name, s.axes) for n, s in specs.items()} == {
        "classes": ((60, 70), "uint8", "yx"),
        "probabilities": ((2, 60, 70), "float32", "cyx"),
        "uncertainty": ((60, 70), "float32", "yx"),
        "objects": ((60, 70), "int32", "yx"),
    }
    assert specs["probabilities"].n_bytes == 2 * 60 * 70 * 4


def test_a_surrogate_of_an_exploration_classifies():
    image, classifier = flat()
    objects = split_objects(classifier.predict(image), 2, params=PARAMS)
    table = measure(objects, image, names=NAMES)
    groups = pd.Series(np.where(table["centroid-0"] > 30, 2, 1), index=table.index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        surrogate = train_surrogate(table, groups, columns=["centroid-0", "area"])
        model = to_classifier(table, surrogate)
    found = recipe(classifier, model).run(image)
    expected = model.predict(table)
    np.testing.assert_array_equal(found.table["class"], expected)


@pytest.mark.parametrize("what", ["objects", "pixels"])
def test_what_is_true_is_found_by_name_and_compared(what, tmp_path):
    image, classifier = flat()
    truth = recipe(classifier).run(image)
    shown = truth.objects if what == "objects" else truth.classes
    write_image(tmp_path / "another_mask.tif", 1 + shown // 2, "yx")
    write_image(tmp_path / "cells_mask.tif", shown, "yx")
    steps = recipe(classifier, evaluate=EvaluateStep(str(tmp_path), what), outputs=("table",))
    found = steps.run(image_file(image, "yx"))
    main = "average_precision" if what == "objects" else "jaccard"
    assert found.counts["scores"]["what"] == what
    assert found.counts["scores"][main] == 1.0
    assert found.scores.found is not None
    other = steps.run(image_file(image, "yx", name="others"))
    assert other.counts["scores"][main] is None
    assert "No truth" in other.counts["scores"]["problem"] and "No truth" in other.notes[-1]


def test_a_missing_folder_of_truths_is_said():
    image, classifier = flat()
    steps = recipe(classifier, evaluate=EvaluateStep("/nowhere/at/all"))
    found = steps.run(image)
    assert "There is no folder '/nowhere/at/all'" in found.counts["scores"]["problem"]
    assert found.table is not None


@pytest.mark.parametrize("axis", [0, -1])
def test_files_that_know_no_axes_are_read_as_in_training(axis, tmp_path):
    data, _ = coloured()
    _, discs = picture()
    turned = np.moveaxis(data, 0, axis)
    classifier = new(channel_axis=axis).fit(turned, strokes(discs))
    np.save(tmp_path / "cells.npy", turned)
    found = recipe(classifier).run(tmp_path / "cells.npy")
    np.testing.assert_array_equal(found.classes, classifier.predict(turned))
    assert found.axes == "yx"
    assert "intensity_mean-2" in found.table
    said = Recipe(
        PixelStep(classifier, channel_axis=axis), ObjectStep(PARAMS), outputs=("objects",)
    )
    np.testing.assert_array_equal(said.run(tmp_path / "cells.npy").objects, found.objects)


def test_time_channels_and_depth_at_once():
    image, discs = picture((2, 6, 40, 50))
    data = np.stack([image, image / 2 + 3, np.ones_like(image)], 1)
    classifier = new(ndim=3, channel_axis=0).fit(data[0, :2], strokes(discs[0]))
    size = (1.0, 0.5, 0.5)
    found = recipe(classifier, channels=(0, 1)).run(image_file(data, "tczyx", size=size))
    assert found.axes == "tzyx"
    source = ImageSource.of(data, channel_axis=1, ndim=3, channels=[0, 1])
    np.testing.assert_array_equal(found.classes, classifier.predict(source))
    expected = split_objects(found.classes, 2, params=PARAMS, ndim=3, spacing=size)
    np.testing.assert_array_equal(found.objects, expected)
    options = {"channel_axis": 1, "ndim": 3, "spacing": size, "unit": "µm", "names": NAMES}
    same_table(found.table, measure(expected, data, **options))
    assert set(found.table["frame"]) == {0, 1}


def test_a_dask_array_is_an_image():
    image, classifier = flat()
    found = recipe(classifier).run(dask.array.from_array(image, chunks=(17, 30)))
    expected = recipe(classifier).run(image)
    np.testing.assert_array_equal(found.objects, expected.objects)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
