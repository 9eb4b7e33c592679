"""Small pictures of where truth and prediction differ, for reports and tables."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.evaluate.background import outcome_map
from brushwood.evaluate.inputs import check_pair, finest
from brushwood.evaluate.match import Matching

Picture = npt.NDArray[np.uint8]

#: Okabe and Ito's colours: right, extra, missed, shared by two (split or merged).
RIGHT, EXTRA, MISSED, SHARED = (0, 158, 115), (230, 159, 0), (86, 180, 233), (204, 121, 167)
#: What the colours mean, for legends.
LEGEND = {"right": RIGHT, "extra": EXTRA, "missed": MISSED, "split or merged": SHARED}


def as_html(colour: tuple[int, int, int]) -> str:
    """Write a colour as ``#rrggbb``."""
    return "#" + "".join(f"{part:02x}" for part in colour)


def pixel_picture(
    truth: Any, prediction: Any, *, ignore: int | None = 0, size: int = 320
) -> Picture:
    """Draw where classes are right, and where they are not.

    Parameters
    ----------
    truth, prediction : array-like of int, one shape
        A stack is shown by the plane that differs most; unknown pixels are dark.
    ignore : int or None
    size : int
        Longest side of the picture, pixels.

    Returns
    -------
    ndarray of uint8, (Y, X, 3)
    """
    t, p = _plane(truth, prediction, size)
    known = np.ones(t.shape, bool) if ignore is None else t != ignore
    picture = np.full((*t.shape, 3), 40, np.uint8)
    picture[known & (t == p)] = _muted(RIGHT)
    # Of several classes, the largest stands for background: what is called so wrongly is missed.
    ids, counts = np.unique(t[known], return_counts=True)
    common = ids[np.argmax(counts)] if len(ids) else 0
    wrong = known & (t != p)
    picture[wrong] = SHARED
    picture[wrong & (t == common)] = EXTRA
    picture[wrong & (p == common)] = MISSED
    return picture


def object_picture(truth: Any, prediction: Any, found: Matching, *, size: int = 320) -> Picture:
    """Draw which objects were found, missed, are extra, or are split or merged.

    Parameters
    ----------
    truth, prediction : array-like of int, one shape
    found : Matching
        Of these two images.
    size : int
        Longest side of the picture, pixels.

    Returns
    -------
    ndarray of uint8, (Y, X, 3)
    """
    t, p = _plane(truth, prediction, size)
    right = [a for a, _ in found.pairs]
    partners = [b for _, b in found.pairs]
    picture = np.full((*t.shape, 3), 40, np.uint8)
    picture[np.isin(p, found.extra) & (p > 0)] = EXTRA
    picture[np.isin(t, found.missed) & (t > 0)] = MISSED
    picture[np.isin(t, right) & (t > 0)] = _muted(RIGHT)
    picture[np.isin(t, right) & np.isin(p, partners) & (p > 0)] = RIGHT
    shared = np.isin(t, found.split) & (t > 0) | np.isin(p, found.merged) & (p > 0)
    picture[shared] = SHARED
    edges = _edges(t) | _edges(p)
    picture[edges] = picture[edges] // 2
    return picture


def class_picture(truth: Any, prediction: Any, class_id: int, *, ignore: int | None = 0) -> Picture:
    """Draw one class at full size: true and false positives and negatives.

    Returns
    -------
    ndarray of uint8, (Y, X, 3)
    """
    found = outcome_map(truth, prediction, class_id, ignore=ignore)
    colours = np.array([(40, 40, 40), RIGHT, EXTRA, MISSED, (90, 90, 90)], np.uint8)
    picture: Picture = colours[found]
    return picture


def data_url(picture: Picture) -> str:
    """Return a picture as a ``data:`` address of a PNG, so that a page needs no other file."""
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _plane(truth: Any, prediction: Any, size: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the plane that differs most, thinned to at most `size` pixels a side."""
    truth, prediction = finest(truth), finest(prediction)
    check_pair(truth, prediction, "values")
    lead = truth.shape[:-2]
    step = max(1, -(-max(truth.shape[-2:]) // size))
    best, most = (0,) * len(lead), -1
    for index in np.ndindex(*lead):
        thin = (*index, slice(None, None, step), slice(None, None, step))
        differ = int((np.asarray(truth[thin]) != np.asarray(prediction[thin])).sum())
        if differ > most:
            best, most = index, differ
    thin = (*best, slice(None, None, step), slice(None, None, step))
    return np.asarray(truth[thin]), np.asarray(prediction[thin])


def _muted(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    return colour[0] // 2, colour[1] // 2, colour[2] // 2


def _edges(labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    edges = np.zeros(labels.shape, bool)
    edges[1:] |= labels[1:] != labels[:-1]
    edges[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    return edges
