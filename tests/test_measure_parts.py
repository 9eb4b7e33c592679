"""Measuring in parts: to the last bit the table of the whole."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import brushwood as bw
from brushwood.batch.workers_local import local_workers
from brushwood.errors import InputError, ShapeMismatchError, UnknownMeasurementError
from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.measure import ManyObjectsWarning, giants, measure_in_parts, parts, runs
from brushwood.measure.catalog import calculations
from brushwood.tables import units_of
from measure_scenes import blobs, special

EVERYTHING = {n: [m.name for m in bw.measure.catalog() if n in m.ndim] for n in (2, 3)}


class Backwards:
    """Workers that end in the wrong order, and do the first item twice."""

    n = 3
    is_remote = False

    def each(self, work, items, job=IDLE, message="", weights=None):
        assert weights is None or len(weights) == len(items)
        if items:
            work(items[0], IDLE)
        for i in reversed(range(len(items))):
            yield i, work(items[i], IDLE)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Cut small images into parts, too."""
    monkeypatch.setattr(parts, "_LEAST_BYTES", 1)


def same(table, whole):
    pd.testing.assert_frame_equal(table, whole, check_exact=True)
    assert table.attrs == whole.attrs


def inputs(shape, seed=0, dtype=np.float32, frames=0):
    rng = np.random.default_rng(seed)
    image = (rng.normal(100, 30, shape) * 7).astype(dtype)
    return image, rng.random((2, *shape)).astype(np.float32)


