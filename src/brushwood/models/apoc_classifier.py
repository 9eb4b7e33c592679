"""APOC's classifiers of objects, pairs and rows in model files; those of pixels become ours."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from brushwood.apoc.base import ClClassifier
from brushwood.apoc.files import class_of
from brushwood.forest.forest import Forest
from brushwood.io import checks
from brushwood.io.archive import Malformed
from brushwood.io.cl import read_cl
from brushwood.io.cl.header import MOST_NAME, ClHeader
from brushwood.io.cl.model import ClModel
from brushwood.io.info import ClassEntry, Lines, ModelInfo
from brushwood.io.kinds import (
    FOREST_ARRAYS,
    LIMITS,
    Arrays,
    Document,
    ModelKind,
    Parts,
    by_id,
    class_entries,
    group,
    grouped,
)

_FIELDS = ("classifier", "columns", "features", "ndim", "max_depth", "positive_class", "votes")
_KINDS = ("ObjectClassifier", "ObjectSelector", "ObjectMerger", "TableRowClassifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApocModelInfo(ModelInfo):
    """What the file of one of APOC's classifiers says.

    Attributes
    ----------
    classifier : str
        APOC's name of it.
    features : tuple of str
    n_trees, n_nodes : int
    """

    classifier: str
    features: tuple[str, ...]
    n_trees: int
    n_nodes: int

    def lines(self) -> Lines:
        """Return the kind's own lines for the screen."""
        return [
            ("apoc", self.classifier),
            ("features", f"{', '.join(self.features)} ({len(self.features)})"),
            ("forest", f"{self.n_trees} trees, {self.n_nodes:,} nodes"),
        ]


def _to_parts(classifier: ClClassifier, include_rows: bool) -> Parts:
    model = classifier.trained_model()
    forest, votes = model.to_forest(), model.unit_of_votes
    names = {i: n for i, n in classifier.class_names.items() if n}
    fields = {
        "classifier": classifier.kind,
        "columns": list(classifier.columns),
        "features": list(model.header.features),
        "ndim": model.header.ndim,
        "max_depth": model.header.max_depth,
        "positive_class": model.header.positive_class,
        "votes": votes,
    }
    version = model.header.apoc_version
    origin = {"packages": {"apoc": version}} if version else {}
    classes = class_entries(forest.classes, names, None)
    return Parts(fields, classes, grouped(forest=forest.to_arrays()), origin)


def _from_parts(document: Document, arrays: Arrays) -> ClClassifier:
    forest = Forest.from_arrays(group("forest", arrays))
    if not np.array_equal(forest.classes, np.arange(1, forest.n_classes + 1)):
        raise Malformed("its classes are not numbered from 1")
    origin = document["provenance"].get("packages")
    header = ClHeader(
        classifier=document["classifier"],
        features=tuple(document["features"]),
        ndim=document["ndim"],
        n_classes=forest.n_classes,
        n_features=forest.n_features,
        max_depth=document["max_depth"],
        n_trees=forest.n_trees,
        importances=tuple(forest.importances.astype(float).tolist()),
        positive_class=document["positive_class"],
        apoc_version=str(origin.get("apoc", "")) if isinstance(origin, dict) else "",
    )
    model = ClModel.of_forest(forest, header, float(document["votes"]))
    classifier = class_of(header)()
    classifier.take(model, columns=tuple(document["columns"]))
    classifier.class_names = by_id(document, "name") or {}
    return classifier


def _check(document: Document) -> None:
    if document["classifier"] not in _KINDS:
        raise Malformed(f"classifier is {checks.shown(document['classifier'])}, none of APOC's")
    for field in ("columns", "features"):
        for name in checks.listed(document[field], field, 1, LIMITS["f"]):
            checks.text(name, field, MOST_NAME)
    for field, most in (("ndim", 3), ("max_depth", 1000), ("positive_class", 65535)):
        if document[field] is not None:
            checks.integer(document[field], field, 0, most)
    checks.number(document["votes"], "votes", 1, 1e12)


def _fits(document: Document) -> None:
    n_features = document["arrays"]["forest/importances"]["shape"][0]
    for field in ("columns", "features"):
        if len(document[field]) != n_features:
            raise Malformed(
                f"it lists {len(document[field])} {field}, but its forest has {n_features} features"
            )


def _info(heading: Document, document: Document) -> ApocModelInfo:
    shapes: dict[str, Any] = {name: each["shape"] for name, each in document["arrays"].items()}
    return ApocModelInfo(
        **heading,
        classifier=document["classifier"],
        features=tuple(document["columns"]),
        n_trees=shapes["forest/roots"][0],
        n_nodes=shapes["forest/feature"][0],
    )


def read_cl_info(path: str | os.PathLike[str]) -> ApocModelInfo:
    """Read what a ``.cl`` file says about itself.

    Raises
    ------
    ModelFileError
        As `brushwood.io.cl.read_cl`.
    """
    model = read_cl(path)
    header = model.header
    names = header.features or tuple(f"i{i}" for i in range(model.n_features))
    return ApocModelInfo(
        path=Path(path),
        kind="cl-file",
        version=1,
        n_bytes=Path(path).stat().st_size,
        classes=tuple(ClassEntry(i, None, None, True) for i in range(1, model.n_classes + 1)),
        provenance={"packages": {"apoc": header.apoc_version}} if header.apoc_version else {},
        classifier=header.classifier or "of an unknown kind",
        features=names,
        n_trees=model.n_trees,
        n_nodes=model.n_nodes,
    )


KIND = ModelKind(
    name="apoc-classifier",
    model=ClClassifier,
    fields=frozenset(_FIELDS),
    arrays=FOREST_ARRAYS,
    check=_check,
    fits=_fits,
    to_parts=_to_parts,
    from_parts=_from_parts,
    info=_info,
    use="Open it with brushwood.load in Python, or with `brushwood convert`.",
)
