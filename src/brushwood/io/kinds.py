"""What kinds of models a file can hold: each kind says what its document and its arrays are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.io import checks
from brushwood.io.archive import DTYPES, Malformed

Document: TypeAlias = dict[str, Any]
Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]
#: Type of an array, and one letter an axis: axes of one letter have one length, see `LIMITS`.
ArrayKind: TypeAlias = tuple[str, str]

#: Most nodes, classes, trees, features, rows and bytes that a file may declare.
LIMITS = {"n": 50_000_000, "c": 255, "t": 1000, "f": 4096, "r": 10_000_000, "b": 1 << 30}

#: A `brushwood.forest.Forest`.
FOREST_ARRAYS: dict[str, ArrayKind] = {
    "forest/feature": ("int32", "n"),
    "forest/threshold": ("float32", "n"),
    "forest/left": ("int32", "n"),
    "forest/right": ("int32", "n"),
    "forest/value": ("float32", "nc"),
    "forest/roots": ("int32", "t"),
    "forest/classes": ("int32", "c"),
    "forest/importances": ("float32", "f"),
    "forest/n_features": ("int32", ""),
}
#: What the forest was grown on; stored only when asked for.
ROW_ARRAYS: dict[str, ArrayKind] = {
    "rows/features": ("float32", "rf"),
    "rows/classes": ("int32", "r"),
}

_COMMON = {"format", "version", "kind", "classes", "arrays", "provenance"}
_STORED = {np.dtype(np.int64): np.int32, np.dtype(np.float64): np.float32}


@dataclass(frozen=True, slots=True)
class Parts:
    """A model as a file keeps it.

    Attributes
    ----------
    fields : dict
        The kind's own fields of ``model.json``; JSON values.
    classes : list of dict
        Entries with ``id``, ``name`` and ``color``, by ascending id; see `class_entries`.
    arrays : dict of str to ndarray
        Named ``group/name``. int64 and float64 are stored as int32 and float32.
    provenance : dict
        JSON values.
    """

    fields: Document
    classes: list[Document]
    arrays: dict[str, npt.NDArray[Any]]
    provenance: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKind:
    """How models of one kind are written and read.

    Attributes
    ----------
    name : str
        As ``kind`` in ``model.json``, for example ``"pixel-classifier"``.
    model : type
        What a file of this kind gives. Its class attribute ``model_kind`` is `name`.
    fields : frozenset of str
        Fields of ``model.json`` besides the common ones: ``format``, ``version``, ``kind``,
        ``classes``, ``arrays`` and ``provenance``.
    arrays : mapping of str to (type, axes)
        Arrays that each file holds.
    optional : mapping of str to (type, axes)
        Arrays in groups, of each of which a file holds all or none.
    check : callable (document) -> None
        Check the values of `fields`, whatever they are; raise `Malformed`.
    fits : callable (document) -> None
        Check what the document says against other parts of Brushwood, before arrays are read.
    to_parts : callable (model, include_rows) -> Parts
    from_parts : callable (document, arrays) -> model
        May rely on `check` and `fits`; errors of Brushwood are reported as a damaged file.
    info : callable (heading, document, classes) -> ModelInfo
        Make what `brushwood info` shows, from `Heading`, without arrays.
    use : str
        Where such a model is opened, for someone who opened it elsewhere.
    """

    name: str
    model: type
    fields: frozenset[str]
    arrays: Mapping[str, ArrayKind]
    optional: Mapping[str, ArrayKind] = field(default_factory=dict)
    check: Callable[[Document], None]
    fits: Callable[[Document], None] = lambda document: None
    to_parts: Callable[[Any, bool], Parts]
    from_parts: Callable[[Document, Arrays], Any]
    info: Callable[[Document, Document], Any]
    use: str

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("-", " ")

    def check_document(self, document: Document) -> None:
        """Check a document of this kind.

        Raises
        ------
        Malformed
            Naming the value that is wrong.
        """
        checks.keys(document, {*_COMMON, *self.fields}, "model.json")
        self.check(document)
        checks.classes(document["classes"])
        self._check_arrays(document["arrays"])
        checks.plain(document["provenance"], "provenance")

    def _check_arrays(self, arrays: Any) -> None:
        """Check that the declared shapes fit each other, before anything is read."""
        wanted = dict(self.arrays)
        found = {str(n).partition("/")[0] for n in arrays} if isinstance(arrays, Mapping) else set()
        wanted |= {n: kind for n, kind in self.optional.items() if n.partition("/")[0] in found}
        checks.keys(arrays, set(wanted), "arrays")
        sizes: dict[str, int] = {}
        for name, (dtype, axes) in wanted.items():
            where = f"arrays.{name}"
            checks.keys(arrays[name], {"dtype", "shape"}, where)
            if arrays[name]["dtype"] != dtype or dtype not in DTYPES:
                came = checks.shown(arrays[name]["dtype"])
                raise Malformed(f"{where} is of type {came}, not {dtype}")
            shape = checks.listed(arrays[name]["shape"], f"{where}.shape", len(axes), len(axes))
            for axis, size in zip(axes, shape, strict=True):
                checks.integer(size, f"{where}.shape", 1, LIMITS[axis])
                if sizes.setdefault(axis, size) != size:
                    raise Malformed(f"{where}.shape does not fit the other arrays")


def class_entries(
    ids: Any, names: Mapping[int, str] | None, colors: Mapping[int, str] | None
) -> list[Document]:
    """Return the list of classes of a document: those of the forest, and those that have a name."""
    names, colors = names or {}, colors or {}
    every = sorted({int(i) for i in ids} | set(names) | set(colors))
    return [{"id": int(i), "name": names.get(i), "color": colors.get(i)} for i in every]


def by_id(document: Document, key: str) -> dict[int, str] | None:
    """Return names (``"name"``) or colours (``"color"``) of classes, None if there are none."""
    found = {c["id"]: c[key] for c in document["classes"] if c[key] is not None}
    return found or None


def group(name: str, arrays: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of one group under their names without it."""
    lead = f"{name}/"
    return {key[len(lead) :]: array for key, array in arrays.items() if key.startswith(lead)}


def grouped(**groups: Mapping[str, Any] | None) -> dict[str, npt.NDArray[Any]]:
    """Return arrays named ``group/name``, in types that a file stores; groups may be None."""
    return {
        f"{lead}/{name}": array.astype(_STORED.get(array.dtype, array.dtype), copy=False)
        for lead, arrays in groups.items()
        for name, array in (arrays or {}).items()
    }


def rows_of(
    document: Document, arrays: Arrays, *, may_be_missing: bool = False
) -> dict[str, npt.NDArray[Any]] | None:
    """Return the stored training rows, None if there are none; checked against the forest.

    Raises
    ------
    Malformed
        If the forest has classes that the document does not list, or rows have others, or a value
        is infinite, or missing (NaN) where it must not be.
    """
    listed = [entry["id"] for entry in document["classes"]]
    if not np.isin(arrays["forest/classes"], listed).all():
        raise Malformed("its forest has classes that its model.json does not list")
    if "rows/features" not in arrays:
        return None
    features = arrays["rows/features"]
    good = ~np.isinf(features) if may_be_missing else np.isfinite(features)
    if not good.all():
        raise Malformed("a feature of its training pixels is not finite")
    classes = arrays["rows/classes"].astype(np.int64)
    if not np.isin(classes, arrays["forest/classes"]).all():
        raise Malformed("its training pixels have classes that its forest has not")
    return {"features": features, "classes": classes}
