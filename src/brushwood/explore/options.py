"""What all parameters of an exploration share: they check themselves and travel as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import UnionType
from typing import Any, Self, get_args, get_type_hints

from brushwood.errors import InputError

#: Largest seed, which NumPy, scikit-learn and UMAP all accept.
MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Base of frozen parameters whose fields were made by `brushwood.forest.params.option`.

    The metadata of a field is its contract: ``choices``, or ``min`` and ``max``. A field whose type
    allows None may be None. ``methods`` names the methods for which a field counts; a form may hide
    it for others.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for f in fields(self):
            _check(type(self).__name__, f.name, getattr(self, f.name), hints[f.name], f.metadata)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, one a field."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Build from `to_json`'s answer; missing fields take their defaults.

        Raises
        ------
        InputError
            If the document is no mapping, has an unknown field, or a value is out of range.
        """
        if not isinstance(document, Mapping):
            raise InputError(f"{cls.__name__} must be a JSON object, not {document!r}.")
        known = {f.name for f in fields(cls)}
        unknown = sorted(map(str, set(document) - known))
        if unknown:
            raise InputError(
                f"{cls.__name__} has unknown fields: {', '.join(unknown)}. Known are: "
                f"{', '.join(sorted(known))}. The file may come from a newer version."
            )
        return cls(**document)

    @classmethod
    def used_by(cls, method: str) -> tuple[str, ...]:
        """Return the names of the fields that count for a method, in order."""
        return tuple(f.name for f in fields(cls) if method in f.metadata.get("methods", (method,)))


def _check(owner: str, name: str, value: Any, hint: Any, meta: Mapping[str, Any]) -> None:
    kinds = set(get_args(hint)) if isinstance(hint, UnionType) else {hint}
    none = type(None) in kinds
    if none and value is None:
        return
    if "choices" in meta:
        good = value in meta["choices"] if isinstance(value, str) else False
        expected = "one of " + ", ".join(map(repr, meta["choices"]))
    elif bool in kinds:
        good, expected = isinstance(value, bool), "True or False"
    else:
        whole = float not in kinds
        number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        good = number and math.isfinite(value) and meta["min"] <= value <= meta["max"]
        kind = "a whole number" if whole else "a number"
        expected = f"{kind} from {meta['min']:g} to {meta['max']:g}"
    if not good:
        raise InputError(
            f"{owner}: {name} must be {expected}{' or None' if none else ''}, not {value!r}."
        )
