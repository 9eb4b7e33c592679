"""A section stained with haematoxylin and eosin: glands, collagen, white gaps, nuclei."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_makers.nuclei import Nucleus
from sample_makers.optics import Image, photons, smooth_noise

PIXEL_UM = 0.5
SHAPE = (512, 512)
BACKGROUND, TISSUE, NUCLEI = 1, 2, 3
# Optical density of red, green, blue for one unit of stain: the reference vectors of
# Macenko et al., "A method for normalizing histology slides for quantitative analysis", 2009,
# the haematoxylin half way to that of Ruifrok & Johnston 2001, which is bluer.
HAEMATOXYLIN = np.array([0.620, 0.710, 0.330])
EOSIN = np.array([0.216, 0.801, 0.558])


def _gland(rng: np.random.Generator, y: float, x: float, a: float, b: float, turn: float) -> Image:
    """Return the radius in units of the gland's wavy outline (1 on it)."""
    yy, xx = np.mgrid[: SHAPE[0], : SHAPE[1]]
    u = (np.cos(turn) * (xx - x) + np.sin(turn) * (yy - y)) / a
    v = (-np.sin(turn) * (xx - x) + np.cos(turn) * (yy - y)) / b
    theta = np.arctan2(v, u)
    wave = sum(rng.normal(0, 0.05) * np.cos(k * theta + rng.uniform(0, 6.28)) for k in (2, 3, 4, 5))
    return np.asarray(np.hypot(u, v) / (1 + wave))


GLANDS = (
    (135.0, 150.0, 112.0, 78.0, 0.5),
    (395.0, 210.0, 98.0, 70.0, -0.35),
    (190.0, 420.0, 92.0, 66.0, 1.15),
    (470.0, 455.0, 78.0, 60.0, 0.2),
    (5.0, 330.0, 70.0, 52.0, 0.1),
)


def _put(
    taken: NDArray[np.uint16],
    stain: Image,
    rng: np.random.Generator,
    at: tuple[float, float, float, float, float],
    density: float,
    overlap: float,
) -> None:
    """Add one nucleus (y, x, a, b, angle) unless too much of it is taken already."""
    y, x, a, b, angle = at
    waves = np.stack([rng.normal(0, [0.05, 0.04, 0.02]), rng.uniform(0, 6.28, 3)], 1)
    nucleus = Nucleus(y, x, a, b, angle, waves, density, 0.0, "interphase")
    window = nucleus.window(SHAPE)
    r = nucleus.radius(SHAPE, window)
    inside = r < 1
    if not inside.any() or (taken[window][inside] > 0).mean() > overlap:
        return
    free = inside & (taken[window] == 0)
    taken[window][free] = taken.max() + 1
    # A vesicular nucleus: dense rim, clumps, one nucleolus.
    clump = smooth_noise(rng, r.shape, 1.3) * 0.16 + smooth_noise(rng, r.shape, 2.8) * 0.12
    rim = 0.28 * np.exp(-(((r - 0.9) / 0.16) ** 2))
    here = density * (0.8 + rim + clump)
    stain[window] = np.where(inside, np.maximum(stain[window], here), stain[window])


def _epithelium(
    rng: np.random.Generator,
    radius: Image,
    taken: NDArray[np.uint16],
    stain: Image,
    centre: tuple[float, float],
) -> None:
    """Line a gland with elongated nuclei that point to its lumen, near the base of the cells."""
    ring = np.argwhere(np.abs(radius - 0.80) < 0.035)
    rng.shuffle(ring)
    for y, x in ring[:900]:
        way = np.arctan2(y - centre[0], x - centre[1]) + rng.normal(0, 0.16)
        a, b = rng.uniform(8.2, 11.5), rng.uniform(4.3, 5.6)
        y, x = y + rng.normal(0, 2.5), x + rng.normal(0, 2.5)
        _put(taken, stain, rng, (y, x, a, b, way), rng.uniform(0.62, 1.0), 0.0)


def _fibrous(rng: np.random.Generator) -> tuple[Image, Image]:
    """Return wavy collagen (mean 1) and the way its fibres run."""
    flow = 0.55 + 1.0 * smooth_noise(rng, SHAPE, 70)
    yy, xx = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    value = rng.standard_normal(SHAPE)
    total, weight = np.zeros(SHAPE), 0.0
    # Line integral convolution: noise is drawn out along the field.
    for sign in (-1, 1):
        py, px = yy.copy(), xx.copy()
        for step in range(16):
            iy, ix = np.round(py).astype(int) % SHAPE[0], np.round(px).astype(int) % SHAPE[1]
            share = np.exp(-((step / 9) ** 2))
            total += share * value[iy, ix]
            weight += share**2
            py, px = py + sign * np.sin(flow[iy, ix]), px + sign * np.cos(flow[iy, ix])
    fine = total / np.sqrt(weight)
    return 1 + 0.16 * ndimage.gaussian_filter(fine, 0.8) / 0.6, flow


