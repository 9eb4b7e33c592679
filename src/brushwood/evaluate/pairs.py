"""Which prediction belongs to which truth: by name, with everything that does not match listed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from brushwood.errors import InputError

#: Words at the end of a name that say what an image shows, not which image it is.
_KINDS = (
    "annotation", "annotations", "classes", "gt", "groundtruth", "label", "labels", "manual",
    "mask", "masks", "object", "objects", "pred", "prediction", "predictions", "seg",
    "segmentation", "truth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NamePairs:
    """Names that belong together, and names that stand alone.

    Attributes
    ----------
    pairs : tuple of (str, str, str)
        Common name, name of the truth, name of the prediction.
    only_truth, only_prediction : tuple of str
        Names without a partner.
    """

    pairs: tuple[tuple[str, str, str], ...]
    only_truth: tuple[str, ...]
    only_prediction: tuple[str, ...]

    def note(self) -> str:
        """List what does not match, "" when all does."""
        parts = [
            f"{len(names)} without {other}: {', '.join(names[:5])}{' …' * (len(names) > 5)}"
            for names, other in (
                (self.only_truth, "a prediction"),
                (self.only_prediction, "a truth"),
            )
            if names
        ]
        return "; ".join(parts)


def match_names(truth: Iterable[str], prediction: Iterable[str]) -> NamePairs:
    """Pair file names: first equal ones, then those equal without ending and words like "mask".

    Parameters
    ----------
    truth, prediction : iterable of str
        File names without folders.

    Raises
    ------
    InputError
        If nothing matches, or two names of one side match the same name.
    """
    left, right = sorted(truth), sorted(prediction)
    pairs = []
    for key in (lambda name: name, _stem, _bare):
        keyed = {key(name): name for name in right}
        _check_unique(left, right, key)
        for name in list(left):
            partner = keyed.get(key(name))
            if partner is not None:
                pairs.append((_bare(name), name, partner))
                left.remove(name)
                right.remove(partner)
    if not pairs:
        raise InputError(_nothing_common(left, right))
    return NamePairs(tuple(sorted(pairs)), tuple(left), tuple(right))


def _stem(name: str) -> str:
    """Return a name without endings such as ``.tif`` or ``.ome.zarr``."""
    stem = PurePath(name).stem
    return PurePath(stem).stem if PurePath(stem).suffix.lower() == ".ome" else stem


def _bare(name: str) -> str:
    """Return a name without endings and without words such as ``_mask``."""
    stem = _stem(name)
    while True:
        head, _, tail = stem.replace("-", "_").rpartition("_")
        if not head or tail.lower() not in _KINDS:
            return stem
        stem = stem[: len(head)]


def _check_unique(left: Sequence[str], right: Sequence[str], key: object) -> None:
    for names in (left, right):
        counts = Counter(key(name) for name in names)  # type: ignore[operator]
        double = [k for k, n in counts.items() if n > 1]
        other = {key(name) for name in (right if names is left else left)}  # type: ignore[operator]
        for k in double:
            if k in other:
                same = [name for name in names if key(name) == k]  # type: ignore[operator]
                raise InputError(
                    f"{' and '.join(same)} could all belong to {k!r}. Rename or move the ones "
                    "that should not be compared."
                )


def _nothing_common(left: Sequence[str], right: Sequence[str]) -> str:
    def some(names: Sequence[str]) -> str:
        return ", ".join(names[:3]) + (" …" if len(names) > 3 else "") if names else "no images"

    return (
        "No prediction has the name of a truth, so nothing can be compared. The truth folder has "
        f"{some(left)}; the prediction folder has {some(right)}. Give both the same names; words "
        "such as _mask or _objects at the end do not matter."
    )
