"""Charts of scores as SVG text, for reports that open without a network."""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np

from brushwood.evaluate.dataset import Interval
from brushwood.evaluate.optional import need
from brushwood.evaluate.scores import PixelScores

BLUE, ORANGE = "#0072b2", "#e69f00"
_WHAT = "A report with charts"


def score_chart(values: Mapping[str, Sequence[float]], means: Mapping[str, Interval]) -> str:
    """Draw every image as a dot, one line a score, with mean and interval.

    Parameters
    ----------
    values : mapping of score to one number an image
    means : mapping of score to Interval
    """
    figure, axes = new_figure(6.4, 0.42 * len(values) + 0.8)
    rng = np.random.default_rng(0)
    for row, (name, numbers) in enumerate(values.items()):
        jitter = row + rng.uniform(-0.18, 0.18, len(numbers))
        axes.plot(numbers, jitter, "o", color=BLUE, alpha=0.35, markersize=4, clip_on=False)
        mean = means[name]
        if np.isfinite(mean.low):
            axes.plot([mean.low, mean.high], [row, row], color=ORANGE, linewidth=3)
        axes.plot([mean.mean], [row], "|", color="black", markersize=14, markeredgewidth=2)
    axes.set_yticks(range(len(values)), [name.replace("_", " ") for name in values])
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_xlim(min(0.0, *(min(v) for v in values.values())), 1.0)
    axes.grid(axis="x", alpha=0.3)
    return as_svg(figure)


def threshold_chart(curve: Mapping[float, float]) -> str:
    """Draw average precision against the IoU threshold."""
    figure, axes = new_figure(4.6, 3.0)
    axes.plot(list(curve), list(curve.values()), "o-", color=BLUE)
    axes.set(xlabel="IoU threshold", ylabel="mean average precision", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    return as_svg(figure)


def confusion_chart(scores: PixelScores) -> str:
    """Draw the confusion matrix, each row as shares of a true class."""
    figure, axes = new_figure(4.6, 3.6)
    rows = scores.confusion.sum(axis=1, keepdims=True)
    share = scores.confusion / np.maximum(rows, 1)
    shown = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    names = [scores.names.get(i, str(i)) for i in scores.ids]
    # Dollar signs in names are no formulas.
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right", parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set(xlabel="predicted", ylabel="true")
    if len(names) <= 8:
        for (row, column), value in np.ndenumerate(share):
            colour = "white" if value > 0.6 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
    figure.colorbar(shown, ax=axes, label="share of the true class")
    return as_svg(figure)


def new_figure(width: float, height: float) -> tuple[Any, Any]:
    """Return a figure of inches, and its axes, without lines at the top and on the right."""
    # The object interface: pyplot would choose a backend and keep figures.
    figure = need("matplotlib.figure", _WHAT).Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def as_svg(figure: Any) -> str:
    """Return a figure as the text of an SVG, the same for the same figure."""
    matplotlib = need("matplotlib", _WHAT)
    stream = StringIO()
    # Text stays text, and the same chart is the same bytes.
    settings = {"svg.fonttype": "none", "svg.hashsalt": "brushwood", "font.family": "sans-serif"}
    with matplotlib.rc_context(settings):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]
