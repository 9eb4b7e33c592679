"""The samples as napari layer-data tuples, one function a sample; napari itself is not imported."""

from typing import Any

from brushwood.samples.catalog import load
from brushwood.samples.large import pyramid
from brushwood.samples.sample import Sample

LayerDataTuple = tuple[Any, dict[str, Any], str]

#: One colour map a channel; not orange, which the strokes of class 2 have.
_CHANNEL_COLORMAPS = ("bop blue", "gray", "bop purple")


def nuclei_2d() -> list[LayerDataTuple]:
    """Return layers of fluorescence nuclei with uneven light."""
    return layers(load("nuclei_2d"))


def round_and_elongated_blobs() -> list[LayerDataTuple]:
    """Return layers of round and elongated blobs, with the shape class in the features table."""
    return layers(load("round_and_elongated_blobs"))


def nuclei_3d() -> list[LayerDataTuple]:
    """Return layers of an anisotropic confocal stack."""
    return layers(load("nuclei_3d"))


def two_channel_cells() -> list[LayerDataTuple]:
    """Return layers of cells, one image layer a channel."""
    return layers(load("two_channel_cells"))


def histology_he() -> list[LayerDataTuple]:
    """Return layers of a simulated H&E section in RGB."""
    return layers(load("histology_he"))


def coins() -> list[LayerDataTuple]:
    """Return layers of a photograph of coins."""
    return layers(load("coins"))


def ihc() -> list[LayerDataTuple]:
    """Return layers of a real section with DAB and haematoxylin in RGB."""
    return layers(load("ihc"))


def nuclei_time() -> list[LayerDataTuple]:
    """Return layers of a short time series."""
    return layers(load("nuclei_time"))


def large_nuclei() -> list[LayerDataTuple]:
    """Return layers of a large, lazy, multiscale image."""
    return layers(load("large_nuclei"))


def layers(sample: Sample) -> list[LayerDataTuple]:
    """Return the layers of a sample from bottom to top: image, hidden truth, annotation.

    The annotation carries class names and colours in ``metadata["brushwood"]``. Truth is hidden,
    so that the user paints first and looks afterwards.
    """
    placed = _placed(sample)
    found = _images(sample, placed)
    if sample.truth_labels is not None:
        options = {"name": f"{sample.key} · objects (truth)", "visible": False, **placed}
        if sample.truth_table is not None:
            options["features"] = dict(sample.truth_table)
        found.append((sample.truth_labels, options, "labels"))
    if sample.truth_classes is not None:
        truth = sample.truth_classes
        options = {**_classes(sample, "truth"), **placed, "visible": False, "opacity": 0.6}
        options["name"] = f"{sample.key} · classes (truth)"
        data = truth if _in_memory(truth) else pyramid(truth)
        found.append((data, options, "labels"))
    options = {"name": f"{sample.key} · annotation", **_classes(sample, "annotation"), **placed}
    options["opacity"] = 0.9
    return [*found, (sample.annotation, options, "labels")]


def _in_memory(image: Any) -> bool:
    """Tell dask arrays from NumPy arrays without importing either."""
    return not hasattr(image, "dask")


def _placed(sample: Sample) -> dict[str, Any]:
    """Return scale, units and axis names for layers without a channel axis."""
    axes = [axis for axis in sample.axes if axis in "TZYX"]
    if sample.spacing is None:
        return {"axis_labels": tuple(axis.lower() for axis in axes)}
    frames = len(axes) - len(sample.spacing)
    return {
        "scale": (1.0,) * frames + tuple(sample.spacing),
        "units": ("pixel",) * frames + ("um",) * len(sample.spacing),
        "axis_labels": tuple(axis.lower() for axis in axes),
    }


def _images(sample: Sample, placed: dict[str, Any]) -> list[LayerDataTuple]:
    """Return the image layer, or one for each channel."""
    metadata = {"brushwood": {"sample": sample.key}}
    if sample.rgb:
        options = {"name": sample.key, "rgb": True, "metadata": metadata, **placed}
        return [(sample.image, options, "image")]
    if sample.channel_axis is not None:
        channels = list(zip(sample.channel_names, _CHANNEL_COLORMAPS, strict=False))
        return [
            _grey(sample, sample.image.take(k, sample.channel_axis), name, colormap, placed)
            for k, (name, colormap) in enumerate(channels)
        ]
    return [_grey(sample, sample.image, "", "gray", placed)]


def _grey(
    sample: Sample, image: Any, channel: str, colormap: str, placed: dict[str, Any]
) -> LayerDataTuple:
    """Return one image layer, with contrast from its darkest to its brightest pixels."""
    small = image if _in_memory(image) else image[:512, :512].compute()
    options = {
        "name": f"{sample.key} · {channel}" if channel else sample.key,
        "colormap": colormap,
        "blending": "additive" if channel else "translucent_no_depth",
        "contrast_limits": (float(small.min()), float(small.max())),
        "metadata": {"brushwood": {"sample": sample.key, "channel": channel}},
        **placed,
    }
    if not _in_memory(image):
        return pyramid(image), {**options, "multiscale": True}, "image"
    return image, options, "image"


def _classes(sample: Sample, role: str) -> dict[str, Any]:
    """Return colours for napari, and names and colours for the classifier widget."""
    colors = sample.class_colors
    return {
        "colormap": {**colors, 0: "transparent", None: "transparent"},
        "metadata": {
            "brushwood": {
                "sample": sample.key,
                "role": role,
                "class_names": dict(sample.class_names),
                "class_colors": colors,
            }
        },
    }
