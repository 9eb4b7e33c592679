"""The picture of an object: a piece of its image with the object's outline."""

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap

from brushwood.gui._scene import NapariScene, full_data, full_shape, note_of, role_of
from brushwood.session.locating import Place

#: Side of a picture, screen pixels, and the least that is shown of the image.
_SIDE, _LEAST = 96, 24


class Thumbnails:
    """Cuts pictures out of images that are in memory; others would make the pointer wait."""

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene

    def picture(self, labels: Labels, label: int, place: Place) -> QPixmap | None:
        """Return the picture of an object, None where there is no image at hand."""
        image = self._image_of(labels)
        pixels = full_data(image) if image is not None else None
        ids = full_data(labels)
        if not isinstance(pixels, np.ndarray) or not isinstance(ids, np.ndarray):
            return None
        box = _box(place, ids.shape)
        piece = pixels[box]
        grey = _stretched(piece, image.contrast_limits) if piece.ndim == 2 else _rgb(piece)
        outline = _outline(ids[box] == label)
        grey[outline] = (230, 159, 0)
        return _pixmap(grey)

    def _image_of(self, labels: Labels) -> Image | None:
        """Return the image that objects were made from, else one of the same size."""
        known = self._scene.layer(note_of(labels).get("image"))
        if isinstance(known, Image):
            return known
        shape = full_shape(labels)
        fitting = [
            layer
            for layer in self._scene.layers()
            if isinstance(layer, Image) and not isinstance(layer, Labels)
            if full_shape(layer) == shape and role_of(layer) != "result"
        ]
        visible = [layer for layer in fitting if layer.visible]
        return next(iter(visible or fitting), None)


def _box(place: Place, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the plane through an object and a square around it."""
    center = [round(c) for c in place.center]
    index: list[Any] = [int(np.clip(c, 0, n - 1)) for c, n in zip(center, shape, strict=True)]
    reach = int(max(_LEAST, 0.75 * max(place.size[-2:], default=0))) or _LEAST
    for axis in (-2, -1):
        low = max(0, index[axis] - reach)
        index[axis] = slice(low, min(shape[axis], index[axis] + reach + 1))
    return tuple(index)


def _stretched(piece: npt.NDArray[Any], limits: Any) -> npt.NDArray[np.uint8]:
    low, high = map(float, limits)
    part = (piece.astype(float) - low) / max(high - low, 1e-12)
    grey = (255 * np.clip(np.nan_to_num(part), 0, 1)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def _rgb(piece: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    part = piece[..., :3]
    if part.dtype != np.uint8:
        scale = np.iinfo(part.dtype).max if part.dtype.kind in "iu" else 1.0
        part = (255 * np.clip(part.astype(float) / scale, 0, 1)).astype(np.uint8)
    return np.array(part)


def _outline(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the pixels just outside an object."""
    near = np.zeros(inside.shape, bool)
    near[1:] |= inside[:-1]
    near[:-1] |= inside[1:]
    near[:, 1:] |= inside[:, :-1]
    near[:, :-1] |= inside[:, 1:]
    found: npt.NDArray[np.bool_] = near & ~inside
    return found


def _pixmap(grey: npt.NDArray[np.uint8]) -> QPixmap:
    grey = np.ascontiguousarray(grey)
    height, width = grey.shape[:2]
    image = QImage(grey.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    return QPixmap.fromImage(image).scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio)
