"""Intensities that scikit-image does not have: percentiles, edges, backgrounds, displacement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import brushwood as bw
from brushwood.measure.statistics import Grouped
from measure_scenes import blobs, special

SCENES = {
    "blobs": (blobs((60, 70), n=25), (1, 1)),
    "special": (special(), (1, 1)),
    "3-D": (blobs((12, 30, 35), n=15), (1, 1, 1)),
    "3-D, thick planes": (blobs((12, 30, 35), n=15, seed=1), (2.5, 1, 1)),
}


def image_of(labels, seed=0):
    return np.random.default_rng(seed).normal(100, 30, labels.shape)


@pytest.mark.parametrize("scene", SCENES)
def test_percentiles_sums_and_displacement(scene):
    labels, spacing = SCENES[scene]
    image = image_of(labels)
    numbers = (0, 2.5, 50, 99, 100)
    names = [f"intensity_percentile_{q:g}" for q in numbers]
    names += ["intensity_sum", "mass_displacement", "intensity_median"]
    table = bw.measure(labels, image, names=names, spacing=spacing).set_index("label")
    assert len(table) > 5
    for label, row in table.iterrows():
        values = image[labels == label]
        found = row[[f"intensity_percentile_{q:g}" for q in numbers]]
        np.testing.assert_allclose(found.astype(float), np.percentile(values, numbers))
        assert row["intensity_median"] == pytest.approx(np.median(values))
        assert row["intensity_sum"] == pytest.approx(values.sum())
        where = np.argwhere(labels == label) * spacing
        weighted = (where * values[:, None]).sum(axis=0) / values.sum()
        expected = np.linalg.norm(weighted - where.mean(axis=0))
        assert row["mass_displacement"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scene", SCENES)
def test_edges_are_pixels_with_a_side_on_the_outside(scene):
    labels, _ = SCENES[scene]
    image = image_of(labels)
    statistics = ("min", "max", "mean", "std", "sum")
    names = [f"intensity_{s}_edge" for s in statistics]
    table = bw.measure(labels, image, names=names).set_index("label")
    cross = ndimage.generate_binary_structure(labels.ndim, 1)
    for label, row in table.iterrows():
        mask = labels == label
        edge = image[mask & ~ndimage.binary_erosion(mask, cross)]
        expected = [getattr(np, s)(edge) for s in statistics]
        np.testing.assert_allclose(row[names].astype(float), expected)


def reference_rings(labels, width, pace):
    """Labels grow by a box a step, along long axes in some steps only; the largest label wins."""
    grown = labels
    for step in range(1, width + 1):
        box = [3 if int(step * s + 1e-9) > int((step - 1) * s + 1e-9) else 1 for s in pace]
        near = ndimage.maximum_filter(grown, box, mode="constant")
        grown = np.where(grown == 0, near, grown)
    return np.where(labels == 0, grown, 0)


@pytest.mark.parametrize("scene", SCENES)
def test_rings_hold_the_nearest_background(scene):
    labels, spacing = SCENES[scene]
    image = np.stack([image_of(labels), image_of(labels, 1)])
    names = (
        "intensity_mean",
        "intensity_sum",
        "num_pixels",
        "intensity_mean_ring_1",
        "intensity_mean_ring_3",
        "intensity_mean_minus_ring_3",
        "intensity_sum_minus_ring_3",
    )
    table = bw.measure(labels, image, names=names, spacing=spacing, channel_axis=0)
    for width in (1, 3):
        ring = reference_rings(labels, width, min(spacing) / np.array(spacing))
        for channel in (0, 1):
            found = table[f"intensity_mean_ring_{width}-{channel}"]
            expected = [
                image[channel][ring == n].mean() if (ring == n).any() else np.nan
                for n in table["label"]
            ]
            np.testing.assert_allclose(found, expected)
    around = table["intensity_mean_ring_3-1"]
    assert around.notna().sum() > 5
    mean, total = table["intensity_mean-1"], table["intensity_sum-1"]
    np.testing.assert_allclose(table["intensity_mean_minus_ring_3-1"], mean - around)
    corrected = total - table["num_pixels"] * around
    np.testing.assert_allclose(table["intensity_sum_minus_ring_3-1"], corrected, atol=1e-6)


def test_a_ring_corrects_an_uneven_background():
    y, x = np.ogrid[:80, :100]
    labels = np.zeros((80, 100), int)
    for i in range(4):
        labels[(y - 40) ** 2 + (x - 15 - 23 * i) ** 2 < 36] = i + 1
    background = np.broadcast_to(10.0 + 5 * x, labels.shape)
    image = background + 50 * (labels > 0)
    names = ("intensity_mean", "intensity_mean_minus_ring_5", "intensity_mean_minus_background")
    table = bw.measure(labels, image, names=names)
    assert np.ptp(table["intensity_mean"]) > 300
    np.testing.assert_allclose(table["intensity_mean_minus_ring_5"], 50, atol=2)
    outside = image[labels == 0].mean()
    expected = table["intensity_mean"] - outside
    np.testing.assert_allclose(table["intensity_mean_minus_background"], expected)


def test_backgrounds_that_do_not_exist_are_nan():
    labels = np.ones((5, 6), int)
    labels[:, 3:] = 2
    image = np.ones(labels.shape)
    names = [
        m.name
        for m in bw.measure.catalog()
        if m.name.endswith(("ring", "background")) and m.group == "intensity"
    ]
    assert len(names) == 6
    table = bw.measure(labels, image, names=names)
    assert table[list(table.columns[2:])].isna().all(axis=None)


def test_nan_in_the_image_makes_only_its_object_nan():
    labels, image = SCENES["blobs"][0], image_of(SCENES["blobs"][0])
    label = np.unique(labels)[5]
    image[tuple(np.argwhere(labels == label)[3])] = np.nan
    names = ("intensity_mean", "intensity_max", "intensity_std", "intensity_percentile_5")
    table = bw.measure(labels, image, names=names).set_index("label")
    assert table.loc[label, list(names)].isna().all()
    assert table.drop(index=label).notna().all(axis=None)


def test_large_integers_are_summed_exactly():
    labels = np.ones((300, 300), int)
    image = np.full(labels.shape, 2**32 - 1, np.uint32)
    image[0, 0] -= 1
    table = bw.measure(labels, image, names=("intensity_sum", "intensity_std"))
    assert table["intensity_sum"][0] == 90_000 * (2**32 - 1) - 1
    assert table["intensity_std"][0] == pytest.approx(np.std([0] * 89_999 + [1]), rel=1e-9)


@given(
    st.lists(st.lists(st.integers(-5, 5), min_size=1, max_size=9), max_size=6),
    st.sampled_from(["i1", "i8", "f4", "f8"]),
    st.lists(st.floats(0, 100), min_size=1, max_size=3),
)
def test_statistics_are_those_of_numpy(groups, dtype, percents):
    values = np.array([v for group in groups for v in group], dtype)
    found = Grouped(values, np.cumsum([0, *map(len, groups)]))
    for name in ("sum", "mean", "min", "max", "std"):
        expected = [getattr(np, name)(group) for group in groups]
        np.testing.assert_allclose(getattr(found, name), expected, atol=1e-12)
    expected = [np.percentile(group, percents) for group in groups]
    np.testing.assert_allclose(
        found.percentiles(percents), np.reshape(expected, (-1, len(percents))), atol=1e-9
    )


def test_infinite_pixels_are_measured_without_a_warning():
    labels = np.array([[1, 1, 0, 2, 2]])
    image = np.array([[1, np.inf, -np.inf, 3, 4]])
    table = bw.measure(labels, image, names="intensity").set_index("label")
    assert table.loc[1, "intensity_max"] == table.loc[1, "intensity_mean"] == np.inf
    assert np.isnan(table.loc[1, "intensity_std"])
    assert table.loc[2, "intensity_std"] == 0.5
