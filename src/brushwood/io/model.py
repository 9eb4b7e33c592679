"""The ``.brushwood`` model file: save, load, look inside.

A zip of ``model.json`` and plain arrays; ``docs`` describe every field. Nothing in it is executed,
and everything is checked before it is used, so a file from a stranger is safe to open.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import BrushwoodError, InputError, ModelFileError
from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.io import document as documents
from brushwood.io.archive import Archive, Malformed, write_archive
from brushwood.io.atomic import replacing, translated
from brushwood.pixels.classifier import PixelClassifier

SUFFIX = ".brushwood"
_STORED = {np.dtype(np.int64): np.int32, np.dtype(np.float64): np.float32}


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class in a model file.

    Attributes
    ----------
    id : int
        The annotation's value.
    name, color : str or None
        Color as ``#rrggbb``.
    is_trained : bool
        Whether the forest knows it; others were named, but had no strokes.
    """

    id: int
    name: str | None
    color: str | None
    is_trained: bool


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says about itself, without building its forest.

    Attributes
    ----------
    n_bytes : int
        Size of the file.
    n_rows : int
        Stored training pixels.
    spacing : tuple of float or None
        Size of a training pixel along the spatial axes.
    range : mapping
        Intensity constants of the training images, lists of one number a channel.
    provenance : mapping
        Versions, device, seed, date and training images, as they were recorded.
    """

    path: Path
    version: int
    n_bytes: int
    ndim: int
    n_channels: int
    channel_axis: int | None
    spacing: tuple[float, ...] | None
    classes: tuple[ClassEntry, ...]
    features: str
    n_features: int
    forest: ForestParams
    n_trees: int
    n_nodes: int
    n_rows: int
    scaling: Mapping[str, Any]
    range: Mapping[str, Any]
    smoothing: float
    provenance: Mapping[str, Any]


def save_model(
    classifier: PixelClassifier,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    include_rows: bool = False,
) -> Path:
    """Write a fitted classifier to a ``.brushwood`` file, completely or not at all.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted.
    path : path
        ``.brushwood`` is appended if it has no ending.
    overwrite : bool
        Replace a file that stands there.
    include_rows : bool
        Store the training pixels' features as well, so that training can go on after loading.

    Returns
    -------
    Path

    Raises
    ------
    NotFittedError
        If the classifier has no forest.
    InputError
        If it is too large, or a parameter has a value that no file brings back.
    OutputExistsError, OutputError
        If a file stands there, or the folder is missing, read-only or full.
    """
    target = model_path(path)
    try:
        _write(target, classifier.to_state(include_rows=include_rows), overwrite)
    except Malformed as problem:
        message = f"This model cannot be saved: {problem}. {problem.advice}"
        raise InputError(message.rstrip()) from problem
    return target


def _write(target: Path, state: Mapping[str, Any], overwrite: bool) -> None:
    arrays = _arrays(state)
    document = _document(state, arrays)
    documents.check(document)  # what is written can be read
    data = documents.dumps(document)
    with (
        replacing(target, overwrite=overwrite) as temporary,
        translated(target),
        temporary.open("xb") as stream,
    ):
        write_archive(stream, data, arrays)


def load_model(path: str | os.PathLike[str]) -> PixelClassifier:
    """Read a classifier from a ``.brushwood`` file.

    Raises
    ------
    ModelFileError
        If the file is missing, foreign, damaged, too large, or from a newer version.
    """
    source = Path(path)
    try:
        with _opened(source) as archive:
            document = documents.loads(archive.document())
            shapes = documents.shapes(document)
            if set(shapes) != archive.array_names:
                raise Malformed("its arrays are not those that its model.json lists")
            _check_size(document)
            arrays = {name: archive.array(name, *kind) for name, kind in shapes.items()}
        return PixelClassifier.from_state(_state(document, arrays))
    except Malformed as problem:
        raise _error(source, problem) from problem
    except MemoryError as problem:
        raise _error(source, Malformed("there is not enough memory for it")) from problem
    except BrushwoodError as problem:  # its own message says what to do
        raise ModelFileError(f"Cannot open the model {str(source)!r}: {problem}") from problem
    except (TypeError, ValueError, KeyError, OverflowError) as problem:
        raise _error(source, Malformed(str(problem))) from problem


load = load_model


def read_info(path: str | os.PathLike[str]) -> ModelInfo:
    """Read what a model file says about itself; the forest is not read.

    Raises
    ------
    ModelFileError
        As `load_model`.
    """
    source = Path(path)
    try:
        with _opened(source) as archive:
            document = documents.loads(archive.document())
            if set(documents.shapes(document)) != archive.array_names:
                raise Malformed("its arrays are not those that its model.json lists")
            return _info(source, document, archive)
    except Malformed as problem:
        raise _error(source, problem) from problem
    except BrushwoodError as problem:
        raise ModelFileError(f"Cannot open the model {str(source)!r}: {problem}") from problem
    except (TypeError, ValueError, KeyError) as problem:
        raise _error(source, Malformed(str(problem))) from problem


def model_path(path: str | os.PathLike[str]) -> Path:
    """Return the path with ``.brushwood`` appended if it has no ending."""
    target = Path(path)
    return target if target.suffix else target.with_name(target.name + SUFFIX)


def _opened(path: Path) -> Archive:
    try:
        return Archive(path)
    except FileNotFoundError:
        raise Malformed("there is no such file", "Check the path.") from None
    except IsADirectoryError:
        raise Malformed("it is a folder", "Choose a .brushwood file.") from None
    except PermissionError:
        raise Malformed("it must not be read", "Change its permissions.") from None
    except OSError as error:
        raise Malformed(f"the file cannot be opened ({error})", "Try again.") from error


def _error(path: Path, problem: Malformed) -> ModelFileError:
    advice = problem.advice or "The file is damaged: get a fresh copy, or save the model again."
    return ModelFileError(f"Cannot open the model {str(path)!r}: {problem}. {advice}")


def _arrays(state: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    groups = {"forest": state["forest"], "rows": state["rows"] or {}}
    return {
        f"{group}/{name}": array.astype(_STORED.get(array.dtype, array.dtype), copy=False)
        for group, arrays in groups.items()
        for name, array in arrays.items()
    }


def _document(
    state: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> documents.Document:
    names, colors = state["class_names"], state["class_colors"]
    ids = {int(i) for i in arrays["forest/classes"]} | set(names) | set(colors)
    document = {
        "format": documents.FORMAT,
        "version": documents.VERSION,
        "kind": documents.KIND,
        "image": {k: state[k] for k in ("ndim", "n_channels", "channel_axis", "spacing")},
        "classes": [
            {"id": int(i), "name": names.get(i), "color": colors.get(i)} for i in sorted(ids)
        ],
        "features": state["features"],
        "forest": state["forest_params"],
        "scaling": state["scaling"],
        "range": state["range"],
        "smoothing": state["smoothing"],
        "arrays": {
            name: {"dtype": array.dtype.name, "shape": list(array.shape)}
            for name, array in arrays.items()
        },
        "provenance": state["provenance"],
    }
    return document


def _state(document: documents.Document, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    listed = [entry["id"] for entry in document["classes"]]
    if not np.isin(arrays["forest/classes"], listed).all():
        raise Malformed("its forest has classes that its model.json does not list")
    rows = None
    if "rows/features" in arrays:
        if not np.isfinite(arrays["rows/features"]).all():
            raise Malformed("a feature of its training pixels is not finite")
        classes = arrays["rows/classes"].astype(np.int64)
        if not np.isin(classes, arrays["forest/classes"]).all():
            raise Malformed("its training pixels have classes that its forest has not")
        rows = {"features": arrays["rows/features"], "classes": classes}
    group = "forest/"
    return {
        **document["image"],
        "features": document["features"],
        "scaling": document["scaling"],
        "range": document["range"],
        "smoothing": float(document["smoothing"]),
        "forest_params": document["forest"],
        "forest": {n[len(group) :]: a for n, a in arrays.items() if n.startswith(group)},
        "class_names": _by_id(document, "name"),
        "class_colors": _by_id(document, "color"),
        "provenance": document["provenance"],
        "rows": rows,
    }


def _by_id(document: documents.Document, field: str) -> dict[int, str] | None:
    found = {c["id"]: c[field] for c in document["classes"] if c[field] is not None}
    return found or None


def _check_size(document: documents.Document) -> None:
    """Compare the number of features with what the filters give, before arrays are read."""
    image = document["image"]
    features = FeatureSet.parse(document["features"])
    n_planes = len(features.names(ndim=image["ndim"])) * image["n_channels"]
    n_features = document["arrays"]["forest/importances"]["shape"][0]
    if n_planes != n_features:
        raise Malformed(f"its filters give {n_planes} features, but its forest has {n_features}")


def _info(path: Path, document: documents.Document, archive: Archive) -> ModelInfo:
    _check_size(document)
    image, shapes = document["image"], documents.shapes(document)
    entries = document["classes"]
    trained = set(archive.array("forest/classes", *shapes["forest/classes"]).tolist())
    spacing = image["spacing"]
    return ModelInfo(
        path=path,
        version=document["version"],
        n_bytes=archive.size,
        ndim=image["ndim"],
        n_channels=image["n_channels"],
        channel_axis=image["channel_axis"],
        spacing=None if spacing is None else tuple(map(float, spacing)),
        classes=tuple(
            ClassEntry(c["id"], c["name"], c["color"], c["id"] in trained) for c in entries
        ),
        features=document["features"],
        n_features=shapes["forest/importances"][1][0],
        forest=ForestParams.from_json(document["forest"]),
        n_trees=shapes["forest/roots"][1][0],
        n_nodes=shapes["forest/feature"][1][0],
        n_rows=shapes.get("rows/classes", ("", (0,)))[1][0],
        scaling=document["scaling"],
        range=document["range"],
        smoothing=float(document["smoothing"]),
        provenance=document["provenance"],
    )
