"""Image files with their axes and calibration: TIFF, OME-Zarr, NPY, PNG and JPEG."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource
from brushwood.errors import ImageFileError, InputError
from brushwood.io.atomic import replacing, translated
from brushwood.io.mapped import MappedArray

TIFF, ZARR, NPY, PICTURE = ".tif", ".zarr", ".npy", ".png"
SUFFIXES = (".tif", ".tiff", ".zarr", ".npy", ".png", ".jpg", ".jpeg", ".bmp")
_KINDS = {".tif": TIFF, ".tiff": TIFF, ".zarr": ZARR, ".npy": NPY}
_KINDS |= dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp"), PICTURE)
#: Other spellings of units, as files have them.
_UNITS = {
    "µm": "um", "μm": "um", "micron": "um", "microns": "um", "micrometer": "um",
    "micrometre": "um", "nanometer": "nm", "nanometre": "nm", "millimeter": "mm",
    "millimetre": "mm", "centimeter": "cm", "meter": "m", "metre": "m", "angstrom": "Å",
}  # fmt: skip
_NO_UNITS = {"", "pixel", "pixels", "px", "null", "reference frame", "inch"}
_NOTHING: Mapping[str, float] = MappingProxyType({})


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
    """

    data: Any
    axes: str
    name: str
    scale: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    unit: str | None = None
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


def read_image(path: str | os.PathLike[str]) -> ImageFile:
    """Open an image file; large ones are mapped, or read piece by piece when asked.

    Parameters
    ----------
    path : path
        TIFF (plain, ImageJ, OME), OME-Zarr or Zarr folder, NPY, PNG, JPEG or BMP.

    Raises
    ------
    ImageFileError
        If the file is missing, damaged, of an unknown kind, or its axes are not understood.
    """
    file = Path(path)
    if not file.exists():
        raise ImageFileError(f"Cannot read {str(file)!r}: there is no such file. Check the path.")
    kind = kind_of(file)
    if kind == TIFF:
        from brushwood.io.tiff import read_tiff

        return read_tiff(file)
    if kind == ZARR:
        from brushwood.io.omezarr import read_zarr

        return read_zarr(file)
    return _read_npy(file) if kind == NPY else _read_picture(file)


def kind_of(path: Path) -> str:
    """Return which kind of image file a path is, from its ending or what the folder holds.

    Raises
    ------
    ImageFileError
        If it is none that is known.
    """
    if path.is_dir():
        if is_zarr(path):
            return ZARR
        raise unreadable(path, "it is a folder, but no Zarr image", "Name an image file.")
    kind = _KINDS.get(path.suffix.lower())
    if kind is None or kind == ZARR:
        known = ", ".join(SUFFIXES)
        raise unreadable(path, "files of this kind are not known", f"Use one of: {known}.")
    return kind


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr array or group."""
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))


def find_images(folder: Path) -> list[Path]:
    """List the images in a folder, sorted by name; other files and hidden ones are passed over."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and (is_zarr(path) if path.is_dir() else path.suffix.lower() in SUFFIXES)
    )


