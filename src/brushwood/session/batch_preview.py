"""What a recipe makes of one image, or of its middle if it is large, to be looked at."""

import time
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from brushwood.batch.recipe import Recipe
from brushwood.io.imagefile import ImageFile
from brushwood.io.inputs import InputRef
from brushwood.jobs import IDLE, Job
from brushwood.session.batch_layers import Opened, of_result
from brushwood.session.batch_text import count
from brushwood.session.classes import Classes
from brushwood.session.sentences import duration

#: Pixels of a map beyond which only the middle is shown, and the longest side of that.
_MOST_PIXELS, _SIDE, _DEPTH = 24 << 20, 2048, 16


def preview(
    path: str,
    recipe: Recipe,
    classes: Classes = (),
    object_classes: Classes = (),
    device: str | None = None,
    job: Job = IDLE,
) -> tuple[Opened, str]:
    """Do all steps to one image, in memory.

    Returns
    -------
    opened : Opened
        The image and its results.
    sentence : str
        What came out.

    Raises
    ------
    BrushwoodError
        If the image cannot be read, or does not fit.
    """
    start = time.perf_counter()
    ref = InputRef.of(path)
    job.checkpoint(0.0, "Opening the image")
    with ref.open() as image:
        part, first = middle_of(image)
        result = recipe.run(part, device=device, job=job)
    opened = of_result(path, part, result, classes, object_classes, first)
    found = result.counts.get("objects")
    objects = "" if found is None else f", {count(int(found), 'object')}"
    took = duration(time.perf_counter() - start)
    sizes = dict(zip(part.axes, part.data.shape, strict=True))
    size = " × ".join(str(n) for axis, n in sizes.items() if axis != "c")
    whole = f"the middle of {ref.name}, {size} pixels," if first else ref.name
    said = f"Previewed {whole} in {took}{objects}. Start does the same to all images."
    return opened, " ".join((said, *result.notes))


def middle_of(image: ImageFile) -> tuple[ImageFile, dict[str, int]]:
    """Return an image in memory, cut to its middle if it is large, and the first pixel of that."""
    sizes = dict(zip(image.axes, image.data.shape, strict=True))
    pixels = prod(n for axis, n in sizes.items() if axis != "c")
    if pixels <= _MOST_PIXELS:
        return replace(image, data=_array(image.data, (...,))), {}
    most = {"y": _SIDE, "x": _SIDE, "z": _DEPTH, "t": 1, "q": 1}
    index, starts = [], {}
    for axis, n in zip(image.axes, image.data.shape, strict=True):
        keep = min(int(n), most.get(axis, int(n)))
        starts[axis] = (int(n) - keep) // 2
        index.append(slice(starts[axis], starts[axis] + keep))
    return replace(image, data=_array(image.data, tuple(index))), starts


def _array(data: Any, index: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    return np.array(data[index])
