"""Test the object classifier on marked objects that it was not shown."""

from typing import Any

from brushwood.evaluate.estimators import ForestEstimator
from brushwood.evaluate.examples import Examples
from brushwood.gui._validation import Validator
from brushwood.jobs import Job
from brushwood.session.object_test import marked_examples
from brushwood.session.validating import ValidateRequest, ValidatingState


def object_validator(controller: Any, state: ValidatingState) -> Validator:
    """Return what tests the choices of an object classifier's controller.

    Single objects are held out, or whole images where several layers are ticked.
    """

    def make(asked: ValidatingState) -> ValidateRequest | str:
        ready = controller.readiness()
        request = controller.live.request()
        if ready.train_reason or request is None:
            return ready.train_reason or "There is nothing to test on yet. Mark some objects."

        def examples(job: Job) -> Examples:
            return marked_examples(request, job)

        return ValidateRequest(
            asked.question,
            examples,
            ForestEstimator(request.forest),
            asked.by,
            asked.n_folds or None,
            asked.share,
            asked.features,
            asked.model,
        )

    def colours() -> dict[int, str]:
        return {c.id: c.colour for c in controller.state.classes}

    return Validator(state, controller.view.quality, make, colours, ("object", "image"), controller)
