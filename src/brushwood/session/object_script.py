"""Write what the object classifier does as a Python script."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from brushwood.forest.params import ForestParams
from brushwood.objects.classifier import TABLE_FOREST
from brushwood.session.object_state import ObjectState
from brushwood.session.scene import LabelsRef, size_text

_TEMPLATE = '''"""Made by Brushwood's object classifier."""

import tifffile

import brushwood as bw

# {what}
labels = tifffile.imread("labels.tif")
{image}marked = tifffile.imread("marked.tif")  # strokes of class ids over objects, 0 elsewhere

table = bw.measure(labels, {arguments})
marks = bw.Marks.from_scribbles(labels, marked, ndim={ndim})
classes = marks.attach(labels).column(table)

classifier = bw.ObjectClassifier(
{options}
)
classifier.fit(table, classes)
table["class"] = classifier.predict(table)
table["class_uncertainty"] = classifier.uncertainty(table)
table.to_csv("classified.csv", index=False)
classifier.save("objects.brushwood")
'''


def object_script(
    state: ObjectState,
    names: Sequence[str],
    first: LabelsRef | None,
    units: Mapping[str, str],
    ndim: int,
    with_image: bool,
) -> str:
    """Return a script that trains and applies the same model.

    Labels, image and strokes are read from TIFF files, whose names the user fills in.

    Parameters
    ----------
    names : sequence of str
        The ticked layers.
    first : LabelsRef or None
        The chosen one.
    units : mapping of column to unit
    ndim : int
        Axes of space.
    with_image : bool
        Whether intensities were measured.
    """
    columns = state.columns or (state.model.columns if state.model else None)
    options: dict[str, Any] = {
        "columns": None if columns is None else list(columns),
        "forest": state.forest,
        "class_names": {c.id: c.name for c in state.classes},
        "class_colors": {c.id: c.colour for c in state.classes},
    }
    given = {name: value for name, value in options.items() if value is not None}
    arguments: list[str] = ["image"] if with_image else []
    if columns:
        arguments.append("names=classifier_columns")
    if first is not None and first.unit != "px":
        arguments += [f"spacing={first.scale[-ndim:]!r}", f"unit={first.unit!r}"]
    arguments.append(f"ndim={ndim}")
    size = "" if first is None else f": {size_text(first.shape)}"
    text = _TEMPLATE.format(
        what=f"{', '.join(names) or 'objects'}{size}",
        image='image = tifffile.imread("image.tif")\n' if with_image else "",
        arguments=", ".join(arguments),
        ndim=ndim,
        options="\n".join(f"    {name}={_written(value)}," for name, value in given.items()),
    )
    if columns:
        listed = f"classifier_columns = {list(columns)!r}\n"
        text = text.replace("\ntable = bw", f"\n{listed}table = bw")
        text = text.replace(f"columns={list(columns)!r}", "columns=classifier_columns")
    return text


def _written(value: Any) -> str:
    if isinstance(value, ForestParams):
        if value == TABLE_FOREST:
            return "None"
        changed = [
            f"{f.name}={getattr(value, f.name)!r}"
            for f in fields(value)
            if getattr(value, f.name) != f.default
        ]
        return f"bw.ForestParams({', '.join(changed)})"
    return repr(value)
