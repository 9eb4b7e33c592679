"""The comment at the top of a ``.cl`` file: what the classifier is and expects."""

import re
from dataclasses import dataclass
from typing import Any

from brushwood.io.cl.problem import ClProblem

#: Most characters of a header, of a feature's name, and most features of one file.
MOST_HEADER, MOST_NAME, MOST_FEATURES = 262_144, 200, 4096

_LINE = re.compile(r"(?P<key>[a-z_]+)\s*=\s*(?P<value>.*)")
_WHOLE = re.compile(r"\d{1,9}")
_KEYS = {
    "classifier_class_name": "classifier",
    "feature_specification": "features",
    "num_ground_truth_dimensions": "ndim",
    "num_classes": "n_classes",
    "num_features": "n_features",
    "max_depth": "max_depth",
    "num_trees": "n_trees",
    "feature_importances": "importances",
    "positive_class_identifier": "positive_class",
    "apoc_version": "apoc_version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClHeader:
    """What stands in the comment, None or empty where the file does not say.

    Attributes
    ----------
    classifier : str
        APOC's class, for example ``"PixelClassifier"``; "" in the oldest files.
    features : tuple of str
        As written, ``original`` or ``name=number`` for images, names of columns for tables.
    ndim : int or None
        Dimensions of the annotation: 2 or 3 for images, 1 for objects, 2 for pairs of objects. None
        if the file does not say (APOC would take 0 and see channels everywhere).
    n_classes, n_features, max_depth, n_trees : int or None
        As declared. ``max_depth`` is the constructor's, None if unlimited.
    importances : tuple of float
        Share of each feature in the decisions.
    positive_class : int or None
        Class that becomes objects, of segmenters and selectors.
    apoc_version : str
    """

    classifier: str = ""
    features: tuple[str, ...] = ()
    ndim: int | None = None
    n_classes: int | None = None
    n_features: int | None = None
    max_depth: int | None = None
    n_trees: int | None = None
    importances: tuple[float, ...] = ()
    positive_class: int | None = None
    apoc_version: str = ""


def parse_header(comment: str) -> ClHeader:
    """Read the text between ``/*`` and ``*/``; of a key that stands twice, the first counts.

    Raises
    ------
    ClProblem
        If a number is none, or there is too much of something.
    """
    if len(comment) > MOST_HEADER:
        raise ClProblem("its header is too long to be one")
    found: dict[str, str] = {}
    for line in comment.splitlines():
        match = _LINE.fullmatch(line.rstrip())
        if match and match["key"] in _KEYS:
            found.setdefault(match["key"], match["value"].strip())
    values = {name: _value(key, found[key]) for key, name in _KEYS.items() if key in found}
    return ClHeader(**values)


def format_header(header: ClHeader) -> str:
    """Return the comment as APOC writes it, ``/*`` and ``*/`` included."""
    lines = ["/*", "OpenCL RandomForestClassifier"]
    for key, name in _KEYS.items():
        value = getattr(header, name)
        if name == "features":
            value = " ".join(value)
        elif name == "importances":
            value = ",".join(map(repr, value))
        if value not in ("", None) or name == "max_depth":
            lines.append(f"{key} = {value}")
    return "\n".join([*lines, "*/\n"])


def split_features(line: str) -> tuple[str, ...]:
    """Split a feature specification; older files have commas instead of spaces."""
    names = tuple(line.replace(",", " ").split())
    if len(names) > MOST_FEATURES:
        raise ClProblem(f"it lists {len(names)} features, more than {MOST_FEATURES}")
    if any(len(name) > MOST_NAME for name in names):
        raise ClProblem("one of its features has a name too long to be one")
    return names


def _value(key: str, text: str) -> Any:
    if key in ("classifier_class_name", "apoc_version"):
        return text[:MOST_NAME]
    if key == "feature_specification":
        return () if text == "Custom/unkown" else split_features(text)
    if key == "feature_importances":
        return _importances(text)
    if key == "max_depth" and text in ("None", ""):
        return None
    if not _WHOLE.fullmatch(text):
        raise ClProblem(f"its header says {key} = {text[:40]!r}, which is not a whole number")
    number = int(text)
    return None if key == "num_ground_truth_dimensions" and number == 0 else number


def _importances(text: str) -> tuple[float, ...]:
    parts = text.split(",") if text else []
    if len(parts) > MOST_FEATURES:
        raise ClProblem("it lists too many feature importances")
    try:
        values = tuple(float(part) for part in parts if len(part) <= 40)
    except ValueError:
        raise ClProblem("one of its feature importances is not a number") from None
    # APOC writes nan where no tree could split.
    good = len(values) == len(parts) and all(0 <= v <= 1 for v in values)
    return values if good else ()