@pytest.mark.parametrize("budget", [1, 20_000, 10**9])
@pytest.mark.parametrize(
    ("shape", "ndim"), [((60, 70), 2), ((9, 24, 30), 3), ((3, 40, 40), 2), ((2, 6, 16, 20), 3)]
)
def test_everything_is_measured_as_in_one_piece(monkeypatch, shape, ndim, budget):
    # Bands, and with them the order of sums, are as narrow as those of large images.
    monkeypatch.setattr(runs, "BAND_PIXELS", 700)
    labels = blobs(shape, n=30, seed=1)
    image, chances = inputs(shape)
    options = {
        "probabilities": chances,
        "names": EVERYTHING[ndim],
        "ndim": ndim,
        "spacing": (0.5, 0.7, 0.3)[-ndim:],
        "unit": "µm",
    }
    whole = bw.measure(labels, image, **options)
    table = measure_in_parts(labels, image, **options, budget_bytes=budget, workers=Backwards())
    same(table, whole)
    assert units_of(table)["area"]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_labels_of_all_kinds_and_any_budget(data):
    ndim = data.draw(st.sampled_from([2, 3]))
    sizes = st.integers(1, 9 if ndim == 3 else 25)
    shape = tuple(data.draw(st.lists(sizes, min_size=ndim, max_size=ndim)))
    frames = data.draw(st.sampled_from([(), (1,), (3,)]))
    seed = data.draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    numbers = rng.integers(1, 2**40, data.draw(st.integers(1, 12)))
    labels = rng.choice(np.append(0, numbers), (*frames, *shape))
    if frames and data.draw(st.booleans()):
        labels[-1] = 0
    if data.draw(st.booleans()):
        labels[..., : shape[-1] // 2 + 1] = numbers[0]
    dtype = data.draw(st.sampled_from(["uint8", "int16", "float32", "float64"]))
    image = (rng.normal(0, 50, labels.shape)).astype(dtype)
    kept = giants.GIANT_PIXELS, giants.PIECE_PIXELS
    giants.GIANT_PIXELS, giants.PIECE_PIXELS = data.draw(st.sampled_from([(30, 20), kept]))
    try:
        names = [n for n in EVERYTHING[ndim] if not n.startswith("probability")]
        whole = bw.measure(labels, image, names=names, ndim=ndim)
        budget = data.draw(st.sampled_from([1, 500, 5_000, 10**9]))
        n = data.draw(st.booleans())
        workers = Backwards() if n else bw.workers.IN_TURN
        table = measure_in_parts(
            labels, image, names=names, ndim=ndim, budget_bytes=budget, workers=workers
        )
    finally:
        giants.GIANT_PIXELS, giants.PIECE_PIXELS = kept
    same(table, whole)


@pytest.mark.parametrize("kind", [np.asarray, "zarr", "dask"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_stored_arrays_of_any_chunks(monkeypatch, kind, ndim):
    labels = special(ndim).astype(np.uint64)
    image, chances = inputs((3, *labels.shape), dtype=np.uint16)
    chances = chances[:, 0]
    options = {"channel_axis": 0, "channel_names": ("a", "b", "c"), "class_names": ("x", "y")}
    options["names"] = EVERYTHING[ndim]
    whole = bw.measure(labels, image, probabilities=chances, **options)

    def stored(array):
        chunks = tuple(min(n, 15) for n in array.shape)
        if kind == "dask":
            return da.from_array(array, chunks)
        if kind != "zarr":
            return array
        out = zarr.create_array({}, shape=array.shape, chunks=chunks, dtype=array.dtype)
        out[...] = array
        return out

    for budget in (2_000, 20_000):
        table = measure_in_parts(
            stored(labels),
            stored(image),
            probabilities=stored(chances),
            budget_bytes=budget,
            **options,
        )
        same(table, whole)


def test_one_object_as_large_as_the_image_and_many_inside_it():
    labels = np.full((60, 80), 900)
    labels[5:-5:6, 4:-4:7] = np.arange(1, 1 + labels[5:-5:6, 4:-4:7].size).reshape(9, 11)
    image, _ = inputs(labels.shape)
    names = [n for n in EVERYTHING[2] if not n.startswith("probability")]
    whole = bw.measure(labels, image, names=names)
    for budget in (1, 900, 9_000):
        same(measure_in_parts(labels, image, names=names, budget_bytes=budget), whole)


@pytest.mark.parametrize("shape", [(40, 50), (5, 20, 30), (2, 3, 4, 5)])
def test_no_objects_give_no_rows_and_all_columns(shape):
    image, chances = inputs(shape)
    nothing = np.zeros(shape, int)
    names = EVERYTHING[min(3, len(shape))]
    whole = bw.measure(nothing, image, probabilities=chances, names=names)
    for budget in (1, 10**9):
        same(
            measure_in_parts(
                nothing, image, probabilities=chances, names=names, budget_bytes=budget
            ),
            whole,
        )


@pytest.mark.parametrize("processes", [False, True])
def test_workers_of_all_kinds_find_the_same(tmp_path, processes):
    labels, image = blobs((8, 40, 50), n=30), inputs((8, 40, 50))[0]
    stored = []
    for name, array in (("labels", labels), ("image", image)):
        path = tmp_path / f"{name}.zarr"
        out = zarr.create_array(path, shape=array.shape, chunks=(4, 16, 16), dtype=array.dtype)
        out[...] = array
        stored.append(zarr.open_array(path, mode="r"))
    whole = bw.measure(labels, image)
    with local_workers(2, processes=processes) as workers:
        same(measure_in_parts(*stored, workers=workers, budget_bytes=20_000), whole)


def test_refusals_are_those_of_measure():
    labels = blobs((20, 30), n=5)
    with pytest.raises(ShapeMismatchError):
        measure_in_parts(labels, np.zeros((20, 31)))
    with pytest.raises(InputError, match="negative"):
        measure_in_parts(-labels, budget_bytes=1)
    with pytest.raises(UnknownMeasurementError):
        measure_in_parts(labels, names="no such thing")


def test_many_objects_are_warned_of(monkeypatch):
    monkeypatch.setattr(parts, "MANY_OBJECTS", 20)
    labels = blobs((40, 50), n=30)
    for budget in (1, 10**9):
        with pytest.warns(ManyObjectsWarning, match="objects with") as caught:
            measure_in_parts(labels, names="area", budget_bytes=budget)
        assert caught[0].filename == __file__


def test_it_moves_forward_and_is_cancelled():
    labels, image = blobs((9, 40, 50), n=40), inputs((9, 40, 50))[0]
    seen, job = [], Job()
    names = [n for n in EVERYTHING[3] if not n.startswith("probability")]

    def watch(fraction, message):
        seen.append(fraction)
        if fraction > 0.5 and stop:
            job.cancel()

    job.on_progress = watch
    stop = False
    measure_in_parts(labels, image, names=names, budget_bytes=30_000, job=job)
    assert seen == sorted(seen) and len(seen) > 30
    stop = True
    with pytest.raises(Cancelled):
        measure_in_parts(labels, image, names=names, budget_bytes=30_000, job=job)


def test_numbers_of_an_object_do_not_depend_on_those_beside_it():
    """What `Calculation.scope` says: "object" means its own pixels alone."""
    labels, (image, chances) = blobs((60, 70), n=30, seed=5), inputs((60, 70))
    scopes = {m.name: c.scope for c in calculations() for m in c.measurements}
    own = [n for n in EVERYTHING[2] if scopes[n] == "object"]
    assert {"area", "perimeter", "texture_entropy"} <= set(own)
    assert scopes["touching_count"] == scopes["intensity_mean_ring"] == "frame"
    whole = bw.measure(labels, image, probabilities=chances, names=own)
    for label in whole["label"][::7]:
        alone = bw.measure(
            np.where(labels == label, label, 0), image, probabilities=chances, names=own
        )
        same(alone, whole[whole["label"] == label].reset_index(drop=True))
