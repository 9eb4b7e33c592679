"""Model files of every kind: `load`, `save`, `read_info`.

Adding a kind
-------------
Write a module with ``KIND``, a `brushwood.io.kinds.ModelKind`, give the model the class attribute
``model_kind`` with its name, and enter the module in `HOMES`. Modules are imported when a file or a
model of their kind comes.
"""

import importlib
import os
from pathlib import Path
from typing import Any, TypeVar, overload

from brushwood.errors import InputError, ModelFileError
from brushwood.io import model as files
from brushwood.io.info import ModelInfo
from brushwood.io.kinds import ModelKind
from brushwood.io.model import model_path

__all__ = ["HOMES", "kind_named", "load", "model_path", "read_info", "save"]

#: Module of each kind.
HOMES = {
    "pixel-classifier": "brushwood.models.pixel_classifier",
    "object-classifier": "brushwood.models.object_classifier",
    "apoc-classifier": "brushwood.models.apoc_classifier",
}

_Model = TypeVar("_Model")


@overload
def load(path: str | os.PathLike[str]) -> Any: ...
@overload
def load(path: str | os.PathLike[str], expected: type[_Model]) -> _Model: ...


def load(path: str | os.PathLike[str], expected: type[Any] | None = None) -> Any:
    """Read a model from a ``.brushwood`` file, or APOC's from a ``.cl`` file.

    Parameters
    ----------
    path : path
    expected : type, optional
        For example `PixelClassifier`: files of other kinds are refused.

    Returns
    -------
    PixelClassifier, ObjectClassifier, …
        What the file holds.

    Raises
    ------
    ModelFileError
        If the file is missing, foreign, damaged, too large, of another kind than expected, or from
        a newer version.
    """
    if Path(path).suffix.lower() == ".cl":
        return _load_cl(path, expected)
    return files.read_model(path, kind_named, expected)


def _load_cl(path: str | os.PathLike[str], expected: type[Any] | None) -> Any:
    """Read APOC's classifier; what the file does not say is not asked for here."""
    from brushwood.apoc.files import load_model

    model, _ = load_model(path)
    if expected is not None and not isinstance(model, expected):
        raise ModelFileError(
            f"Cannot open the model {str(path)!r}: it holds APOC's {type(model).__name__}, not a "
            f"brushwood.{expected.__name__}. Open it with brushwood.apoc.load."
        )
    return model


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    include_rows: bool = False,
) -> Path:
    """Write a fitted model to a ``.brushwood`` file, completely or not at all.

    Parameters
    ----------
    model : PixelClassifier, ObjectClassifier, …
        Fitted.
    path : path
        ``.brushwood`` is appended if it has no ending.
    overwrite : bool
        Replace a file that stands there.
    include_rows : bool
        Store the training rows as well, so that training can go on after loading.

    Returns
    -------
    Path

    Raises
    ------
    NotFittedError
        If the model has no forest.
    InputError
        If no file holds such models, it is too large, or a parameter has a value that no file
        brings back.
    OutputExistsError, OutputError
        If a file stands there, or the folder is missing, read-only or full.
    """
    kind = kind_named(getattr(model, "model_kind", ""))
    if kind is None:
        raise InputError(
            f"A {type(model).__name__} cannot be saved as a model file. Known are: "
            f"{', '.join(HOMES)}."
        )
    return files.write_model(model, kind, path, overwrite=overwrite, include_rows=include_rows)


def read_info(path: str | os.PathLike[str]) -> ModelInfo:
    """Read what a model file says about itself; the forest is not read.

    Raises
    ------
    ModelFileError
        As `load`.
    """
    if Path(path).suffix.lower() == ".cl":
        from brushwood.models.apoc_classifier import read_cl_info

        return read_cl_info(path)
    return files.read_info(path, kind_named)


def kind_named(name: str) -> ModelKind | None:
    """Return a kind of model, None if nobody knows the name."""
    if name not in HOMES:
        return None
    kind: ModelKind = importlib.import_module(HOMES[name]).KIND
    return kind
