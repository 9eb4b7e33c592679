"""The ``.brushwood`` model file of any kind: write, read, look inside.

A zip of ``model.json`` and plain arrays; ``docs`` describe every field. Nothing in it is executed,
and everything is checked before it is used, so a file from a stranger is safe to open. What kinds
there are is known to `brushwood.models`, which users of this module go through.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from brushwood.errors import BrushwoodError, InputError, ModelFileError
from brushwood.io import document as documents
from brushwood.io.archive import Archive, Malformed, write_archive
from brushwood.io.atomic import replacing, translated
from brushwood.io.info import ModelInfo, heading
from brushwood.io.kinds import Document, ModelKind

SUFFIX = ".brushwood"

#: Gives the kind of a name, None for a name that nobody knows.
Kinds: TypeAlias = Callable[[str], ModelKind | None]


def write_model(
    model: Any,
    kind: ModelKind,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    include_rows: bool = False,
) -> Path:
    """Write a fitted model to a ``.brushwood`` file, completely or not at all.

    Parameters
    ----------
    model : object
        Fitted, of ``kind.model``.
    kind : ModelKind
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
        If it is too large, or a parameter has a value that no file brings back.
    OutputExistsError, OutputError
        If a file stands there, or the folder is missing, read-only or full.
    """
    target = model_path(path)
    try:
        _write(target, model, kind, overwrite, include_rows)
    except Malformed as problem:
        message = f"This model cannot be saved: {problem}. {problem.advice}"
        raise InputError(message.rstrip()) from problem
    return target


def _write(target: Path, model: Any, kind: ModelKind, overwrite: bool, include_rows: bool) -> None:
    parts = kind.to_parts(model, include_rows)
    document = {
        "format": documents.FORMAT,
        "version": documents.VERSION,
        "kind": kind.name,
        "classes": parts.classes,
        **parts.fields,
        "arrays": {
            name: {"dtype": array.dtype.name, "shape": list(array.shape)}
            for name, array in parts.arrays.items()
        },
        "provenance": parts.provenance,
    }
    kind.check_document(document)  # what is written can be read
    data = documents.dumps(document)
    with (
        replacing(target, overwrite=overwrite) as temporary,
        translated(target),
        temporary.open("xb") as stream,
    ):
        write_archive(stream, data, parts.arrays)


def read_model(path: str | os.PathLike[str], kinds: Kinds, expected: type | None = None) -> Any:
    """Read a model from a ``.brushwood`` file.

    Parameters
    ----------
    path : path
    kinds : callable (name) -> ModelKind or None
    expected : type, optional
        The only type of model that is of use to the caller.

    Raises
    ------
    ModelFileError
        If the file is missing, foreign, damaged, too large, of another kind than expected, or from
        a newer version.
    """
    source = Path(path)
    with _explained(source), _opened(source) as archive:
        document, kind = _document(archive, kinds)
        if expected is not None and not issubclass(kind.model, expected):
            raise Malformed(f"it holds a model of kind {kind.name!r}", kind.use)
        kind.fits(document)
        shapes = documents.shapes(document)
        arrays = {name: archive.array(name, *shape) for name, shape in shapes.items()}
        return kind.from_parts(document, arrays)


def read_info(path: str | os.PathLike[str], kinds: Kinds) -> ModelInfo:
    """Read what a model file says about itself; the forest is not read.

    Raises
    ------
    ModelFileError
        As `read_model`.
    """
    source = Path(path)
    with _explained(source), _opened(source) as archive:
        document, kind = _document(archive, kinds)
        kind.fits(document)
        trained = None
        shape = documents.shapes(document).get("forest/classes")
        if shape is not None:
            trained = archive.array("forest/classes", *shape).astype(np.int64).tolist()
        info: ModelInfo = kind.info(heading(source, archive.size, document, trained), document)
        return info


def _document(archive: Archive, kinds: Kinds) -> tuple[Document, ModelKind]:
    document, kind = documents.loads(archive.document(), kinds)
    if set(documents.shapes(document)) != archive.array_names:
        raise Malformed("its arrays are not those that its model.json lists")
    return document, kind


def model_path(path: str | os.PathLike[str]) -> Path:
    """Return the path with ``.brushwood`` appended if it has no ending."""
    target = Path(path)
    return target if target.suffix else target.with_name(target.name + SUFFIX)


@contextmanager
def _explained(source: Path) -> Iterator[None]:
    """Turn whatever is wrong with a file into one error that names it."""
    try:
        yield
    except Malformed as problem:
        raise _error(source, problem) from problem
    except MemoryError as problem:
        raise _error(source, Malformed("there is not enough memory for it")) from problem
    except BrushwoodError as problem:  # its own message says what to do
        raise ModelFileError(f"Cannot open the model {str(source)!r}: {problem}") from problem
    except (TypeError, ValueError, KeyError, OverflowError) as problem:
        raise _error(source, Malformed(str(problem))) from problem


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
