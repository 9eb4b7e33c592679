"""An image as its file describes it: pixels, axes, channels, time and calibration."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.errors import ImageFileError

TIFF, ZARR, NPY, PICTURE = ".tif", ".zarr", ".npy", ".png"
CZI, LIF, ND2 = ".czi", ".lif", ".nd2"
SUFFIXES = (
    ".tif", ".tiff", ".zarr", ".npy", ".png", ".jpg", ".jpeg", ".bmp", ".czi", ".lif", ".nd2",
)  # fmt: skip
#: Other spellings of units, as files have them.
_UNITS = {
    "µm": "um", "μm": "um", "micron": "um", "microns": "um", "micrometer": "um",
    "micrometre": "um", "nanometer": "nm", "nanometre": "nm", "millimeter": "mm",
    "millimetre": "mm", "centimeter": "cm", "meter": "m", "metre": "m", "angstrom": "Å",
}  # fmt: skip
_TIMES = {
    "sec": "s", "second": "s", "seconds": "s", "millisecond": "ms", "msec": "ms",
    "milliseconds": "ms", "microsecond": "us", "µs": "us", "μs": "us", "minute": "min",
    "minutes": "min", "hour": "h", "hours": "h", "day": "d", "days": "d",
}  # fmt: skip
#: As ImageJ writes letters that are not ASCII.
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NO_UNITS = {"", "pixel", "pixels", "px", "null", "reference frame", "inch"}
NOTHING: Mapping[str, float] = MappingProxyType({})
#: Bytes that a chunk, tile or plane of a file may take in memory.
MOST_CHUNK = 4 << 30


def _keep_nothing() -> None:
    """Close an image that holds no file."""


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image as its file describes it. Large ones are not loaded; close them, or use ``with``.

    Attributes
    ----------
    data : ndarray, memmap or LazyArray
    axes : str
        A letter an axis of `data`: ``t`` time, ``c`` channel, ``z``, ``y``, ``x``, ``q`` unknown.
    name : str
        The file's name without its ending.
    scale : mapping of str to float
        Size of a pixel along ``z``, ``y`` and ``x``, where known.
    unit : str or None
        Unit of `scale`, for example ``"um"``.
    channel_names : tuple of str
        One a channel, or empty if the file names none.
    time_step : float or None
        From one frame to the next along ``t``, in `time_unit`.
    time_unit : str or None
        For example ``"s"``.
    path : Path or None
    scene : str
        Where the image was read from; see `read_image`.
    """

    data: Any
    axes: str
    name: str
    scale: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    unit: str | None = None
    channel_names: tuple[str, ...] = ()
    time_step: float | None = None
    time_unit: str | None = None
    path: Path | None = None
    scene: str = ""
    _close: Callable[[], None] = _keep_nothing

    @property
    def channel_axis(self) -> int | None:
        """Axis of channels, None if there is one channel only."""
        return self.axes.index("c") if "c" in self.axes else None

    @property
    def ndim(self) -> int:
        """Spatial dimensions: 3 if there are planes along ``z``, or along an unknown axis."""
        before = self.axes.replace("c", "")[:-2]
        depth = dict(zip(self.axes, self.data.shape, strict=True)).get(before[-1:], 1)
        return 3 if before[-1:] in ("z", "q") and depth > 1 else 2

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Size of a pixel along the spatial axes, None unless all are known."""
        return self.spacing_of(self.ndim)

    def spacing_of(self, ndim: int) -> tuple[float, ...] | None:
        """Return the size of a pixel along the last `ndim` spatial axes, None unless known."""
        wanted = "zyx"[-ndim:]
        if not all(axis in self.scale for axis in wanted):
            return None
        return tuple(float(self.scale[axis]) for axis in wanted)

    def source(self, ndim: int | None = None, channel_axis: int | None = None) -> ImageSource:
        """Return the image for the engine.

        Parameters
        ----------
        ndim : {2, 3}, optional
            Spatial dimensions. Default: as the file says.
        channel_axis : int, optional
            Default: as the file says.
        """
        axis = self.channel_axis if channel_axis is None else channel_axis
        return ImageSource.of(self.data, channel_axis=axis, ndim=ndim or self.ndim)

    def axes_of_maps(self, channel_axis: int | None = None) -> str:
        """Return the axes of a map of this image: all but the channels."""
        axis = self.channel_axis if channel_axis is None else channel_axis % len(self.axes)
        rest = "".join(letter for i, letter in enumerate(self.axes) if i != axis)
        return rest.replace("c", "q")  # maps have channels of their own

    def with_channels(self, channel_axis: int) -> Self:
        """Return the same image with its channels along an axis, whatever the file says.

        Parameters
        ----------
        channel_axis : int
            May be negative.
        """
        at = channel_axis % len(self.axes)
        rest = self.axes_of_maps(at)
        # Where the file knows no axes, the last ones but the channels are space.
        rest = rest if rest.endswith("yx") else "q" * (len(rest) - 2) + "yx"
        return replace(self, axes=f"{rest[:at]}c{rest[at:]}")

    def close(self) -> None:
        """Release the file, if it is still open."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def stem_of(path: Path) -> str:
    """Return a file's name without the ending that says its kind, ``.ome`` included."""
    name = path.name
    if path.suffix.lower() in SUFFIXES:
        name = name[: -len(path.suffix)]
        if name.lower().endswith(".ome"):
            name = name[: -len(".ome")]
    return name or path.name


