"""Open a ``.cl`` file as what it is."""

import os
from collections.abc import Sequence

from brushwood.apoc.base import ClClassifier
from brushwood.apoc.merger import ObjectMerger
from brushwood.apoc.objects import ObjectClassifier, ObjectSelector
from brushwood.apoc.pixels import ObjectSegmenter, PixelClassifier, ProbabilityMapper
from brushwood.apoc.rows import TableRowClassifier
from brushwood.errors import ModelFileError
from brushwood.io.cl import ClHeader, read_cl
from brushwood.jobs import IDLE, Job
from brushwood.opencl.device import Device

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
