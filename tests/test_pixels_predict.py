"""Prediction: memory, caches, reading ahead, and stopping in time."""

import threading
import time
import tracemalloc

import dask.array as da
import numpy as np
import pytest
import zarr

from brushwood.arrays import ImageSource
from brushwood.blocks import Block
from brushwood.errors import DeviceMemoryError
from brushwood.forest.params import ForestParams
from brushwood.jobs import Cancelled, Job
from brushwood.opencl import choose_device
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.outputs import Sink, allocate
from brushwood.pixels.stacks import FeatureCache, StackMaker

OUTPUTS = ("classes", "probabilities", "uncertainty")
RNG = np.random.default_rng(0)
IMAGE = RNG.normal(100, 30, (70, 150)).astype(np.float32)
STACK = RNG.normal(100, 30, (9, 40, 50)).astype(np.float32)


def fitted(image=IMAGE, **options):
    marks = np.zeros(image.shape, np.uint8)
    marks.reshape(-1)[::37] = 1
    marks[image > 120] *= 2
    model = PixelClassifier("original gaussian=1 log=1", ForestParams(n_trees=8), **options)
    return model.fit(image, marks)


@pytest.fixture(scope="module")
def model():
    return fitted()


def limit_memory(monkeypatch, most):
    """Let a device fail whose blocks have more than `most` pixels; return what it computed."""
    computed = []
    original = StackMaker.compute

    def compute(self, queue, padded, view, block):
        if block.n_pixels > most:
            raise DeviceMemoryError("CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)")
        computed.append(block)
        return original(self, queue, padded, view, block)

    monkeypatch.setattr(StackMaker, "compute", compute)
    return computed


@pytest.mark.parametrize("most", [5000, 1500])
def test_blocks_shrink_until_they_fit(monkeypatch, model, most):
    whole = model.predict_maps(IMAGE)
    model._predictor = None
    limit_memory(monkeypatch, most)
    found = model.predict_maps(IMAGE)
    for name in OUTPUTS:
        np.testing.assert_array_equal(found[name], whole[name])
    region = model.predict_region(ImageSource.of(IMAGE), (), (0, 3, 4), (1, 60, 130), OUTPUTS)
    np.testing.assert_array_equal(region["classes"][0], whole["classes"][3:60, 4:130])
    model._predictor = None


def test_a_size_that_failed_is_not_tried_again(monkeypatch, model):
    model._predictor = None
    computed = limit_memory(monkeypatch, 3000)
    model.predict(np.tile(IMAGE, (4, 4)), job=Job())
    assert model.predictor().limit is not None
    before = len(computed)
    model.predict_region(ImageSource.of(IMAGE), (), (0, 0, 0), (1, 10, 10))
    assert len(computed) == before + 1
    model._predictor = None


def test_an_image_that_is_too_large_for_the_device_says_so(monkeypatch, model):
    model._predictor = None
    limit_memory(monkeypatch, 0)
    with pytest.raises(DeviceMemoryError, match=r"even a block of.*3 features.*Choose fewer"):
        model.predict(IMAGE)
    model._predictor = None


def test_a_real_memory_limit_is_kept(monkeypatch, model):
    """With 3 MiB allowed, blocks are made to fit, and results stay the same."""
    image = np.tile(IMAGE, (8, 4))
    whole = model.predict(image)
    monkeypatch.setenv("BRUSHWOOD_MEMORY", "3M")
    model._predictor = None
    np.testing.assert_array_equal(model.predict(image), whole)
    model._predictor = None


@pytest.mark.parametrize(("image", "ndim"), [(IMAGE, 2), (STACK, 3)])
def test_regions_from_a_cache_equal_the_whole(monkeypatch, image, ndim):
    monkeypatch.setattr("brushwood.pixels.live.TILES", {2: (1, 32, 64), 3: (4, 16, 32)})
    model = fitted(image, ndim=ndim)
    whole = model.predict_maps(image)
    source = ImageSource.of(image, ndim=ndim)
    cache = FeatureCache(1 << 28)
    computed = limit_memory(monkeypatch, 1 << 30)
    z, y, x = source.shape3
    boxes = [((0, 5, 6), (1, y - 3, x - 9)), ((z - 1, 0, 0), (z, y, x)), ((0, 0, 0), (z, 7, x))]
    for _ in range(2):
        for start, stop in boxes:
            found = model.predict_region(source, (), start, stop, OUTPUTS, cache=cache)
            where = Block(start, stop).slices[-ndim:]
            for name in OUTPUTS:
                part = found[name]
                part = part.reshape(part.shape[:-3] + part.shape[-ndim:])
                np.testing.assert_array_equal(part, whole[name][(..., *where)])
    n = len(computed)
    assert len(set(computed)) == n
    # Another forest on the same features computes none of them again.
    model.set_params(forest=ForestParams(n_trees=3)).fit_training(model.training_, cache=cache)
    again = model.predict_region(source, (), (0, 0, 0), (z, y, x), OUTPUTS, cache=cache)
    known = set(computed[:n])
    assert not known & set(computed[n:])
    np.testing.assert_array_equal(again["classes"].reshape(image.shape), model.predict(image))