def name_of(path: Path, scene: str = "") -> str:
    """Return a name for an image and its results: the file's without ending, then the scene."""
    plain = re.sub(r"[^\w.+-]+", "-", scene).strip("-.")
    return f"{stem_of(path)}-{plain}" if plain else stem_of(path)


def no_scene(path: Path, scene: str, known: Sequence[str] = ()) -> ImageFileError:
    """Return the error for a scene that a file does not have."""
    listed = [repr(name) for name in known[:8]] + (["…"] if len(known) > 8 else [])
    advice = f"It holds {', '.join(listed)}." if known else "It holds one image: name no scene."
    return unreadable(path, f"it has no scene {scene[:80]!r}", advice)


def unit_of(text: object) -> str | None:
    """Return a unit in one spelling; None for pixels and for nothing."""
    unit = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(text or "").strip())
    unit = "".join(letter for letter in unit if letter.isprintable())
    return None if unit.lower() in _NO_UNITS else _UNITS.get(unit.lower(), unit)[:32]


def seconds_name(text: object) -> str | None:
    """Return a unit of time in one spelling; None for nothing."""
    unit = str(text or "").strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    return _TIMES.get(unit.lower(), unit)[:32] or None


def positive(values: Mapping[str, Any]) -> dict[str, float]:
    """Keep what is a positive number; anything else counts as unknown."""
    good = {a: float(v) for a, v in values.items() if isinstance(v, int | float)}
    return {a: v for a, v in good.items() if 0 < v < float("inf")}


def ordered(path: Path, data: Any, axes: str) -> tuple[Any, str]:
    """Return an image whose axes end in y and x, apart from the channels.

    Arrays in memory are turned where needed; others must be in order.
    """
    space = axes.replace("c", "")
    if not (axes.count("y") == axes.count("x") == 1 and axes.count("c") <= 1):
        raise unreadable(
            path, f"its axes are {axes!r}", "Save it with at most one axis of channels, y and x."
        )
    if space.endswith("yx") and space.find("z") in (-1, len(space) - 3):
        return data, axes
    if not isinstance(data, np.ndarray):
        raise unreadable(path, f"its axes are {axes!r}", "Save it with the axes t, c, z, y, x.")
    order = sorted(range(len(axes)), key=lambda i: "qtczyx".index(axes[i]))
    return data.transpose(order), "".join(axes[i] for i in order)


def unreadable(path: Path, what: str, advice: str = "") -> ImageFileError:
    """Return the error for a file that cannot be read."""
    advice = advice or "Check that it opens in Fiji or napari, or get a fresh copy."
    return ImageFileError(f"Cannot read {str(path)!r}: {what}. {advice}")
