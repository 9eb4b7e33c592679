"""Objects do not depend on blocks: bit for bit, for every method, in planes, stacks and series."""

import gc
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from brushwood.blocks import Block, iter_blocks
from brushwood.jobs import IDLE
from brushwood.objects.split import split_objects
from brushwood.objects.split_params import SplitParams
from brushwood.objects.split_store import BlockStore, MemoryShelf
from brushwood.objects.splitter import Splitter
from brushwood.objects.stitch import find_components

METHODS = {
    "components": {},
    "distance": {"seed_distance": 3.0, "min_size": 6},
    "intensity": {"fill_holes": True},
    "probability": {"smoothing": 1.5, "connectivity": "faces"},
    "hysteresis": {"core": 0.7, "keep_cores_apart": True, "border": "remove"},
}


def chances(shape, seed=0, sigma=2.0):
    """A smooth map from 0 to 1 whose bright areas touch, enclose holes and cross blocks."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.random(shape), sigma)
    field -= field.min()
    return (field / field.max()).astype(np.float32)


def store_of(mask, size):
    store = BlockStore(mask.shape, size, bool, open_bytes=mask.size // 3)
    for block in iter_blocks(mask.shape, size):
        store.put(block, mask[block.slices])
    return store


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("block", [(13, 7), (40, 90), (1, 97), (64, 64)])
def test_a_plane_is_the_same_for_every_block(method, block):
    p = chances((83, 97))
    whole = split_objects(p, method=method, image=p, **METHODS[method])
    assert whole.max() > 5
    parts = split_objects(p, method=method, image=p, block=block, **METHODS[method])
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("method", METHODS)
def test_a_stack_is_the_same_for_every_block(method):
    p = chances((18, 40, 44), sigma=(0.7, 1.5, 1.5)) + 0.05
    p /= p.max()
    options = {"image": p, "spacing": (2.5, 1, 1), "ndim": 3, "threshold": 0.58, **METHODS[method]}
    whole = split_objects(p, method=method, **options)
    assert whole.max() > 5
    for block in ((5, 9, 44), (18, 16, 7)):
        assert np.array_equal(whole, split_objects(p, method=method, block=block, **options))


@given(
    mask=st.integers(0, 2**32 - 1),
    density=st.sampled_from([0.2, 0.45, 0.6, 0.9]),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 17), st.integers(1, 17)),
    block=st.tuples(st.integers(1, 9), st.integers(1, 17), st.integers(1, 17)),
    full=st.booleans(),
)
@settings(max_examples=60)
def test_areas_are_those_of_scipy_and_numbered_by_their_first_pixels(
    mask, density, shape, block, full
):
    mask = np.random.default_rng(mask).random(shape) < density
    structure = ndimage.generate_binary_structure(3, 3 if full else 1)
    size = tuple(map(min, block, shape))
    found = find_components(store_of(mask, size), structure, IDLE)
    # SciPy numbers in scan order too.
    expected, n = ndimage.label(mask, structure)
    whole = Block((0, 0, 0), shape)
    assert np.array_equal(found.read(whole), expected)
    assert len(found) == n
    assert np.array_equal(found.size[1:], np.bincount(expected.ravel(), minlength=n + 1)[1:])
    for i, box in enumerate(ndimage.find_objects(expected), start=1):
        assert found.box(i).slices == box
        assert expected.ravel()[found.first[i]] == i
        touched = [
            bool(found.faces[i] >> (2 * axis + side) & 1) for axis in range(3) for side in (0, 1)
        ]
        where = [
            s.stop == n if side else s.start == 0
            for s, n in zip(box, shape, strict=True)
            for side in (0, 1)
        ]
        assert touched == where


@pytest.mark.parametrize("full", [True, False])
def test_two_pixels_meet_across_every_face_edge_and_corner_of_blocks(full):
    structure = ndimage.generate_binary_structure(3, 3 if full else 1)
    middle = list(np.ndindex(2, 2, 2))
    for one, other in combinations(middle, 2):
        mask = np.zeros((4, 5, 4), bool)
        for z, y, x in (one, other):
            mask[z + 1, y + 1, x + 1] = True
        found = find_components(store_of(mask, (2, 2, 2)), structure, IDLE)
        apart = np.abs(np.subtract(one, other)).sum()
        assert len(found) == (1 if full or apart == 1 else 2), (one, other)


@given(
    seed=st.integers(0, 2**32 - 1),
    density=st.sampled_from([0.3, 0.55, 0.8]),
    shape=st.sampled_from([(1, 20, 23), (7, 9, 11)]),
    block=st.tuples(st.integers(1, 7), st.integers(1, 20), st.integers(1, 20)),
)
@settings(max_examples=40)
def test_holes_are_those_of_scipy(seed, density, shape, block):
    mask = np.random.default_rng(seed).random(shape) < density
    mask = mask[0] if shape[0] == 1 else mask
    block = block[-mask.ndim :]
    found = split_objects(mask.astype(np.uint8), 1, fill_holes=True, block=block, ndim=mask.ndim)
    assert np.array_equal(found > 0, ndimage.binary_fill_holes(mask))


@pytest.mark.parametrize("block", [(40, 40), (7, 9)])
@pytest.mark.parametrize("apart", [False, True])
def test_holes_are_filled_and_areas_without_core_left_out_together(block, apart):
    y, x = np.indices((40, 40))
    far = np.hypot(y - 20, x - 20)
    p = np.where((far < 15) & (far > 8), 0.7, 0.1).astype(np.float32)
    p[1:4, 1:4] = 0.7  # no core
    p[8, 20] = 0.95
    found = split_objects(
        p, method="hysteresis", core=0.9, fill_holes=True, keep_cores_apart=apart, block=block
    )
    assert np.array_equal(found, (far < 15).astype(np.int32))


def test_noise_is_dropped_in_blocks_and_counted():
    rng = np.random.default_rng(4)
    mask = (rng.random((60, 70)) < 0.3).astype(np.uint8)
    labels, n = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    for size in ((60, 70), (11, 13)):
        work = Splitter.of(mask, 1, SplitParams(min_size=6))
        out = np.zeros(mask.shape, np.int32)
        found = work.run(out, IDLE, size)
        assert (found.n_found, found.n_above) == (n, mask.sum())
        assert np.array_equal(found.sizes, sizes[sizes >= 6])
        expected = np.where(np.isin(labels, 1 + np.flatnonzero(sizes >= 6)), labels, 0)
        assert np.array_equal(out > 0, expected > 0)


def test_a_store_gives_back_what_was_put_also_from_its_packed_blocks():
    rng = np.random.default_rng(0)
    for dtype in (bool, np.int32):
        values = rng.integers(0, 2, (5, 33, 47)).astype(dtype)
        store = BlockStore(values.shape, (2, 16, 16), dtype, open_bytes=300)
        for block in iter_blocks(values.shape, store.size):
            store.put(block, values[block.slices])
        region = Block((1, 3, 5), (4, 31, 47))
        assert np.array_equal(store.read(region), values[region.slices])
        assert np.array_equal(
            store.read(Block((2, 16, 16), (3, 20, 20))), values[2:3, 16:20, 16:20]
        )


def test_pasting_changes_only_pixels_that_are_not_zero_and_survives_packing():
    store = BlockStore((1, 40, 40), (1, 8, 8), np.int32, open_bytes=300)
    expected = np.zeros((1, 40, 40), np.int32)
    rng = np.random.default_rng(1)
    for n in range(1, 40):
        y, x = rng.integers(0, 30, 2)
        part = (rng.random((1, 9, 7)) < 0.4).astype(np.int32) * n
        store.paste(Block((0, y, x), (1, y + 9, x + 7)), part)
        view = expected[:, y : y + 9, x : x + 7]
        view[part > 0] = n
    assert np.array_equal(store.read(Block((0, 0, 0), store.shape)), expected)


def test_what_does_not_fit_in_memory_goes_to_files_that_vanish(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rng = np.random.default_rng(2)
    arrays = {f"a/{n}": rng.integers(0, 1000, (20, 30), np.int32) for n in range(8)}
    shelf = MemoryShelf(open_bytes=5000, packed_bytes=3000)
    for _ in range(2):  # the second time over the first
        for name in arrays:
            arrays[name] = rng.integers(0, 1000, (20, 30), np.int32)
            shelf.put(name, arrays[name])
        for name, values in arrays.items():
            assert np.array_equal(shelf.get(name, values.shape, values.dtype), values)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert 0 < len(files) < len(arrays)
    del shelf
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_one_area_over_all_blocks_is_one_object():
    snake = np.zeros((60, 60), np.uint8)
    snake[::4] = 2
    snake[2::8, 0] = snake[6::8, -1] = 2
    for row in range(1, 60, 8):
        snake[row : row + 3, 0] = 2
        snake[row + 4 : row + 7, -1] = 2
    for method in ("components", "distance"):
        found = split_objects(snake, method=method, block=(7, 7), seed_height=0.6)
        assert found.max() == 1
        assert np.array_equal(found > 0, snake > 0)


def test_dask_in_and_zarr_out_are_read_and_written_by_blocks():
    import dask.array as da
    import zarr

    p = chances((120, 150))
    read = []

    def watched(part):
        read.append(part.size)
        return part

    lazy = da.from_array(p, chunks=(30, 50)).map_blocks(watched, dtype=p.dtype, meta=p[:0, :0])
    out = zarr.create_array({}, shape=p.shape, chunks=(30, 50), dtype="int32")
    result = split_objects(lazy, method="distance", out=out, block=(30, 50))
    assert result is out
    assert max(read) <= 30 * 50
    assert np.array_equal(out[:], split_objects(p, method="distance"))
