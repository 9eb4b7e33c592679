"""Outlines of selected objects, computed where they are looked at."""

import numpy as np
import pytest

from brushwood.session.outlines import CURRENT, OutlineArray, SelectionCodes, outlined

LABELS = np.zeros((9, 12), np.int32)
LABELS[1:8, 1:6] = 3
LABELS[1:8, 6:11] = 4  # touches 3
LABELS[0, 11] = 2**31 - 1


def array_of(labels, selected, current=0, thickness=1):
    array = OutlineArray(lambda: labels, labels.shape)
    array.codes = SelectionCodes(selected, current)
    array.thickness = thickness
    return array


@pytest.mark.parametrize("labels", [{3}, {3, 4}, {2**31 - 1}, {3, 2**31 - 1}, set(), {99}])
def test_codes_tell_the_selected_from_the_others(labels):
    codes = SelectionCodes(labels).of(LABELS)
    np.testing.assert_array_equal(codes > 0, np.isin(LABELS, list(labels)))
    assert codes.dtype == np.uint8


def test_the_current_object_has_a_code_of_its_own():
    codes = SelectionCodes({3, 4}, 4).of(LABELS)
    assert set(codes[LABELS == 4]) == {CURRENT}
    assert CURRENT not in codes[LABELS == 3]


def test_touching_objects_keep_their_own_outlines():
    shown = np.asarray(array_of(LABELS, {3, 4}))
    assert shown[4, 5] and shown[4, 6]  # the border between them
    assert not shown[4, 3] and not shown[4, 8]
    assert not shown[LABELS == 0].any()


def test_thickness_grows_inwards_and_fills_small_objects():
    for thickness, left in ((1, 5 * 3), (2, 3), (3, 0)):
        shown = np.asarray(array_of(LABELS, {3}, thickness=thickness))
        assert ((shown == 0) & (LABELS == 3)).sum() == left


def test_the_edge_of_the_image_is_no_edge_of_an_object():
    full = np.ones((6, 6), np.uint8)
    assert not outlined(full, 2).any()
    half = full.copy()
    half[:, 3:] = 0
    np.testing.assert_array_equal(np.nonzero(outlined(half, 1).any(axis=0))[0], [2])


@pytest.mark.parametrize(
    "key", [(0,), (slice(None), 2), (1, slice(2, 5), slice(1, 9)), (Ellipsis,)]
)
def test_it_is_sliced_as_the_labels_are(key):
    stack = np.stack([LABELS, LABELS[::-1], LABELS])
    shown = array_of(stack, {3})[key]
    assert shown.shape == stack[key].shape
    assert not shown[stack[key] != 3].any()


def test_a_volume_shows_whole_objects():
    stack = np.stack([LABELS] * 3)
    shown = array_of(stack, {4})[:, :, :]
    np.testing.assert_array_equal(shown > 0, stack == 4)


@pytest.mark.parametrize("source", [None, np.zeros((3, 3), np.int32)])
def test_labels_that_are_gone_or_have_another_shape_show_nothing(source):
    array = OutlineArray(lambda: source, LABELS.shape)
    array.codes = SelectionCodes({3})
    assert array[2:5, 1:4].shape == (3, 3)
    assert not np.asarray(array).any()


def test_it_looks_like_an_array():
    array = array_of(LABELS, {3})
    assert (array.ndim, array.size, len(array), array.nbytes) == (2, 108, 9, 108)
