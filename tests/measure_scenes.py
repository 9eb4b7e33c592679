"""Label images with everything that makes measuring hard."""

import numpy as np
from scipy import ndimage


def blobs(shape, n=40, seed=0, reach=9.0, last=1000):
    """Touching objects with ragged outlines, holes, gaps in the numbers and objects at borders."""
    rng = np.random.default_rng(seed)
    seeds = np.zeros(shape, np.int64)
    numbers = np.sort(rng.choice(last, n, replace=False)) + 1
    seeds.flat[rng.choice(seeds.size, n, replace=False)] = numbers
    distance, nearest = ndimage.distance_transform_edt(seeds == 0, return_indices=True)
    labels = seeds[tuple(nearest)]
    labels[distance > reach] = 0
    labels[rng.random(shape) < 0.03] = 0
    return labels


def special(ndim=2):
    """One-pixel objects, lines, objects in two parts, a ring around another object, all corners."""
    plane = np.zeros((24, 30), np.int64)
    plane[0, 0], plane[23, 29], plane[0, 29] = 3, 2**31, 5
    plane[5, 2:9] = 7
    plane[8:15, 4] = 8
    plane[2:5, 12:15] = plane[8:10, 17:19] = 20
    plane[12:19, 10:17] = 30
    plane[14:17, 12:15] = 0
    plane[15, 13] = 31
    plane[20:24, 0:5] = 2**31 - 1
    plane[np.arange(4, 10), np.arange(22, 28)] = 40
    if ndim == 2:
        return plane
    volume = np.zeros((6, *plane.shape), np.int64)
    volume[1:5] = plane
    volume[0, :3, :3] = 3
    volume[2, 14:17, 12:15] = 30
    volume[4, 14:17, 12:15] = 30
    return volume
