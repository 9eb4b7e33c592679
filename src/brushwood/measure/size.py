"""How large objects are: pixels, area or volume, bounding box, without holes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.fill import filled_pixels
from brushwood.measure.index import FloatArray, LabelIndex
from brushwood.measure.ranges import in_ranges


@in_ranges
def compute(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure size."""
    pixel = float(np.prod(objects.spacing))
    area: FloatArray = objects.n_pixels * pixel
    found: dict[str, npt.NDArray[Any]] = {
        "num_pixels": objects.n_pixels,
        "area": area,
        "area_bbox": (objects.high - objects.low).prod(axis=1) * pixel,
        "equivalent_diameter_area": equivalent_diameter(area, objects.ndim),
    }
    if "area_filled" in call.wanted:
        found["area_filled"] = filled_pixels(objects, call.job) * pixel
    return found


def equivalent_diameter(area: FloatArray, ndim: int) -> FloatArray:
    """Return the diameter of the circle or ball of a size.

    In 3-D this is ``(6 V / π) ** (1/3)``, as in scikit-image.
    """
    diameter: FloatArray = (2 * ndim * area / np.pi) ** (1 / ndim)
    return diameter


CALCULATIONS = (
    Calculation(
        compute,
        (
            Measurement(
                "num_pixels",
                "size",
                "Number of pixels",
                dimension="pixels",
                integer=True,
            ),
            Measurement(
                "area",
                "size",
                "Area; in 3-D the volume",
                dimension="size",
                default=True,
            ),
            Measurement(
                "area_bbox",
                "size",
                "Area or volume of the bounding box",
                dimension="size",
            ),
            Measurement(
                "area_filled",
                "size",
                "Area or volume with holes filled",
                dimension="size",
                cost="medium",
            ),
            Measurement(
                "equivalent_diameter_area",
                "size",
                "Diameter of the circle or ball of the same area or volume",
                dimension="length",
                default=True,
            ),
        ),
    ),
)
