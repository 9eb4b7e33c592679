"""What a microscope and its camera do to a scene: blur, uneven light, photon and read noise."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

Image = NDArray[np.float64]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Image:
    """Return a Gaussian random field of mean 0, standard deviation 1 and correlation `sigma` px."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), sigma, mode="wrap")
    return np.asarray((field - field.mean()) / field.std())


def vignette(shape: tuple[int, int], centre: tuple[float, float], fall: float) -> Image:
    """Return the light of a lamp that is not centred: 1 at `centre`, ``1 - fall`` far away.

    `centre` is in fractions of the image; the profile is a Gaussian, as of an unaligned arc lamp.
    """
    y, x = np.meshgrid(*(np.linspace(0, 1, n) for n in shape), indexing="ij")
    r2 = (y - centre[0]) ** 2 + (x - centre[1]) ** 2
    return np.asarray(1 - fall + fall * np.exp(-r2 / (2 * 0.42**2)))


def photons(rng: np.random.Generator, expected: Image) -> Image:
    """Draw Poisson counts, one uniform deviate a pixel.

    The inverse distribution function is used, because a rejection sampler turns a rounding
    difference in one pixel into another picture from there on.
    """
    uniform = rng.random(expected.shape)
    return np.asarray(stats.poisson.ppf(uniform, np.maximum(expected, 1e-9)))


def camera(
    rng: np.random.Generator,
    expected: Image,
    *,
    gain: float,
    offset: float,
    read_noise: float,
    top: int,
) -> Image:
    """Digitise expected photo-electrons: shot noise, read noise, gain in counts an electron."""
    electrons = photons(rng, expected) + read_noise * rng.standard_normal(expected.shape)
    return np.clip(np.round(offset + gain * electrons), 0, top)
