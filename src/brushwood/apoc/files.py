"""Open a ``.cl`` file as what it is, and turn model files into each other."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brushwood.apoc.base import ClClassifier
from brushwood.apoc.convert import export_cl, forest_to_cl, import_cl
from brushwood.apoc.export import import_notes, table_notes
from brushwood.apoc.merger import ObjectMerger
from brushwood.apoc.objects import ObjectClassifier, ObjectSelector
from brushwood.apoc.pixels import ObjectSegmenter, PixelClassifier, ProbabilityMapper
from brushwood.apoc.rows import TableRowClassifier, written
from brushwood.errors import InputError, ModelFileError
from brushwood.io.cl import ClHeader, ClModel, read_cl, write_cl
from brushwood.jobs import IDLE, Job
from brushwood.objects.classifier import ObjectClassifier as TableClassifier
from brushwood.opencl.device import Device
from brushwood.pixels.classifier import PixelClassifier as Pixels

#: In this order: the oldest files call classifiers of objects ``PixelClassifier``.
CLASSES: tuple[type[ClClassifier], ...] = (
    ObjectClassifier,
    PixelClassifier,
    ObjectSegmenter,
    ProbabilityMapper,
    ObjectSelector,
    ObjectMerger,
    TableRowClassifier,
)
SUFFIX = ".cl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a ``.cl`` file does not say.

    Attributes
    ----------
    class_names : mapping of int to str
        By class id.
    class_ids : sequence of int, optional
        Ids of the file's classes 1, 2, …, ascending. Pixel classifiers only.
    ndim : {2, 3}, optional
        Dimensions of a pixel classifier, where an old file does not say.
    """

    class_names: Mapping[int, str] | None = None
    class_ids: Sequence[int] | None = None
    ndim: int | None = None


def load(
    path: str | os.PathLike[str],
    *,
    ndim: int | None = None,
    class_ids: Sequence[int] | None = None,
    device: Device | str | None = None,
    job: Job = IDLE,
) -> ClClassifier:
    """Read a ``.cl`` file as the classifier that it holds.

    Parameters
    ----------
    path : path
    ndim : {2, 3}, optional
        Dimensions of a pixel classifier, where an old file does not say.
    class_ids : sequence of int, optional
        What the classes of a pixel classifier shall be called, ascending.
    device : Device or str, optional

    Raises
    ------
    ModelFileError
        If the file is not one, or holds another kind of classifier.
    """
    cls = class_of(read_cl(path, job).header, path)
    if issubclass(cls, PixelClassifier):
        return cls(path, ndim=ndim, class_ids=class_ids, device=device)
    return cls(path)


def load_model(
    path: str | os.PathLike[str],
    answers: Answers | None = None,
    job: Job = IDLE,
    *,
    contents: ClModel | None = None,
) -> tuple[Pixels | ClClassifier, tuple[str, ...]]:
    """Read a ``.cl`` file as a model that can be saved as ``.brushwood``.

    Parameters
    ----------
    path : path
    answers : Answers, optional
    job : Job
    contents : ClModel, optional
        What the file holds, if it was read already.

    Returns
    -------
    model : brushwood.PixelClassifier or ClClassifier
        Pixel classifiers, segmenters and probability mappers become Brushwood's own.
    notes : tuple of str
        What the new model does not do as the file did, a sentence each.
    """
    answers = answers or Answers()
    found = read_cl(path, job) if contents is None else contents
    names = dict(answers.class_names or {})
    notes = import_notes(found)
    cls = class_of(found.header, path)
    if issubclass(cls, PixelClassifier):
        pixels = import_cl(
            found, ndim=answers.ndim, class_ids=answers.class_ids, class_names=names or None
        )
        return pixels, notes
    if answers.class_ids is not None or answers.ndim is not None:
        raise InputError(
            f"{cls.kind} in {str(path)!r} has classes 1 to {found.n_classes} and no dimensions of "
            "images. Leave out ids and ndim."
        )
    model = cls()
    model.take(found)
    model.class_names = names
    return model, notes


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    kind: str | None = None,
    chosen_class: int | None = None,
    overwrite: bool = False,
    job: Job = IDLE,
) -> tuple[Path, tuple[str, ...]]:
    """Write a model as a ``.cl`` file.

    Parameters
    ----------
    model : brushwood.PixelClassifier, brushwood.ObjectClassifier or ClClassifier
    path : path
    kind : {"PixelClassifier", "ObjectSegmenter", "ProbabilityMapper"}, optional
        What pixel classifiers become. Default: what they were, else ``"PixelClassifier"``.
    chosen_class : int, optional
        Class of the objects, or whose probability is written.
    overwrite : bool

    Returns
    -------
    path : Path
    notes : tuple of str
        What gets lost, a sentence each.

    Raises
    ------
    InputError
        If a ``.cl`` file cannot express the model at all.
    OutputExistsError, OutputError
        If a file stands there, or it cannot be written.
    """
    contents, notes = _contents(model, kind, chosen_class)
    return write_cl(contents, path, overwrite=overwrite, job=job), notes


def class_of(header: ClHeader, path: str | os.PathLike[str] = "") -> type[ClClassifier]:
    """Return the class of a file from its header.

    Raises
    ------
    ModelFileError
        If it names a classifier that is not known.
    """
    for cls in CLASSES:
        if cls.accepts(header):
            return cls
    raise ModelFileError(
        f"Cannot open the classifier {str(path)!r}: it holds {header.classifier!r}. Known are "
        f"{', '.join(cls.kind for cls in CLASSES)}."
    )


def _contents(
    model: Any, kind: str | None, chosen_class: int | None
) -> tuple[ClModel, tuple[str, ...]]:
    if isinstance(model, Pixels):
        origin = model.provenance_.get("apoc") if model.is_fitted else None
        origin = origin if isinstance(origin, dict) else {}
        kind = kind or _text(origin.get("classifier")) or "PixelClassifier"
        return export_cl(model, kind=kind, chosen_class=_chosen(model, kind, origin, chosen_class))
    if kind is not None or chosen_class is not None:
        raise InputError("Only a pixel classifier can become another kind of classifier.")
    if isinstance(model, ClClassifier):
        names = ", ".join(f"{i} = {n}" for i, n in sorted(model.class_names.items()))
        lost = (f"A .cl file does not store names of classes: {names}.",) if names else ()
        return model.trained_model(), lost
    if isinstance(model, TableClassifier):
        forest = model.fitted_forest()
        header = ClHeader(
            classifier="TableRowClassifier", features=tuple(map(written, model.columns_)), ndim=1
        )
        return forest_to_cl(forest, header), table_notes(model)
    raise InputError(f"A {type(model).__name__} cannot be written as a .cl file.")


def _chosen(model: Pixels, kind: str, origin: Mapping[str, Any], wish: int | None) -> int | None:
    """Return the class that a segmenter or mapper was about, in the model's own ids."""
    name = {"ObjectSegmenter": "positive_class", "ProbabilityMapper": "probability_class"}.get(kind)
    place = origin.get(name or "")
    ids = model.classes_
    if wish is None and isinstance(place, int) and 1 <= place <= len(ids):
        return int(ids[place - 1])
    return wish


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


__all__ = ["Answers", "class_of", "load", "load_model", "save_model"]
