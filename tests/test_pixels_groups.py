"""Strokes are groups of touching pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from brushwood.errors import InputError
from brushwood.pixels.groups import stroke_groups
from brushwood.pixels.strokes import Strokes


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), shape=st.sampled_from([(9, 11), (4, 6, 7), (3, 5, 6)]))
def test_groups_are_connected_components(seed, shape):
    rng = np.random.default_rng(seed)
    annotation = np.where(rng.random(shape) < 0.15, rng.integers(1, 4, shape), 0).astype(np.uint8)
    strokes = Strokes.of(annotation)
    ndim = len(shape) if shape[0] == 4 else 2  # the last shape has frames
    structure = np.ones((3,) * len(shape), bool)
    if ndim < len(shape):
        structure[[0, 2]] = False
    expected = ndimage.label(annotation, structure)[0].ravel()[strokes.index]
    found = stroke_groups(strokes, ndim)
    assert len(found) == len(strokes)
    pairs = set(zip(found.tolist(), expected.tolist(), strict=True))
    assert len(pairs) == len(set(found)) == len(set(expected))


def test_strokes_of_two_classes_that_touch_are_one():
    annotation = np.array([[1, 1, 2, 0, 0, 1]])
    assert stroke_groups(Strokes.of(annotation), 2).tolist() == [0, 0, 0, 1]
    assert stroke_groups(Strokes.of(annotation), 2, gap=3).tolist() == [0, 0, 0, 0]
    with pytest.raises(InputError, match="at least 1"):
        stroke_groups(Strokes.of(annotation), 2, gap=0)


def test_rows_do_not_touch_around_the_edge():
    annotation = np.array([[0, 0, 1], [1, 0, 0]])
    assert stroke_groups(Strokes.of(annotation), 2).tolist() == [0, 1]
