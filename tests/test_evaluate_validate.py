"""Validation holds out whole strokes and images, and tells what it measured on."""

import numpy as np
import pytest

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.evaluate.calibration import calibration, reliability
from brushwood.evaluate.compare import compare_models, decision_regions
from brushwood.evaluate.estimators import ForestEstimator, lecture_models
from brushwood.evaluate.examples import Examples
from brushwood.evaluate.folds import holdout, kfold
from brushwood.evaluate.learning import learning_curve
from brushwood.evaluate.validate import validate
from brushwood.forest.params import ForestParams
from brushwood.jobs import Cancelled, Job

SMALL = ForestParams(n_trees=20)


def _examples(n_strokes=8, per_stroke=30, *, twins=0.0, shift=2.0, images=2, seed=0) -> Examples:
    """Two classes `shift` apart; rows of a stroke share a random offset of size `twins`."""
    rng = np.random.default_rng(seed)
    stroke = np.repeat(np.arange(2 * n_strokes), per_stroke)
    classes = 1 + (stroke % 2)
    offset = rng.normal(0, twins, (2 * n_strokes, 4))[stroke]
    features = rng.normal(0, 1, (len(stroke), 4)) + offset
    features[:, 0] += shift * (classes == 2)
    return Examples(
        features.astype(np.float32), classes, stroke, stroke // 2 % images, class_names={1: "sky"}
    )


@pytest.mark.parametrize("by", ["stroke", "image"])
def test_no_unit_stands_on_both_sides_and_every_row_is_tested_once(by):
    examples = _examples(images=4)
    units = examples.units(by)
    folds = kfold(examples, by, 4)
    for fold in folds:
        assert not set(units[fold.train]) & set(units[fold.test])
        assert fold.n_test == len(set(units[fold.test]))
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(examples)))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_share_held_out_is_about_the_one_asked_for(share):
    examples = _examples(n_strokes=20)
    fold = holdout(examples, "stroke", share)
    assert len(fold.test) / len(examples) == pytest.approx(share, abs=0.05)
    with pytest.raises(InputError, match="10% to 50%"):
        holdout(examples, "stroke", 0.6)


def test_what_is_missing_is_said():
    examples = _examples(n_strokes=4)
    one = examples.rows(np.isin(examples.groups, [0, 1, 3]))
    with pytest.raises(InputError, match=r"3 strokes: sky has one stroke only.*at least two"):
        validate(one)
    with pytest.raises(InputError, match=r"1 stroke:.*one class only"):
        validate(examples.rows(examples.groups == 0))
    with pytest.raises(InputError, match=r"one image only.*or split by stroke"):
        validate(_examples(images=1), by="image")


def test_neighbouring_pixels_on_both_sides_would_flatter():
    """Rows of a stroke are twins: random rows look good, held-out strokes tell the truth."""
    examples = _examples(n_strokes=12, twins=3.0, shift=0.0)
    honest = validate(examples, ForestEstimator(SMALL), n_folds=4)
    rows = Examples(examples.features, examples.classes, np.arange(len(examples)), examples.images)
    flattering = validate(rows, ForestEstimator(SMALL), n_folds=4)
    assert flattering.mean("accuracy") > 0.85
    assert honest.mean("accuracy") < 0.75


def test_scores_carry_what_they_were_measured_on():
    found = validate(_examples(), ForestEstimator(SMALL), n_folds=4)
    assert found.n_units == 16
    assert f"accuracy {found.mean('accuracy'):.2f} ±" in found.sentence()
    assert "16 held-out strokes in 4 folds" in found.sentence()
    assert found.scores.n_pixels == 480
    table = found.table().set_index("score")
    assert (
        table.loc["accuracy", "training (optimistic)"] > table.loc["accuracy", "held-out strokes"]
    )
    assert found.out_of_bag is None  # every tree is shown every row
    once = validate(_examples(), ForestEstimator(SMALL), n_folds=None, share=0.25)
    assert len(once.results) == 1
    assert "in one split" in once.sentence()


def test_out_of_bag_is_shown_as_optimistic():
    params = ForestParams(kind="random", n_trees=30)
    found = validate(_examples(n_strokes=12, twins=3.0, shift=0.0), ForestEstimator(params))
    assert found.out_of_bag > found.mean("accuracy") + 0.2
    assert "out of bag, optimistic" in found.sentence()