def _stroma_nuclei(
    rng: np.random.Generator,
    stroma: NDArray[np.bool_],
    flow: Image,
    taken: NDArray[np.uint16],
    stain: Image,
) -> None:
    """Scatter spindle-shaped fibroblasts along the fibres and some dense round lymphocytes."""
    places = np.argwhere(ndimage.binary_erosion(stroma, iterations=5))
    crowd = smooth_noise(rng, SHAPE, 26)
    for y, x in places[rng.integers(len(places), size=420)]:
        if crowd[y, x] > 1.0:
            a = rng.uniform(4.2, 5.4)
            at = (float(y), float(x), a, a * rng.uniform(0.85, 1.0), 0.0)
            _put(taken, stain, rng, at, rng.uniform(1.15, 1.45), 0.0)
        elif rng.random() < 0.38:
            at = (float(y), float(x), rng.uniform(8, 13), rng.uniform(2.2, 3.6), flow[y, x])
            _put(taken, stain, rng, at, rng.uniform(0.8, 1.25), 0.0)


def histology_he(
    seed: int = 11,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint16]]:
    """Simulate the section: uint8 RGB (Y, X, 3), class map and nucleus labels."""
    rng = np.random.default_rng(seed)
    taken, haem = np.zeros(SHAPE, np.uint16), np.zeros(SHAPE)
    fibres, flow = _fibrous(rng)
    eosin = np.clip(0.50 * fibres + 0.10 * smooth_noise(rng, SHAPE, 30), 0.1, None)
    white = np.zeros(SHAPE, bool)
    gland = np.zeros(SHAPE, bool)
    for y, x, a, b, turn in GLANDS:
        radius = _gland(rng, y, x, a, b, turn)
        ragged = radius + 0.025 * smooth_noise(rng, SHAPE, 5)
        lumen, cells = ragged < 0.42, (radius < 1) & (ragged >= 0.42)
        pale = 0.40 + 0.05 * smooth_noise(rng, SHAPE, 2.5)
        pale = pale + 0.10 * np.clip((0.62 - radius) * 5, -1, 1)
        eosin = np.where(cells, np.clip(pale, 0.1, 1), eosin)
        # A thin basement membrane and a brush border.
        eosin += 0.22 * np.exp(-(((radius - 1.0) / 0.022) ** 2))
        white |= lumen
        gland |= radius < 1.03
        _epithelium(rng, radius, taken, haem, (y, x))
    # Clefts where the section shrank, along the fibres.
    cleft = smooth_noise(rng, SHAPE, 9) + 1.4 * smooth_noise(rng, SHAPE, 45)
    free = (cleft > 2.15) & ~ndimage.binary_dilation(gland, iterations=5)
    white |= ndimage.binary_opening(free, iterations=2)
    _stroma_nuclei(rng, ~gland & ~white, flow, taken, haem)
    taken[white] = 0
    haem[white] = 0
    eosin[white] = 0.012
    haem += np.where(white, 0.0, 0.075 + 0.02 * smooth_noise(rng, SHAPE, 12))
    eosin = np.where(taken > 0, 0.55 * eosin, eosin)
    return _scan(rng, haem, eosin), _classes(white, taken), taken


def _classes(white: NDArray[np.bool_], nuclei: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the class map."""
    return np.where(nuclei > 0, NUCLEI, np.where(white, BACKGROUND, TISSUE)).astype(np.uint8)


def _scan(rng: np.random.Generator, haem: Image, eosin: Image) -> NDArray[np.uint8]:
    """Turn stain into transmitted light (Beer and Lambert), through a lens and onto a sensor."""
    density = haem[..., None] * HAEMATOXYLIN * 1.15 + eosin[..., None] * EOSIN * 0.85
    light = np.array([0.952, 0.945, 0.958]) * np.exp(-density)
    light = ndimage.gaussian_filter(light, (0.85, 0.85, 0))
    full = 9000.0
    seen = photons(rng, full * light) / full
    sharp = seen + 0.5 * (seen - ndimage.gaussian_filter(seen, (1.2, 1.2, 0)))
    return np.clip(np.round(255 * sharp), 0, 255).astype(np.uint8)
