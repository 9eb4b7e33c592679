"""Texture and class probabilities, beside scikit-image and a slow reference."""

from itertools import product

import numpy as np
import pytest
from skimage.feature import graycomatrix, graycoprops

import brushwood as bw
from brushwood.jobs import Cancelled, Job
from brushwood.measure import index, texture
from measure_scenes import blobs

NAMES = [m.name for m in bw.measure.catalog() if m.group == "texture"]
#: What scikit-image calls them.
THEIRS = {
    "texture_asm": "ASM",
    "texture_contrast": "contrast",
    "texture_correlation": "correlation",
    "texture_variance": "variance",
    "texture_homogeneity": "homogeneity",
    "texture_entropy": "entropy",
    "texture_dissimilarity": "dissimilarity",
}


def levels(values):
    low, high = values.min(), values.max()
    scaled = 32 * (values - low) / (high - low if high > low else 1)
    return np.minimum(scaled, 31).astype(int)


def matrix(labels, image, label):
    """Count pairs of neighbours one by one."""
    inside = {tuple(p): 0 for p in np.argwhere((labels == label) & np.isfinite(image))}
    if not inside:
        return None
    found = levels(np.array([float(image[p]) for p in inside]))
    inside = dict(zip(inside, found, strict=True))
    counted = np.zeros((32, 32))
    for p, level in inside.items():
        for offset in product((-1, 0, 1), repeat=labels.ndim):
            other = tuple(np.add(p, offset))
            if any(offset) and other in inside:
                counted[level, inside[other]] += 1
    return counted / counted.sum() if counted.any() else None


def haralick(p):
    """Haralick's definitions, sum by sum."""
    i, j = np.indices(p.shape)
    k = np.arange(63)
    mean = (i * p).sum()
    variance = ((i - mean) ** 2 * p).sum()
    plus = np.array([p[i + j == n].sum() for n in k])
    minus = np.array([p[abs(i - j) == n].sum() for n in range(32)])

    def entropy(q):
        return -sum(x * np.log(x) for x in np.ravel(q) if x > 0)

    side = p.sum(axis=1)
    product_ = np.outer(side, side)
    both = p > 0
    first = -(p[both] * np.log(product_[both])).sum()
    second = entropy(product_)
    average = (k * plus).sum()
    difference = (np.arange(32) * minus).sum()
    return {
        "texture_asm": (p**2).sum(),
        "texture_contrast": ((i - j) ** 2 * p).sum(),
        "texture_correlation": ((i - mean) * (j - mean) * p).sum() / variance if variance else 1,
        "texture_variance": variance,
        "texture_homogeneity": (p / (1 + (i - j) ** 2)).sum(),
        "texture_sum_average": average,
        "texture_sum_variance": ((k - average) ** 2 * plus).sum(),
        "texture_sum_entropy": entropy(plus),
        "texture_entropy": entropy(p),
        "texture_difference_variance": ((np.arange(32) - difference) ** 2 * minus).sum(),
        "texture_difference_entropy": entropy(minus),
        "texture_information_1": (entropy(p) - first) / entropy(side) if variance else 0,
        "texture_information_2": np.sqrt(max(0, 1 - np.exp(-2 * (second - entropy(p))))),
        "texture_dissimilarity": (abs(i - j) * p).sum(),
    }


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(40, 50), (8, 20, 20)])
def test_statistics_are_those_of_haralick(shape, dtype):
    labels = blobs(shape, n=12, reach=6)
    rng = np.random.default_rng(0)
    image = np.cumsum(rng.normal(0, 9, shape), axis=-1)
    image = (image - image.min()).astype(dtype)
    table = bw.measure(labels, image, names=NAMES).set_index("label")
    assert set(haralick(np.eye(32) / 32)) == set(NAMES)
    for label in table.index:
        p = matrix(labels, image, label)
        assert p is not None
        for name, value in haralick(p).items():
            found = table.loc[label, name]
            assert found == pytest.approx(value, rel=1e-9, abs=1e-9), (label, name)


def test_statistics_are_those_of_scikit_image_on_rectangles():
    labels = np.zeros((40, 60), int)
    labels[2:20, 3:30] = 4
    labels[20:38, 30:55] = 9
    image = np.random.default_rng(0).integers(0, 256, labels.shape).astype(np.uint8)
    table = bw.measure(labels, image, names=list(THEIRS))
    boxes = [(slice(2, 20), slice(3, 30)), (slice(20, 38), slice(30, 55))]
    for row, (rows, columns) in enumerate(boxes):
        grey = levels(image[rows, columns].astype(float)).astype(np.uint8)
        # scikit-image steps by int(sin 45° + 0.5): one pixel along both axes.
        angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
        counted = graycomatrix(grey, [1], angles, 32, symmetric=True).sum(axis=3)[..., None]
        normed = counted / counted.sum()
        for ours, theirs in THEIRS.items():
            expected = graycoprops(normed, theirs)[0, 0]
            assert table[ours][row] == pytest.approx(expected, rel=1e-9), ours


