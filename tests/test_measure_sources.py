"""Convex images, texture, probabilities and neighbours of frames, chunks and any integers."""

import dask.array as da
import numpy as np
import pytest
import zarr

import brushwood as bw
from brushwood.jobs import Job
from brushwood.measure import index, relate, runs, touching_pairs
from measure_scenes import blobs

NAMES = ("area_convex", "solidity", "feret_diameter_max", "texture", "probability", "neighbours")
RNG = np.random.default_rng(0)


def inputs(shape):
    labels = blobs(shape, n=25, seed=2)
    return labels, RNG.normal(100, 9, shape), RNG.random((2, *shape)).astype(np.float32)


def test_frames_are_measured_one_by_one():
    labels, image, chances = inputs((3, 50, 60))
    labels[1] = 0
    table = bw.measure(labels, image, probabilities=chances, names=NAMES, ndim=2, spacing=(2, 3))
    assert table["frame"].unique().tolist() == [0, 2]
    for frame in (0, 2):
        alone = bw.measure(
            labels[frame],
            image[frame],
            probabilities=chances[:, frame],
            names=NAMES,
            spacing=(2, 3),
        )
        part = table[table["frame"] == frame].drop(columns="frame")
        np.testing.assert_allclose(part, alone, 1e-12)


@pytest.mark.parametrize("shape", [(50, 60), (9, 30, 30)])
def test_chunks_and_integer_types_do_not_matter(monkeypatch, shape):
    labels, image, chances = inputs(shape)
    names = (*NAMES, "surface_area", "sphericity") if len(shape) == 3 else NAMES
    whole = bw.measure(labels, image, probabilities=chances, names=names)
    pairs = touching_pairs(labels, image)
    related = relate(labels, labels[::-1])
    for kind in (np.uint16, np.int32, np.uint64):
        table = bw.measure(labels.astype(kind), image, probabilities=chances, names=names)
        assert table.equals(whole), kind
    # As if the frame were larger than memory: bands, batches and reads are a few rows each.
    monkeypatch.setattr(index, "_HELD_PIXELS", 0)
    monkeypatch.setattr(runs, "BAND_PIXELS", 500)
    monkeypatch.setattr(index, "_BATCH_PIXELS_LAZY", 700)
    chunks = (4, 16, 20)[-len(shape) :]
    lazy = zarr.create_array({}, shape=shape, chunks=chunks, dtype=labels.dtype)
    lazy[...] = labels
    dask = da.from_array(image, chunks)
    table = bw.measure(lazy, dask, probabilities=da.from_array(chances), names=names)
    np.testing.assert_allclose(table, whole, 1e-9)
    np.testing.assert_allclose(touching_pairs(lazy, dask), pairs, 1e-9)
    again = relate(lazy, da.from_array(labels[::-1], chunks))
    np.testing.assert_allclose(again.children, related.children)
    np.testing.assert_allclose(again.parents, related.parents)


@pytest.mark.parametrize("shape", [(30, 40), (5, 20, 30)])
def test_nothing_gives_no_rows_and_all_columns(shape):
    labels, image, chances = inputs(shape)
    whole = bw.measure(labels, image, probabilities=chances, names=NAMES)
    empty = bw.measure(labels * 0, image, probabilities=chances, names=NAMES)
    assert len(empty) == 0
    assert list(empty) == list(whole)
    assert empty.dtypes.equals(whole.dtypes)


def test_a_job_moves_forward_through_all_of_it():
    labels, image, chances = inputs((9, 30, 30))
    seen = []
    job = Job(lambda fraction, message: seen.append(fraction))
    bw.measure(labels, image, probabilities=chances, names=(*NAMES, "surface_area"), job=job)
    assert seen == sorted(seen)
    seen.clear()
    touching_pairs(labels, image, job=job)
    assert seen == sorted(seen) and len(seen) > 10
    seen.clear()
    relate(labels, labels, job=job)
    assert seen == sorted(seen) and len(seen) > 2
