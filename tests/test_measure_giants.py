"""Objects that are measured in pieces: the same numbers as of the whole."""

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import brushwood as bw
from brushwood.jobs import Cancelled, Job
from brushwood.measure import giants, index
from brushwood.measure.giants import Streamed
from measure_scenes import blobs

RNG = np.random.default_rng(0)
NAMES = ("intensity", "position", "texture", "probability", "shape", "size")


def scene(shape, dtype):
    labels = blobs(shape, n=9, seed=3, reach=7)
    labels[labels == 0] = 1001
    image = RNG.normal(100, 30, shape).astype(dtype)
    return labels, image, RNG.random((2, *shape)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(50, 60), (9, 30, 30)])
def test_pieces_measure_what_the_whole_does(monkeypatch, shape, dtype):
    labels, image, chances = scene(shape, dtype)
    whole = bw.measure(labels, image, probabilities=chances, names=NAMES)
    monkeypatch.setattr(giants, "GIANT_PIXELS", 100)
    monkeypatch.setattr(giants, "PIECE_PIXELS", 70)
    monkeypatch.setattr("brushwood.measure.texture_giant.PIECE_PIXELS", 300)
    monkeypatch.setattr(index, "_READ_PIXELS", 200)
    lazy = zarr.create_array({}, shape=shape, chunks=(4, 16, 20)[-len(shape) :], dtype="i8")
    lazy[...] = labels
    for some in (labels, lazy):
        table = bw.measure(some, image, probabilities=chances, names=NAMES)
        np.testing.assert_allclose(table, whole, rtol=1e-9, atol=1e-9)
        assert (table["num_pixels"] > 100).sum() > 3


def test_missing_values_and_masks_are_treated_as_in_whole_objects(monkeypatch):
    labels, image, _ = scene((50, 60), "float32")
    image[10:14, 10:30] = np.nan
    image[30, 5] = np.inf
    names = ("intensity", "texture", "centroid_weighted")
    whole, masks = bw.measure(labels, image, names=names), bw.measure(labels, image > 100)
    monkeypatch.setattr(giants, "GIANT_PIXELS", 100)
    monkeypatch.setattr(giants, "PIECE_PIXELS", 70)
    np.testing.assert_allclose(bw.measure(labels, image, names=names), whole, 1e-6, 1e-6)
    assert whole["intensity_median"].isna().any()
    np.testing.assert_allclose(bw.measure(labels, image > 100), masks)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ranks_are_those_of_the_sorted_values(data):
    dtype = data.draw(st.sampled_from(["u1", "i2", "u2", "i4", "u8", "i8", "f2", "f4", "f8"]))
    elements = {"allow_nan": False} if dtype[0] == "f" else {}
    values = data.draw(
        arrays.arrays(
            dtype, st.integers(1, 40), elements=arrays.from_dtype(np.dtype(dtype), **elements)
        )
    )
    ranks = np.array(sorted(data.draw(st.sets(st.integers(0, values.size - 1), min_size=1))))
    found = giants._ranked(lambda: iter(np.array_split(values, 3)), ranks)
    expected = np.sort(values)[ranks].astype(np.float64)
    np.testing.assert_array_equal(found, expected)


def test_percentiles_of_a_stream_are_those_of_numpy():
    values = RNG.normal(size=1000)
    stream = Streamed(lambda: iter(np.array_split(values, 7)))
    percents = (0, 3, 50, 97.5, 100)
    np.testing.assert_allclose(stream.percentiles(percents)[0], np.percentile(values, percents))
    assert stream.std[0] == pytest.approx(values.std())


def test_a_large_object_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(giants, "GIANT_PIXELS", 10)
    monkeypatch.setattr(giants, "PIECE_PIXELS", 100)
    labels, image, _ = scene((50, 60), "float32")
    job, seen = Job(), []

    def watch(fraction, message):
        seen.append(fraction)
        if message == "measuring a large object":
            job.cancel()

    job.on_progress = watch
    with pytest.raises(Cancelled):
        bw.measure(labels, image, names="intensity", job=job)
    assert seen == sorted(seen)