def test_a_small_cache_costs_time_only(model):
    cache = FeatureCache(1000)
    found = model.predict_region(ImageSource.of(IMAGE), (), (0, 0, 0), (1, 70, 150), cache=cache)
    np.testing.assert_array_equal(found["classes"][0], model.predict(IMAGE))
    assert len(cache) == 0


def test_a_full_cache_makes_room_before_blocks_are_split(monkeypatch, model):
    source, cache = ImageSource.of(IMAGE), FeatureCache(1 << 28)
    original = StackMaker.compute

    def compute(self, queue, padded, view, block):
        if len(cache):
            raise DeviceMemoryError("CL_OUT_OF_RESOURCES (-5)")
        return original(self, queue, padded, view, block)

    monkeypatch.setattr(StackMaker, "compute", compute)
    monkeypatch.setattr("brushwood.pixels.live.TILES", {2: (1, 64, 64)})
    found = model.predict_region(source, (), (0, 0, 0), (1, 70, 150), cache=cache)
    assert model.predictor().limit is None
    assert len(cache) == 1
    monkeypatch.undo()
    np.testing.assert_array_equal(found["classes"][0], model.predict(IMAGE))


def test_constants_are_measured_once_for_a_view(monkeypatch, model):
    calls = []
    monkeypatch.setattr(
        "brushwood.pixels.scaling.survey",
        lambda source, job: (
            calls.append(1) or __import__("pytest").fail("measured again")
            if calls
            else calls.append(1) or _survey(source, job)
        ),
    )
    source, cache = ImageSource.of(IMAGE), FeatureCache(1 << 28)
    for start in (0, 20, 40):
        model.predict_region(source, (), (0, start, 0), (1, start + 10, 20), cache=cache)
    assert len(calls) == 1


def _survey(source, job):
    from brushwood.pixels.survey import survey

    return survey(source, job)


def test_every_chunk_is_decoded_about_once(model):
    image = np.tile(IMAGE, (12, 6))
    reads = []

    class Counted:
        shape, dtype, ndim, chunks = image.shape, image.dtype, 2, (128, 128)

        def __getitem__(self, index):
            reads.append(np.prod([s.stop - s.start for s in index]))
            return image[index]

    found = model.predict_maps(Counted(), ("classes",), block=(1, 64, 64))
    # Once for the constants, once for the maps, and a frame around areas.
    assert sum(reads) < 2.3 * image.size
    np.testing.assert_array_equal(found["classes"], model.predict(image))


def test_whole_chunks_are_written():
    written = []

    class Target:
        shape, dtype, ndim, chunks = (4000, 5000), np.dtype("u1"), 2, (700, 700)

        def __setitem__(self, index, values):
            written.append(index)

    image = ImageSource.of(np.zeros((4000, 5000), np.uint8))
    sink = Sink({"classes": Target()}, 2)
    areas = sink.areas(image, (1, 512, 512))
    assert sum(area.n_pixels for area in areas) == image.data.size
    for area in areas:
        assert all(a % 700 == 0 for a in area.start[1:])
        sink.write(sink.buffers((), area), (), area)
    assert len(written) == len(areas)


def test_areas_are_bounded_even_where_chunks_are_not():
    image = ImageSource.of(da.zeros((40_000, 50_000), chunks=-1, dtype=np.uint16))
    out = {"classes": zarr.zeros((40_000, 50_000), chunks=(40_000, 50_000), dtype="u1")}
    sink = allocate((), out, image, np.array([1, 2]))
    assert all(area.n_pixels * 3 <= 32 << 20 for area in sink.areas(image, (1, 512, 512)))


def test_cancelling_takes_effect_soon(model):
    image = np.tile(IMAGE, (30, 15))
    model.predict(IMAGE)
    before = set(threading.enumerate())
    job = Job()
    threading.Timer(0.1, job.cancel).start()
    start = time.perf_counter()
    with pytest.raises(Cancelled):
        while True:
            model.predict(image, job=job)
    # 100 ms to go, 100 ms allowed, and a slow machine's share.
    assert time.perf_counter() - start < 0.6
    assert set(threading.enumerate()) <= before


def test_two_threads_may_predict_at_once(model):
    expected = model.predict_proba(IMAGE)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(model.predict_proba(IMAGE))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for result in found:
        np.testing.assert_array_equal(result, expected)


def test_a_device_object_is_taken_as_it_is():
    device = choose_device()
    assert fitted(device=device).predictor().maker.device is device


def test_host_memory_does_not_grow_with_the_image():
    """80 million pixels in and out, 240 MB, pass through a fraction of that."""
    shape = (2000, 40_000)

    class Endless:
        dtype, ndim, chunks = np.dtype("u2"), 2, (1000, 1000)

        def __getitem__(self, index):
            return np.ones([s.stop - s.start for s in index], self.dtype)

    class Discarded:
        dtype, ndim, chunks, pixels = np.dtype("u1"), 2, (1000, 1000), 0

        def __setitem__(self, index, values):
            self.pixels += values.size

    Endless.shape = Discarded.shape = shape
    out = Discarded()
    marks = (IMAGE > 100).astype(np.uint8) + 1
    tiny = ForestParams(n_trees=1, max_depth=1)
    model = PixelClassifier("original", tiny, smoothing=0).fit(IMAGE, marks)
    tracemalloc.start()
    try:
        model.predict_maps(Endless(), (), out={"classes": out})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert out.pixels == 80_000_000
    assert peak < 130 << 20
