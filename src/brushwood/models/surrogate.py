"""From groups that were learned to an object classifier that can be saved and applied."""

from typing import TYPE_CHECKING

from brushwood.explore.surrogate import Surrogate
from brushwood.jobs import IDLE, Job
from brushwood.objects.classifier import ObjectClassifier

if TYPE_CHECKING:
    from pandas import DataFrame


def to_classifier(table: "DataFrame", surrogate: Surrogate, *, job: Job = IDLE) -> ObjectClassifier:
    """Return an object classifier that gives rows the groups of an exploration.

    It is the forest whose agreement was measured, grown from all rows that have a group.

    Parameters
    ----------
    table : DataFrame
        The table that the surrogate was trained on.
    surrogate : Surrogate
        From `brushwood.train_surrogate`.
    job : Job

    Raises
    ------
    ShapeMismatchError, TableMismatchError
        If it is another table.
    Cancelled
    """
    classifier = ObjectClassifier(
        surrogate.columns, surrogate.params.forest(), class_names=surrogate.class_names
    )
    return classifier.fit(table, surrogate.classes.to_numpy(), job=job)
