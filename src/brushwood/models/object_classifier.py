"""Object classifiers in model files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.io import checks
from brushwood.io.archive import Malformed
from brushwood.io.info import ForestInfo, Lines, forest_values
from brushwood.io.kinds import (
    FOREST_ARRAYS,
    LIMITS,
    ROW_ARRAYS,
    Arrays,
    Document,
    ModelKind,
    Parts,
    by_id,
    class_entries,
    group,
    grouped,
    rows_of,
)
from brushwood.objects.classifier import ObjectClassifier
from brushwood.tables import header

_FIELDS = ("columns", "units", "measurement", "forest")
_MAX_NAME = 500
#: Class marks by layer, as the bytes of a JSON text; stored only if there are some.
_MARK_ARRAYS = {"marks/json": ("uint8", "b")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectModelInfo(ForestInfo):
    """What the file of an object classifier says.

    Attributes
    ----------
    columns : tuple of str
        What a table must have.
    units : mapping of str to str
        Their units, as far as they are known.
    measurement : mapping or None
        How the columns are measured.
    """

    columns: tuple[str, ...]
    units: Mapping[str, str]
    measurement: Mapping[str, Any] | None

    def lines(self) -> Lines:
        """Return the kind's own lines for the screen."""
        columns = [header(name, self.units.get(name, "")) for name in self.columns]
        return [
            ("columns", f"{', '.join(columns)} ({self.n_features})"),
            self.forest_line(),
            ("training", f"objects {self.rows_text()}"),
        ]

    def annotated(self) -> dict[str, str]:
        """Return annotated objects by class id."""
        counts = self.provenance.get("objects")
        counts = counts if isinstance(counts, dict) else {}
        return {k: "1 object" if n == 1 else f"{n} objects" for k, n in counts.items()}


def _to_parts(classifier: ObjectClassifier, include_rows: bool) -> Parts:
    state = classifier.to_state(include_rows=include_rows)
    forest = state["forest"]
    fields = {
        "columns": state["columns"],
        "units": state["units"],
        "measurement": state["measurement"],
        "forest": state["forest_params"],
    }
    classes = class_entries(forest["classes"], state["class_names"], state["class_colors"])
    arrays = grouped(
        forest=forest,
        table={"fill": state["fill"]},
        rows=state["rows"],
        marks={"json": _packed(state["marks"])} if state["marks"] else None,
    )
    return Parts(fields, classes, arrays, state["provenance"])


def _from_parts(document: Document, arrays: Arrays) -> ObjectClassifier:
    rows = rows_of(document, arrays, may_be_missing=True)
    state = {
        "columns": document["columns"],
        "units": document["units"],
        "measurement": document["measurement"],
        "fill": arrays["table/fill"],
        "forest_params": document["forest"],
        "forest": group("forest", arrays),
        "class_names": by_id(document, "name"),
        "class_colors": by_id(document, "color"),
        "provenance": document["provenance"],
        "rows": rows,
        "marks": _unpacked(arrays["marks/json"]) if "marks/json" in arrays else {},
    }
    return ObjectClassifier.from_state(state)


def _packed(marks: Document) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(marks, ensure_ascii=False).encode(), np.uint8)


def _unpacked(data: npt.NDArray[np.uint8]) -> Document:
    """Return marks by layer name; `Marks.from_json` checks what is in them."""
    try:
        marks = json.loads(data.tobytes().decode())
    except (ValueError, RecursionError) as error:
        raise Malformed("its class marks are no JSON text") from error
    if not isinstance(marks, dict):
        raise Malformed(f"its class marks are {checks.shown(marks)}, not an object")
    return marks


def _check(document: Document) -> None:
    columns = checks.listed(document["columns"], "columns", 1, LIMITS["f"])
    for name in columns:
        checks.text(name, "columns", _MAX_NAME)
    if len(set(columns)) != len(columns):
        raise Malformed("one of its columns is listed twice")
    if not isinstance(document["units"], dict):
        raise Malformed(f"units is {checks.shown(document['units'])}, not an object")
    for name, unit in document["units"].items():
        if name not in columns:
            raise Malformed(f"units names {checks.shown(name)}, which is none of its columns")
        checks.text(unit, "units", _MAX_NAME)
    if document["measurement"] is not None:
        checks.plain(document["measurement"], "measurement")
    checks.plain(document["forest"], "forest")


def _fits(document: Document) -> None:
    n_features = document["arrays"]["forest/importances"]["shape"][0]
    if len(document["columns"]) != n_features:
        raise Malformed(
            f"it lists {len(document['columns'])} columns, but its forest has {n_features} features"
        )


def _info(heading: Document, document: Document) -> ObjectModelInfo:
    return ObjectModelInfo(
        **heading,
        **forest_values(document),
        columns=tuple(document["columns"]),
        units=document["units"],
        measurement=document["measurement"],
    )


KIND = ModelKind(
    name="object-classifier",
    model=ObjectClassifier,
    fields=frozenset(_FIELDS),
    arrays={**FOREST_ARRAYS, "table/fill": ("float32", "f")},
    optional={**ROW_ARRAYS, **_MARK_ARRAYS},
    check=_check,
    fits=_fits,
    to_parts=_to_parts,
    from_parts=_from_parts,
    info=_info,
    use="Open it in the widget Object classifier, or apply it with `brushwood classify`.",
)
