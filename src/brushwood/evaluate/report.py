"""A report of many images as one page of HTML that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from brushwood.evaluate.charts import confusion_chart, score_chart, threshold_chart
from brushwood.evaluate.dataset import COLUMNS, MAIN, Dataset, pool_pixels
from brushwood.evaluate.optional import need
from brushwood.evaluate.scores import PixelScores
from brushwood.evaluate.thumbnails import LEGEND, Picture, as_html, data_url

_TITLES = {"pixels": "Classes compared with ground truth", "objects": "Objects compared"}


@dataclass(frozen=True, eq=False, slots=True)
class WorstCase:
    """An image that came out badly, with a picture of where.

    Attributes
    ----------
    name : str
    score : float
    picture : ndarray of uint8, (Y, X, 3)
    """

    name: str
    score: float
    picture: Picture


def render(
    dataset: Dataset,
    *,
    worst: Sequence[WorstCase] = (),
    about: Mapping[str, str] | None = None,
    seed: int = 0,
) -> str:
    """Write the report.

    Parameters
    ----------
    dataset : Dataset
    worst : sequence of WorstCase
        The worst first.
    about : mapping of str to str, optional
        Lines for the head: folders, date, version.
    seed : int
        Of the confidence intervals.

    Returns
    -------
    str
        HTML with charts and pictures inside, without scripts and without addresses to load.

    Raises
    ------
    MissingPackageError
        If jinja2 or matplotlib is not installed.
    InputError
        If no image could be compared.
    """
    jinja2 = need("jinja2", "A report")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("brushwood.evaluate").joinpath("report.html.j2").read_text("utf-8")
    means = dataset.means(seed=seed)
    text: str = environment.from_string(source).render(
        title=_TITLES[dataset.what],
        dataset=dataset,
        about={**(about or {}), **_settings(dataset)},
        main=MAIN[dataset.what],
        means=means,
        pooled=_numbers(dataset.pooled()),
        charts=_charts(dataset, means),
        rows=_rows(dataset),
        header=_header(dataset),
        worst=[(w.name, f"{w.score:.3f}", data_url(w.picture)) for w in worst],
        legend={name: as_html(colour) for name, colour in LEGEND.items()},
        warnings=_warnings(dataset),
    )
    return text


def _settings(dataset: Dataset) -> dict[str, str]:
    return {str(k).replace("_", " "): str(v) for k, v in dataset.settings.items()}


def _charts(dataset: Dataset, means: Any) -> list[tuple[str, Any]]:
    markup = need("markupsafe", "A report").Markup
    rows = [image.row(dataset.what) for image in dataset.compared]
    values = {name: [float(row[name]) for row in rows] for name in COLUMNS[dataset.what]}
    charts = [
        (
            "Every image is a dot; the line is the mean, the bar its 95 % confidence interval.",
            score_chart(values, means),
        )
    ]
    if dataset.what == "objects":
        charts.append(("How strict may the overlap be?", threshold_chart(dataset.curve())))
    else:
        found = [i.found for i in dataset.compared if isinstance(i.found, PixelScores)]
        charts.append(("Which classes are confused?", confusion_chart(pool_pixels(found))))
    # Only our own charts are trusted as markup; names from files inside them were escaped there.
    return [(caption, markup(svg)) for caption, svg in charts]


def _header(dataset: Dataset) -> list[str]:
    return [str(name).replace("_", " ") for name in dataset.table().columns]


def _rows(dataset: Dataset) -> list[list[str]]:
    return [[_number(value) for value in row] for row in dataset.table().itertuples(index=False)]


def _numbers(values: Mapping[str, float]) -> dict[str, str]:
    return {name.replace("_", " "): _number(value) for name, value in values.items()}


def _number(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            return "–"
        number = float(value)
        is_count = number == int(number) and abs(number) > 1
        return f"{number:,.0f}" if is_count else f"{number:.3f}"
    return f"{value:,}"


def _warnings(dataset: Dataset) -> list[str]:
    left_out = len(dataset.images) - len(dataset.compared)
    found = []
    if left_out:
        verb = "image was" if left_out == 1 else "images were"
        found.append(f"{left_out} {verb} not compared; the table says why.")
    if dataset.mismatches:
        found.append(f"Files without a partner: {dataset.mismatches}.")
    if len(dataset.compared) < 5:
        found.append(
            f"Only {len(dataset.compared)} images: a mean over so few says little about others."
        )
    return found
