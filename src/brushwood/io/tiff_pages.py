"""Pixels of a TIFF file whose strips and tiles are decoded one by one, when they are asked for."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.io.planes import PlaneArray

#: None, LZW, ZIP, ZIP of Adobe, PackBits, Zstandard: others need more than a strip's own bytes.
_PLAIN = {1, 5, 8, 32946, 32773, 50000}


def pages_of(tiff: Any, series: Any) -> PlaneArray | None:
    """Return an image's pixels, None if the file is laid out in a way that needs the library's own.

    Parameters
    ----------
    tiff : TiffFile
        Stays open as long as the pixels are read.
    series : TiffPageSeries
    """
    key, shape = series.keyframe, tuple(int(n) for n in series.shape)
    inner = tuple(int(n) for n in key.shape)
    lead = shape[: len(shape) - len(inner)]
    is_plain = (
        int(key.compression) in _PLAIN
        and series.axes.endswith(key.axes)
        and key.axes in ("YX", "YXS")
        and shape[len(lead) :] == inner
        and len(series.pages) == prod(lead)
        and key.bitspersample == key.dtype.itemsize * 8
        and int(key.fillorder) == 1
        and key.dtype.kind in "uif"
    )
    if not is_plain:
        return None
    piece = tuple(int(n) for n in key.chunks[:2])
    across = -(-inner[1] // piece[1])

    def read(plane: tuple[int, ...], y: slice, x: slice) -> npt.NDArray[Any]:
        number = int(np.ravel_multi_index(plane, lead)) if lead else 0
        page = series.pages[number]
        out = np.zeros((y.stop - y.start, x.stop - x.start, *inner[2:]), key.dtype)
        for row in range(y.start // piece[0], -(-y.stop // piece[0])):
            for column in range(x.start // piece[1], -(-x.stop // piece[1])):
                part = _decoded(tiff, key, page, row * across + column)
                if part is not None:
                    _paste(out, part, (y.start, x.start), (row * piece[0], column * piece[1]))
        return out

    chunks = (*(1 for _ in lead), *piece, *inner[2:])
    return PlaneArray(shape, np.dtype(key.dtype), chunks, read, len(lead))


def _decoded(tiff: Any, key: Any, page: Any, index: int) -> npt.NDArray[Any] | None:
    """Return a strip or tile, shape (y, x) or (y, x, samples); None if the file leaves it out."""
    size = page.databytecounts[index]
    if not size:
        return None
    tiff.filehandle.seek(page.dataoffsets[index])
    content = tiff.filehandle.read(size)
    if len(content) < size:
        raise ValueError(f"strip or tile {index} is cut off")
    values, _, (_, height, width, _) = key.decode(content, index)
    if values is None:
        return None
    part: npt.NDArray[Any] = values[0, :height, :width]
    return part[..., 0] if key.axes == "YX" else part


def _paste(
    out: npt.NDArray[Any], part: npt.NDArray[Any], start: tuple[int, int], corner: tuple[int, int]
) -> None:
    """Copy the part of a strip or tile that lies within what is wanted."""
    inner, outer = [], []
    for a, c, n, size in zip(start, corner, part.shape, out.shape, strict=False):
        low, high = max(a, c), min(a + size, c + n)
        inner.append(slice(low - c, high - c))
        outer.append(slice(low - a, high - a))
    out[tuple(outer)] = part[tuple(inner)]
