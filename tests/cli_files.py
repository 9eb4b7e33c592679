"""Images, strokes and expectations that the tests of the command line share."""

import os

import numpy as np
import tifffile

import brushwood as bw

FEATURES = "original gaussian=1,2"
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def picture(seed=0, shape=(60, 70)):
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 8, shape)
    image[..., 20:40, 20:45] += 90
    return image.astype(np.uint16)


def strokes(shape=(60, 70)):
    marks = np.zeros(shape, np.uint8)
    marks[..., 5:8, 5:40] = 1
    marks[..., 28:31, 25:40] = 4
    return marks


def save(path, data, axes="YX", scale=0.25):
    tifffile.imwrite(
        path, data, imagej=True, resolution=(1 / scale, 1 / scale),
        metadata={"axes": axes, "unit": "um", "spacing": 2.0},
    )  # fmt: skip
    return str(path)


def expected(path, outputs=("classes", "probabilities", "uncertainty"), **options):
    return bw.load(path).predict_maps(picture(**options), outputs)
