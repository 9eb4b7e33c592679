"""One picture of an exploration: layout, agreement, repetitions, and the columns that matter."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from brushwood.explore.embed import Embedding
from brushwood.explore.prepare import Floats
from brushwood.explore.ranking import Ranking
from brushwood.explore.stability import Stability

#: Okabe and Ito's colours, which people with any kind of colour vision tell apart. No group: grey.
#: https://jfly.uni-koeln.de/color/
COLORS = np.array([
    (187, 187, 187), (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167),
    (213, 94, 0), (86, 180, 233), (120, 110, 20), (0, 0, 0),
], np.uint8)  # fmt: skip

_SIDE, _SMALL, _GAP = 440, 150, 16
_INK, _PALE, _PAPER = (34, 34, 34), (225, 225, 225), (255, 255, 255)
_MOST_POINTS, _MOST_BARS = 20_000, 12


def overview(
    embedding: Embedding,
    ids: npt.NDArray[Any],
    stability: Stability,
    ranking: Ranking | None = None,
) -> Image.Image:
    """Draw an exploration.

    Parameters
    ----------
    embedding : Embedding
        With at least two components.
    ids : int (row of the table,)
        Groups, 0 for none.
    stability : Stability
    ranking : Ranking, optional

    Returns
    -------
    PIL image, RGB
    """
    runs = stability.runs[:12]
    columns = max(6, min(len(runs), 6))
    width = 3 * _SIDE + 4 * _GAP
    lines = -(-len(runs) // columns)
    top = _SIDE + 110
    sheet = Image.new("RGB", (width, top + lines * (_SMALL + 34) + 2 * _GAP), _PAPER)
    draw, font = ImageDraw.Draw(sheet), _font(15)
    draw.text((_GAP, 12), stability.verdict.sentence[:190], _INK, font=_font(15))
    xs = [_GAP + k * (_SIDE + _GAP) for k in range(3)]
    places = embedding.positions[:, :2]
    _titled(sheet, xs[0], "groups on " + ", ".join(embedding.axis_titles[:2]), places, _colors(ids))
    grey = _shades(stability.agreement)
    _titled(sheet, xs[1], "agreement: dark often changes its group", places, grey)
    if ranking is not None:
        _bars(draw, xs[2], ranking, font)
    for k, run in enumerate(runs):
        x = _GAP + (k % columns) * (_SMALL + _GAP)
        y = top + (k // columns) * (_SMALL + 34)
        draw.text((x, y), f"run {k + 1}", _INK, font=_font(13))
        sheet.paste(_scatter(run.positions[:, :2], _colors(run.ids), _SMALL), (x, y + 20))
    return sheet


def _titled(sheet: Image.Image, x: int, title: str, places: Floats, colors: Any) -> None:
    ImageDraw.Draw(sheet).text((x, 48), title, _INK, font=_font(15))
    sheet.paste(_scatter(places, colors, _SIDE), (x, 74))


def _scatter(places: Floats, colors: npt.NDArray[np.uint8], side: int) -> Image.Image:
    """Draw points; those of rare colours lie above the others."""
    image = Image.new("RGB", (side, side), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, side - 1, side - 1), outline=_PALE)
    if places.shape[1] < 2:
        places = np.column_stack([places[:, 0], np.zeros(len(places))])
    shown = np.flatnonzero(np.isfinite(places).all(axis=1))
    if len(shown) > _MOST_POINTS:
        shown = np.random.default_rng(0).choice(shown, _MOST_POINTS, replace=False)
    if not shown.size:
        return image
    low, high = places[shown].min(axis=0), places[shown].max(axis=0)
    scaled = (places[shown] - low) / np.where(high > low, high - low, 1)
    at = 8 + scaled * (side - 16)
    radius = 3 if side > 200 and len(shown) < 3000 else 1.3
    for (x, y), color in zip(at.tolist(), colors[shown].tolist(), strict=True):
        box = (x - radius, side - y - radius, x + radius, side - y + radius)
        draw.ellipse(box, fill=tuple(color))
    return image


def _colors(ids: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return the colour of each group; after eight they come again."""
    shown = np.where(ids > 0, (ids - 1) % (len(COLORS) - 1) + 1, 0)
    found: npt.NDArray[np.uint8] = COLORS[shown]
    return found


def _shades(agreement: Floats) -> npt.NDArray[np.uint8]:
    """Return a pale blue for full agreement, black for none, grey where nobody knows."""
    known = np.clip(np.nan_to_num(agreement, nan=0.0), 0, 1)[:, None]
    shade: npt.NDArray[np.uint8] = np.round(known * np.array([120, 190, 240])).astype(np.uint8)
    shade[np.isnan(agreement)] = COLORS[0]
    return shade


def _bars(draw: Any, x: int, ranking: Ranking, font: Any) -> None:
    draw.text(
        (x, 48), "columns by |r| with the distance to a centre (orange: suggested)", _INK, font=font
    )
    for k, name in enumerate(ranking.columns[:_MOST_BARS]):
        y = 80 + k * 36
        color = tuple(COLORS[2].tolist()) if name in ranking.suggested else _PALE
        length = float(ranking.strength[k]) * (_SIDE - 60)
        draw.rectangle((x, y + 16, x + max(1.0, length), y + 28), fill=color)
        draw.text((x, y - 2), f"{name}  {ranking.strength[k]:.2f}", _INK, font=_font(13))


def _font(size: int) -> Any:
    return ImageFont.load_default(size)
