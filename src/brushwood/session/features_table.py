"""A feature set as a table of filters and scales, edited cell by cell."""

from collections.abc import Iterable
from dataclasses import replace

from brushwood.errors import InputError
from brushwood.features.filters import filter_names, get_filter
from brushwood.features.spec import Feature, FeatureSet

#: Filters in the order in which people think of them; others follow by name.
_ORDER = ("original", "gaussian", "dog", "log", "gradient", "hessian", "structure")
#: Scales that are always offered, in pixels.
SCALES = (0.3, 0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
#: What a filter finds, for tooltips.
MEANING = {
    "original": "brightness",
    "gaussian": "smoothed brightness",
    "dog": "difference of Gaussians: spots and blobs",
    "log": "Laplacian of Gaussian: spots and blobs",
    "gradient": "edges",
    "hessian": "ridges, tubes and blobs",
    "structure": "texture and its direction",
}


def rows(features: FeatureSet) -> tuple[str, ...]:
    """Return the filters to offer: Brushwood's, those of plugins, and APOC's where used."""
    used = {feature.filter for feature in features.features}
    offered = [name for name in filter_names() if get_filter(name).follows_spacing or name in used]
    known = [name for name in _ORDER if name in offered]
    return (*known, *(name for name in offered if name not in _ORDER))


def columns(features: FeatureSet, extra: Iterable[float] = ()) -> tuple[float, ...]:
    """Return the scales to offer, ascending."""
    used = {feature.sigma for feature in features.features if feature.sigma is not None}
    return tuple(sorted({*SCALES, *used, *extra}))


def with_feature(features: FeatureSet, feature: Feature, wanted: bool) -> FeatureSet:
    """Return the set with a feature ticked or not, in the order of the table.

    Raises
    ------
    InputError
        If nothing would be left, or σ is out of bounds.
    """
    chosen = {*features.features, feature} if wanted else {*features.features} - {feature}
    if not chosen:
        raise InputError("A pixel needs at least one feature. Tick another one first.")
    order = rows(features)
    ranked = sorted(chosen, key=lambda f: (order.index(f.filter), f.sigma or 0.0))
    return replace(features, features=tuple(ranked))


def preset_of(features: FeatureSet) -> str | None:
    """Return the name of the preset that holds the same features, or None."""
    chosen = set(features.features)
    for name in FeatureSet.presets():
        if set(FeatureSet.preset(name).features) == chosen:
            return name
    return None


def preset_text(name: str) -> str:
    """Return how a preset is called in the window."""
    apoc = name.startswith(("object_size", "v0")) or name.endswith(("quick", "dog_log"))
    return f"APOC {name.replace('_', ' ')}" if apoc else f"{name} objects"


def n_planes(features: FeatureSet, ndim: int, n_channels: int) -> int:
    """Return the number of planes."""
    return len(features.names(ndim, n_channels))
