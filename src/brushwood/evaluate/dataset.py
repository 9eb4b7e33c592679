"""Scores of many images: one row an image, all together, and means with their confidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from brushwood.errors import InputError
from brushwood.evaluate.match import Matching, dsb2018_score, threshold_curve
from brushwood.evaluate.match_scores import MatchScores, pooled
from brushwood.evaluate.scores import PixelScores

What: TypeAlias = Literal["pixels", "objects"]

#: Scores that are averaged over images, for class maps and for objects.
COLUMNS: dict[What, tuple[str, ...]] = {
    "pixels": (
        "accuracy", "balanced_accuracy", "jaccard", "precision", "recall", "specificity", "f1",
        "kappa", "matthews",
    ),
    "objects": (
        "precision", "recall", "f1", "average_precision", "dsb2018", "mean_matched_score",
        "mean_true_score", "mean_best_iou", "panoptic_quality", "aggregated_jaccard",
    ),
}  # fmt: skip
#: The score that images are ranked by.
MAIN: dict[What, str] = {"pixels": "jaccard", "objects": "average_precision"}
_RESAMPLES = 2000


@dataclass(frozen=True, eq=False, slots=True)
class ImageScores:
    """One image: its scores, or why it has none.

    Attributes
    ----------
    name : str
    found : PixelScores, Matching or None
    problem : str
        Why the image could not be compared, "" if it was.
    note : str
        What is worth knowing about it.
    """

    name: str
    found: PixelScores | Matching | None
    problem: str = ""
    note: str = ""

    def row(self, what: What) -> dict[str, float | int | str]:
        """Return the scores by column name."""
        row: dict[str, float | int | str] = {"image": self.name}
        if isinstance(self.found, PixelScores):
            row["n_pixels"] = self.found.n_pixels
        elif self.found is not None:
            counts = ("n_truth", "n_prediction", "tp", "fp", "fn")
            row |= {name: getattr(self.found, name) for name in counts}
            row |= {"n_split": len(self.found.split), "n_merged": len(self.found.merged)}
        for name in COLUMNS[what]:
            row[name] = self._value(name)
        return {**row, "problem": self.problem, "note": self.note}

    def _value(self, name: str) -> float:
        if self.found is None:
            return float("nan")
        if name == "dsb2018":
            return dsb2018_score(self.found.overlap)  # type: ignore[union-attr]
        return float(getattr(self.found, name))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over images with its 95 % confidence interval.

    Attributes
    ----------
    mean, low, high : float
        `low` and `high` are NaN for a single image.
    n : int
        Images.
    """

    mean: float
    low: float
    high: float
    n: int

    def text(self) -> str:
        """Write ``0.93 (0.90 to 0.95)``."""
        if not np.isfinite(self.low):
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, eq=False, slots=True)
class Dataset:
    """Scores of several images.

    Attributes
    ----------
    what : {"pixels", "objects"}
    images : tuple of ImageScores
    mismatches : str
        Files without a partner, "" if all had one.
    settings : mapping
        What was chosen: threshold, ignored value, seed.
    """

    what: What
    images: tuple[ImageScores, ...]
    mismatches: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def compared(self) -> tuple[ImageScores, ...]:
        """Images that have scores."""
        return tuple(image for image in self.images if image.found is not None)

    def table(self) -> Any:
        """Return one row an image, also for those that could not be compared.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas as pd

        return pd.DataFrame([image.row(self.what) for image in self.images])

    def pooled(self) -> dict[str, float]:
        """Return the scores of all images together: every pixel or object counts the same.

        Raises
        ------
        InputError
            If no image could be compared.
        """
        found = [image.found for image in self.compared]
        if not found:
            raise InputError(self._nothing())
        if self.what == "pixels":
            total = pool_pixels([one for one in found if isinstance(one, PixelScores)])
            return {"n_pixels": total.n_pixels, **{c: getattr(total, c) for c in COLUMNS["pixels"]}}
        return pooled([one for one in found if isinstance(one, MatchScores)]).scores()

    def means(self, *, seed: int = 0) -> dict[str, Interval]:
        """Return the mean of every score over the images: every image counts the same.

        Parameters
        ----------
        seed : int
            Of the bootstrap.

        Raises
        ------
        InputError
            If no image could be compared.
        """
        if not self.compared:
            raise InputError(self._nothing())
        return means_of([image.row(self.what) for image in self.compared], self.what, seed=seed)

    def curve(self) -> dict[float, float]:
        """Return the mean average precision over images at each IoU threshold; only for objects."""
        found = [image.found for image in self.compared if isinstance(image.found, Matching)]
        curves = [threshold_curve(one.overlap) for one in found]
        return {
            points[0].min_iou: float(np.mean([p.average_precision for p in points]))
            for points in zip(*curves, strict=True)
        }

    def worst(self, n: int = 6) -> tuple[ImageScores, ...]:
        """Return the images with the lowest main score, the worst first."""
        main = MAIN[self.what]
        return tuple(sorted(self.compared, key=lambda i: float(i.row(self.what)[main]))[:n])

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain numbers and text; what is undefined is null."""
        means = self.means()
        document = {
            "what": self.what,
            "settings": dict(self.settings),
            "n_images": len(self.compared),
            "mismatches": self.mismatches,
            "means": {
                name: {"mean": v.mean, "low": v.low, "high": v.high, "n": v.n}
                for name, v in means.items()
            },
            "pooled": self.pooled(),
            "images": [image.row(self.what) for image in self.images],
        }
        plain: dict[str, Any] = _plain(document)
        return plain

    def _nothing(self) -> str:
        problems = "; ".join(f"{i.name}: {i.problem}" for i in self.images[:3])
        return f"No image could be compared. {problems or 'There are none.'}"


def means_of(
    rows: Sequence[Mapping[str, Any]], what: What, *, seed: int = 0
) -> dict[str, Interval]:
    """Return the mean of every score over rows of `ImageScores.row`, one a compared image."""
    return {
        name: mean_interval([float(row[name]) for row in rows], seed=seed) for name in COLUMNS[what]
    }


def mean_interval(values: Sequence[float], *, seed: int = 0) -> Interval:
    """Return the mean of one number an image, with a bootstrap interval over images.

    Parameters
    ----------
    values : sequence of float
    seed : int

    Notes
    -----
    Percentile bootstrap with 2000 resamples (Efron 1979), ``scipy.stats.bootstrap``.
    """
    from scipy.stats import bootstrap

    data = np.asarray(values, float)
    mean = float(data.mean())
    if len(data) < 2:
        return Interval(mean, float("nan"), float("nan"), len(data))
    if np.ptp(data) == 0:
        return Interval(mean, mean, mean, len(data))
    found = bootstrap(
        (data,),
        np.mean,
        n_resamples=_RESAMPLES,
        batch=200,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high), len(data))


def pool_pixels(scores: Sequence[PixelScores]) -> PixelScores:
    """Add the confusion matrices of several images.

    Parameters
    ----------
    scores : sequence of PixelScores
        At least one.
    """
    ids = sorted({i for one in scores for i in one.ids})
    total = np.zeros((len(ids), len(ids)), np.int64)
    for one in scores:
        at = np.searchsorted(ids, one.ids)
        total[np.ix_(at, at)] += one.confusion
    return PixelScores(
        ids=tuple(ids),
        confusion=total,
        classes=tuple(sorted({i for one in scores for i in one.classes})),
        names={i: name for one in scores for i, name in one.names.items()},
        n_ignored=sum(one.n_ignored for one in scores),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
