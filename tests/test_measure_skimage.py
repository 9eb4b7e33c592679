"""Measurements agree with scikit-image wherever it has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import perimeter_crofton, regionprops, regionprops_table
from skimage.measure._regionprops import COL_DTYPES

import brushwood as bw
from brushwood.measure import intensity, outline, position, shape, size
from measure_scenes import blobs, special

MINE = {
    m.name: m
    for home in (size, shape, outline, position, intensity)
    for calculation in home.CALCULATIONS
    for m in calculation.measurements
}
#: Labels and spacing. scikit-image has no perimeter of pixels that are not square.
SCENES = {
    "blobs": (blobs((90, 110)), (1, 1)),
    "blobs, 0.3 µm": (blobs((90, 110), seed=1), (0.3, 0.3)),
    "special": (special(), (1, 1)),
    "one object everywhere": (np.full((9, 7), 4), (2, 2)),
    "3-D blobs": (blobs((20, 45, 50)), (1, 1, 1)),
    "3-D blobs, thick planes": (blobs((20, 45, 50), seed=1), (2, 0.5, 0.7)),
    "3-D special": (special(3), (1, 1, 1)),
}


def names_of(ndim, image):
    return [
        name
        for name, m in MINE.items()
        if name in COL_DTYPES and ndim in m.ndim and m.needs_image == image
    ]


def expected_of(labels, *image, names, spacing):
    """What scikit-image measures. Labels are numbered anew: it takes memory by the largest."""
    present = np.unique(labels)
    compact = np.searchsorted(present, labels) + (present[0] != 0)
    found = regionprops_table(compact, *image, properties=("label", *names), spacing=spacing)
    found["label"] = present[present != 0]
    return found


def assert_same(table, expected, skip=()):
    assert len(expected) > 5
    for column, values in expected.items():
        if column not in skip:
            np.testing.assert_allclose(table[column], values, 1e-6, 1e-9, err_msg=column)


@pytest.mark.parametrize("scene", SCENES)
def test_size_shape_and_position_are_those_of_scikit_image(scene):
    labels, spacing = SCENES[scene]
    names = names_of(labels.ndim, image=False)
    table = bw.measure(labels, names=names, spacing=spacing)
    expected = expected_of(labels, names=names, spacing=spacing)
    no_direction = ()
    if labels.ndim == 2:
        # The direction of an object with equal axes is rounding, there; all others are compared.
        round_ones = np.isclose(table["axis_major_length"], table["axis_minor_length"])
        difference = np.abs(table["orientation"] - expected["orientation"])[~round_ones]
        assert np.all(np.minimum(difference, np.pi - difference) < 1e-6)
        no_direction = ("orientation",)
    assert_same(table, expected, no_direction)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("scene", ["blobs, 0.3 µm", "special", "3-D blobs, thick planes"])
def test_intensities_are_those_of_scikit_image(scene, dtype):
    labels, spacing = SCENES[scene]
    image = np.random.default_rng(0).uniform(1, 255, (*labels.shape, 2)).astype(dtype)
    names = names_of(labels.ndim, image=True)
    table = bw.measure(labels, image, names=names, spacing=spacing, channel_axis=-1)
    expected = expected_of(labels, image, names=names, spacing=spacing)
    # scikit-image adds float32 in single precision.
    for column, values in expected.items():
        np.testing.assert_allclose(table[column], values, 2e-6, err_msg=column)
    assert f"centroid_weighted-{labels.ndim - 1}-1" in expected


def test_labels_of_every_integer_type_measure_alike():
    labels = blobs((60, 50), last=100)
    expected = bw.measure(labels)
    for dtype in ("uint8", "int8", "uint16", "int32", "uint32", "uint64"):
        assert bw.measure(labels.astype(dtype)).equals(expected), dtype
    assert bw.measure(np.asfortranarray(labels)).equals(expected)


def test_unequal_pixel_sides_have_perimeters_in_units():
    labels = np.zeros((60, 90), int)
    y, x = np.ogrid[:60, :90]
    # A circle of radius 40 µm whose pixels are 2 µm high and 1 µm wide.
    labels[(2 * (y - 30)) ** 2 + (x - 45) ** 2 < 40**2] = 1
    table = bw.measure(
        labels, spacing=(2, 1), names=("perimeter", "perimeter_crofton", "circularity", "area")
    )
    circle = 2 * np.pi * 40
    assert table["perimeter_crofton"][0] == pytest.approx(circle, rel=0.03)
    assert table["perimeter"][0] == pytest.approx(circle, rel=0.06)
    assert table["area"][0] == pytest.approx(np.pi * 40**2, rel=0.01)
    # Turned by 90 degrees, everything is the same.
    turned = bw.measure(labels.T, spacing=(1, 2), names=list(table.columns[2:]))
    np.testing.assert_allclose(turned, table)


def test_crofton_weights_of_square_pixels_scale_those_of_scikit_image():
    labels = blobs((60, 50), seed=3)
    table = bw.measure(labels, spacing=0.5, names="perimeter_crofton")
    expected = [perimeter_crofton(r.image, 4) * 0.5 for r in regionprops(labels)]
    np.testing.assert_allclose(table["perimeter_crofton"], expected)


def test_derived_shapes_follow_their_formulas():
    labels = blobs((90, 110), seed=2)
    names = (
        "area",
        "perimeter",
        "axis_major_length",
        "axis_minor_length",
        "aspect_ratio",
        "elongation",
        "roundness",
        "circularity",
    )
    t = bw.measure(labels, names=names)
    np.testing.assert_allclose(t.aspect_ratio, t.axis_major_length / t.axis_minor_length)
    np.testing.assert_allclose(t.elongation, 1 - t.axis_minor_length / t.axis_major_length)
    np.testing.assert_allclose(t.roundness, 4 * t.area / (np.pi * t.axis_major_length**2))
    np.testing.assert_allclose(t.circularity, 4 * np.pi * t.area / t.perimeter**2)


def test_axes_of_a_ball_and_an_ellipsoid_in_units():
    z, y, x = (2 * np.arange(-20, 21))[:, None, None], *np.ogrid[-40:41, -40:41]
    names = ("axis_major_length", "axis_middle_length", "axis_minor_length", "roundness", "area")
    for radii in ((30, 30, 30), (36, 24, 12)):
        a, b, c = radii
        labels = ((z / a) ** 2 + (y / b) ** 2 + (x / c) ** 2 < 1).astype(int)
        found = bw.measure(labels, spacing=(2, 1, 1), names=names).iloc[0]
        assert found.iloc[2:5].tolist() == pytest.approx([2 * a, 2 * b, 2 * c], rel=0.015)
        assert found["roundness"] == pytest.approx(b * c / a**2, rel=0.03)
        assert found["area"] == pytest.approx(4 / 3 * np.pi * a * b * c, rel=0.015)


def test_undefined_values_are_nan_and_nothing_else_is():
    labels = special()
    image = np.ones(labels.shape)
    image[labels == 40] = 0
    names = [name for name, m in MINE.items() if 2 in m.ndim]
    table = bw.measure(labels, image, names=names).set_index("label")
    missing = {name: set(table.index[table[name].isna()]) for name in table}
    missing = {name: labels for name, labels in missing.items() if labels}
    points = {3, 5, 31, 2**31}
    assert missing == {
        "aspect_ratio": points | {7, 8, 40},
        "elongation": points,
        "roundness": points,
        "circularity": points,
        "centroid_weighted-0": {40},
        "centroid_weighted-1": {40},
        "mass_displacement": {40},
    }
    for name in missing:
        assert MINE[name.partition("-")[0]].undefined


def test_sums_of_a_huge_object_do_not_lose_digits():
    # Beyond what integers of 64 bits can add exactly.
    labels = np.zeros((2, 3_000_000), np.uint8)
    labels[1] = 1
    table = bw.measure(labels, names=("axis_major_length", "axis_minor_length", "centroid"))
    n = labels.shape[1]
    assert table["axis_major_length"][0] == pytest.approx(4 * np.sqrt((n**2 - 1) / 12), rel=1e-9)
    assert table["axis_minor_length"][0] == 0
    assert table["centroid-1"][0] == (n - 1) / 2


@given(
    st.sampled_from([(1, 1), (6, 7), (1, 9), (9, 2), (3, 4, 5), (1, 4, 4), (4, 1, 3)]),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.2, 0.6, 0.95]),
)
def test_small_objects_of_any_form_are_those_of_scikit_image(shape, seed, density):
    rng = np.random.default_rng(seed)
    labels = rng.integers(1, 4, shape) * (rng.random(shape) < density)
    if not labels.any():
        labels.flat[0] = 9
    names = [name for name in names_of(labels.ndim, image=False) if name != "orientation"]
    table = bw.measure(labels, names=names)
    expected = expected_of(labels, names=names, spacing=1)
    for column, values in expected.items():
        np.testing.assert_allclose(table[column], values, 1e-5, 1e-6, err_msg=column)
