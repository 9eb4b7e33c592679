"""Questions about a classifier, and their answers in words."""

import numpy as np
import pytest

from brushwood.evaluate.estimators import ForestEstimator
from brushwood.evaluate.examples import Examples
from brushwood.forest.params import ForestParams
from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.session.validating import (
    QUESTIONS,
    ValidateRequest,
    ValidatingState,
    run_validation,
)

SMALL = ForestEstimator(ForestParams(n_trees=15))


def _examples(job=IDLE):
    rng = np.random.default_rng(0)
    stroke = np.repeat(np.arange(16), 12)
    features = rng.normal(0, 1, (192, 4)).astype(np.float32)
    features[:, 2] += 4 * (stroke % 2)
    features[:, 0] += 1.5 * (stroke % 2)
    names = ("original", "gaussian=1", "dog=2", "log=1")
    return Examples(
        features, 1 + stroke % 2, stroke, np.zeros(192, int), "stroke", names, {1: "sky", 2: "sea"}
    )


def _ask(question, **more):
    return run_validation(
        ValidateRequest(question, _examples, SMALL, "stroke", **{"n_folds": 2, **more}), IDLE
    )


def test_the_test_says_what_it_was_measured_on():
    done = _ask("test")
    assert done.sentence.startswith("Accuracy 0.")
    names = [row[0] for row in done.rows]
    assert {"accuracy", "balanced accuracy", "Jaccard", "F1", "Cohen's kappa"} <= set(names)
    assert "16 held-out strokes in 2 folds" in done.sentence
    assert "Brier score: sky 0." in done.sentence
    assert done.header == ("score", "held-out strokes", "spread", "training (optimistic)")
    rows = {row[0]: row for row in done.rows}
    assert float(rows["accuracy"][3]) >= float(rows["accuracy"][1])
    assert [name for name, _ in done.reliabilities] == ["sky", "sea"]
    once = _ask("test", n_folds=None, share=0.5)
    assert "in one split" in once.sentence


def test_the_curve_has_a_row_a_size():
    done = _ask("curve")
    assert [float(row[0]) for row in done.rows] == sorted(float(row[0]) for row in done.rows)
    assert done.sentence == done.found.sentence()
    assert "Jaccard 0." in done.sentence or "Jaccard 1." in done.sentence


def test_models_are_compared_on_the_same_data():
    done = _ask("models")
    assert len(done.rows) == 8
    assert "Measured on held-out strokes, the same for all." in done.sentence


def test_regions_are_drawn_in_the_most_telling_features_or_the_chosen_ones():
    done = _ask("regions")
    assert set(done.features) >= {2}
    assert "dog=2" in done.sentence
    assert "all 4 features" in done.sentence
    chosen = _ask("regions", features=(3, 1), model="k nearest neighbours")
    assert chosen.features == (3, 1)
    assert chosen.sentence.startswith("What k nearest neighbours decides")
    assert chosen.class_names == {1: "sky", 2: "sea"}
    assert len(chosen.points[0]) == 192


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_can_be_cancelled(question):
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        run_validation(ValidateRequest(question, _examples, SMALL, "stroke"), job)


def test_choices_are_evented():
    state, heard = ValidatingState(), []
    state.events.question.connect(heard.append)
    state.question = "curve"
    assert heard == ["curve"]
