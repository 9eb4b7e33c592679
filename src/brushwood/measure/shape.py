"""Shape from moments: the ellipse or ellipsoid of the same second moments, and what follows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.index import FloatArray, LabelIndex
from brushwood.measure.moments import covariances
from brushwood.measure.ranges import in_ranges


@in_ranges
def compute(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
    """Measure shape from second moments."""
    cov = covariances(objects)
    variance = principal_variances(cov)
    axes = axis_lengths(variance)
    major, minor = axes[:, 0], axes[:, -1]
    ndim = objects.ndim
    area = objects.n_pixels * float(np.prod(objects.spacing))
    box = (objects.high - objects.low).prod(axis=1)
    ball = np.pi / (2 * ndim) * major**ndim
    found: dict[str, npt.NDArray[Any]] = {
        "axis_major_length": major,
        "axis_minor_length": minor,
        "aspect_ratio": _ratio(major, minor),
        "elongation": 1 - _ratio(minor, major),
        "roundness": _ratio(area, ball),
        "extent": objects.n_pixels / box,
        # The inertia about an axis is what the other axes' variances sum to.
        "inertia_tensor_eigvals": (
            variance if ndim == 2 else variance.sum(axis=1)[:, None] - variance[:, ::-1]
        ),
    }
    if ndim == 2:
        found["eccentricity"] = eccentricity(variance)
        found["orientation"] = orientation(cov)
    else:
        found["axis_middle_length"] = axes[:, 1]
    return found


def principal_variances(cov: FloatArray) -> FloatArray:
    """Return the eigenvalues of covariances, largest first, none below 0; shape (n, ndim)."""
    if cov.shape[1] == 2:
        mean = (cov[:, 0, 0] + cov[:, 1, 1]) / 2
        spread = np.hypot((cov[:, 0, 0] - cov[:, 1, 1]) / 2, cov[:, 0, 1])
        large = mean + spread
        determinant = cov[:, 0, 0] * cov[:, 1, 1] - cov[:, 0, 1] ** 2
        # Small beside large eigenvalues lose their digits in a difference, but not in a quotient.
        small = np.divide(determinant, large, out=np.zeros_like(large), where=large > 0)
        values = np.stack([large, small], axis=1)
    else:
        values = np.linalg.eigvalsh(cov)[:, ::-1]
    # What rounding leaves of an object without width is no width.
    values[values < 1e-12 * values[:, :1]] = 0
    clipped: FloatArray = np.maximum(values, 0)
    return clipped


def axis_lengths(variance: FloatArray) -> FloatArray:
    """Return the axes of the ellipse (4 √λ) or ellipsoid (2 √5λ) with these second moments."""
    lengths: FloatArray = np.sqrt(variance) * (4 if variance.shape[1] == 2 else np.sqrt(20))
    return lengths


def eccentricity(variance: FloatArray) -> FloatArray:
    """Return √(1 - λ₂/λ₁), and 0 for one pixel."""
    large, small = variance[:, 0], variance[:, 1]
    quotient = np.divide(small, large, out=np.ones_like(large), where=large > 0)
    result: FloatArray = np.sqrt(1 - quotient)
    return result


def orientation(cov: FloatArray) -> FloatArray:
    """Return the angle between the first axis (rows) and the major axis, -π/2 to π/2.

    Counter-clockwise as scikit-image counts; an object of equal axes gets ±π/4, as there.
    """
    rows, columns, both = cov[:, 0, 0], cov[:, 1, 1], cov[:, 0, 1]
    angle = 0.5 * np.arctan2(2 * both, rows - columns)
    equal = np.where(both > 0, np.pi / 4, -np.pi / 4)
    result: FloatArray = np.where(rows == columns, equal, angle)
    return result


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a / b, NaN where b is 0."""
    ratio: FloatArray = np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0)
    return ratio


CALCULATIONS = (
    Calculation(
        compute,
        (
            Measurement(
                "axis_major_length",
                "shape",
                "Major axis of the ellipse or ellipsoid of the same second moments",
                dimension="length",
                default=True,
            ),
            Measurement(
                "axis_middle_length",
                "shape",
                "Middle axis of the ellipsoid of the same second moments",
                dimension="length",
                source="as scikit-image's major and minor axis in 3-D",
                ndim=(3,),
                default=True,
            ),
            Measurement(
                "axis_minor_length",
                "shape",
                "Minor axis of the ellipse or ellipsoid of the same second moments",
                dimension="length",
                default=True,
            ),
            Measurement(
                "orientation",
                "shape",
                "Angle from the first axis (rows) to the major axis, -π/2 to π/2",
                dimension="angle",
                ndim=(2,),
            ),
            Measurement(
                "eccentricity",
                "shape",
                "√(1 - (minor axis / major axis)²): 0 for a circle, 1 for a line",
                dimension="none",
                ndim=(2,),
                default=True,
            ),
            Measurement(
                "aspect_ratio",
                "shape",
                "Major axis / minor axis",
                dimension="none",
                source="ImageJ, Shape descriptors: AR",
                undefined="objects without width: one pixel, a straight line of pixels",
            ),
            Measurement(
                "elongation",
                "shape",
                "1 - minor axis / major axis: 0 for a circle, 1 for a line",
                dimension="none",
                source="1 - 1 / aspect ratio",
                undefined="one pixel",
            ),
            Measurement(
                "roundness",
                "shape",
                "Area / area of a circle over the major axis; in 3-D with volume and ball",
                dimension="none",
                source="ImageJ, Shape descriptors: Round",
                undefined="one pixel",
            ),
            Measurement(
                "extent",
                "shape",
                "Area / area of the bounding box",
                dimension="none",
            ),
            Measurement(
                "inertia_tensor_eigvals",
                "shape",
                "Eigenvalues of the inertia tensor, largest first",
                dimension="squared length",
                along=("space",),
            ),
        ),
        seconds_per_object=1.5e-6,
    ),
)
