"""APOC's filters are what APOC computes: compared with arrays that APOC wrote."""

from pathlib import Path

import numpy as np
import pytest

from brushwood.features import FeatureSet, reference

GOLDEN = Path(__file__).parent / "data" / "apoc_features.npz"


@pytest.mark.parametrize("name", ["plane", "volume"])
def test_features_are_those_of_apoc(name):
    with np.load(GOLDEN) as stored:
        image, expected = stored[name], stored[f"{name}_features"]
        features = FeatureSet.parse(str(stored[f"{name}_line"]))
    for found in (features.compute(image), reference.compute(features, image)):
        assert found.shape == expected.shape
        for plane, wanted, what in zip(found, expected, features.names(image.ndim), strict=True):
            assert np.abs(plane - wanted).max() < 1e-4 * np.ptp(wanted), what


def test_spacing_does_not_change_them():
    features = FeatureSet.parse("gaussian_blur=2 sobel_of_gaussian_blur=1")
    image = np.random.default_rng(0).random((20, 30))
    same = features.compute(image, spacing=(3.0, 1.0))
    np.testing.assert_array_equal(same, features.compute(image))


def test_presets_have_apocs_number_of_features():
    assert len(FeatureSet.preset("object_size_1_to_5_px").names(2)) == 16
    assert str(FeatureSet.preset("small_quick")) == (
        "original gaussian_blur=1 sobel_of_gaussian_blur=1"
    )
    assert [f.sigma for f in FeatureSet.preset("object_size_25_to_50_px").features[:5]] == [
        25, 30, 35, 40, 45,
    ]  # fmt: skip
