"""Blocks cover an image exactly, fit their budget, and are never slivers."""

from itertools import pairwise
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brushwood.blocks import (
    Block,
    blocks_in,
    blocks_over,
    choose_block_size,
    from_centre,
    halved,
    iter_blocks,
)

shapes = st.tuples(st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))


@given(shape=shapes, size=shapes)
def test_blocks_cover_every_pixel_once(shape, size):
    count = np.zeros(shape, int)
    for block in iter_blocks(shape, size):
        count[block.slices] += 1
        assert all(n <= s for n, s in zip(block.shape, size, strict=True))
    assert (count == 1).all()


@given(shape=shapes, size=shapes, data=st.data())
def test_blocks_over_a_region_are_those_of_the_grid_that_touch_it(shape, size, data):
    start = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    stop = tuple(data.draw(st.integers(a + 1, n)) for a, n in zip(start, shape, strict=True))
    region = Block(start, stop)
    touching = [b for b in iter_blocks(shape, size) if b.overlap(region)]
    assert list(blocks_over(region, size, shape)) == touching
    inside = list(blocks_in(region, size))
    assert sum(b.n_pixels for b in inside) == region.n_pixels
    assert all(b.overlap(region) == b for b in inside)


@given(
    shape=st.tuples(st.integers(1, 300), st.integers(1, 5000), st.integers(1, 5000)),
    halo=st.integers(0, 50),
    budget=st.integers(1 << 20, 1 << 32),
    kind=st.sampled_from(["cpu", "gpu"]),
)
def test_block_size_fits(shape, halo, budget, kind):
    halo3 = (0 if shape[0] == 1 else halo, halo, halo)
    size = choose_block_size(shape, halo3, 160, budget, kind)
    assert all(1 <= s <= n for s, n in zip(size, shape, strict=True))

    def used(size):
        return prod(size) * 160 + 64 * prod(s + 2 * h for s, h in zip(size, halo3, strict=True))

    smallest = [min(m, n) for m, n in zip((1, 8, 16), shape, strict=True)]
    # Rows are rounded up to 16 pixels, which may pass the budget by as much.
    assert used(size) <= 2 * max(budget, used(smallest))


def test_blocks_of_usual_images():
    halo, plane, stack = (0, 20, 20), (1, 2048, 2048), (64, 512, 512)
    assert choose_block_size(plane, halo, 160, 1 << 30) == (1, 512, 512)
    assert choose_block_size(plane, halo, 160, 8 << 30, "gpu") == plane
    assert choose_block_size(stack, (12, 12, 12), 160, 16 << 30, "gpu") == stack
    # A halo that is wider than the block must not cut it to pieces.
    assert prod(choose_block_size(stack, (60, 60, 60), 264, 512 << 20)) >= 100_000
    assert choose_block_size((1, 520, 520), halo, 160, 1 << 30) == (1, 260, 520)


def test_halving_ends_at_the_smallest_block():
    sizes = [(16, 512, 512)]
    while (smaller := halved(sizes[-1])) is not None:
        sizes.append(smaller)
    assert sizes[-1] == (1, 8, 16)
    assert all(prod(b) < prod(a) for a, b in pairwise(sizes))


def test_the_centre_comes_first():
    blocks = from_centre(iter_blocks((1, 30, 30), (1, 10, 10)), (0.5, 15, 15))
    assert blocks[0].start == (0, 10, 10)
    assert {b.start for b in blocks[-4:]} == {(0, 0, 0), (0, 0, 20), (0, 20, 0), (0, 20, 20)}


@pytest.mark.parametrize(
    ("margin", "expected"),
    [((0, 2, 3), ((0, 0, 1), (1, 7, 10))), ((5, 0, 0), ((0, 1, 4), (1, 5, 8)))],
)
def test_growing_stops_at_the_image(margin, expected):
    assert Block((0, 1, 4), (1, 5, 8)).grown(margin, (1, 9, 10)) == Block(*expected)
