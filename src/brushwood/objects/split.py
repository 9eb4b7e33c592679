"""Objects from a class map or a probability map, of any size, in pieces that touch or not."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from brushwood.jobs import IDLE, Job
from brushwood.objects.split_params import Method, SplitParams
from brushwood.objects.splitter import Splitter


def split_objects(
    classes_or_probability: Any,
    foreground: int | Iterable[int] | None = 2,
    method: Method | None = None,
    *,
    image: Any = None,
    params: SplitParams | None = None,
    spacing: Sequence[float] | None = None,
    ndim: int | None = None,
    block: Sequence[int] | None = None,
    out: Any = None,
    job: Job = IDLE,
    **options: Any,
) -> Any:
    """Turn a class map or a probability map into objects, each with a number of its own.

    Parameters
    ----------
    classes_or_probability : array-like, shape (…frames, Y, X) or (…frames, Z, Y, X)
        Whole numbers are class ids (or labels), floating-point numbers are the probability of the
        objects' class, 0 to 1; NaN counts as 0. NumPy, dask, zarr or a multiscale pyramid.
    foreground : int, iterable of int, or None
        Class ids that are objects; None for all but 0. A probability map and a mask of booleans
        do not need it.
    method : str, optional
        `SplitParams.method`. Default: that of `params`, else "components".
    image : array-like, same shape, optional
        What ``method="intensity"`` (or "probability", on a class map) finds peaks in.
    params : SplitParams, optional
    spacing : sequence of float, optional
        Size of a pixel along the spatial axes. Distances, smoothing and, with ``units="world"``,
        sizes follow it. Default: 1.
    ndim : {2, 3}, optional
        Spatial dimensions; axes before them are frames, each worked on by itself. Default: all
        axes, at most 3.
    block : sequence of int, optional
        Size of a block along the spatial axes. The result does not depend on it.
    out : array-like, same shape, optional
        Integer array that is written by slices, for results larger than memory. Nothing is written
        to a frame before all its objects are known.
    job : Job
    **options
        Fields of `SplitParams` that differ from `params`.

    Returns
    -------
    ndarray of int32, or `out`
        0 is background; objects are 1, 2, … in the order of their first pixels, frame after frame,
        without gaps, so that no number occurs in two frames.

    Raises
    ------
    InputError
        If parameters or arrays do not fit, or one connected area is too large to be parted.
    ShapeMismatchError
        If `image` or `out` differ in shape.

    Notes
    -----
    1. Mask: pixels of the foreground classes, or ``probability >= threshold`` after smoothing.
    2. Holes, if asked for: background that does not reach the frame's border through faces of
       pixels, as `scipy.ndimage.binary_fill_holes`; those up to a size, if there is a limit.
    3. Connected areas. Hysteresis keeps those that hold a pixel ``>= core`` (Canny 1986).
    4. Watershed (Beucher and Lantuéjoul 1979) of each area by itself, from seeds at peaks of the
       distance to the background, the image or the probability; see `brushwood.objects.seeds`.
    5. Size range and border rule, on finished objects.

    Examples
    --------
    >>> labels = split_objects(classes, foreground=2, method="distance", min_size=20)
    """
    chosen = replace(params or SplitParams(), **options)
    if method is not None:
        chosen = replace(chosen, method=method)
    work = Splitter.of(
        classes_or_probability, foreground, chosen, image=image, spacing=spacing, ndim=ndim
    )
    if out is None:
        out = np.zeros((*work.source.frames, *work.source.shape), np.int32)
    work.run(out, job, block)
    return out
