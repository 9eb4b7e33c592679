"""The end of the demo: how good is it, against the truth and on strokes that were held out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.jobs import IDLE, Job
from brushwood.samples.sample import Sample

if TYPE_CHECKING:
    from brushwood.evaluate.match import Matching
    from brushwood.evaluate.scores import PixelScores
    from brushwood.evaluate.validate import Validation
    from brushwood.pixels.classifier import PixelClassifier


@dataclass(frozen=True, eq=False, kw_only=True)
class DemoEvaluation:
    """How good the results of a demo are.

    Attributes
    ----------
    pixels : PixelScores or None
        Against the truth, on pixels that were not painted; None where nobody knows the truth.
    objects : Matching or None
        Against true objects, at an IoU of 0.5.
    held_out : Validation or None
        What one knows without a truth: strokes that the classifier was not shown. None where the
        sample has too few strokes.
    """

    pixels: "PixelScores | None"
    objects: "Matching | None"
    held_out: "Validation | None"

    def lines(self) -> list[str]:
        """Return the report's lines."""
        lines = ["  evaluation"]
        if self.pixels is None:
            lines.append("  truth     none, nobody outlined this image")
        else:
            names = self.pixels.names
            each = ", ".join(f"{names[k]} {v:.3f}" for k, v in self.pixels.jaccard_by_class.items())
            lines.append(f"  Jaccard   mean {self.pixels.jaccard:.3f} ({each})")
            where = f"{self.pixels.n_pixels} pixels that were not painted"
            lines.append(f"  accuracy  {self.pixels.accuracy:.3f} on {where}")
        if self.objects is not None:
            found = self.objects
            lines.append(
                f"  objects   F1 {found.f1:.3f}, panoptic quality {found.panoptic_quality:.3f}: "
                f"{found.tp} found, {found.fn} missed, {found.fp} extra (IoU ≥ {found.min_iou:g})"
            )
        if self.held_out is not None:
            lines.append(f"  unseen    {self.held_out.sentence()}")
        return lines

    def caption(self) -> list[str]:
        """Return the main scores for a picture."""
        if self.pixels is None:
            return []
        return [f"Jaccard {self.pixels.jaccard:.3f}, accuracy {self.pixels.accuracy:.3f}"]

    def to_json(self) -> dict[str, Any]:
        """Return all scores as plain numbers and text; what was not measured is null."""
        return {
            "pixels": None if self.pixels is None else self.pixels.to_json(),
            "objects": None if self.objects is None else self.objects.scores(),
            "held_out_strokes": None if self.held_out is None else self.held_out.to_json(),
        }


def evaluate_demo(
    sample: Sample,
    classifier: "PixelClassifier",
    classes: Any,
    matching: "Matching | None",
    job: Job = IDLE,
) -> DemoEvaluation:
    """Compare classes with the truth, and test the classifier on held-out strokes.

    Parameters
    ----------
    sample : Sample
    classifier : PixelClassifier
    classes : array of int
        What it predicted.
    matching : Matching or None
        Of the sample's objects.
    job : Job
    """
    from brushwood.errors import InputError
    from brushwood.validation import validate_classifier

    try:
        held_out = validate_classifier(classifier, sample.image, sample.annotation, job=job)
    except InputError:  # a class has one stroke only
        held_out = None
    return DemoEvaluation(pixels=agreement(sample, classes), objects=matching, held_out=held_out)


def agreement(sample: Sample, classes: Any) -> "PixelScores | None":
    """Compare classes with the truth, where it is known and nobody painted.

    The forest was shown the class of painted pixels.
    """
    from brushwood.evaluate.pixels import compare_pixels

    if sample.truth_classes is None:
        return None
    truth = np.where(sample.annotation == 0, np.asarray(sample.truth_classes), 0)
    return compare_pixels(truth, np.asarray(classes), names=sample.class_names)
