"""Charts of what a run found in many images, as SVG text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from brushwood.batch.summary import Summary, Values
from brushwood.evaluate.charts import BLUE, as_svg, new_figure
from brushwood.evaluate.optional import need

#: Measurements that are drawn, at most, and how many beside each other.
_MOST, _ACROSS = 6, 3
_BINS = 40
#: Values beyond this many percent are left out of a chart that they would squeeze.
_MOST_PERCENT, _FAR = 99.5, 3.0


def charts_of(summary: Summary) -> list[tuple[str, str]]:
    """Return captions and charts: objects an image, shares of classes, measurements of objects."""
    found = []
    complete = [row for row in summary.rows if row["state"] == "done"]
    counts = [float(row["objects"]) for row in complete if "objects" in row]
    if len(counts) > 1:
        found.append(("Objects in an image: how many images have how many.", _counts(counts)))
    shares = {
        name.removeprefix("share of "): [row[name] for row in complete if row.get(name) is not None]
        for name in summary.columns
        if name.startswith("share of ")
    }
    if max(map(len, shares.values()), default=0) > 1:
        caption = "Share of each class: every image is a dot, the line is the mean."
        found.append((caption, _shares(shares)))
    known = {head: values[np.isfinite(values)] for head, values in summary.samples.items()}
    known = {head: values for head, values in known.items() if values.size}
    if known:
        n_shown = max(values.size for values in known.values())
        which = f"{summary.n_objects:,} objects"
        if n_shown < summary.n_objects:
            which = f"{n_shown:,} of {which}, spread evenly"
        found.append((f"Measurements of objects: {which}.", _histograms(known)))
    return found


def _counts(counts: Sequence[float]) -> str:
    figure, axes = new_figure(4.6, 2.6)
    top = int(max(counts))
    bins = np.arange(top + 2) - 0.5 if top < _BINS else np.linspace(0, top, _BINS // 2 + 1)
    axes.hist(counts, bins=bins, color=BLUE, rwidth=0.92)
    axes.set(xlabel="objects", ylabel="images")
    _whole_numbers(axes.yaxis)
    if top < _BINS:
        _whole_numbers(axes.xaxis)
    return as_svg(figure)


def _shares(shares: Mapping[str, Sequence[float]]) -> str:
    figure, axes = new_figure(6.4, 0.42 * len(shares) + 0.8)
    rng = np.random.default_rng(0)
    for row, values in enumerate(shares.values()):
        jitter = row + rng.uniform(-0.18, 0.18, len(values))
        axes.plot(values, jitter, "o", color=BLUE, alpha=0.35, markersize=4, clip_on=False)
        if len(values):
            mean = float(np.mean(values))
            axes.plot([mean], [row], "|", color="black", markersize=14, markeredgewidth=2)
    axes.set_yticks(range(len(shares)), [_short(name) for name in shares], parse_math=False)
    axes.set(ylim=(len(shares) - 0.5, -0.5), xlim=(0, 1))
    axes.grid(axis="x", alpha=0.3)
    return as_svg(figure)


def _histograms(samples: Mapping[str, Values]) -> str:
    chosen = list(samples.items())[:_MOST]
    across = min(_ACROSS, len(chosen))
    down = -(-len(chosen) // across)
    figure = need("matplotlib.figure", "A report with charts").Figure(
        figsize=(2.9 * across, 2.1 * down), layout="constrained"
    )
    grid = figure.subplots(down, across, squeeze=False).reshape(-1)
    for axes, (head, values) in zip(grid, chosen, strict=False):
        _histogram(axes, head, values)
    for axes in grid[len(chosen) :]:
        axes.set_axis_off()
    return as_svg(figure)


def _histogram(axes: Any, head: str, values: Values) -> None:
    low, high = float(values.min()), float(values.max())
    most = float(np.percentile(values, _MOST_PERCENT))
    cut = high - low > _FAR * (most - low) > 0
    high = most if cut else high
    if high > low:
        bins = int(np.clip(np.sqrt(values.size), 8, _BINS))
        axes.hist(values, bins=bins, range=(low, high), color=BLUE)
    else:
        axes.hist(values, bins=1, color=BLUE)
    note = " (largest 0.5 % not shown)" if cut else ""
    axes.set_title(_short(head) + note, fontsize=9, parse_math=False)
    axes.tick_params(labelsize=8)
    axes.locator_params(axis="x", nbins=5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _whole_numbers(axes.yaxis)


def _whole_numbers(axis: Any) -> None:
    ticker = need("matplotlib.ticker", "A report with charts")
    axis.set_major_locator(ticker.MaxNLocator(nbins=5, integer=True))


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