def write_image(
    path: str | os.PathLike[str],
    array: npt.ArrayLike,
    axes: str,
    spacing: Mapping[str, float] | Sequence[float] | None = None,
    unit: str | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write an image with its calibration, completely or not at all.

    Parameters
    ----------
    path : path
        Ending in ``.tif``, ``.zarr`` or ``.npy``.
    array : array-like
    axes : str
        A letter an axis, as in `ImageFile.axes`.
    spacing : mapping of str to float, or sequence of float, optional
        Size of a pixel along ``z``, ``y``, ``x``; a sequence belongs to the last axes.
    unit : str, optional
    overwrite : bool

    Raises
    ------
    OutputExistsError, OutputError
        If something stands there, or the folder is missing, read-only or full.
    """
    values = np.asarray(array)
    scale = scale_of(spacing)
    target = Path(path)
    created = create_image(
        target, values.shape, values.dtype, axes, scale, unit, overwrite=overwrite
    )
    with created as out, translated(target):
        out[...] = values


@contextmanager
def create_image(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    dtype: npt.DTypeLike,
    axes: str,
    scale: Mapping[str, float] = _NOTHING,
    unit: str | None = None,
    *,
    overwrite: bool = False,
) -> Iterator[Any]:
    """Yield an array on disk to write into; the file takes its name when the block ends well.

    Parameters
    ----------
    shape : tuple of int
    axes : str
        A letter an axis of `shape`; the channels may come first.
    scale, unit
        As in `ImageFile`.

    Yields
    ------
    MappedArray or zarr array
        Of `shape` and `dtype`, zeros; takes basic slices.
    """
    target, wanted = Path(path), np.dtype(dtype)
    if len(axes) != len(shape) or set(axes) - set("tczyxq") or not axes.endswith("yx"):
        raise InputError(
            f"Axes {axes!r} do not describe an image of shape {shape}. Give a letter of t, c, z, "
            "y, x and q an axis, y and x last."
        )
    with replacing(target, overwrite=overwrite) as temporary:
        creator = _creator(target)
        with creator(target, temporary, shape, wanted, axes, scale, unit) as out:
            yield out


def _creator(target: Path) -> Callable[..., AbstractContextManager[Any]]:
    """Return what creates files of a kind; libraries are imported when they are needed."""
    suffix = target.suffix.lower()
    if _KINDS.get(suffix) == TIFF:
        from brushwood.io.tiff import create_tiff

        return create_tiff
    if suffix == ZARR:
        from brushwood.io.omezarr import create_zarr

        return create_zarr
    if suffix == NPY:
        return _create_npy
    raise InputError(
        f"Cannot write {target.name!r}: images are written as .tif, .zarr or .npy. Choose one of "
        "these endings."
    )


@contextmanager
def _create_npy(
    target: Path, temporary: Path, shape: tuple[int, ...], dtype: np.dtype[Any], *others: Any
) -> Iterator[MappedArray]:
    """Yield a new NPY file, which has no place for axes and calibration."""
    with translated(target):
        mapped = np.lib.format.open_memmap(temporary, "w+", dtype, shape)
        array = MappedArray(temporary, mapped.offset, dtype, shape, tuple(range(len(shape))))
        del mapped
    yield array


def scale_of(spacing: Mapping[str, float] | Sequence[float] | None) -> dict[str, float]:
    """Return sizes of a pixel by axis."""
    if spacing is None:
        return {}
    if isinstance(spacing, Mapping):
        return {axis: float(size) for axis, size in spacing.items()}
    return dict(zip("zyx"[-len(spacing) :], map(float, spacing), strict=True))


def unit_of(text: object) -> str | None:
    """Return a unit in one spelling; None for pixels and for nothing."""
    unit = str(text or "").strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    return None if unit.lower() in _NO_UNITS else _UNITS.get(unit.lower(), unit)[:32]


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


def _read_npy(path: Path) -> ImageFile:
    try:
        data = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise unreadable(path, f"it is no NPY array of numbers ({error})") from error
    if not isinstance(data, np.ndarray) or data.ndim < 2:
        raise unreadable(path, "it holds less than two dimensions", "Give an image.")
    return ImageFile(data, "q" * (data.ndim - 2) + "yx", path.stem)


def _read_picture(path: Path) -> ImageFile:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                is_mixed = picture.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
                data = np.asarray(picture.convert("RGB") if is_mixed else picture)
    except (ValueError, OSError, SyntaxError, EOFError, IndexError) as error:
        raise unreadable(path, f"it is no picture ({str(error)[:200]})") from error
    except Image.DecompressionBombError as error:
        raise unreadable(path, f"it is too large ({error})", "Save it as TIFF.") from error
    if data.ndim == 3 and data.shape[-1] in (2, 4):
        # The last channel is transparency, which is no measurement.
        data = data[..., : data.shape[-1] - 1]
    if data.ndim == 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim not in (2, 3):
        raise unreadable(path, f"it has {data.ndim} dimensions", "Save one picture a file.")
    return ImageFile(data, "yx" if data.ndim == 2 else "yxc", path.stem)
