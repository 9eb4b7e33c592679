"""Test the pixel classifier on strokes that it was not shown."""

from typing import Any

import numpy as np

from brushwood.evaluate.estimators import ForestEstimator
from brushwood.evaluate.examples import Examples
from brushwood.gui._validation import Validator
from brushwood.jobs import Job
from brushwood.session.live import new_classifier
from brushwood.session.validating import ValidateRequest, ValidatingState
from brushwood.validation import pixel_examples


def pixel_validator(controller: Any) -> Validator:
    """Return what tests the choices of a pixel classifier's controller.

    The window trains on one image at a time, so strokes are what can be held out.
    """

    def make(state: ValidatingState) -> ValidateRequest | str:
        ready = controller.readiness()
        request = controller.live.request()
        if ready.train_reason or request is None or request.annotation is None:
            return ready.train_reason or "There is nothing to test on yet. Paint a few strokes."
        annotation = np.array(request.annotation)  # painting goes on meanwhile
        classifier = new_classifier(request)

        def examples(job: Job) -> Examples:
            return pixel_examples(classifier, request.image.source, annotation, job=job)

        return ValidateRequest(
            state.question,
            examples,
            ForestEstimator(request.setup.forest),
            "stroke",
            state.n_folds or None,
            state.share,
            state.features,
            state.model,
        )

    def colours() -> dict[int, str]:
        return {c.id: c.colour for c in controller.state.classes}

    view = controller.view.quality
    test = controller.session.pixel_test
    return Validator(test, view, make, colours, ("stroke",), controller)
