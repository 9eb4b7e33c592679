"""Confocal stack of packed nuclei: coarse planes, axial blur, loss with depth, few photons."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_makers.optics import Image, photons, smooth_noise

SPACING = (1.0, 0.25, 0.25)
FINE = 4  # fine planes a stored plane, so that the scene is drawn on cubes of 0.25 um
SHAPE = (32, 160, 160)


def _centres(rng: np.random.Generator, count: int, size_um: Image, apart: float) -> Image:
    """Spread points (um) in and around the volume and push them until they are `apart`."""
    points = rng.uniform(-0.05, 1.05, (count, 3)) * size_um
    for _ in range(200):
        offset = points[:, None] - points[None]
        distance = np.linalg.norm(offset, axis=-1) + 1e-9
        push = np.clip(apart - distance, 0, None) / distance * (distance < apart)
        points = points + 0.25 * (push[..., None] * offset).sum(1)
        points = np.clip(points, -0.06 * size_um, 1.06 * size_um)
    return np.asarray(points)


def _rotation(rng: np.random.Generator) -> Image:
    """Return a random orthogonal matrix."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    return np.asarray(q * np.sign(np.diag(r)))


def _fill(
    rng: np.random.Generator, fine: tuple[int, int, int], centres: Image
) -> tuple[Image, NDArray[np.uint16]]:
    """Draw nuclei of 7 to 10 um on the fine grid; the nearer nucleus wins where two meet."""
    scene, labels = np.zeros(fine), np.zeros(fine, np.uint16)
    nearest = np.full(fine, np.inf)
    texture = 1 + 0.16 * smooth_noise(rng, fine, 1.5) + 0.22 * smooth_noise(rng, fine, 4.0)
    wave = smooth_noise(rng, fine, 9.0)
    for k, centre in enumerate(centres / SPACING[1]):
        axes = rng.uniform(13.5, 20.5) * np.array([1.0, *rng.uniform(0.72, 1.0, 2)])
        reach = 27
        low = [int(max(0, c - reach)) for c in centre]
        high = [int(max(0, min(n, c + reach))) for c, n in zip(centre, fine, strict=True)]
        window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        brightness = rng.lognormal(0, 0.28)
        if any(b <= a for a, b in zip(low, high, strict=True)):
            continue
        grid = np.stack(np.mgrid[window], -1) - centre
        radius = np.linalg.norm((grid @ _rotation(rng)) / axes, axis=-1) + 0.05 * wave[window]
        mine = (radius < 1) & (radius < nearest[window])
        nearest[window][mine] = radius[mine]
        labels[window][mine] = k + 1
        shell = 0.82 + 0.3 * np.exp(-(((radius - 0.93) / 0.07) ** 2))
        density = brightness * shell * texture[window] * _nucleoli(rng, grid)
        scene[window][mine] = density[mine]
    return scene, labels


def _nucleoli(rng: np.random.Generator, grid: Image) -> Image:
    """Return a factor that is low in one to three balls near the centre."""
    factor = np.ones(grid.shape[:-1])
    for _ in range(rng.integers(1, 4)):
        at = rng.normal(0, 4.5, 3)
        distance = np.linalg.norm(grid - at, axis=-1) / rng.uniform(2.6, 4.6)
        factor -= 0.6 * np.exp(-(distance**4))
    return np.clip(factor, 0.2, 1)


def nuclei_3d(seed: int = 21) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Simulate the stack: uint8 image (Z, Y, X) and instance labels of the same shape."""
    rng = np.random.default_rng(seed)
    fine = (SHAPE[0] * FINE, *SHAPE[1:])
    size_um = np.array(SHAPE) * SPACING
    scene, labels = _fill(rng, fine, _centres(rng, 100, size_um, 9.0))
    haze = ndimage.gaussian_filter(scene, (22, 10, 10))
    seen = ndimage.gaussian_filter(scene, (3.4, 0.75, 0.75)) + 0.22 * haze
    seen = seen.reshape(SHAPE[0], FINE, *SHAPE[1:]).mean(1)
    depth = np.arange(SHAPE[0]) * SPACING[0]
    loss = (0.42 + 0.58 * np.exp(-depth / 18.0))[:, None, None]
    counts = photons(rng, loss * (17.0 * seen + 0.35) + 0.5)
    grey = 6 + 6.2 * counts + 1.2 * rng.standard_normal(SHAPE)
    # The truth of a plane is what lies in its middle.
    middle = labels[FINE // 2 :: FINE]
    ids, flat = np.unique(middle, return_inverse=True)
    return (
        np.clip(np.round(grey), 0, 255).astype(np.uint8),
        flat.reshape(SHAPE).astype(np.uint16) if ids[0] == 0 else middle,
    )