def test_the_same_seed_gives_the_same_answer():
    first, second = (validate(_examples(), ForestEstimator(SMALL), seed=3) for _ in range(2))
    assert first.to_json() == second.to_json()


def test_validation_can_be_cancelled():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        validate(_examples(), job=job)


def test_the_learning_curve_says_what_helps():
    easy = learning_curve(_examples(shift=12.0, n_strokes=10), ForestEstimator(SMALL))
    assert easy.verdict == "enough"
    assert "Good enough" in easy.sentence()
    assert (np.diff(easy.n_units) > 0).all()
    level = learning_curve(
        _examples(shift=2.0, n_strokes=30, per_stroke=60), ForestEstimator(SMALL), score="accuracy"
    )
    assert level.verdict == "features"
    assert np.nanmean(level.train[-1]) > np.nanmean(level.test[-1])
    blurred = learning_curve(_examples(shift=0.0), ForestEstimator(SMALL), score="accuracy")
    assert blurred.verdict == "unsure"
    assert "differ too much" in blurred.sentence()
    with pytest.raises(InputError, match="2 points"):
        learning_curve(_examples(), n_sizes=1)


def test_the_learning_curve_sees_a_score_that_rises():
    """Many small kinds, each stroke shows one: the more strokes, the more kinds are known."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(-30, 30, (60, 3))
    stroke = np.repeat(np.arange(120), 4)
    kind = rng.permutation(120)[stroke] % 60
    features = (centres[kind] + rng.normal(0, 0.5, (480, 3))).astype(np.float32)
    examples = Examples(features, 1 + kind % 2, stroke, np.zeros(480, int))
    curve = learning_curve(examples, ForestEstimator(SMALL), score="accuracy")
    assert curve.verdict == "annotate"
    assert "More annotation helps" in curve.sentence()


def test_models_are_compared_on_the_same_folds():
    found = compare_models(_examples(n_strokes=4, per_stroke=12), n_folds=2)
    assert set(found.validations) == {
        "this forest", "decision tree", "random forest", "extra trees", "logistic regression",
        "k nearest neighbours", "gradient boosting", "multilayer perceptron",
    }  # fmt: skip
    tested = [[tuple(r.fold.test) for r in v.results] for v in found.validations.values()]
    assert all(t == tested[0] for t in tested)
    table = found.table()
    assert table["jaccard"].is_monotonic_decreasing
    assert table["model"].iloc[0] in found.sentence()


def test_a_curved_border_is_drawn_as_it_is():
    rng = np.random.default_rng(0)
    features = rng.uniform(-2, 2, (800, 3)).astype(np.float32)
    classes = 1 + (np.hypot(features[:, 0], features[:, 2]) < 1.2).astype(int)
    examples = Examples(features, classes, np.arange(800), np.zeros(800, int))
    regions = decision_regions(examples, lecture_models()["random forest"], (0, 2), resolution=40)
    expected = 1 + (np.hypot(*np.meshgrid(regions.x, regions.y)) < 1.2)
    assert (regions.classes == expected).mean() > 0.9
    assert regions.confidence.min() >= 0.5
    with pytest.raises(InputError, match="two different features"):
        decision_regions(examples, ForestEstimator(), (1, 1))


def test_reliability_agrees_with_scikit_learn():
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(0)
    p = rng.random(2000)
    truth = rng.random(2000) < p**2
    found = reliability(p, truth)
    observed, predicted = calibration_curve(truth, p, n_bins=10)
    np.testing.assert_allclose(found.predicted, predicted)
    np.testing.assert_allclose(found.observed, observed)
    assert found.brier == pytest.approx(brier_score_loss(truth, p))
    assert "too high" in found.sentence()
    assert "at their word" in reliability(p, rng.random(2000) < p).sentence()
    timid = reliability(0.5 + 0.4 * (p - 0.5), rng.random(2000) < p)
    assert "too cautious" in timid.sentence()
    with pytest.raises(ShapeMismatchError):
        reliability(p, truth[1:])
    with pytest.raises(InputError):
        reliability(p + 1, truth)


def test_calibration_is_measured_on_held_out_rows():
    examples = _examples(n_strokes=10)
    found = validate(examples, ForestEstimator(SMALL))
    curve = calibration(found, examples, 2)
    assert curve.n.sum() == len(examples)
    assert 0 < curve.brier < 0.25
    with pytest.raises(InputError, match="no class 7"):
        calibration(found, examples, 7)
