"""Round and elongated bright blobs, as a first lecture on grouping objects by shape shows them."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_makers.optics import Image, photons, smooth_noise

ROUND, ELONGATED = 1, 2
Table = dict[str, list[float] | list[int] | list[str]]


def _draw(rng: np.random.Generator, shape_class: int) -> tuple[float, float]:
    """Draw the half axes in px: both classes have the same range of areas."""
    area = rng.uniform(150, 420)
    aspect = rng.uniform(1.0, 1.18) if shape_class == ROUND else rng.uniform(2.0, 3.4)
    b = np.sqrt(area / np.pi / aspect)
    return aspect * b, b


def _grid(
    shape: tuple[int, int], y: float, x: float, a: float, b: float, angle: float
) -> tuple[tuple[slice, slice], Image]:
    """Return a window and the elliptic radius (1 on the outline) in it."""
    r = int(a) + 9
    window = (slice(int(y) - r, int(y) + r + 1), slice(int(x) - r, int(x) + r + 1))
    yy, xx = np.mgrid[window]
    u = (np.cos(angle) * (xx - x) + np.sin(angle) * (yy - y)) / a
    v = (-np.sin(angle) * (xx - x) + np.cos(angle) * (yy - y)) / b
    return window, np.hypot(u, v)


def blobs(seed: int = 3) -> tuple[NDArray[np.uint8], NDArray[np.uint16], Table]:
    """Simulate 512 x 512 px of uint8, labels, and a table with the class of each blob."""
    rng = np.random.default_rng(seed)
    shape = (512, 512)
    scene, labels = np.zeros(shape), np.zeros(shape, np.uint16)
    near = np.zeros(shape, bool)
    rows: list[tuple[int, str, float, float, float, float, float]] = []
    for _ in range(40_000):
        if len(rows) == 190:
            break
        kind = ROUND if len(rows) % 2 else ELONGATED
        a, b = _draw(rng, kind)
        y, x = rng.uniform(a + 10, 502 - a, 2)
        angle = rng.uniform(0, np.pi)
        window, radius = _grid(shape, y, x, a, b, angle)
        inside = radius < 1
        if (near[window] & inside).any():
            continue
        near[window] |= ndimage.distance_transform_edt(~inside) < 3.5
        labels[window][inside] = len(rows) + 1
        dome = np.sqrt(np.clip(1 - 0.75 * radius**2, 0, 1)) * inside
        scene[window] += rng.uniform(0.55, 1.0) * dome
        name = "round" if kind == ROUND else "elongated"
        rows.append((len(rows) + 1, name, y, x, 2 * a, 2 * b, np.degrees(angle)))
    scene = ndimage.gaussian_filter(scene, 1.4)
    scene *= 1 + 0.05 * smooth_noise(rng, shape, 3)
    grey = 9 + 1.5 * smooth_noise(rng, shape, 40) + 2.1 * photons(rng, 4 + 88 * scene)
    grey += 1.5 * rng.standard_normal(shape)
    names = ("index", "shape_class", "y", "x", "length", "width", "angle")
    columns = [list(c) for c in zip(*rows, strict=True)]
    rounded = [[round(v, 2) if isinstance(v, float) else v for v in column] for column in columns]
    table = dict(zip(names, rounded, strict=True))
    return np.clip(np.round(grey), 0, 255).astype(np.uint8), labels, table
