"""How a class map or a probability map becomes objects: a frozen value that travels as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from brushwood.errors import InputError
from brushwood.forest.params import option

Method = Literal["components", "distance", "intensity", "probability", "hysteresis"]
Connectivity = Literal["full", "faces"]
BorderRule = Literal["keep", "remove", "remove sides"]
Units = Literal["px", "world"]

#: Methods that part what touches by a watershed.
SPLITTING = ("distance", "intensity", "probability")
#: Methods that only a probability map can answer.
NEED_PROBABILITY = ("probability", "hysteresis")
_NUMBERS = (
    "smoothing",
    "threshold",
    "core",
    "seed_smoothing",
    "seed_height",
    "seed_distance",
    "max_hole",
    "min_size",
    "max_size",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitParams:
    """How objects are made; `brushwood.objects.split.split_objects` says what each step does.

    Lengths are in pixels of the last axis, or in the unit of the spacing (``units="world"``);
    sizes in pixels (voxels), or in that unit squared or cubed.

    Attributes
    ----------
    method : {"components", "distance", "intensity", "probability", "hysteresis"}
        What touches is one object; or parted by a watershed on the distance to the background, on
        an image's intensity or on the probability; or grown from certain cores.
    smoothing : float
        Standard deviation of the Gaussian over probabilities, before any threshold. A length.
    threshold : float
        A pixel belongs to an object from this probability on, 0 to 1.
    core : float
        For hysteresis: an object needs a pixel of at least this probability.
    keep_cores_apart : bool
        For hysteresis: cores that are connected only through less probable pixels stay apart.
    connectivity : {"full", "faces"}
        Whether pixels that touch at corners only are connected.
    seed_smoothing : float
        Standard deviation of the Gaussian over what seeds are sought in. A length.
    seed_height : float
        A peak is a seed when every way to a higher peak leads down by more than this share of its
        own height, 0 to 1.
    seed_distance : float
        Of seeds in one connected area closer than this, the highest stays. A length.
    fill_holes : bool
        Background that is enclosed by objects becomes part of them.
    max_hole : float
        Larger holes stay, for example the gap in a ring of cells. A size; 0 is no limit.
    min_size, max_size : float
        Smaller and larger objects are left out; 0 is no limit.
    border : {"keep", "remove", "remove sides"}
        Leave out objects that touch the image's border, or only its sides in a stack, not its
        first and last plane.
    units : {"px", "world"}

    Raises
    ------
    InputError
        If a value is out of range or of the wrong type.
    """

    method: Method = option(  # noqa: RUF009 - a field, as its siblings
        "components",
        label="Split by",
        help="How objects that touch are told apart.",
        choices=get_args(Method),
        texts={
            "components": "what touches is one object",
            "distance": "distance to the background",
            "intensity": "an image's intensity",
            "probability": "probability",
            "hysteresis": "certain cores (hysteresis)",
        },
    )
    smoothing: float = option(
        0.0,
        label="Smooth probabilities",
        help="Averages probabilities over this distance before the threshold.",
        min=0.0,
        max=100.0,
    )
    threshold: float = option(
        0.5,
        label="Threshold",
        help="A pixel belongs to an object from this probability on.",
        slider=0.01,
        min=0.0,
        max=1.0,
    )
    core: float = option(
        0.8,
        label="Core threshold",
        help="An object must reach this probability somewhere.",
        slider=0.01,
        min=0.0,
        max=1.0,
    )
    keep_cores_apart: bool = option(
        False,
        label="Keep cores apart",
        help="Each core becomes an object of its own, even where their surroundings touch.",
    )
    connectivity: Connectivity = option(  # noqa: RUF009
        "full",
        label="Connected by",
        help="full: pixels that touch at a corner belong together; faces: they do not.",
        choices=get_args(Connectivity),
        texts={"full": "corners and faces", "faces": "faces only"},
    )
    seed_smoothing: float = option(
        1.0,
        label="Seed smoothing",
        help="Larger values ignore small bumps: fewer seeds, fewer objects.",
        min=0.0,
        max=100.0,
    )
    seed_height: float = option(
        0.05,
        label="Seed height",
        help="How deep the dip between two objects must be, as a share of the lower one's height.",
        slider=0.01,
        min=0.0,
        max=1.0,
    )
    seed_distance: float = option(
        0.0,
        label="Seed distance",
        help="Seeds closer than this are taken for one object.",
        min=0.0,
        max=10_000.0,
    )
    fill_holes: bool = option(
        False, label="Fill holes", help="Background enclosed by an object becomes part of it."
    )
    max_hole: float = option(
        0.0,
        label="Largest hole",
        help="Larger holes stay, as a gap between cells that touch in a ring; 0 fills all.",
        min=0.0,
        max=1e9,
    )
    min_size: float = option(
        0.0,
        label="Smallest",
        help="Objects smaller than this are left out; 0 keeps all.",
        min=0.0,
        max=1e9,
    )
    max_size: float = option(
        0.0,
        label="Largest",
        help="Objects larger than this are left out; 0 keeps all.",
        min=0.0,
        max=1e9,
    )
    border: BorderRule = option(  # noqa: RUF009
        "keep",
        label="At the border",
        help="Keep or remove objects cut by the image's border, in a stack perhaps only its sides.",
        choices=get_args(BorderRule),
        texts={
            "keep": "keep objects",
            "remove": "remove objects",
            "remove sides": "remove at the sides only",
        },
    )
    units: Units = option(  # noqa: RUF009
        "px",
        label="Measured in",
        help="px: lengths and sizes count pixels; world: they are in the unit of the image.",
        choices=get_args(Units),
        texts={"px": "pixels", "world": "the image's unit"},
    )

    def __post_init__(self) -> None:
        for name in ("method", "connectivity", "border", "units"):
            choices = self.__dataclass_fields__[name].metadata["choices"]
            if getattr(self, name) not in choices:
                expected = "one of " + ", ".join(map(repr, choices))
                raise _error(name, expected, getattr(self, name))
        for name in ("keep_cores_apart", "fill_holes"):
            if not isinstance(getattr(self, name), bool):
                raise _error(name, "True or False", getattr(self, name))
        for name in _NUMBERS:
            _check_number(self, name)

    @property
    def problem(self) -> str:
        """Why values that are fine by themselves do not go together, "" if they do."""
        if self.method == "hysteresis" and self.core < self.threshold:
            return (
                f"The core threshold {self.core:g} is below the threshold {self.threshold:g}. "
                "Raise the core threshold, or lower the other."
            )
        if self.max_size and self.max_size < self.min_size:
            return (
                f"The largest size {self.max_size:g} is below the smallest {self.min_size:g}. "
                "Swap them, or set one to 0."
            )
        return ""

    @property
    def uses_seeds(self) -> bool:
        """Whether connected areas are parted by a watershed from seeds."""
        return self.method in SPLITTING or (self.method == "hysteresis" and self.keep_cores_apart)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, one a field."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "SplitParams":
        """Build from `to_json`'s answer; missing fields take their defaults.

        Raises
        ------
        InputError
            If the document is no mapping, has an unknown field, or a value is out of range.
        """
        if not isinstance(document, Mapping):
            raise _error("the document", "a JSON object", document)
        known = {f.name for f in fields(cls)}
        unknown = sorted(map(str, set(document) - known))
        if unknown:
            raise InputError(
                f"Split parameters have unknown fields: {', '.join(unknown)}. "
                f"Known are: {', '.join(sorted(known))}. The file may come from a newer version."
            )
        return cls(**document)


def _check_number(params: SplitParams, name: str) -> None:
    value = getattr(params, name)
    if isinstance(value, np.number):  # measured by NumPy; JSON knows no such numbers
        value = value.item()
        object.__setattr__(params, name, value)
    meta = params.__dataclass_fields__[name].metadata
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and meta["min"] <= value <= meta["max"]):
        raise _error(name, f"a number from {meta['min']:g} to {meta['max']:g}", value)


def _error(name: str, expected: str, came: object) -> InputError:
    return InputError(f"SplitParams: {name} must be {expected}, not {came!r}.")
