"""Units of measurements: which power of a length a number is, written as people write it."""

from brushwood.measure.catalog import Measurement

_POWERS = {1: "", 2: "²", 3: "³"}


def unit_of(measurement: Measurement, unit: str | None, scaled: bool, ndim: int) -> str | None:
    """Return the unit of a measurement's columns.

    Parameters
    ----------
    measurement : Measurement
    unit : str, optional
        Unit of a length.
    scaled : bool
        Whether the pixels have a size other than 1 pixel.
    ndim : {2, 3}

    Returns
    -------
    str or None
        ``"µm²"``; "px" where nothing is known of the pixels' size; "" for what has no dimension;
        None where it is unknown: the unit of intensities, or of a spacing without one.
    """
    if measurement.dimension == "none":
        return ""
    if measurement.dimension == "angle":
        return "rad"
    if measurement.dimension == "pixels":
        return "px"
    if measurement.dimension == "intensity":
        return None
    length = unit or (None if scaled else "px")
    if length is None:
        return None
    power = {"length": 1, "surface": 2, "squared length": 2, "size": ndim}[measurement.dimension]
    return power_of(length, power)


def power_of(unit: str, power: int) -> str:
    """Write a power of a unit: µm, µm², µm³."""
    return f"{unit}{_POWERS[power]}"
