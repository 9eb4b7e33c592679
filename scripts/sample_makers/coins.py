"""Truth for scikit-image's photograph of coins: one outline a coin, found from a hand-set circle.

The centres and radii were read off the photograph. In polar coordinates around each centre the
closed outline with the strongest step from coin to table is searched by dynamic programming. The
outlines were checked by eye, coin by coin, on a fourfold overlay; none needed a correction.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_makers.optics import Image

# x, y, radius in px, in reading order.
CIRCLES = (
    (44, 54, 22), (100, 56, 18), (155, 50, 22), (214, 48, 23), (276, 52, 20), (335, 44, 29),
    (45, 124, 20), (102, 125, 18), (153, 125, 19), (205, 124, 19), (271, 118, 24), (337, 125, 19),
    (43, 197, 18), (101, 195, 21), (154, 197, 18), (212, 193, 24), (274, 194, 22), (347, 187, 31),
    (46, 260, 28), (113, 266, 20), (172, 263, 28), (241, 263, 21), (302, 264, 26), (357, 268, 22),
)  # fmt: skip
ANGLES = 240
STEP = 0.25  # px between two radii


def _polar(image: Image, x: float, y: float, radii: Image) -> Image:
    """Sample an image at (angle, radius) around a point."""
    angle = np.linspace(0, 2 * np.pi, ANGLES, endpoint=False)[:, None]
    at = [y + radii * np.sin(angle), x + radii * np.cos(angle)]
    return np.asarray(ndimage.map_coordinates(image, at, order=1, mode="nearest"))


def _outline(gain: Image, stiffness: float) -> NDArray[np.int_]:
    """Return the radius index for each angle of the closed path with the greatest total gain."""
    twice = np.concatenate([gain, gain])
    reach = 2
    best, back = twice[0], np.zeros(twice.shape, int)
    for k in range(1, len(twice)):
        moves = np.stack(
            [
                np.pad(best, reach, constant_values=-np.inf)[reach + d : reach + d + best.size]
                - stiffness * abs(d)
                for d in range(-reach, reach + 1)
            ]
        )
        back[k] = moves.argmax(0) - reach
        best = moves.max(0) + twice[k]
    at = int(best.argmax())
    path = np.zeros(len(twice), int)
    for k in range(len(twice) - 1, -1, -1):
        path[k] = at
        at = at + back[k, at]
    # The middle of the doubled circle does not know where it was cut open.
    middle = slice(ANGLES // 2, ANGLES // 2 + ANGLES)
    return np.roll(path[middle], ANGLES // 2)


def coin_labels(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return labels 1 to 24 of the coins, shape (Y, X), in reading order."""
    grey = ndimage.gaussian_filter(np.log(photo.astype(float) + 12), 0.7)
    labels = np.zeros(photo.shape, np.uint8)
    yy, xx = np.mgrid[: photo.shape[0], : photo.shape[1]]
    for k, (x, y, guess) in enumerate(CIRCLES):
        radii = np.arange(0.74 * guess, 1.27 * guess, STEP)
        inner = _polar(grey, x, y, radii - 1.3)
        outer = np.maximum(_polar(grey, x, y, radii + 1.3), _polar(grey, x, y, radii + 2.8))
        prior = 0.10 * ((radii - guess) / (0.25 * guess)) ** 2
        path = radii[_outline(np.clip(inner - outer, -0.3, 0.9) - prior, 0.08)]
        path = ndimage.gaussian_filter1d(path, 2.0, mode="wrap")
        angle = np.arctan2(yy - y, xx - x) % (2 * np.pi)
        edge = np.interp(angle, np.linspace(0, 2 * np.pi, ANGLES + 1), np.append(path, path[0]))
        labels[np.hypot(yy - y, xx - x) <= edge] = k + 1
    return labels
