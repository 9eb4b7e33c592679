"""Where to annotate next: the question that goes to a worker."""

import copy
from dataclasses import dataclass
from typing import Any

from brushwood.errors import InputError
from brushwood.jobs import Job
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.suggest import Place, Strategy, suggest_places
from brushwood.session.scene import LayerKey
from brushwood.session.work import ImageInput


@dataclass(frozen=True, eq=False, slots=True)
class SuggestRequest:
    """One question.

    Attributes
    ----------
    classifier : PixelClassifier
        As it was when the user asked; training goes on with another forest.
    annotation : array-like or None
    shown : tuple of Place
        Places that were shown before, with the annotation since.
    """

    image: ImageInput
    classifier: PixelClassifier
    annotation: Any
    annotation_key: LayerKey | None
    strategy: Strategy
    shown: tuple[Place, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Suggested:
    """The answer: a place, or None when there is no room left."""

    request: SuggestRequest
    place: Place | None


def frozen(classifier: PixelClassifier) -> PixelClassifier:
    """Return a classifier that keeps its forest while the other one learns on."""
    return copy.copy(classifier)


def run_suggestion(request: SuggestRequest, job: Job) -> Suggested:
    """Find the next place.

    Raises
    ------
    BrushwoodError
    Cancelled
    """
    source = request.image.source
    classifier = request.classifier
    if (source.ndim, source.n_channels) != (classifier.ndim_, classifier.n_channels_):
        raise InputError("The model was made for other channels or dimensions. Train it first.")
    places = suggest_places(
        classifier,
        source,
        request.annotation,
        strategy=request.strategy,
        n=1,
        avoid=request.shown,
        seed=len(request.shown),
        job=job,
    )
    return Suggested(request, places[0] if places else None)


def suggestion_sentence(place: Place | None, strategy: str) -> str:
    """Say what was found."""
    if place is None:
        return "There is no place left that is far enough from your strokes and from those shown."
    unsure = f"{place.uncertainty:.0%}".replace("%", " %")
    why = {
        "uncertainty": f"the model is unsure here ({unsure} of the most it can be)",
        "margin": f"two classes are close here (uncertainty {unsure})",
        "diversity": "this looks unlike what you annotated",
        "mixture": f"the model is unsure here ({unsure}), and has seen little like it",
        "random": "chosen at random",
    }[strategy]
    return f"Annotate here: {why}. Paint what it really is, then ask again."
