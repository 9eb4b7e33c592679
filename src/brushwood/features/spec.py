"""Which features a pixel is described by: a frozen value, written as one readable line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.features.filters import Filter, get_filter
from brushwood.features.presets import PRESETS
from brushwood.features.scale import LARGEST_SIGMA, SMALLEST_SIGMA, Scale, Units, scale_of
from brushwood.jobs import IDLE, Job

if TYPE_CHECKING:
    from brushwood.opencl import Device

#: Most entries of a feature set: files come from strangers.
MOST_FEATURES = 512
_LONGEST_LINE = 16384
_EXAMPLE = "for example: original gaussian=1,2,4 hessian=2"


@dataclass(frozen=True, slots=True)
class Feature:
    """One filter at one scale.

    Attributes
    ----------
    filter : str
        A registered name.
    sigma : float or None
        None for filters without a scale.
    """

    filter: str
    sigma: float | None = None

    def __str__(self) -> str:
        return self.filter if self.sigma is None else f"{self.filter}={_number(self.sigma)}"


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """The features of a pixel, in order.

    Attributes
    ----------
    features : tuple of Feature
        At least one, none twice.
    units : {"px", "world"}
        Whether σ counts pixels of the finest axis or the units of the spacing.

    Raises
    ------
    UnknownFilterError
        If a filter is not registered.
    InputError
        If the set is empty or too large, holds a feature twice, or σ is out of bounds.
    """

    features: tuple[Feature, ...]
    units: Units = "px"

    def __post_init__(self) -> None:
        if self.units not in ("px", "world"):
            raise InputError(f"A feature set's units are 'px' or 'world', not {self.units!r}.")
        if not 1 <= len(self.features) <= MOST_FEATURES:
            raise InputError(
                f"A feature set holds 1 to {MOST_FEATURES} features, but this one holds "
                f"{len(self.features)}. Write them on one line, {_EXAMPLE}."
            )
        for feature in self.features:
            _check(feature, self.units)
        twice = sorted({str(f) for f in self.features if self.features.count(f) > 1})
        if twice:
            raise InputError(f"Features are listed twice: {', '.join(twice)}. List each once.")

    @classmethod
    def parse(cls, line: str) -> "FeatureSet":
        """Read the readable form; a repeated feature counts once.

        Parameters
        ----------
        line : str
            Names with the σ they are wanted at, separated by white space, for example ``"original
            gaussian=1,2,4 hessian=2"``; ``units=world`` anywhere makes σ a length.
        """
        if len(line) > _LONGEST_LINE:
            raise InputError(f"A feature set must be shorter than {_LONGEST_LINE} characters.")
        found: dict[Feature, None] = {}
        units: Any = "px"
        for word in line.split():
            name, equals, values = word.partition("=")
            if name == "units":
                units = values
            elif not equals:
                found[Feature(name)] = None
            else:
                found.update((Feature(name, _parsed(v, word)), None) for v in values.split(","))
        return cls(tuple(found), units)

    def __str__(self) -> str:
        words = []
        for (name, bare), group in groupby(self.features, lambda f: (f.filter, f.sigma is None)):
            values = ",".join(_number(f.sigma) for f in group if f.sigma is not None)
            words.append(name if bare else f"{name}={values}")
        if self.units == "world":
            words.append("units=world")
        return " ".join(words)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary: ``{"units": …, "features": [[name, σ or null], …]}``."""
        return {"units": self.units, "features": [[f.filter, f.sigma] for f in self.features]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | str) -> "FeatureSet":
        """Read what `to_json` returns, or its JSON text; strictly.

        Raises
        ------
        InputError
            If anything is missing, unknown, of another type or out of bounds.
        """
        if isinstance(data, str):
            if len(data) > 8 * _LONGEST_LINE:
                raise InputError("The feature set's JSON is too long to be one.")
            try:
                data = json.loads(data)
            except (ValueError, RecursionError) as error:
                raise InputError(f"The feature set is not valid JSON: {error}.") from error
        if not isinstance(data, Mapping) or set(data) != {"units", "features"}:
            raise InputError("A feature set in JSON has exactly the keys 'units' and 'features'.")
        rows: Any = data["features"]
        units: Any = data["units"]
        if not isinstance(units, str) or not isinstance(rows, Sequence) or isinstance(rows, str):
            raise InputError("A feature set's 'units' must be text and its 'features' a list.")
        if len(rows) > MOST_FEATURES:
            raise InputError(f"A feature set holds at most {MOST_FEATURES} features.")
        return cls(tuple(map(_from_row, rows)), cast("Units", units))

    @classmethod
    def preset(cls, name: str) -> "FeatureSet":
        """Return a preset: ``"tiny"``, ``"small"``, ``"medium"``, ``"large"`` or one of APOC's."""
        if name not in PRESETS:
            raise InputError(
                f"There is no preset named {name!r}. Choose among: {', '.join(PRESETS)}."
            )
        return cls.parse(PRESETS[name])

    @staticmethod
    def presets() -> tuple[str, ...]:
        """Return the names of the presets."""
        return tuple(PRESETS)

    def names(self, ndim: int = 2, n_channels: int = 1) -> tuple[str, ...]:
        """Return a name for each plane, in order: all planes of channel 0, then channel 1.

        Examples
        --------
        >>> FeatureSet.parse("original hessian=2").names(ndim=2)
        ('original', 'hessian[0]=2', 'hessian[1]=2')
        """
        check_ndim(ndim)
        one: list[str] = []
        for feature in self.features:
            n = get_filter(feature.filter).planes(ndim)
            rest = str(feature)[len(feature.filter) :]
            many = (f"{feature.filter}[{i}]{rest}" for i in range(n))
            one.extend([str(feature)] if n == 1 else many)
        if n_channels == 1:
            return tuple(one)
        return tuple(f"c{c} {name}" for c in range(n_channels) for name in one)

    def scales(
        self, ndim: int, spacing: Sequence[float] | None = None
    ) -> tuple[tuple[Filter, Scale], ...]:
        """Return each feature's filter with its σ along the axes."""
        check_ndim(ndim)
        found = []
        for feature in self.features:
            filter_ = get_filter(feature.filter)
            found.append(
                (filter_, scale_of(filter_, feature.sigma or 0.0, self.units, ndim, spacing))
            )
        return tuple(found)

    def halo(self, ndim: int, spacing: Sequence[float] | None = None) -> tuple[int, int, int]:
        """Return the pixels (z, y, x) that a block needs beyond each side."""
        reaches = [tuple(map(f.reach, s.smooth)) for f, s in self.scales(ndim, spacing)]
        z, y, x = (0,) * (3 - ndim) + tuple(map(max, zip(*reaches, strict=True)))
        return z, y, x

    def cost(self, ndim: int = 2) -> float:
        """Return the work for one pixel of one channel, in multiply-adds, roughly."""
        return sum(get_filter(f.filter).cost(f.sigma or 0.0, ndim) for f in self.features)

    def compute(
        self,
        image: Any,
        *,
        channel_axis: int | None = None,
        spacing: Sequence[float] | None = None,
        ndim: int | None = None,
        device: "Device | None" = None,
        block: tuple[int, ...] | None = None,
        job: Job = IDLE,
    ) -> npt.NDArray[np.float32]:
        """Compute the features of an image; see `brushwood.features.whole.compute`."""
        from brushwood.features.whole import compute  # the engine needs this module

        return compute(
            self,
            image,
            channel_axis=channel_axis,
            spacing=spacing,
            ndim=ndim,
            device=device,
            block=block,
            job=job,
        )


