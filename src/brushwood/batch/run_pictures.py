"""Small pictures of images with the outlines of what was found, for the report of a run."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.batch.records import FileRecord
from brushwood.batch.run_names import Names
from brushwood.errors import BrushwoodError
from brushwood.io.images import ImageFile, read_image

Picture = npt.NDArray[np.uint8]

#: Longest side of a picture, in pixels.
SIZE = 320
#: Of larger images, so many pixels a side around the middle are shown.
_WINDOW = 2048
#: Share of the darkest and brightest pixels that contrast leaves out.
_DARK, _BRIGHT = 0.5, 99.8
_OUTLINE = (255, 221, 0)
#: Okabe and Ito's colours, for classes to which the model gives none.
_COLOURS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
#: Colours of one, two, three channels.
_CHANNELS = {
    1: ((1, 1, 1),),
    2: ((1, 0, 1), (0, 1, 0)),
    3: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """A picture of an image of a run.

    Attributes
    ----------
    name : str
    text : str
        What part of the image is shown; or why it cannot be.
    url : str
        ``data:`` address, empty if there is no picture.
    """

    name: str
    text: str
    url: str


def show(record: FileRecord, names: Names) -> Shown:
    """Draw an input with the outlines of its objects, or else of its classes.

    Of a stack the middle plane is shown, of a series the first frame, of an image of more than 2048
    pixels a side its middle.
    """
    try:
        with read_image(record.path, record.scene) as image:
            window = _Window.of(image)
            picture = _picture(window.read(image.data))
        labels = _labels(record, window)
    except (BrushwoodError, OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        return Shown(record.name, f"It cannot be shown: {str(error)[:200]}", "")
    if labels is not None:
        _outline(picture, *labels, names)
    return Shown(record.name, window.text, as_url(picture))


@dataclass(frozen=True, slots=True)
class _Window:
    """Which pixels of an image are shown.

    Attributes
    ----------
    axes : str
        Of the image.
    index : tuple of slice
    step : int
        Every so many pixels are shown.
    text : str
    """

    axes: str
    index: tuple[slice, ...]
    step: int
    text: str

    @classmethod
    def of(cls, image: ImageFile) -> "_Window":
        index, said = [], []
        n_before = len(image.axes) - 2 - ("c" in image.axes)
        seen = 0
        for axis, size in zip(image.axes, image.data.shape, strict=True):
            if axis in "yx":
                first = max(0, (size - _WINDOW) // 2)
                index.append(slice(first, min(size, first + _WINDOW)))
                continue
            if axis == "c":
                index.append(slice(0, min(size, 3)))
                continue
            seen += 1
            is_depth = seen == n_before and image.ndim == 3
            at = size // 2 if is_depth else 0
            index.append(slice(at, at + 1))
            if size > 1:
                said.append(f"{'plane' if is_depth else 'frame'} {at + 1} of {size}")
        shape = [image.data.shape[image.axes.index(axis)] for axis in "yx"]
        if max(shape) > _WINDOW:
            said.append(f"the middle of {shape[1]} × {shape[0]} px")
        step = max(1, -(-min(max(shape), _WINDOW) // SIZE))
        return cls(image.axes, tuple(index), step, ", ".join(said))

    def read(self, data: Any) -> npt.NDArray[Any]:
        """Return the pixels, shape (C, Y, X), each the mean of those that it stands for."""
        values = np.asarray(data[self.index]).astype(np.float64)
        if "c" in self.axes:
            values = np.moveaxis(values, self.axes.index("c"), 0)
        values = values.reshape(values.shape[0] if "c" in self.axes else 1, *values.shape[-2:])
        rows, columns = (n // self.step * self.step or n for n in values.shape[1:])
        values = values[:, :rows, :columns]
        if min(values.shape[1:]) < self.step:
            return values[:, :: self.step, :: self.step]
        parted = values.reshape(
            len(values), rows // self.step, self.step, columns // self.step, self.step
        )
        return np.asarray(parted.mean(axis=(2, 4)))

    def read_map(self, data: Any, shape: tuple[int, ...]) -> npt.NDArray[Any] | None:
        """Return labels or classes as the pixels of `read`; None if the map is of another shape."""
        index = tuple(part for axis, part in zip(self.axes, self.index, strict=True) if axis != "c")
        if len(index) != len(data.shape):
            return None
        values = np.asarray(data[index])
        values = values.reshape(values.shape[-2:])[:: self.step, :: self.step]
        return values[: shape[0], : shape[1]]


def _picture(values: npt.NDArray[Any]) -> Picture:
    """Return channels as colours, each from its dark to its bright pixels."""
    out = np.zeros((*values.shape[1:], 3))
    for channel, colour in zip(values, _CHANNELS[len(values)], strict=True):
        known = channel[np.isfinite(channel)]
        low, high = np.percentile(known, (_DARK, _BRIGHT)) if known.size else (0.0, 1.0)
        scaled = (np.nan_to_num(channel, nan=low) - low) / (high - low if high > low else 1.0)
        out += np.clip(scaled, 0, 1)[..., None] * colour
    return (np.clip(out, 0, 1) * 255).astype(np.uint8)


def _labels(record: FileRecord, window: _Window) -> tuple[npt.NDArray[Any], bool] | None:
    """Return what was found there, and whether these are objects."""
    for key in ("objects", "classes"):
        if key in record.outputs:
            with read_image(record.outputs[key]) as found:
                values = window.read_map(found.data, (SIZE, SIZE))
            return None if values is None else (values, key == "objects")
    return None


def _outline(picture: Picture, found: npt.NDArray[Any], is_objects: bool, names: Names) -> None:
    """Draw the outlines into a picture."""
    rows, columns = (min(a, b) for a, b in zip(found.shape, picture.shape, strict=False))
    found = found[:rows, :columns]
    edge = np.zeros(found.shape, bool)
    edge[1:] |= found[1:] != found[:-1]
    edge[:, 1:] |= found[:, 1:] != found[:, :-1]
    edge[:-1] |= found[1:] != found[:-1]
    edge[:, :-1] |= found[:, 1:] != found[:, :-1]
    view = picture[:rows, :columns]
    if is_objects:
        view[edge & (found > 0)] = _OUTLINE
        return
    # Of two classes side by side, the line is on the side of the rarer one.
    ids, counts = np.unique(found, return_counts=True)
    for class_id in ids[np.argsort(-counts)][1:]:
        view[edge & (found == class_id)] = _colour(int(class_id), names.colours)


def _colour(class_id: int, colours: Mapping[str, str]) -> tuple[int, int, int]:
    text = colours.get(str(class_id), "")
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))[:3]
    except ValueError:
        return _COLOURS[(class_id - 1) % len(_COLOURS)]
    return red, green, blue


def as_url(picture: Picture) -> str:
    """Return a picture as a ``data:`` address of a JPEG, so that a page needs no other file."""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=85, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
