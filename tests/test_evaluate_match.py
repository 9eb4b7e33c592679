"""Matching of objects equals an independent implementation, and keeps to its memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.evaluate import assign as assigning
from brushwood.evaluate import inputs
from brushwood.evaluate.match import dsb2018_score, match_objects, threshold_curve
from brushwood.evaluate.match_scores import pooled
from brushwood.evaluate.overlap import overlap


def _reference(truth, prediction, min_iou):
    """Dense and slow: one mask an object, one matrix, StarDist's cost."""
    t_ids, p_ids = (np.unique(a[a > 0]) for a in (truth, prediction))
    iou = np.zeros((len(t_ids), len(p_ids)))
    for i, t in enumerate(t_ids):
        for j, p in enumerate(p_ids):
            both = ((truth == t) & (prediction == p)).sum()
            iou[i, j] = both / ((truth == t) | (prediction == p)).sum()
    tp = total = 0
    if iou.size and (iou >= min_iou).any():
        cost = -(iou >= min_iou).astype(float) - iou / (2 * min(iou.shape))
        rows, columns = linear_sum_assignment(cost)
        fits = iou[rows, columns] >= min_iou
        tp, total = int(fits.sum()), float(iou[rows, columns][fits].sum())
    fp, fn = len(p_ids) - tp, len(t_ids) - tp
    best = iou.max(axis=1).mean() if iou.size else 0.0
    return tp, fp, fn, total, best, (iou > 0.1).sum(axis=1), (iou > 0.1).sum(axis=0)


def _labels(rng, shape, n, gaps):
    """Boxes with random labels, later ones on top: touching, cut, hidden, with gaps."""
    out = np.zeros(shape, np.int64)
    ids = rng.choice(np.arange(1, 10 * n + 2 if gaps else n + 1), n, replace=False)
    for i in ids:
        corner = [rng.integers(0, s) for s in shape]
        out[tuple(slice(c, c + rng.integers(1, 7)) for c in corner)] = i
    return out


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    counts=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    min_iou=st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.51, 0.75, 1.0]),
    kin=st.booleans(),
    space=st.sampled_from([(20, 20), (6, 8, 9)]),
)
def test_counts_equal_an_independent_implementation(seed, counts, min_iou, kin, space):
    rng = np.random.default_rng(seed)
    truth = _labels(rng, space, counts[0], gaps=True)
    prediction = np.roll(truth, 1, -1) if kin else _labels(rng, space, counts[1], gaps=False)
    found = match_objects(truth, prediction, min_iou=min_iou)
    tp, fp, fn, total, best, splits, merges = _reference(truth, prediction, min_iou)
    assert (found.tp, found.fp, found.fn) == (tp, fp, fn)
    assert found.sum_iou == pytest.approx(total)
    assert found.mean_best_iou == pytest.approx(best)
    assert found.panoptic_quality == pytest.approx(total / (tp + fp / 2 + fn / 2) if tp else 0)
    assert len(found.split) == (splits > 1).sum()
    assert len(found.merged) == (merges > 1).sum()
    assert len(found.missed) == fn
    assert len(found.extra) == fp
    assert set(found.missed) | {t for t, _ in found.pairs} == set(np.unique(truth[truth > 0]))


def test_large_groups_are_assigned_without_a_matrix(monkeypatch):
    rng = np.random.default_rng(5)
    for _ in range(20):
        truth, prediction = (_labels(rng, (25, 25), 14, gaps=True) for _ in range(2))
        for min_iou in (0.05, 0.2):
            expected = match_objects(truth, prediction, min_iou=min_iou)
            with monkeypatch.context() as patch:
                patch.setattr(assigning, "_DENSE", 1)
                found = match_objects(truth, prediction, min_iou=min_iou)
            assert found.tp == expected.tp
            # Only pairs that fit are looked at, so that ties may be broken otherwise.
            assert found.sum_iou == pytest.approx(expected.sum_iou, rel=0.1)


def test_identical_empty_and_one_sided_images():
    truth = _labels(np.random.default_rng(0), (30, 30), 9, gaps=True)
    none = np.zeros_like(truth)
    same = match_objects(truth, truth)
    assert same.precision == same.recall == same.f1 == same.panoptic_quality == 1
    assert same.average_precision == same.aggregated_jaccard == dsb2018_score(same.overlap) == 1
    for pair, fp, fn in (
        ((none, truth), same.tp, 0),
        ((truth, none), 0, same.tp),
        ((none, none), 0, 0),
    ):
        found = match_objects(*pair)
        assert (found.tp, found.fp, found.fn) == (0, fp, fn)
        assert found.f1 == found.precision == found.recall == found.mean_true_score == 0
        assert found.mean_best_iou == found.aggregated_jaccard == 0
        assert len(found.truth_table()) == fn
        assert len(found.prediction_table()) == fp


