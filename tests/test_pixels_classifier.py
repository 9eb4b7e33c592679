"""The pixel classifier: learns, predicts the same however it is asked, and says what is wrong."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from brushwood.arrays import ImageSource
from brushwood.errors import (
    AnnotationError,
    BrushwoodError,
    InputError,
    ShapeMismatchError,
)
from brushwood.features.spec import FeatureSet
from brushwood.jobs import Cancelled, Job
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.scaling import Scaling
from brushwood.pixels.strokes import Strokes
from pixel_scenes import OUTPUTS, new, picture, strokes


@pytest.fixture(scope="module")
def fitted():
    image, discs = picture()
    return new().fit(image, strokes(discs)), image, discs


def test_it_learns(fitted):
    model, image, discs = fitted
    found = model.predict(image)
    assert found.dtype == np.uint8
    assert found.shape == image.shape
    assert ((found == 2) == discs).mean() > 0.95
    proba = model.predict_proba(image)
    assert proba.shape == (2, *image.shape)
    np.testing.assert_allclose(proba.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=0)], found)
    uncertainty = model.uncertainty(image)
    assert uncertainty.min() >= 0
    assert uncertainty.max() <= 1
    assert model.feature_names_ == ("original", "gaussian=1", "hessian[0]=1.5", "hessian[1]=1.5")


def test_it_carries_over_to_another_exposure(fitted):
    model, _, _ = fitted
    image, discs = picture(seed=5)
    found = model.predict((image * 20 + 500).astype(np.float64))
    assert ((found == 2) == discs).mean() > 0.95


def test_an_empty_image_stays_background(fitted):
    model, _, _ = fitted
    rng = np.random.default_rng(3)
    for empty in (np.full((60, 70), 100.0), np.zeros((60, 70), np.uint8)):
        assert (model.predict(empty) == 1).all()
    noise = rng.normal(100, 40, (120, 140))
    assert (model.predict(noise) == 2).mean() < 0.02


def test_ids_survive_gaps_and_large_values():
    image, discs = picture()
    model = new().fit(image, strokes(discs, ids=(7, 300)))
    assert model.classes_.tolist() == [7, 300]
    found = model.predict(image)
    assert found.dtype == np.uint16
    assert set(np.unique(found)) == {7, 300}


def test_the_same_strokes_give_the_same_pixels(fitted):
    model, image, discs = fitted
    again = new().fit(image, strokes(discs)).predict_proba(image)
    np.testing.assert_array_equal(again, model.predict_proba(image))


def test_maps_of_one_pass_equal_those_of_three(fitted):
    model, image, _ = fitted
    maps = model.predict_maps(image)
    np.testing.assert_array_equal(maps["classes"], model.predict(image))
    np.testing.assert_array_equal(maps["probabilities"], model.predict_proba(image))
    np.testing.assert_array_equal(maps["uncertainty"], model.uncertainty(image))


@pytest.mark.parametrize("ndim", [2, 3])
@settings(max_examples=12)
@given(data=st.data())
def test_no_result_depends_on_blocks_or_storage(ndim, data):
    """Any shape, smoothing, block and array: the same bits, and a region equals its crop."""
    shape = tuple(data.draw(st.integers(1, n), label=f"axis of {n}") for n in (5, 40, 45)[-ndim:])
    smoothing = data.draw(st.sampled_from([0.0, 1.0, 2.3]))
    image, discs = picture((6, 50, 50)[-ndim:])
    model = new(ndim=ndim, smoothing=smoothing).fit(image, strokes(discs, density=0.02))
    image = np.random.default_rng(0).normal(200, 90, shape).astype(np.float32)
    whole = model.predict_maps(image, OUTPUTS)
    block = tuple(data.draw(st.integers(1, n), label="block") for n in (3, 30, 33))
    block = block if ndim == 3 else (1, *block[1:])
    chunks = tuple(data.draw(st.integers(1, n), label="chunk") for n in shape)
    lazy = data.draw(st.sampled_from([da.from_array, zarr.array]))(image, chunks=chunks)
    out = {"classes": zarr.zeros(shape, chunks=chunks, dtype="u1")}
    other = model.predict_maps(lazy, OUTPUTS, out=out, block=block)
    for name in OUTPUTS:
        np.testing.assert_array_equal(np.asarray(other[name]), whole[name])
    source = ImageSource.of(lazy)
    start = tuple(data.draw(st.integers(0, n - 1)) for n in source.shape3)
    stop = tuple(
        data.draw(st.integers(a + 1, n)) for a, n in zip(start, source.shape3, strict=True)
    )
    part = model.predict_region(source, (), start, stop, OUTPUTS)
    where = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))[-ndim:]
    for name in OUTPUTS:
        np.testing.assert_array_equal(
            part[name].reshape(part[name].shape[:-3] + part[name].shape[-ndim:]),
            whole[name][(..., *where)],
        )


def test_frames_share_their_constants():
    image, discs = picture((3, 40, 50))
    image[1] *= 0.5
    model = new(ndim=2).fit(image, strokes(discs))
    found = model.predict_proba(image)
    assert found.shape == (2, 3, 40, 50)
    for frame in range(3):
        part = model.predict_region(
            ImageSource.of(image, ndim=2), (frame,), (0, 0, 0), (1, 40, 50), ("probabilities",)
        )
        np.testing.assert_array_equal(found[:, frame], part["probabilities"][:, 0])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_channels_anywhere(axis):
    image, discs = picture((4, 30, 40))
    two = np.stack([image * 0 + np.random.default_rng(0).normal(0, 1, image.shape), image])
    moved = np.moveaxis(two.astype(np.float32), 0, axis)
    model = new(ndim=2, channel_axis=axis).fit(moved, strokes(discs))
    found = model.predict(moved)
    assert found.shape == image.shape
    assert ((found == 2) == discs).mean() > 0.9
    assert model.n_channels_ == 2


def test_alpha_can_be_ignored():
    image, discs = picture()
    rgba = np.stack([image, image, image, np.full_like(image, 255)], axis=-1).astype(np.uint16)
    source = ImageSource.of(rgba, rgb=True)
    model = new(channel_axis=-1).fit(source, strokes(discs))
    assert model.n_channels_ == 3
    np.testing.assert_array_equal(model.predict(rgba[..., :3]), model.predict(source))


def test_several_images():
    pairs = [picture(seed=s) for s in range(3)]
    images = [image for image, _ in pairs]
    marks = [strokes(discs, seed=i) for i, (_, discs) in enumerate(pairs)]
    model = new().fit(images, marks)
    assert model.counts_ == {k: sum(int((m == k).sum()) for m in marks) for k in (1, 2)}
    # Classes may be spread over images: none alone has both.
    model = new().fit(images[:2], [np.where(marks[0] == 1, 1, 0), np.where(marks[1] == 2, 2, 0)])
    assert model.classes_.tolist() == [1, 2]
    with pytest.raises(InputError, match="3 images came with 2 annotations"):
        new().fit(images, marks[:2])


def test_learning_can_be_extended():
    (first, a), (second, b) = picture(seed=0), picture((50, 60), seed=1)
    together = new().fit([first, second], [strokes(a), strokes(b)])
    one_by_one = new().fit(first, strokes(a)).fit(second, strokes(b), extend=True)
    np.testing.assert_array_equal(one_by_one.predict_proba(first), together.predict_proba(first))
    anew = one_by_one.fit(first, strokes(a))
    assert sum(anew.counts_.values()) == (strokes(a) > 0).sum()


def test_it_writes_into_arrays_that_are_given(fitted):
    model, image, _ = fitted
    expected = model.predict_maps(image)
    out = {
        "classes": np.zeros(image.shape, np.int32),
        "probabilities": zarr.zeros((2, *image.shape), chunks=(1, 17, 70), dtype="f4"),
    }
    found = model.predict_maps(da.from_array(image, chunks=(13, 29)), OUTPUTS, out=out)
    assert found["classes"] is out["classes"]
    for name in OUTPUTS:
        np.testing.assert_array_equal(np.asarray(found[name]), expected[name])
    assert model.predict(image, out=out["classes"]) is out["classes"]


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ({"classes": np.zeros((2, 2), "u1")}, ShapeMismatchError, "classes.*expected"),
        ({"probabilities": np.zeros((3, 60, 70), "f4")}, ShapeMismatchError, "probabilities"),
        ({"uncertainty": np.zeros((60, 70), "u1")}, InputError, "holds uint8"),
        ({"cats": np.zeros((60, 70), "u1")}, InputError, "cats was asked for"),
    ],
)
def test_arrays_that_cannot_be_written_into(fitted, out, error, message):
    with pytest.raises(error, match=message):
        fitted[0].predict_maps(fitted[1], (), out=out)


def test_nan_counts_as_dark_and_warns(fitted):
    model, image, _ = fitted
    broken = image.copy()
    broken[20:24, 30:34] = np.nan
    broken[0, 0] = np.inf
    with pytest.warns(UserWarning, match="0.40% of the image's pixels are NaN or infinite"):
        proba = model.predict_proba(broken)
    assert np.isfinite(proba).all()
    dark = image.copy()
    dark[20:24, 30:34] = -1e3
    assert (model.predict(dark)[21:23, 31:33] == 1).all()


def test_strokes_on_nan_can_be_trained_on():
    image, discs = picture()
    image[:5] = np.nan
    with pytest.warns(UserWarning, match=r"8\.33% of the image's pixels"):
        model = new().fit(image, strokes(discs))
    assert model.range_.invalid > 0


def test_nan_is_noticed_without_scaling_and_outside_the_sample(monkeypatch):
    image, discs = picture()
    model = new(scaling="none").fit(image, strokes(discs))
    image[7, 7] = np.nan
    with pytest.warns(UserWarning, match="Some of the image's pixels are NaN or infinite"):
        model.predict(image)


def test_estimator_habits():
    model = new(smoothing=2.0, class_names={1: "background", 5: "never painted"})
    copy = clone(model)
    assert copy is not model
    assert copy.get_params() == model.get_params()
    assert copy.set_params(smoothing=0.5) is copy
    assert copy.smoothing == 0.5
    assert "smoothing=0.5" in repr(copy)
    with pytest.raises(InputError, match="no parameter trees"):
        copy.set_params(trees=3)
    image, discs = picture()
    assert copy.fit(image, strokes(discs)) is copy
    assert copy.class_names == {1: "background", 5: "never painted"}


def test_the_constructor_does_no_work():
    PixelClassifier("no such filter", device="no such device", scaling="wrong", ndim=7)


@pytest.mark.parametrize("rows", [False, True])
def test_state_round_trip(fitted, rows):
    model, image, discs = fitted
    model = clone(model).set_params(
        scaling=Scaling(mode="training", high=99), class_names={1: "a"}, class_colors={2: "#ff0000"}
    )
    model.fit(image, strokes(discs))
    state = model.to_state(include_rows=rows)
    again = PixelClassifier.from_state(state)
    np.testing.assert_array_equal(again.predict_proba(image), model.predict_proba(image))
    assert again.class_names == {1: "a"}
    assert again.class_colors == {2: "#ff0000"}
    assert again.to_state()["provenance"] == state["provenance"]
    assert state["provenance"]["images"][0]["shape"] == [60, 70]
    assert (again.training_ is not None) == rows
    if rows:
        other, marks = picture(seed=9)
        model.fit(other, strokes(marks, density=0.01), extend=True)
        again.fit(other, strokes(marks, density=0.01), extend=True)
        assert again.counts_ == model.counts_


def test_rows_that_are_saved_are_those_of_the_forest():
    """Strokes that were erased since, so that nothing could be trained, do not matter."""
    image, discs = picture()
    model = new().fit(image, strokes(discs))
    training = model.training_
    training.keep_only(())
    training.put("now", ImageSource.of(image), Strokes.of((strokes(discs) == 1).astype(int)))
    with pytest.raises(AnnotationError):
        new().fit_training(training)
    state = model.to_state(include_rows=True)
    assert len(state["rows"]["classes"]) == np.count_nonzero(strokes(discs))
    assert sum(state["provenance"]["pixels"].values()) == np.count_nonzero(strokes(discs))


def test_a_state_whose_parts_do_not_fit(fitted):
    state = fitted[0].to_state()
    for change in (
        {"features": str(FeatureSet.parse("original"))},
        {"n_channels": 2},
        {"range": {"low": [0.0], "span": [0.0], "contrast": []}},
        {"range": {"low": [float("nan")], "span": [1.0], "contrast": []}},
        {"rows": {"features": np.zeros((3, 2), "f4"), "classes": np.ones(3, int)}},
    ):
        with pytest.raises(BrushwoodError, match="damaged"):
            PixelClassifier.from_state({**state, **change})


def test_cancelling_stops_at_the_next_block(fitted):
    model, image, _ = fitted
    seen = []

    def stop(fraction, message):
        seen.append(fraction)
        if fraction > 0:
            job.cancel()

    job = Job(stop)
    with pytest.raises(Cancelled):
        model.predict_maps(np.tile(image, (4, 4)), block=(1, 60, 70), job=job)
    assert 0 < seen[-1] < 0.5


def test_unknown_outputs(fitted):
    with pytest.raises(InputError, match="borders"):
        fitted[0].predict_maps(fitted[1], ("borders",))
