"""Where maps go: arrays of the whole image, filled by blocks and written in whole chunks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.arrays import AnyArray, ImageSource, Triple
from brushwood.blocks import Block, iter_blocks
from brushwood.errors import InputError, ShapeMismatchError

Output = Literal["classes", "probabilities", "uncertainty"]
OUTPUTS: tuple[Output, ...] = ("classes", "probabilities", "uncertainty")
#: Maps of one block, by output.
Maps: TypeAlias = dict[str, AnyArray]
#: What an area of input and output may take on the host; three are in flight.
_AREA_BYTES = 32 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Sink:
    """Arrays that maps are written into.

    Attributes
    ----------
    arrays : mapping of output to array
        NumPy, zarr or anything that takes basic slices: ``classes`` and ``uncertainty`` of shape
        (…frames, space), ``probabilities`` (class, …frames, space).
    ndim : {2, 3}
    """

    arrays: Mapping[str, Any]
    ndim: int

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the maps that are wanted."""
        return tuple(self.arrays)

    def areas(self, source: ImageSource, size: Triple) -> list[Block]:
        """Cut an image into areas that are read and written as one.

        Arrays in memory are one area. Otherwise an area is made of whole chunks of the outputs, or
        else of the image, as many as fit the host's share.
        """
        shape = source.shape3
        lazy = [array for array in self.arrays.values() if not isinstance(array, np.ndarray)]
        if not lazy and isinstance(source.data, np.ndarray):
            return [Block((0, 0, 0), shape)]
        unit = self._chunks(lazy[0]) if lazy else source.chunks3
        unit = unit or size
        per_pixel = source.dtype.itemsize * source.n_channels + sum(
            np.dtype(a.dtype).itemsize * (a.shape[0] if name == "probabilities" else 1)
            for name, a in self.arrays.items()
        )
        area = _multiple(unit, shape, _AREA_BYTES // per_pixel)
        return list(iter_blocks(shape, area))

    def _chunks(self, array: Any) -> Triple | None:
        chunks = getattr(array, "shards", None) or getattr(array, "chunks", None)
        if chunks is None:
            return None
        z, y, x = [1] * (3 - self.ndim) + [int(c) for c in chunks[-self.ndim :]]
        return z, y, x

    def buffers(self, frame: tuple[int, ...], area: Block) -> Maps:
        """Return arrays (…, Z, Y, X) to fill for an area: the outputs themselves where possible."""
        found: Maps = {}
        for name, array in self.arrays.items():
            if isinstance(array, np.ndarray):
                part = array[self._index(name, frame, area)]
                # Views of the output; a plane gets its axis of length one.
                found[name] = part if self.ndim == 3 else part[..., None, :, :]
                continue
            lead = (array.shape[0],) if name == "probabilities" else ()
            found[name] = np.empty(lead + area.shape, array.dtype)
        return found

    def write(self, buffers: Maps, frame: tuple[int, ...], area: Block) -> None:
        """Write the filled buffers of an area into outputs that are not in memory."""
        for name, array in self.arrays.items():
            if not isinstance(array, np.ndarray):
                values = buffers[name]
                frames = (1,) * len(frame)
                lead = values.shape[:-3]
                space = values.shape[-self.ndim :]
                index = self._index(name, tuple(slice(f, f + 1) for f in frame), area)
                array[index] = values.reshape(lead + frames + space)

    def _index(self, name: str, frame: Sequence[int | slice], area: Block) -> tuple[Any, ...]:
        lead = (slice(None),) if name == "probabilities" else ()
        return (*lead, *frame, *area.slices[-self.ndim :])


def allocate(
    outputs: Collection[str],
    out: Mapping[str, Any] | None,
    source: ImageSource,
    classes: npt.NDArray[np.integer],
) -> Sink:
    """Return a sink for an image: arrays that were given, checked, and new ones for the rest.

    Raises
    ------
    InputError
        If an output is not known, or a given array cannot hold its values.
    ShapeMismatchError
        If a given array has another shape.
    """
    names = list(dict.fromkeys([*outputs, *(out or {})]))
    unknown = sorted(set(names) - set(OUTPUTS))
    if unknown or not names:
        raise InputError(
            f"Outputs are {', '.join(OUTPUTS)}, but {', '.join(unknown) or 'none'} was asked for. "
            "Choose at least one of them."
        )
    ids = np.uint8 if classes.max() <= 255 else np.uint16
    arrays = {}
    for name in names:
        shape = (*source.frames, *source.shape)
        shape = (len(classes), *shape) if name == "probabilities" else shape
        dtype = np.dtype(ids if name == "classes" else np.float32)
        given = (out or {}).get(name)
        if given is None:
            arrays[name] = np.empty(shape, dtype)
            continue
        if tuple(given.shape) != shape:
            raise ShapeMismatchError(
                f"The array for {name} cannot be used: the shape {shape} was expected, but it has "
                f"{tuple(given.shape)}. Make one of that shape."
            )
        if not np.can_cast(dtype, given.dtype):
            raise InputError(
                f"The array for {name} cannot be used: {dtype} was expected, but it holds "
                f"{given.dtype}. Make one of that type."
            )
        arrays[name] = given
    return Sink(arrays, source.ndim)


def joined(parts: Iterable[tuple[Block, Maps]], block: Block) -> Maps:
    """Put the maps of a block together from those of its parts."""
    out: Maps = {}
    for part, maps in parts:
        for name, values in maps.items():
            if name not in out:
                out[name] = np.empty(values.shape[:-3] + block.shape, values.dtype)
            out[name][(..., *part.within(block))] = values
    return out


def _multiple(unit: Triple, shape: Triple, most: int) -> Triple:
    """Return the largest multiple of `unit`, grown x first, of at most `most` pixels."""
    area = [min(u, n) for u, n in zip(unit, shape, strict=True)]
    if prod(area) > most:
        # Chunks too large to hold: cut them, though each is then decoded more than once.
        while prod(area) > most:
            longest = area.index(max(area))
            area[longest] = -(-area[longest] // 2)
        return area[0], area[1], area[2]
    for axis in (2, 1, 0):
        times = max(1, most // prod(area))
        area[axis] = min(area[axis] * times, -(-shape[axis] // unit[axis]) * unit[axis])
    return area[0], area[1], area[2]