def test_an_overlap_of_one_half_matches_at_one_half():
    truth, prediction = np.array([[4, 4, 0]]), np.array([[9, 0, 0]])
    assert match_objects(truth, prediction, min_iou=0.5).tp == 1
    assert match_objects(truth, prediction, min_iou=0.5001).tp == 0


def test_frames_are_matched_one_by_one():
    truth = np.array([[[1, 1, 0]], [[0, 2, 2]]])
    prediction = np.array([[[5, 5, 0]], [[0, 5, 5]]])
    assert match_objects(truth, prediction, ndim=2).tp == 2
    assert match_objects(truth, prediction, min_iou=0.6).tp == 0
    table = match_objects(truth, prediction, ndim=2).prediction_table()
    assert table["frame"].tolist() == [0, 1]
    assert table["partner"].tolist() == [1, 2]


def test_sparse_truth_is_scored_on_the_side_of_recall():
    truth = np.zeros((10, 20), int)
    truth[2:6, 2:6] = 3
    prediction = truth.copy()
    prediction[2:6, 10:14] = 8
    found = match_objects(truth, prediction)
    assert found.mean_best_iou == 1
    assert found.precision == 0.5


def test_splits_and_merges_are_named():
    truth = np.zeros((4, 24), int)
    truth[:, 0:8] = 10
    truth[:, 10:14], truth[:, 14:18] = 20, 30
    prediction = np.zeros_like(truth)
    prediction[:, 0:4], prediction[:, 4:8] = 1, 2
    prediction[:, 10:18] = 3
    found = match_objects(truth, prediction, min_iou=0.6)
    assert found.split.tolist() == [10]
    assert found.merged.tolist() == [3]
    assert found.truth_table().set_index("label")["state"].to_dict() == {
        10: "split",
        20: "missed",
        30: "missed",
    }
    assert found.prediction_table()["state"].tolist() == ["extra", "extra", "merged"]


def test_the_curve_is_what_each_threshold_gives():
    rng = np.random.default_rng(3)
    truth = _labels(rng, (60, 60), 30, gaps=True)
    prediction = np.roll(truth, (1, 0), (0, 1))
    found = overlap(truth, prediction)
    curve = threshold_curve(found, (0.5, 0.7, 0.9))
    assert [s.tp for s in curve] == [
        match_objects(truth, prediction, min_iou=t).tp for t in (0.5, 0.7, 0.9)
    ]
    by_hand = [_reference(truth, prediction, 0.5 + 0.05 * k) for k in range(10)]
    expected = np.mean([tp / (tp + fp + fn) for tp, fp, fn, *_ in by_hand])
    assert dsb2018_score(found) == pytest.approx(expected)


def test_images_are_pooled_by_their_objects():
    rng = np.random.default_rng(4)
    images = [(_labels(rng, (30, 30), n, gaps=True)) for n in (3, 9)]
    scores = [match_objects(a, np.roll(a, 1, 0)) for a in images]
    both = match_objects(np.stack(images), np.stack([np.roll(a, 1, 0) for a in images]), ndim=2)
    assert pooled(scores).scores() == pytest.approx(both.scores())
    with pytest.raises(InputError, match="one threshold"):
        pooled([scores[0], scores[1].at_threshold(0.7)])


def test_reading_in_pieces_changes_nothing(monkeypatch):
    import dask.array as da

    rng = np.random.default_rng(6)
    truth, prediction = (_labels(rng, (7, 30, 30), 20, gaps=True) for _ in range(2))
    whole = match_objects(truth, prediction, min_iou=0.1)
    monkeypatch.setattr(inputs, "_PIECE", 50)
    pieces = match_objects(da.from_array(truth, 5), da.from_array(prediction, 6), min_iou=0.1)
    assert pieces.scores() == whole.scores()
    assert pieces.pairs == whole.pairs


def test_what_cannot_be_matched_is_refused():
    ones = np.ones((4, 4), int)
    with pytest.raises(ShapeMismatchError):
        match_objects(ones, ones[1:])
    with pytest.raises(InputError, match="float32"):
        match_objects(ones.astype(np.float32), ones)
    with pytest.raises(InputError, match="label -1"):
        match_objects(-ones, ones)
    with pytest.raises(InputError, match="min_iou"):
        match_objects(ones, ones, min_iou=0)
    with pytest.raises(InputError, match="ndim"):
        match_objects(ones, ones, ndim=3)


def test_ten_thousand_objects_a_side_need_little_memory():
    blocks = np.arange(10_000).reshape(100, 100) + 1
    truth = np.kron(blocks, np.ones((8, 8), int)).astype(np.int32)
    prediction = np.roll(truth, 2, 1)
    tracemalloc.start()
    found = match_objects(truth, prediction, min_iou=0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.n_truth == found.n_prediction == 10_000
    assert found.tp > 9_000
    assert peak < 200e6  # a dense matrix alone would take 800 MB
