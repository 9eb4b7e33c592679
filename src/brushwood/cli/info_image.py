"""What an image file says of itself, for ``brushwood info``."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import format_bytes
from brushwood.errors import BrushwoodError

if TYPE_CHECKING:
    from brushwood.io.images import ImageFile
    from brushwood.io.inputs import InputRef

_AXES = {"t": "time", "c": "channel", "z": "z", "y": "y", "x": "x", "q": "unknown"}
#: More scenes, labels or images than this are counted only.
_MOST = 12


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What is shown of an image.

    Attributes
    ----------
    path, scene : str
    scenes, labels : tuple of str
        Of the file; one scene is not named.
    axes : tuple of (str, int)
        Name and length, in the order of the file.
    dtype : str
    n_bytes : int
        Of all pixels, decoded.
    file_bytes : int
        On the disk.
    channel_names : tuple of str
    scale : dict of str to float
    unit, time_unit : str or None
    time_step : float or None
    chunks : tuple of int or None
        What is decoded at once; None if the pixels are mapped or in memory.
    chunks_stored : tuple of int or None
        How many chunks stand in an OME-Zarr folder, and how many the image has.
    """

    path: str
    scene: str
    scenes: tuple[str, ...]
    labels: tuple[str, ...]
    axes: tuple[tuple[str, int], ...]
    dtype: str
    n_bytes: int
    file_bytes: int
    channel_names: tuple[str, ...]
    scale: dict[str, float]
    unit: str | None
    time_step: float | None
    time_unit: str | None
    chunks: tuple[int, ...] | None
    chunks_stored: tuple[int, int] | None

    def text(self) -> str:
        """Return lines for a terminal."""
        lines = [("image", f"{self.path}, {format_bytes(self.file_bytes)}")]
        if self.scenes:
            lines.append(("scenes", _listed(self.scenes)))
            lines.append(("shown", self.scene or self.scenes[0]))
        sizes = ", ".join(f"{name} {length}" for name, length in self.axes)
        lines.append(("axes", sizes))
        lines.append(("pixels", f"{self.dtype}, {format_bytes(self.n_bytes)} in memory"))
        if self.channel_names:
            numbered = [f"{i} {name}" for i, name in enumerate(self.channel_names)]
            lines.append(("channels", _listed(numbered)))
        lines.append(("pixel size", self.calibration()))
        if self.time_step:
            lines.append(("time step", f"{self.time_step:g} {self.time_unit or ''}".strip()))
        if self.chunks:
            lines.append(("chunks", " × ".join(map(str, self.chunks)) + self._missing()))
        if self.labels:
            lines.append(("labels", _listed([f"labels/{name}" for name in self.labels])))
        return "\n".join(f"{label:<10} {text}" for label, text in lines)

    def calibration(self) -> str:
        """Return the size of a pixel along each axis that the image has."""
        unit = "µm" if self.unit == "um" else self.unit or ""
        known = [
            f"{axis} {self.scale[axis]:g} {unit}".strip()
            for axis, _ in self.axes
            if axis in self.scale
        ]
        return ", ".join(known) or "unknown"

    def _missing(self) -> str:
        if self.chunks_stored is None or self.chunks_stored[0] == self.chunks_stored[1]:
            return ""
        stored, all_of_them = self.chunks_stored
        return f", {stored} of {all_of_them} are stored; the others hold the fill value"


def image_info(ref: "InputRef") -> ImageInfo:
    """Return what an image file says of itself.

    Raises
    ------
    ImageFileError, MissingPackageError
    """
    from brushwood.io import ngff
    from brushwood.io.scenes import scenes_of

    with ref.open() as image:
        scenes = scenes_of(ref.path)
        inner = ref.path / ref.scene if ref.scene else ref.path
        shape = tuple(int(n) for n in image.data.shape)
        chunks = getattr(image.data, "chunks", None)
        return ImageInfo(
            str(ref.path),
            ref.scene,
            scenes if scenes != ("",) else (),
            tuple(ngff.labels_of(inner)) if ngff.is_zarr(inner) else (),
            tuple((_AXES[a], n) for a, n in zip(image.axes, shape, strict=True)),
            str(image.data.dtype),
            int(image.source().dtype.itemsize) * _product(shape),
            _on_disk(ref.path),
            image.channel_names,
            dict(image.scale),
            image.unit,
            image.time_step,
            image.time_unit,
            None if chunks is None else tuple(int(n) for n in chunks),
            _stored(image),
        )


def folder_text(refs: "list[InputRef]") -> str:
    """Return a line an image of a folder, and what differs between them."""
    lines, kinds = [], set()
    for ref in refs:
        try:
            info = image_info(ref)
        except BrushwoodError as error:
            lines.append(f"{ref}: {error}")
            continue
        sizes = " × ".join(str(length) for _, length in info.axes)
        letters = " ".join(name for name, _ in info.axes)
        kinds.add((letters, info.dtype, info.calibration()))
        lines.append(f"{ref}: {sizes} ({letters}), {info.dtype}, {info.calibration()}")
    same = "all of one kind" if len(kinds) == 1 else f"of {len(kinds)} kinds"
    count = "1 image" if len(refs) == 1 else f"{len(refs)} images"
    return "\n".join([*lines, f"{count}, {same}"])


def _stored(image: "ImageFile") -> tuple[int, int] | None:
    """Count the chunks of an OME-Zarr image."""
    import zarr

    array: Any = getattr(image.data, "array", None)
    if not isinstance(array, zarr.Array) or not str(image.path).endswith(".zarr"):
        return None
    return int(array.nchunks_initialized), int(array.nchunks)


def _on_disk(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    found = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
    return sum(file.stat().st_size for file in found)


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total


def _listed(names: "tuple[str, ...] | list[str]") -> str:
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else f"{len(names)}: {shown}, …"
