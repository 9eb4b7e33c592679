"""A plain sentence about groups: stable, or dependent on the seed; apart, or cut from a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from brushwood.explore.prepare import Floats

Answer = Literal["stable", "mostly", "cut", "seed", "none"]

#: Mean adjusted Rand index from which groupings count as the same, and below which they do not.
#: Steinley (2004), Psychological Methods 9:386, from simulations with known groups: above 0.90
#: excellent, above 0.80 good, above 0.65 moderate, below poor recovery.
STABLE, DEPENDENT = 0.90, 0.65

PINNED = "A pinned seed repeats a picture; it does not make it true."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the repetitions mean.

    Attributes
    ----------
    answer : {"stable", "mostly", "cut", "seed", "none"}
        The groups come back; most of them do; they come back but do not stand apart; they depend
        on the seed; or there were none.
    rand : float
        Mean adjusted Rand index over all pairs of runs.
    lowest : float
        The least alike pair's.
    kept : float
        Share of rows that keep their group in at least nine of ten runs.
    separation : float
        Mean silhouette width over the runs.
    without_groups : float
        The largest that the same steps reached on data without groups; NaN if not tried.
    sentence : str
    """

    answer: Answer
    rand: float
    lowest: float
    kept: float
    separation: float
    without_groups: float
    sentence: str


def judge(
    rand: Floats,
    separations: Sequence[float],
    controls: Sequence[float],
    agreement: Floats,
    reference: npt.NDArray[np.int32],
) -> Verdict:
    """Judge groups by their repetitions.

    Parameters
    ----------
    rand : float64 (run, run)
        Adjusted Rand index of each two runs.
    separations, controls : sequence of float
        Silhouette widths of the runs, and of runs on data without groups.
    agreement : float64 (row,)
        Share of runs in which a row keeps its group.
    reference : int32 (row,)
        The groups; 0 for none.
    """
    pairs = rand[np.triu_indices(len(rand), 1)]
    pairs = pairs[np.isfinite(pairs)]
    mean = float(pairs.mean()) if pairs.size else float("nan")
    lowest = float(pairs.min()) if pairs.size else float("nan")
    known = np.isfinite(agreement) & (reference > 0)
    kept = float((agreement[known] >= 0.9).mean()) if known.any() else 0.0
    width = _mean(separations)
    control = max((c for c in controls if np.isfinite(c)), default=float("nan"))
    # NaN compares false: without a control nothing speaks against the groups.
    apart = not width <= control
    answer = _answer(mean, apart, int(reference.max(initial=0)))
    return Verdict(answer, mean, lowest, kept, width, control, _sentence(answer, mean, kept, apart))


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def _answer(mean: float, apart: bool, n_groups: int) -> Answer:
    if n_groups < 2:
        return "none"
    if mean >= STABLE:
        return "stable" if apart else "cut"
    return "mostly" if mean >= DEPENDENT else "seed"


def _sentence(answer: Answer, mean: float, kept: float, apart: bool) -> str:
    measured = f"adjusted Rand index {mean:.2f}; {kept:.0%} of the objects keep their group"
    measured = measured.replace("%", " %")
    blurred = (
        ""
        if apart
        else " They stand no further apart than what the same steps make of data without groups."
    )
    return {
        "none": "There are fewer than two groups, so there is nothing to repeat.",
        "stable": f"These groups are stable ({measured}).",
        "cut": f"These groups come back ({measured}), but they are a cut through a continuum: they "
        "stand no further apart than what the same steps make of data without groups.",
        "mostly": f"Most of these groups come back, some objects depend on the seed ({measured})."
        + blurred,
        "seed": f"These groups depend on the seed ({measured}). {PINNED}",
    }[answer]
