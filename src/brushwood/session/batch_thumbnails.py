"""Small pictures of images with what was found in them, read without loading them whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import BrushwoodError
from brushwood.io.imagefile import ImageFile
from brushwood.io.inputs import InputRef
from brushwood.session.batch_levels import levels_of
from brushwood.session.classes import Classes, colour_of

Picture = npt.NDArray[np.uint8]

#: Results that are drawn, the first that is there.
_DRAWN = ("object_classes", "objects", "classes")
#: Share of the result's colour over the image.
_SHARE = 0.5
#: Larger arrays without smaller levels are not read for a thumbnail: bytes of the plane.
_LARGEST = 512 << 20


def thumbnail(
    path: str,
    outputs: Mapping[str, str],
    classes: Classes = (),
    object_classes: Classes = (),
    side: int = 96,
) -> Picture | None:
    """Draw an image with its result over it.

    Parameters
    ----------
    path : str
        Of the image, with its scene.
    outputs : mapping of str to str
        Paths of results, by what was saved.
    classes, object_classes : Classes
        Colours; others get their default ones.
    side : int
        Longest side of the picture, pixels.

    Returns
    -------
    ndarray of uint8, (Y, X, 3), or None if the image cannot be read quickly
    """
    try:
        picture = _image(path, side)
    except (BrushwoodError, OSError, MemoryError, ValueError):
        return None
    what = next((name for name in _DRAWN if name in outputs), None)
    if picture is None or what is None:
        return picture
    try:
        ids = _plane(*_coarse(outputs[what], side), side)
    except (BrushwoodError, OSError, MemoryError, ValueError):
        return picture
    if ids is None:
        return picture
    ids = _fitted(ids, picture.shape[:2])
    known = {c.id: c.colour for c in (object_classes if what == "object_classes" else classes)}
    drawn = ids > 0
    if what == "classes" and known:
        # The first class is the background, which would hide the image.
        drawn &= ids != min(known)
    for value in np.unique(ids[drawn]):
        name = known.get(int(value)) or colour_of(int(value) % 8 + 1)
        ink = np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)])
        here = ids == value
        picture[here] = (_SHARE * ink + (1 - _SHARE) * picture[here]).astype(np.uint8)
    return picture


def _coarse(path: str, side: int) -> tuple[ImageFile, Any]:
    """Return an image, and its coarsest level that is not smaller than the picture."""
    ref = InputRef.of(path)
    image = ref.open()
    levels = levels_of(image, ref)
    space = [i for i, axis in enumerate(image.axes) if axis in "yx"]
    large = [level for level in levels if max(level.shape[i] for i in space) >= side]
    return image, (large or levels[:1])[-1]


def _plane(image: ImageFile, level: Any, side: int) -> npt.NDArray[Any] | None:
    """Return the plane in the middle, thinned, (Y, X) or (Y, X, channel)."""
    steps: list[Any] = []
    n = 1
    for axis, size in zip(image.axes, level.shape, strict=True):
        if axis in "yx":
            step = max(1, -(-max(level.shape[image.axes.index(a)] for a in "yx") // side))
            steps.append(slice(None, None, step))
            n *= int(size)
        else:
            steps.append(slice(None) if axis == "c" else int(size) // 2)
    if n * np.dtype(level.dtype).itemsize > _LARGEST:
        return None
    plane = np.asarray(level[tuple(steps)])
    if "c" in image.axes:
        place = sum(axis in "cyx" for axis in image.axes[: image.axes.index("c")])
        plane = np.moveaxis(plane, place, -1)
    return plane


def _image(path: str, side: int) -> Picture | None:
    """Draw the image in grey, or its first three channels in colour."""
    image, level = _coarse(path, side)
    with image:
        plane = _plane(image, level, side)
    if plane is None:
        return None
    plane = np.nan_to_num(plane.astype(float))
    if plane.ndim == 2:
        return np.repeat(_stretched(plane)[..., None], 3, axis=-1)
    if plane.shape[-1] == 3:
        return np.stack([_stretched(plane[..., k]) for k in range(3)], axis=-1)
    return np.repeat(_stretched(plane[..., 0])[..., None], 3, axis=-1)


def _stretched(plane: npt.NDArray[Any]) -> Picture:
    low, high = np.percentile(plane, (1, 99.5))
    part = (plane - low) / max(float(high - low), 1e-12)
    grey: Picture = (255 * np.clip(part, 0, 1)).astype(np.uint8)
    return grey


def _fitted(ids: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return a map with as many pixels as the picture; the two may come from other levels."""
    if ids.ndim > 2:
        ids = ids[..., 0]
    rows, columns = (
        np.minimum((np.arange(n) + 0.5) * m / n, m - 1).astype(int)
        for n, m in zip(shape, ids.shape, strict=True)
    )
    found: npt.NDArray[Any] = ids[np.ix_(rows, columns)]
    return found
