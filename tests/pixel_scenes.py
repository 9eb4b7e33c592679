"""A small scene for tests of the pixel classifier: bright discs on noise, and strokes on it."""

import numpy as np

from brushwood.forest.params import ForestParams
from brushwood.pixels.classifier import PixelClassifier

LINE = "original gaussian=1 hessian=1.5"
SMALL = ForestParams(n_trees=12)
OUTPUTS = ("classes", "probabilities", "uncertainty")


def picture(shape=(60, 70), seed=0):
    """Bright discs on noise, and their mask."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)[-2:]
    discs = ((y % 20 - 10) ** 2 + (x % 20 - 10) ** 2) < 30
    return (100 + 300 * discs + rng.normal(0, 40, shape)).astype(np.float32), discs


def strokes(discs, ids=(1, 2), seed=0, density=0.05):
    rng = np.random.default_rng(seed)
    painted = rng.random(discs.shape) < density
    return (np.where(discs, ids[1], ids[0]) * painted).astype(np.uint16)


def new(**options):
    return PixelClassifier(LINE, SMALL, **options)
