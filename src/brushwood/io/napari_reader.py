"""Opens results and files of microscopes in napari with pixel size, units and channels.

napari's own reader leaves the pixel size of TIFF files aside and takes ids for grey values. Plain
images are left to it: only what Brushwood wrote, and what napari has no reader for, is taken here.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from brushwood.io import ngff
from brushwood.io.imagefile import CZI, LIF, ND2, ImageFile
from brushwood.io.inputs import RESULTS, InputRef, base_of, expanded
from brushwood.io.lazy import LazyArray

LayerData = tuple[Any, dict[str, Any], str]

_MICROSCOPES = {CZI, LIF, ND2}
_IDS = {"classes", "objects", "object_classes"}
_COLORMAPS = ("bop blue", "bop orange", "bop purple", "green", "magenta", "gray")
_UNITS = {"um", "nm", "mm", "cm", "m", "s", "ms", "us", "min", "h"}
#: Scenes of one file beyond this are left out: each is a layer.
_MOST_SCENES = 16


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return what opens a file, None for files that others open.

    Parameters
    ----------
    path : str or list of str
    """
    paths = [path] if isinstance(path, str) else list(path)
    return read_layers if paths and all(map(_is_ours, paths)) else None


def read_layers(path: str | list[str]) -> list[LayerData]:
    """Return layers, nothing of large images is loaded.

    Parameters
    ----------
    path : str or list of str

    Raises
    ------
    BrushwoodError
        If a file cannot be read.
    """
    paths = [path] if isinstance(path, str) else list(path)
    refs = [ref for each in paths for ref in expanded(Path(each))[:_MOST_SCENES]]
    return [layer for ref in refs for layer in _layers(ref)]


def _is_ours(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in _MICROSCOPES or base_of(path) is not None


def _layers(ref: InputRef) -> list[LayerData]:
    image = ref.open()  # stays open as long as the layers read from it
    levels, axis = _levels(image, ref), image.channel_axis
    result = next((r for r in RESULTS if ref.name.endswith(f"-{r}")), None)
    place = _place(image)
    if axis is None or axis == image.data.ndim - 1:
        is_ids = result in _IDS and image.data.dtype.kind in "iu"
        rgb = {"rgb": True} if axis is not None else {}
        return [(levels, {"name": ref.name, **place, **rgb}, "labels" if is_ids else "image")]
    count = int(image.data.shape[axis])
    names = image.channel_names or tuple(f"channel {i}" for i in range(count))
    limits = {"contrast_limits": (0.0, 1.0)} if result == "probabilities" else {}
    return [
        (
            [_channel(level, axis, i) for level in levels],
            {
                "name": f"{ref.name} {names[i]}",
                "colormap": _COLORMAPS[i % len(_COLORMAPS)],
                "blending": "additive",
                **place,
                **limits,
            },
            "image",
        )
        for i in range(count)
    ]


def _levels(image: ImageFile, ref: InputRef) -> list[Any]:
    """Return the resolutions of an image as arrays that napari slices when it shows them."""
    levels = [image.data]
    if ngff.is_zarr(ref.path) and not ref.scene and not ngff.is_array(ref.path):
        from brushwood.io.omezarr import open_array

        datasets = ngff.attributes(ref.path)["multiscales"][0]["datasets"][1:]
        levels += [open_array(ngff.inside(ref.path, d["path"]), ref.path) for d in datasets]
    return [_lazy(level) for level in levels]


def _lazy(data: Any) -> Any:
    if not isinstance(data, LazyArray):
        return data
    from dask import array

    return array.from_array(data, chunks=data.chunks, meta=np.empty(0, data.dtype))


def _channel(level: Any, axis: int, number: int) -> Any:
    return level[(*[slice(None)] * axis, number)]


def _place(image: ImageFile) -> dict[str, Any]:
    """Return scale, units and axis names of a layer; channels are layers of their own."""
    axes = image.axes.replace("c", "")
    steps = {**image.scale, **({"t": image.time_step} if image.time_step else {})}
    scale = [float(steps.get(axis) or 1.0) for axis in axes]
    units = [
        unit if axis in steps and unit in _UNITS else "pixel"
        for axis in axes
        for unit in [image.time_unit if axis == "t" else image.unit]
    ]
    labels = [axis if axes.count(axis) == 1 else f"{axis}{i}" for i, axis in enumerate(axes)]
    return {"scale": scale, "units": units, "axis_labels": labels}
