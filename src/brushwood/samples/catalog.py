"""The samples by key, with what cannot be read from their files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from brushwood.errors import ImageFileError, InputError
from brushwood.samples.files import read_array, read_table
from brushwood.samples.large import mosaic
from brushwood.samples.sample import Sample

_OWN = "simulated by scripts/make_samples.py of Brushwood"
_BSD = "BSD-3-Clause"


def _from_scikit_image(name: str) -> Callable[[], Any]:
    """Return a reader of an image that scikit-image has in its wheel, so nothing is downloaded."""

    def read() -> Any:
        from skimage import data

        return np.array(getattr(data, name)())

    return read


@dataclass(frozen=True)
class _Entry:
    """What is said about a sample; `read` replaces the image file for images of a dependency."""

    title: str
    description: str
    axes: str
    classes: tuple[str, ...]
    spacing: tuple[float, ...] | None = None
    channels: tuple[str, ...] = ()
    read: Callable[[], Any] | None = None
    source: str = _OWN
    licence: str = _BSD


_ENTRIES = {
    "nuclei_2d": _Entry(
        "Fluorescence nuclei (2-D)",
        "Nuclei in wide field: light that fades to the sides, camera noise, nuclei that touch, "
        "some out of focus, haze of nuclei far above the plane.",
        "YX",
        ("background", "nuclei"),
        (0.32, 0.32),
    ),
    "round_and_elongated_blobs": _Entry(
        "Round and elongated blobs",
        "190 bright blobs, half of them round and half elongated, with equal areas: the two shapes "
        "of a first lecture on machine learning. The table holds the shape class of each.",
        "YX",
        ("background", "blobs"),
    ),
    "nuclei_3d": _Entry(
        "Confocal nuclei (3-D, anisotropic)",
        "Packed nuclei in planes 1 µm apart with pixels of 0.25 µm: axial blur, few photons, light "
        "lost with depth. Strokes lie in planes 5, 14 and 24.",
        "ZYX",
        ("background", "nuclei"),
        (1.0, 0.25, 0.25),
    ),
    "two_channel_cells": _Entry(
        "Cells in two channels (DNA, actin)",
        "Adherent cells with stress fibres. The labels are cells; a nucleus carries the label of "
        "its cell where the class is nucleus.",
        "CYX",
        ("background", "cytoplasm", "nucleus"),
        (0.27, 0.27),
        ("DNA", "actin"),
    ),
    "histology_he": _Entry(
        "Histology, H&E (RGB)",
        "Glands, collagen and white gaps in the colours of haematoxylin and eosin. The labels are "
        "nuclei.",
        "YXS",
        ("background", "tissue", "nuclei"),
        (0.5, 0.5),
    ),
    "coins": _Entry(
        "Coins (photograph)",
        "A real photograph of 24 Greek coins on an unevenly lit table that shares grey levels with "
        "them. Truth and labels: outlines found from circles set by hand, checked by eye.",
        "YX",
        ("background", "coins"),
        None,
        (),
        _from_scikit_image("coins"),
        "scikit-image (skimage.data.coins), from the Brooklyn Museum; outlines by Brushwood",
        "no known copyright restrictions; outlines BSD-3-Clause",
    ),
    "ihc": _Entry(
        "Colon, DAB and haematoxylin (RGB, real)",
        "A real section of colonic glands: FHL2 in brown, nuclei in blue. Nobody outlined it, so "
        "there is no truth.",
        "YXS",
        ("glass", "stroma", "epithelium"),
        None,
        (),
        _from_scikit_image("immunohistochemistry"),
        "scikit-image (skimage.data.immunohistochemistry), acquired at the CMMI",
        "no known copyright restrictions",
    ),
    "nuclei_time": _Entry(
        "Living nuclei (2-D and time)",
        "Nuclei drift, turn and bleach over eight frames. Strokes lie in frames 0 and 5; a nucleus "
        "has the same label in all frames.",
        "TYX",
        ("background", "nuclei"),
        (0.32, 0.32),
    ),
    "large_nuclei": _Entry(
        "Large field of nuclei (8192 × 8192, lazy)",
        "The field of nuclei mirrored 16 by 16 times as a dask array: nothing is stored, and "
        "nothing is loaded until it is looked at. Strokes lie in the upper left corner.",
        "YX",
        ("background", "nuclei"),
        (0.32, 0.32),
    ),
}


def keys() -> tuple[str, ...]:
    """Return the keys of all samples, the first is the one to begin with."""
    return tuple(_ENTRIES)


def load(key: str) -> Sample:
    """Load one sample.

    Parameters
    ----------
    key : str
        One of `keys`.

    Raises
    ------
    InputError
        If there is no such sample.
    ImageFileError
        If the files of the sample are missing.
    """
    if key not in _ENTRIES:
        raise InputError(f"There is no sample {key!r}. Choose one of: {', '.join(_ENTRIES)}.")
    entry = _ENTRIES[key]
    return Sample(
        key=key,
        title=entry.title,
        description=entry.description,
        axes=entry.axes,
        class_names=dict(enumerate(entry.classes, start=1)),
        channel_names=entry.channels,
        spacing=entry.spacing,
        unit="µm" if entry.spacing else "px",
        source=entry.source,
        licence=entry.licence,
        **_arrays(key, entry),
    )


def _arrays(key: str, entry: _Entry) -> dict[str, Any]:
    """Read the arrays and the table of a sample."""
    large = key == "large_nuclei"
    files = "nuclei_2d" if large else key
    image = entry.read() if entry.read else read_array(files, "image")
    annotation = read_array(files, "annotation")
    if image is None or annotation is None:
        raise ImageFileError(
            f"The files of the sample {key!r} are missing. Install napari-brushwood again, or run "
            "`python scripts/make_samples.py` in a checkout."
        )
    found = {"image": image, "annotation": annotation, "truth_table": read_table(files)}
    found |= {name: read_array(files, name) for name in ("truth_classes", "truth_labels")}
    if large:
        found["image"], found["annotation"] = mosaic(image), _corner(annotation)
        found["truth_classes"] = mosaic(found["truth_classes"])
        # A nucleus at a seam and its mirror image would be one object.
        found["truth_labels"] = None
    return found


def _corner(annotation: Any) -> Any:
    """Put strokes into the upper left corner of a canvas whose zeros cost no memory yet."""
    canvas = np.zeros((8192, 8192), np.uint8)
    canvas[: annotation.shape[0], : annotation.shape[1]] = annotation
    return canvas
