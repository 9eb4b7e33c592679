"""Scores of class maps agree with scikit-learn, and leave out what nobody annotated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.evaluate import inputs
from brushwood.evaluate.background import (
    background_curve,
    background_warning,
    outcome_map,
)
from brushwood.evaluate.pixels import compare_pixels


def _maps(seed, shape=(13, 17), classes=4):
    rng = np.random.default_rng(seed)
    ids = rng.choice(np.arange(1, 300), classes, replace=False)
    truth = rng.choice(np.r_[0, ids], shape)
    prediction = np.where(rng.random(shape) < 0.6, truth, rng.choice(np.r_[0, ids], shape))
    return truth, prediction


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(1, 5))
def test_scores_agree_with_scikit_learn(seed, classes):
    truth, prediction = _maps(seed, classes=classes)
    known = truth != 0
    if not known.any():
        return
    t, p = truth[known], prediction[known]
    scores = compare_pixels(truth, prediction)
    labels = list(scores.classes)
    averaged = {"labels": labels, "average": "macro", "zero_division": 0}
    weighted = {**averaged, "average": "weighted"}
    assert labels == sorted((set(t) | set(p)) - {0})
    assert scores.n_pixels == known.sum()
    assert scores.n_ignored == truth.size - known.sum()
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(t, p))
    assert scores.jaccard == pytest.approx(metrics.jaccard_score(t, p, **averaged))
    assert scores.precision == pytest.approx(metrics.precision_score(t, p, **averaged))
    assert scores.recall == pytest.approx(metrics.recall_score(t, p, **averaged))
    assert scores.f1 == scores.dice == pytest.approx(metrics.f1_score(t, p, **averaged))
    assert scores.weighted["jaccard"] == pytest.approx(metrics.jaccard_score(t, p, **weighted))
    assert scores.weighted["f1"] == pytest.approx(metrics.f1_score(t, p, **weighted))
    assert scores.matthews == pytest.approx(metrics.matthews_corrcoef(t, p))
    per_class = metrics.multilabel_confusion_matrix(t, p, labels=labels)
    for i, ((tn, fp), (fn, tp)) in zip(labels, per_class, strict=True):
        found = scores.counts(i)
        assert (found.tp, found.fp, found.fn, found.tn) == (tp, fp, fn, tn)
        assert found.specificity == pytest.approx(tn / (tn + fp) if tn + fp else 0.0)
    both = sorted(set(t) | set(p))
    np.testing.assert_array_equal(scores.confusion, metrics.confusion_matrix(t, p, labels=both))
    if len(set(t)) > 1:
        assert scores.kappa == pytest.approx(metrics.cohen_kappa_score(t, p))
        right = [np.mean(p[t == i] == i) for i in sorted(set(t))]
        assert scores.balanced_accuracy == pytest.approx(np.mean(right))


def test_zero_is_a_class_when_told():
    truth, prediction = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    scores = compare_pixels(truth, prediction, ignore=None)
    assert scores.classes == (0, 1)
    assert scores.accuracy == 0.75
    assert scores.jaccard_by_class == {0: 0.5, 1: pytest.approx(2 / 3)}


def test_only_the_region_of_interest_counts():
    truth, prediction = _maps(1)
    region = np.zeros(truth.shape, bool)
    region[2:9, 3:11] = True
    inside = compare_pixels(truth[2:9, 3:11], prediction[2:9, 3:11])
    scores = compare_pixels(truth, prediction, region=region)
    assert scores.to_json() == {**inside.to_json(), "n_ignored": scores.n_ignored}
    with pytest.raises(ShapeMismatchError, match="region of interest"):
        compare_pixels(truth, prediction, region=region[1:])


def test_reading_in_pieces_changes_nothing(monkeypatch):
    import dask.array as da

    truth, prediction = _maps(2, (7, 9, 11))
    whole = compare_pixels(truth, prediction).to_json()
    curve = background_curve(truth, prediction, int(truth.max()))
    monkeypatch.setattr(inputs, "_PIECE", 20)
    assert compare_pixels(truth, prediction).to_json() == whole
    assert compare_pixels(da.from_array(truth, 3), da.from_array(prediction, 4)).to_json() == whole
    again = background_curve(truth, prediction, int(truth.max()))
    np.testing.assert_array_equal(again.accuracy, curve.accuracy)


def test_what_cannot_be_compared_is_refused():
    ones = np.ones((4, 4), int)
    with pytest.raises(ShapeMismatchError, match=r"\(4, 4\) and \(4, 5\)"):
        compare_pixels(ones, np.ones((4, 5), int))
    with pytest.raises(InputError, match=r"float64.*astype"):
        compare_pixels(ones, ones * 1.0)
    with pytest.raises(InputError, match="nothing to compare"):
        compare_pixels(0 * ones, ones)
    with pytest.raises(InputError, match="inside the region"):
        compare_pixels(ones, ones, region=0 * ones)
    with pytest.raises(InputError, match="class 9"):
        compare_pixels(ones, ones).counts(9)


def _disk_on_background(n=101, radius=10, miss=6):
    """A disk of class 2 of which a part was missed, on a wide background of class 1."""
    y, x = np.ogrid[:n, :n]
    disk = (y - n // 2) ** 2 + (x - n // 2) ** 2 <= radius**2
    found = (y - n // 2) ** 2 + (x - n // 2 - miss) ** 2 <= radius**2
    return 1 + disk.astype(int), 1 + found.astype(int)


def test_accuracy_rises_with_the_border_while_jaccard_stays():
    truth, prediction = _disk_on_background()
    curve = background_curve(truth, prediction, 2)
    assert np.ptp(curve.jaccard) == 0
    assert (np.diff(curve.accuracy) > 0).all()
    assert curve.accuracy[0] < 0.75 < 0.97 < curve.accuracy[-1]
    real = compare_pixels(truth, prediction)
    np.testing.assert_allclose(curve.accuracy[curve.real], real.accuracy)
    np.testing.assert_allclose(curve.jaccard[curve.real], real.counts(2).jaccard)
    # A border that is really there gives what was imagined.
    grown = [np.pad(a, 5, constant_values=1) for a in (truth, prediction)]
    wider = background_curve(*grown, 2)
    imagined = np.interp(wider.real, curve.margin, curve.accuracy)
    assert wider.accuracy[wider.real] == pytest.approx(imagined, abs=1e-3)


def test_a_warning_where_accuracy_is_high_only_because_of_background():
    truth, prediction = _disk_on_background()
    text = background_warning(compare_pixels(truth, prediction, names={2: "disk"}), 2)
    assert "Accuracy 0.98" in text
    assert "disk" in text
    assert "Judge by Jaccard" in text
    assert background_warning(compare_pixels(truth, truth), 2) == ""
    tight = [a[40:61, 40:67] for a in (truth, prediction)]
    assert background_warning(compare_pixels(*tight), 2) == ""


def test_outcomes_of_every_pixel():
    truth, prediction = np.array([2, 1, 2, 1, 0]), np.array([2, 2, 1, 1, 2])
    assert outcome_map(truth, prediction, 2).tolist() == [1, 2, 3, 4, 0]
    assert outcome_map(truth, prediction, 2, ignore=None).tolist() == [1, 2, 3, 4, 2]


def test_the_table_has_a_row_a_class_and_the_means():
    table = compare_pixels(*_maps(3), names={}).table()
    assert table["class"].iloc[-1] == "mean"
    assert table["jaccard"].iloc[-1] == pytest.approx(table["jaccard"].iloc[:-1].mean())
