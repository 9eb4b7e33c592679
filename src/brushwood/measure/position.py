"""Where objects are: centroid and bounding box."""

from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.index import LabelIndex
from brushwood.measure.moments import centroids
from brushwood.measure.ranges import in_ranges


@in_ranges
def compute(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure position."""
    ndim = objects.ndim
    box = np.concatenate([objects.low[:, -ndim:], objects.high[:, -ndim:]], axis=1)
    return {"centroid": centroids(objects)[:, -ndim:] * objects.spacing, "bbox": box}


CALCULATIONS = (
    Calculation(
        compute,
        (
            Measurement(
                "centroid",
                "position",
                "Mean position of the pixels along each axis; the first pixel is at 0",
                dimension="length",
                along=("space",),
                default=True,
            ),
            Measurement(
                "bbox",
                "position",
                "Bounding box in pixels: first pixel along each axis, then end along each axis",
                dimension="pixels",
                along=("box",),
                integer=True,
            ),
        ),
    ),
)
