"""Objects merged and kept."""

import numpy as np
import pytest

from brushwood.errors import InputError
from brushwood.objects.merge import keep_objects, merge_labels

LABELS = np.array([[0, 1, 1, 4], [2, 2, 4, 9], [2, 9, 9, 30]], np.uint16)


def test_pairs_and_chains_become_one():
    found = merge_labels(LABELS, [(4, 9), (9, 2)])
    assert found.dtype == LABELS.dtype
    assert found.tolist() == [[0, 1, 1, 2], [2, 2, 2, 2], [2, 2, 2, 30]]
    found = merge_labels(LABELS, np.array([[4, 9]]), renumber=True)
    assert found.tolist() == [[0, 1, 1, 3], [2, 2, 3, 3], [2, 3, 3, 4]]


def test_no_pairs_and_pairs_that_do_not_exist():
    for pairs in ([], np.zeros((0, 2), int), [(1, 7)], [(50, 60)]):
        assert np.array_equal(merge_labels(LABELS, pairs), LABELS)
    assert merge_labels(np.zeros((2, 2), int), [(1, 2)]).tolist() == [[0, 0], [0, 0]]


def test_objects_are_kept():
    assert keep_objects(LABELS, [9, 1, 77]).tolist() == [[0, 1, 1, 0], [0, 0, 0, 9], [0, 9, 9, 0]]
    found = keep_objects(LABELS, {9, 30}, renumber=True)
    assert found.tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 2]]
    assert keep_objects(LABELS, []).max() == 0
    assert keep_objects(LABELS, np.array([], float)).max() == 0


def test_very_large_labels():
    large = LABELS.astype(np.int64) * 70_000_000
    expected = merge_labels(LABELS, [(2, 4)]).astype(np.int64) * 70_000_000
    assert np.array_equal(merge_labels(large, [(140_000_000, 280_000_000)]), expected)
    kept = keep_objects(large, [280_000_000], renumber=True)
    assert np.array_equal(kept, (LABELS == 4).astype(np.int64))


def test_other_shapes_and_what_is_refused():
    stack = np.stack([LABELS, LABELS * 2])
    assert merge_labels(stack, [(1, 2)]).shape == stack.shape
    for wrong, match in ((LABELS * 1.0, "whole numbers"),):
        with pytest.raises(InputError, match=match):
            merge_labels(wrong, [(1, 2)])
        with pytest.raises(InputError, match=match):
            keep_objects(wrong, [1])
    with pytest.raises(InputError, match="two labels each"):
        merge_labels(LABELS, [(1, 2, 3)])
    with pytest.raises(InputError, match="background"):
        merge_labels(LABELS, [(0, 2)])
    with pytest.raises(InputError, match="whole numbers"):
        keep_objects(LABELS, [1.5])
