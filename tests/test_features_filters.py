"""Strangers can add filters, and learn at once when they do it wrong."""

import importlib.metadata
import sys
import types

import numpy as np
import pytest
from scipy import ndimage

from brushwood.errors import InputError, UnknownFilterError
from brushwood.features import ArrayFilter, FeatureSet, filter_names, get_filter, register_filter
from brushwood.features import filters as registry


@pytest.fixture
def clean(monkeypatch):
    """Give the test a registry of its own."""
    monkeypatch.setattr(registry, "_FILTERS", dict(registry._FILTERS))
    monkeypatch.setattr(registry, "_loaded_entry_points", False)
    monkeypatch.setattr(registry, "entry_points", lambda group: [])


class LocalRange(ArrayFilter):
    """Largest minus smallest value in a box; and the largest."""

    name = "local_range"

    def planes(self, ndim):
        return 2

    def reach(self, sigma):
        return int(2 * sigma)

    def compute(self, block, sigma, reach):
        size = [2 * r + 1 for r in reach]
        inside = tuple(slice(r, n - r) for r, n in zip(reach, block.shape, strict=True))
        high = ndimage.maximum_filter(block, size)[inside]
        return np.stack([high - ndimage.minimum_filter(block, size)[inside], high])


@pytest.mark.parametrize("shape", [(40, 50), (6, 20, 25)])
def test_a_filter_in_numpy_takes_part_in_a_set(clean, shape):
    register_filter(LocalRange)
    features = FeatureSet.parse("gaussian=1 local_range=1,2 original")
    image = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    found = features.compute(image, channel_axis=0, block=tuple(max(1, n // 2) for n in shape))
    assert found.shape == (12, *shape)
    assert features.names(2)[1:3] == ("local_range[0]=1", "local_range[1]=1")
    for c in range(2):
        np.testing.assert_array_equal(found[6 * c + 5], image[c])
        for i, r in ((1, 2), (3, 4)):
            high = ndimage.maximum_filter(image[c], 2 * r + 1)
            low = ndimage.minimum_filter(image[c], 2 * r + 1)
            np.testing.assert_array_equal(found[6 * c + i], high - low)
            np.testing.assert_array_equal(found[6 * c + i + 1], high)


def test_filters_of_installed_packages_are_found(clean, monkeypatch):
    module = types.ModuleType("stranger")
    module.LocalRange = LocalRange
    monkeypatch.setitem(sys.modules, "stranger", module)
    point = importlib.metadata.EntryPoint("local_range", "stranger:LocalRange", "brushwood.filters")
    asked = []
    monkeypatch.setattr(registry, "entry_points", lambda group: asked.append(group) or [point])
    assert FeatureSet.parse("local_range=2").halo(2) == (0, 4, 4)
    assert asked == ["brushwood.filters"]
    assert "local_range" in filter_names()


def test_an_entry_point_must_name_a_filter(clean, monkeypatch):
    point = importlib.metadata.EntryPoint("wrong", "math:sqrt", "brushwood.filters")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    with pytest.raises(InputError, match=r"'wrong'.*ArrayFilter"):
        get_filter("wrong")


def test_names_must_be_new_identifiers(clean):
    for name in ("gaussian", "units", "Two Words", "", None):
        with pytest.raises(InputError, match="name"):
            register_filter(type("Bad", (LocalRange,), {"name": name}))
    assert register_filter(LocalRange) is register_filter(LocalRange)


def test_planes_of_the_wrong_shape_are_refused(clean):
    class Wrong(LocalRange):
        name = "wrong"

        def compute(self, block, sigma, reach):
            return block

    register_filter(Wrong)
    with pytest.raises(InputError, match="'wrong' must return planes"):
        FeatureSet.parse("wrong=1").compute(np.zeros((9, 9)))


def test_a_filter_that_went_away_is_named(clean):
    features = FeatureSet.parse("gaussian=1")
    del registry._FILTERS["gaussian"]
    with pytest.raises(UnknownFilterError, match="'gaussian'"):
        features.names(2)


def test_every_filter_says_formula_and_source():
    for name in filter_names():
        doc = type(get_filter(name)).__doc__
        assert "Formula:" in doc, name
        assert "Source:" in doc or name == "original"
