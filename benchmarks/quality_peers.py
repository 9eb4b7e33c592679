"""The pixel classifiers that `bench_quality.py` measures Brushwood against.

A tool takes an image (C, ...) and its annotation and returns a function from an image to its
classes. Features of an image are computed once a tool and kept, forests are scikit-learn's with
one seed. No peer scales intensities: none does so by default.
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier

Float32 = npt.NDArray[np.float32]
Predict = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
Tool = Callable[[npt.NDArray[Any], npt.NDArray[Any]], Predict]

#: ilastik's default scales; the smallest is used by the Gaussian alone.
ILASTIK_SIGMAS = (0.3, 0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
_cache: dict[tuple[str, int], tuple[npt.NDArray[Any], Float32]] = {}


def forget() -> None:
    """Drop the features that are kept."""
    _cache.clear()


def scikit_image_planes(channel: Float32) -> Float32:
    """Return scikit-image's multiscale features, sigma 0.5 to 16, (feature, ...)."""
    from skimage.feature import multiscale_basic_features

    found = multiscale_basic_features(channel, sigma_min=0.5, sigma_max=16)
    return np.moveaxis(found, -1, 0)


def ilastik_planes(channel: Float32) -> Float32:
    """Return ilastik's six filters at its seven scales: 49 planes in 2-D, (feature, ...).

    For sigma > 1 the image is smoothed with sqrt(sigma**2 - 1) and the filter runs at sigma = 1
    (``opPixelFeaturesPresmoothed.py``).
    """
    return np.stack([p for sigma in ILASTIK_SIGMAS for p in _ilastik_scale(channel, sigma)])


def _ilastik_scale(image: Float32, sigma: float) -> Iterator[Float32]:
    inner = min(sigma, 1.0)
    if sigma > 1:
        image = ndimage.gaussian_filter(image, (sigma**2 - 1) ** 0.5)
    smooth = partial(ndimage.gaussian_filter, sigma=inner)
    yield smooth(image)
    if sigma < 0.5:
        return
    axes = range(image.ndim)
    unit = np.eye(image.ndim, dtype=int)
    pairs = [(a, b) for a in axes for b in axes if a <= b]
    slopes = [smooth(image, order=unit[a].tolist()) for a in axes]
    second = [smooth(image, order=(unit[a] + unit[b]).tolist()) for a, b in pairs]
    tensor = [ndimage.gaussian_filter(slopes[a] * slopes[b], 0.5 * inner) for a, b in pairs]
    yield sum(p for p, (a, b) in zip(second, pairs, strict=True) if a == b)
    yield np.sqrt(sum(s * s for s in slopes))
    yield smooth(image) - ndimage.gaussian_filter(image, 0.66 * inner)
    yield from _eigenvalues(tensor, pairs)
    yield from _eigenvalues(second, pairs)


def _eigenvalues(entries: list[Float32], pairs: list[tuple[int, int]]) -> Iterator[Float32]:
    n = pairs[-1][0] + 1
    matrix = np.empty((*entries[0].shape, n, n), np.float32)
    for entry, (a, b) in zip(entries, pairs, strict=True):
        matrix[..., a, b] = matrix[..., b, a] = entry
    yield from np.moveaxis(np.linalg.eigvalsh(matrix), -1, 0)[::-1]


def apoc_planes(channel: Float32) -> Float32:
    """Return APOC's 16 default features (``object_size_1_to_5_px``), by APOC where installed."""
    if find_spec("apoc") is not None:
        import apoc

        names = apoc.PredefinedFeatureSet.object_size_1_to_5_px.value
        return np.stack([np.asarray(p) for p in apoc.generate_feature_stack(channel, names)])
    import brushwood as bw

    features = bw.FeatureSet.preset("object_size_1_to_5_px")
    return np.asarray(features.compute(channel, ndim=channel.ndim))


def apoc_source() -> str:
    """Say what computes APOC's features."""
    return "apoc" if find_spec("apoc") is not None else "Brushwood's filters of APOC's names"


def _forest_tool(
    planes: Callable[[Float32], Float32],
    depth: int | None,
    image: npt.NDArray[Any],
    annotation: npt.NDArray[Any],
) -> Predict:
    def features(channels: npt.NDArray[Any]) -> Float32:
        key = (planes.__name__, id(channels))
        if key not in _cache:
            every = [planes(c.astype(np.float32)) for c in channels]
            # The image is kept with its features, so that its id stays its own.
            _cache[key] = channels, np.concatenate(every).astype(np.float32)
        return _cache[key][1]

    drawn = annotation > 0
    forest = RandomForestClassifier(100, max_depth=depth, n_jobs=-1, random_state=0)
    forest.fit(features(image)[:, drawn].T, annotation[drawn])

    def predict(other: npt.NDArray[Any]) -> npt.NDArray[Any]:
        table = features(other)
        rows = table.reshape(len(table), -1).T
        return np.asarray(forest.predict(rows)).reshape(table.shape[1:])

    return predict


#: APOC: 100 trees of depth 2. scikit-image's and ilastik's: 100 trees of any depth.
PEERS: dict[str, Tool] = {
    "APOC": partial(_forest_tool, apoc_planes, 2),
    "scikit-image": partial(_forest_tool, scikit_image_planes, None),
    "ilastik": partial(_forest_tool, ilastik_planes, None),
}
