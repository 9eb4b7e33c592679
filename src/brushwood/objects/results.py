"""Write what a classifier found into a copy of its table."""

from typing import TYPE_CHECKING

from brushwood.jobs import IDLE, Job
from brushwood.objects.training import CLASS, NAME, RESULTS

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.objects.classifier import ObjectClassifier

#: Ending of a column that stood where a result goes.
BEFORE = "_before"


def classified(
    classifier: "ObjectClassifier", table: "DataFrame", *, job: Job = IDLE
) -> "DataFrame":
    """Return a table with the classifier's results as further columns.

    Parameters
    ----------
    classifier : ObjectClassifier
        Fitted.
    table : DataFrame
    job : Job

    Returns
    -------
    DataFrame
        All of the table, then ``class``, ``class_name`` if classes have names,
        ``class_probability`` and ``class_uncertainty``. A column that had one of these names is
        kept and gets the ending ``_before``.

    Raises
    ------
    TableMismatchError
        If the table does not fit.
    """
    found = classifier.predict_columns(table, job=job)
    if classifier.class_names:
        names = found[CLASS].map(dict(classifier.class_names)).fillna("")
        found.insert(1, NAME, names.astype("object"))
    clashes = {name: f"{name}{BEFORE}" for name in RESULTS if name in found and name in table}
    kept = table.drop(columns=list(clashes.values()), errors="ignore").rename(columns=clashes)
    joined = kept.join(found)
    joined.attrs = dict(table.attrs)
    return joined