def check_ndim(ndim: int) -> None:
    """Complain about anything but 2 and 3 dimensions."""
    if ndim not in (2, 3):
        raise InputError(f"Features exist in 2 and 3 dimensions, not in {ndim}.")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _parsed(text: str, word: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(
            f"{word!r} does not give a number for σ but {text!r}. Write {_EXAMPLE}."
        ) from None


def _check(feature: Feature, units: str) -> None:
    filter_ = get_filter(feature.filter)
    sigma = feature.sigma
    if not filter_.takes_sigma:
        if sigma is not None:
            raise InputError(f"The filter {feature.filter!r} takes no σ. Write only its name.")
        return
    if sigma is None:
        raise InputError(f"The filter {feature.filter!r} needs a σ, as in {feature.filter}=2.")
    if not isfinite(sigma) or sigma <= 0:
        raise InputError(f"σ must be a positive number, but {feature} was asked for.")
    if units == "world":
        if not filter_.follows_spacing:
            raise InputError(
                f"The filter {feature.filter!r} is APOC's and defined in pixels only. Leave out "
                "units=world, or use gaussian, dog, log or gradient."
            )
    elif not SMALLEST_SIGMA <= sigma <= LARGEST_SIGMA:
        raise InputError(
            f"σ must be {SMALLEST_SIGMA} to {LARGEST_SIGMA:g} pixels, but {feature} was asked for."
        )


def _from_row(row: Any) -> Feature:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 2:
        raise InputError("Each of a feature set's 'features' must be [name, σ or null].")
    name, sigma = row
    number = isinstance(sigma, int | float) and not isinstance(sigma, bool)
    if not isinstance(name, str) or len(name) > 100 or not (sigma is None or number):
        raise InputError("Each of a feature set's 'features' must be [name, σ or null].")
    try:
        return Feature(name, None if sigma is None else float(sigma))
    except OverflowError:
        raise InputError(f"σ of {name!r} is too large.") from None
