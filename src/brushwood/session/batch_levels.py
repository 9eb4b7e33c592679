"""All resolutions of an image: those of an OME-Zarr pyramid, else the only one."""

from itertools import pairwise
from typing import Any

from brushwood.errors import ImageFileError
from brushwood.io.imagefile import ImageFile
from brushwood.io.images import is_zarr
from brushwood.io.inputs import InputRef


def levels_of(image: ImageFile, ref: InputRef | None) -> list[Any]:
    """Return the arrays of an image, the finest first.

    Parameters
    ----------
    image : ImageFile
    ref : InputRef or None
        Where it was read from; None for arrays in memory.
    """
    if ref is None or not is_zarr(ref.path):
        return [image.data]
    from brushwood.io import ngff
    from brushwood.io.omezarr import open_array

    try:
        inner = ngff.inside(ref.path, ref.scene) if ref.scene else ref.path
        first = next(ngff.images_in(inner), None)
        inner = inner if first is None else ngff.inside(inner, first)
        if ngff.is_array(inner):
            return [image.data]
        datasets = ngff.attributes(inner)["multiscales"][0]["datasets"]
        found = [open_array(ngff.inside(inner, entry["path"]), ref.path) for entry in datasets]
    except (ImageFileError, *ngff.ERRORS):  # the full resolution could be read: that is enough
        return [image.data]
    # A file may keep its axes in another order than the image shows them.
    fits = tuple(found[0].shape) == tuple(image.data.shape)
    sizes = [level.shape for level in found]
    shrinks = all(all(b <= a for a, b in zip(*pair, strict=True)) for pair in pairwise(sizes))
    return found if fits and shrinks else [image.data]
