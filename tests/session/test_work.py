"""Tiles cover a view, once, from the middle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brushwood.session.feature_preview import middle_of
from brushwood.session.work import tiles_of


@st.composite
def boxes(draw):
    ndim = draw(st.sampled_from([2, 3]))
    frames = draw(st.sampled_from([(), (3,)]))
    sides = [draw(st.integers(1, 1200)) for _ in range(2)]
    shape = ([draw(st.integers(1, 12))] if ndim == 3 else []) + sides
    whole = (*frames, *shape)
    start = [draw(st.integers(0, n - 1)) for n in whole]
    stop = [draw(st.integers(a + 1, n)) for a, n in zip(start, whole, strict=True)]
    return frames, tuple(shape), tuple(start), tuple(stop)


@given(boxes())
def test_tiles_cover_the_box_and_do_not_overlap(box):
    frames, shape, start, stop = box
    shape3 = (1,) * (3 - len(shape)) + shape
    seen = np.zeros((*frames, *shape), np.uint8)
    for tile in tiles_of(frames, shape3, start, stop):
        seen[tile.index(len(shape))] += 1
    assert seen.max() == 1
    assert seen[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))].all()


def test_the_middle_comes_first():
    tiles = tiles_of((), (1, 2048, 2048), (0, 0), (1600, 1600))
    assert len(tiles) == 16
    assert tiles[0].start == (0, 512, 512)


@pytest.mark.parametrize("stop", [(513, 512), (512, 512)])
def test_the_grid_does_not_move_with_the_view(stop):
    first = {tile.start for tile in tiles_of((), (1, 2048, 2048), (100, 100), stop)}
    assert (0, 0, 0) in first
    assert len(first) == (2 if stop[0] == 513 else 1)


def test_a_preview_is_cut_to_the_middle():
    assert middle_of((0, 0, 0), (5, 9000, 100), 2) == ((2, 3476, 0), (3, 5524, 100))
    assert middle_of((0, 0, 0), (100, 50, 50), 3) == ((34, 0, 0), (66, 50, 50))
