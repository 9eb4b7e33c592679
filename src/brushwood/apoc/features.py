"""APOC's names of image features, in this package's terms and back."""

from collections.abc import Sequence

from brushwood.errors import InputError, UnknownFilterError
from brushwood.features.spec import Feature, FeatureSet

#: Filters that APOC and Brushwood know by one name.
FILTERS = (
    "original",
    "gaussian_blur",
    "difference_of_gaussian",
    "laplace_box_of_gaussian_blur",
    "sobel_of_gaussian_blur",
)
#: Names that CLIJ's Fiji plugin wrote, and what it meant by them.
LEGACY = {
    "gaussianblur": "gaussian_blur",
    "differenceofgaussian": "difference_of_gaussian",
    "laplacianofgaussian": "laplace_box_of_gaussian_blur",
    "sobelofgaussian": "sobel_of_gaussian_blur",
}
#: Most images that Fiji's commands take.
FIJI_CHANNELS = 5


def parse_features(names: Sequence[str]) -> tuple[FeatureSet, tuple[int, ...]]:
    """Read a feature specification.

    Parameters
    ----------
    names : sequence of str
        ``original`` or ``filter=σ``; a feature may stand twice.

    Returns
    -------
    features : FeatureSet
        Each feature once.
    places : tuple of int
        Place in the set of every name.

    Raises
    ------
    UnknownFilterError
        Naming what Brushwood does not compute as APOC does.
    InputError
        If there are no names, or a number is missing or out of range.
    """
    if not names:
        raise InputError(
            "The classifier does not say which features it asks for (its images were computed by a "
            "script). Predict with APOC, or train again with features by name, for example "
            "'original gaussian_blur=1'."
        )
    found = [_feature(name) for name in names]
    unknown = sorted({n for n, f in zip(names, found, strict=True) if f.filter not in FILTERS})
    if unknown:
        raise UnknownFilterError(
            f"Brushwood does not compute these features of the classifier: {', '.join(unknown)}. "
            f"It computes {', '.join(FILTERS)}. Train again with those, or predict with APOC."
        )
    features = FeatureSet(tuple(dict.fromkeys(found)))
    return features, tuple(features.features.index(f) for f in found)


def named_set(name: str) -> str:
    """Return a preset as a feature specification in APOC's spelling."""
    return " ".join(str(feature) for feature in FeatureSet.preset(name).features)


def unknown_filters(features: FeatureSet) -> list[str]:
    """Return the features of a set that APOC does not have, as written."""
    return [str(f) for f in features.features if f.filter not in FILTERS]


def _feature(name: str) -> Feature:
    filter_, equals, value = name.lower().partition("=")
    filter_ = LEGACY.get(filter_, filter_)
    if not equals:
        return Feature(filter_)
    try:
        return Feature(filter_, float(value) if filter_ != "original" else None)
    except ValueError:
        raise InputError(
            f"The feature {name!r} does not give a number behind '='. Write, for example, "
            "gaussian_blur=1."
        ) from None
