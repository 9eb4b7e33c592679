"""Objects merged and kept."""

import numpy as np
import pytest

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.objects import keep_objects, merge_labels, pair_classes

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


def test_strokes_mark_the_pairs_that_they_pass_through():
    labels = np.zeros((9, 30), int)
    for k in range(6):
        labels[:, 5 * k : 5 * k + 5] = k + 1
    strokes = np.zeros_like(labels)
    strokes[1, 3:7] = 1  # 1 and 2
    strokes[1, 13:22] = 2  # 3, 4 and 5
    strokes[4, 8:12] = 2  # 2 and 3, and against it:
    strokes[6, 8:12] = 1
    strokes[7, 26] = 1  # inside one object
    pairs = np.array([[1, 2], [2, 3], [3, 4], [4, 5], [3, 5], [5, 6], [1, 6], [6, 90]])
    assert pair_classes(labels, strokes, pairs).tolist() == [1, 0, 2, 2, 2, 0, 0, 0]
    assert pair_classes(labels, strokes, []).tolist() == []
    assert pair_classes(labels, strokes * 0, pairs).max() == 0
    with pytest.raises(ShapeMismatchError):
        pair_classes(labels, strokes[:3], pairs)


def test_merging_in_brushwood_s_own_terms():
    """Touching pairs, strokes across borders, a forest, and merged labels."""
    import brushwood as bw

    rng = np.random.default_rng(2)
    whole = np.zeros((60, 120), int)
    for k in range(12):
        whole[10 * (k // 2) : 10 * (k // 2) + 10, 60 * (k % 2) : 60 * (k % 2) + 60] = k + 1
    labels = 2 * whole - (np.arange(120) % 60 < 30)
    image = (30 * ((whole * 5) % 13) + rng.normal(0, 3, whole.shape)).astype(np.float32)
    table = bw.measure.touching_pairs(labels, image)
    pairs = table[["label_a", "label_b"]]
    truth = np.where((pairs["label_a"] - 1) // 2 == (pairs["label_b"] - 1) // 2, 1, 2)
    strokes = np.zeros_like(labels)
    strokes[3:5, 25:35], strokes[43:45, 85:95], strokes[33:35, 25:35] = 1, 1, 1
    strokes[8:52, 10], strokes[8:52, 110], strokes[15, 55:65] = 2, 2, 2
    classes = pair_classes(labels, strokes, pairs)
    assert sorted(set(classes)) == [0, 1, 2]
    model = bw.ObjectClassifier(class_names={1: "merge", 2: "keep"}).fit(table, classes)
    assert "label_a" not in model.columns_
    chosen = pairs[model.predict(table) == 1]
    assert (model.predict(table) == truth).all()
    merged = merge_labels(labels, chosen)
    assert len(np.unique(merged)) == 12
