"""How a forest is grown: a frozen value that validates itself and travels as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from brushwood.errors import InputError

Kind = Literal["extra", "random"]
MaxFeatures = Literal["sqrt", "log2", "all"] | float

#: Names that `ForestParams.max_features` may take besides a fraction.
MAX_FEATURES_NAMES = ("sqrt", "log2", "all")


def option(default: Any, **meta: Any) -> Any:
    """Return a dataclass field with its label, help and range, which forms and validation read."""
    meta["tooltip"] = meta.pop("help")
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestParams:
    """How a forest is grown; docs/defaults.md says why the defaults are what they are.

    Attributes
    ----------
    kind : {"extra", "random"}
        Extremely randomised trees (Geurts et al. 2006), or a random forest (Breiman 2001).
    n_trees : int
        1 to 1000.
    max_depth : int, optional
        1 to 64; None grows until leaves are pure or too small to split.
    min_leaf : int
        Fewest training pixels a leaf may hold.
    max_features : {"sqrt", "log2", "all"} or float
        Features tried at each split; a float in (0, 1] is a fraction of all.
    balance : bool
        Weigh classes inversely to their number of pixels.
    seed : int
        0 to 2**32 - 1. Same data, same seed, same forest.
    max_rows : int
        Training pixels beyond this are left out by a seeded sample, stratified by class.

    Raises
    ------
    InputError
        If a value is out of range or of the wrong type.
    """

    kind: Kind = option(  # noqa: RUF009 - a field, as its siblings
        "extra",
        label="Trees are",
        help="Extremely randomised trees grow several times faster; a random forest is classic.",
        choices=get_args(Kind),
    )
    n_trees: int = option(
        120, label="Trees", help="More trees: smoother results, slower.", min=1, max=1000
    )
    max_depth: int | None = option(
        8,
        label="Depth",
        help="Most questions a tree may ask in a row. Empty: as many as it needs.",
        min=1,
        max=64,
    )
    min_leaf: int = option(
        1,
        label="Pixels in a leaf",
        help="A larger number resists stray strokes and blurs fine classes.",
        min=1,
        max=10_000,
    )
    max_features: MaxFeatures = option(  # noqa: RUF009
        0.5,
        label="Features a split",
        help="How many features each split tries: sqrt, log2, all, or a fraction.",
        min=0.0,
        max=1.0,
        choices=MAX_FEATURES_NAMES,
    )
    balance: bool = option(
        False, label="Balance classes", help="A class with few strokes counts as much as others."
    )
    seed: int = option(
        0, label="Seed", help="Same strokes and same seed, same result.", min=0, max=2**32 - 1
    )
    max_rows: int = option(
        100_000,
        label="Most training pixels",
        help="Beyond this number, a random sample of the strokes' pixels is used.",
        min=2,
        max=10_000_000,
    )

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise _error("kind", "'extra' or 'random'", self.kind)
        for name in ("n_trees", "max_depth", "min_leaf", "seed", "max_rows"):
            _check_integer(self, name)
        _check_max_features(self.max_features)
        if not isinstance(self.balance, bool):
            raise _error("balance", "True or False", self.balance)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, one a field."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ForestParams":
        """Build from `to_json`'s answer; missing fields take their defaults.

        Raises
        ------
        InputError
            If the document is no mapping, has an unknown field, or a value is out of range.
        """
        if not isinstance(document, Mapping):
            raise _error("forest parameters", "a JSON object", document)
        known = {f.name for f in fields(cls)}
        unknown = sorted(map(str, set(document) - known))
        if unknown:
            raise InputError(
                f"Forest parameters have unknown fields: {', '.join(unknown)}. "
                f"Known are: {', '.join(sorted(known))}. The file may come from a newer version."
            )
        return cls(**document)


def _check_integer(params: ForestParams, name: str) -> None:
    value = getattr(params, name)
    meta = params.__dataclass_fields__[name].metadata
    if name == "max_depth" and value is None:
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole and meta["min"] <= value <= meta["max"]):
        none = " or None" if name == "max_depth" else ""
        raise _error(name, f"a whole number from {meta['min']} to {meta['max']}{none}", value)


def _check_max_features(value: MaxFeatures) -> None:
    if isinstance(value, str):
        good = value in MAX_FEATURES_NAMES
    else:
        good = isinstance(value, float) and math.isfinite(value) and 0 < value <= 1
    if not good:
        raise _error("max_features", "'sqrt', 'log2', 'all' or a float in (0, 1]", value)


def _error(name: str, expected: str, came: object) -> InputError:
    return InputError(f"ForestParams: {name} must be {expected}, not {came!r}.")