def test_texture_depends_neither_on_brightness_nor_on_others(monkeypatch):
    labels = blobs((60, 70), n=10)
    image = np.random.default_rng(0).random(labels.shape)
    table = bw.measure(labels, image, names=NAMES)
    alone = bw.measure(np.where(labels == table["label"][3], labels, 0), image, names=NAMES)
    np.testing.assert_allclose(alone.iloc[0], table.iloc[3], 1e-12)
    brighter = bw.measure(labels, 8 * image + 64, names=NAMES)
    np.testing.assert_allclose(brighter, table, 1e-9, 1e-9)
    monkeypatch.setattr(index, "_BATCH_PIXELS", 300)
    monkeypatch.setattr(texture, "_MATRICES", 2)
    np.testing.assert_allclose(bw.measure(labels, image, names=NAMES), table, 1e-12)


def test_texture_of_flat_single_and_unknown_pixels():
    labels = np.zeros((9, 20), int)
    labels[1:4, 1:4], labels[6, 6], labels[1:3, 10:14], labels[6:9, 10:13] = 1, 2, 3, 4
    image = np.random.default_rng(0).random(labels.shape)
    image[labels == 1] = 5
    image[labels == 3] = np.nan
    image[6, 10:13] = np.inf
    image[8, 12] = np.nan
    table = bw.measure(labels, image, names=NAMES).set_index("label")
    flat = table.loc[1, NAMES]
    one = ["texture_correlation", "texture_asm", "texture_homogeneity"]
    assert flat[one].eq(1).all()
    assert flat.drop(one).eq(0).all()
    assert table.loc[[2, 3], NAMES].isna().all(axis=None)
    line = matrix(labels, image, 4)
    for name, value in haralick(line).items():
        assert table.loc[4, name] == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_channels_have_textures_of_their_own_and_nothing_gives_nothing():
    labels = blobs((40, 40), n=5)
    image = np.random.default_rng(0).random((2, *labels.shape))
    table = bw.measure(labels, image, names=["texture_entropy"], channel_axis=0)
    for c in range(2):
        alone = bw.measure(labels, image[c], names="texture_entropy")
        np.testing.assert_array_equal(table[f"texture_entropy-{c}"], alone["texture_entropy"])
    empty = bw.measure(labels * 0, image, names=["texture"], channel_axis=0)
    assert len(empty) == 0
    assert len(empty.columns) == 2 + 2 * len(NAMES)


def test_texture_reports_forward_and_is_cancelled(monkeypatch):
    labels = blobs((60, 70), n=30)
    image = np.random.default_rng(0).random((*labels.shape, 2))
    monkeypatch.setattr(index, "_BATCH_PIXELS", 500)
    seen = []
    job = Job(lambda fraction, message: seen.append(fraction))
    bw.measure(labels, image, names=["texture"], channel_axis=-1, job=job)
    assert seen == sorted(seen)
    assert len(set(seen)) > 20

    def stop(fraction, message):
        if fraction > 0.5:
            job.cancel()

    job = Job(stop)
    with pytest.raises(Cancelled):
        bw.measure(labels, image, names=["texture"], channel_axis=-1, job=job)


@pytest.mark.parametrize("shape", [(40, 50), (3, 40, 50)])
def test_probabilities_of_classes(shape):
    labels = blobs(shape, n=12)
    chances = np.random.default_rng(0).dirichlet([1, 2, 3], shape).astype(np.float32)
    chances = np.moveaxis(chances, -1, 0)
    names = ["background", "nuclei", "debris"]
    table = bw.measure(labels, probabilities=chances, class_names=names, names="probability")
    statistics = {"mean": np.mean, "min": np.min, "max": np.max, "std": np.std}
    assert len(table.columns) == 2 + 4 * 3
    for row, label in enumerate(table["label"]):
        for c, name in enumerate(names):
            values = chances[c][labels == label].astype(float)
            for short, function in statistics.items():
                found = table[f"probability_{short}-{name}"][row]
                assert found == pytest.approx(function(values), rel=1e-9, abs=1e-12)
    empty = bw.measure(labels * 0, probabilities=chances, names="probability")
    assert list(empty)[2] == "probability_mean-1"
    with pytest.raises(ValueError, match="needs class probabilities"):
        bw.measure(labels, names="probability_mean")
