"""What the object classifier can be tested on: marked objects of all ticked layers."""

from brushwood.evaluate.examples import Examples
from brushwood.jobs import Job
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.scribbles import scribbled
from brushwood.session.object_engine import choose_columns, column_of
from brushwood.session.object_work import ObjectRequest
from brushwood.validation import object_examples


def marked_examples(request: ObjectRequest, job: Job) -> Examples:
    """Return the measurements of all marked objects, with the layer of each.

    Parameters
    ----------
    request : ObjectRequest
        As the live loop would send it.
    job : Job

    Raises
    ------
    InputError
        If no marked object is in a table, or no column is left.
    """
    listed = {c.id for c in request.classes}
    tables, classes = [], []
    for number, item in enumerate(request.inputs):
        part = job.part(number / len(request.inputs), (number + 1) / len(request.inputs))
        found = dict(item.marks.attach(item.labels, job=part).by_frame)
        if item.scribbles is not None:  # clicks decide over strokes, as in training
            strokes = scribbled(item.labels, item.scribbles, ndim=item.ndim, job=part)
            found = {**strokes.by_frame, **found}
        known = {key: i for key, i in found.items() if i in listed}
        if known and len(item.table):
            tables.append(item.table)
            classes.append(column_of(item, known))
    columns, _ = choose_columns(request, tables, classes)
    names = {c.id: c.name for c in request.classes}
    return object_examples(ObjectClassifier(columns, class_names=names), tables, classes)
