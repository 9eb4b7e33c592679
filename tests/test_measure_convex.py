"""Convex images, Feret diameters and surfaces are scikit-image's, for many objects at once."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import marching_cubes, mesh_surface_area, regionprops

import brushwood as bw
from brushwood.arrays import ImageSource
from brushwood.measure import convex, runs, surface
from brushwood.measure.index import LabelIndex
from measure_scenes import blobs, special

NAMES = ("area_convex", "solidity", "feret_diameter_max")
SCENES = {
    "blobs": (blobs((90, 110)), (1, 1)),
    "blobs, oblong pixels": (blobs((90, 110), seed=1, n=15, reach=20), (0.5, 0.3)),
    "special": (special(), (1, 1)),
    "everywhere": (np.full((9, 7), 4), (2, 2)),
    "in many parts": (np.where(np.random.default_rng(0).random((60, 70)) < 0.01, 3, 0), (1, 1)),
    "3-D blobs": (blobs((20, 45, 50)), (1, 1, 1)),
    "3-D blobs, thick planes": (blobs((20, 45, 50), seed=1), (2, 0.5, 0.7)),
    "3-D special": (special(3), (1, 1, 1)),
}


def expected(labels, spacing):
    """What scikit-image measures; objects in a stack without a hull of their own are left out."""
    present, compact = np.unique(labels, return_inverse=True)
    if present[0] != 0:
        compact = compact + 1
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for region in regionprops(compact.reshape(labels.shape), spacing=spacing):
            if region.area_convex:
                label = present[region.label - (present[0] != 0)]
                found[label] = [region[name] for name in NAMES]
    return found


@pytest.mark.parametrize("scene", SCENES)
def test_convex_images_are_those_of_scikit_image(scene):
    labels, spacing = SCENES[scene]
    table = bw.measure(labels, names=NAMES, spacing=spacing).set_index("label")
    wanted = expected(labels, spacing)
    assert len(wanted) >= min(4, len(table))
    for label, values in wanted.items():
        np.testing.assert_allclose(table.loc[label, list(NAMES)], values, 1e-9, err_msg=str(label))


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)), fill=st.just(False)))
def test_any_planar_object_has_scikit_image_s_convex_image(mask):
    if not mask.any():
        mask[0, 0] = True
    labels = mask.astype(np.uint8)
    (region,) = regionprops(labels)
    table = bw.measure(labels, names=NAMES)
    for name in NAMES:
        assert table[name][0] == pytest.approx(region[name], rel=1e-12), name


@given(arrays(bool, st.tuples(*[st.integers(2, 6)] * 3), elements=st.booleans()))
def test_any_object_in_a_stack_has_scikit_image_s_convex_image(mask):
    wanted = expected(mask.astype(np.uint8), (1, 1, 1))
    for label, values in wanted.items():
        table = bw.measure(mask.astype(np.uint8) * label, names=NAMES)
        np.testing.assert_allclose(table.loc[0, list(NAMES)], values, 1e-9)


def test_flat_objects_in_stacks_are_measured_as_in_a_plane():
    """scikit-image finds no hull for them and gives a solidity without end."""
    plane = special()
    volume = np.zeros((5, *plane.shape), plane.dtype)
    volume[2] = plane
    flat = bw.measure(plane, names=NAMES)
    for axis in range(3):
        table = bw.measure(np.moveaxis(volume, 0, axis), names=NAMES)
        np.testing.assert_allclose(table["area_convex"], flat["area_convex"])
        np.testing.assert_allclose(table["solidity"], flat["solidity"])
        np.testing.assert_allclose(table["feret_diameter_max"], flat["feret_diameter_max"])


def test_one_pixel():
    for ndim, spacing in ((2, (2, 3)), (3, (2, 3, 5))):
        labels = np.zeros((3,) * ndim, int)
        labels[(1,) * ndim] = 2**31
        table = bw.measure(labels, names=NAMES, spacing=spacing)
        assert table["area_convex"][0] == np.prod(spacing)
        assert table["solidity"][0] == 1
        assert table["feret_diameter_max"][0] == max(spacing)


@pytest.mark.parametrize("scene", ["blobs", "3-D blobs"])
def test_how_many_are_measured_at_once_does_not_matter(monkeypatch, scene):
    labels, spacing = SCENES[scene]
    names = (*NAMES, "surface_area", "sphericity") if labels.ndim == 3 else NAMES
    whole = bw.measure(labels, names=names, spacing=spacing)
    monkeypatch.setattr(convex, "_RUNS", 50)
    monkeypatch.setattr(convex, "_PAIRS", 7)
    monkeypatch.setattr(runs, "BAND_PIXELS", 300)
    np.testing.assert_allclose(bw.measure(labels, names=names, spacing=spacing), whole, 1e-12)


def test_a_long_object_of_many_lines_is_quick():
    """A parabola: each line is a corner, and the lowest line is far from all others."""
    y = np.arange(2000)
    labels = np.zeros((2000, 1100), np.uint8)
    for line, end in zip(y, 1000 - np.sqrt(500.0 * y).astype(int), strict=True):
        labels[line, max(0, end) :] = 1
    (region,) = regionprops(labels)
    assert bw.measure(labels, names="solidity")["solidity"][0] == region.solidity


@pytest.mark.parametrize("scene", [name for name in SCENES if name.startswith("3-D")])
def test_surfaces_are_those_of_marching_cubes(scene):
    labels, spacing = SCENES[scene]
    table = bw.measure(labels, names=("surface_area", "sphericity"), spacing=spacing)
    for label, area, sphericity in table[["label", "surface_area", "sphericity"]].to_numpy():
        mask = np.pad(labels == label, 1)
        points, triangles, *_ = marching_cubes(mask, 0.5, spacing=spacing)
        assert area == pytest.approx(mesh_surface_area(points, triangles), rel=1e-6)
        a, b, c = np.moveaxis(points[triangles].astype(float), 1, 0)
        volume = abs((a * np.cross(b, c)).sum()) / 6
        assert sphericity == pytest.approx(np.cbrt(36 * np.pi * volume**2) / area, rel=1e-6)
        assert 0 < sphericity <= 1


def test_a_ball_is_a_sphere_and_a_rod_is_none():
    z, y, x = np.mgrid[-20:21, -20:21, -20:21]
    labels = (z**2 + y**2 + x**2 <= 18**2).astype(int)
    labels[0, 0, :30] = 7
    table = bw.measure(labels, names=("surface_area", "sphericity"))
    assert table["sphericity"][0] > 0.9
    assert table["sphericity"][1] < 0.6


def test_anything_marching_cubes_may_meet_in_a_cell_is_known():
    """All 254 patterns at once, each in a corner of a stack of its own."""
    for pattern in range(1, 255):
        cell = ((pattern >> np.arange(8)) & 1).reshape(2, 2, 2)
        table = bw.measure(cell, names="surface_area", spacing=(2, 1, 0.5))
        points, triangles, *_ = marching_cubes(np.pad(cell, 1), 0.5, spacing=(2, 1, 0.5))
        area = mesh_surface_area(points, triangles)
        assert table["surface_area"][0] == pytest.approx(area, rel=1e-6)


def test_surfaces_belong_to_stacks():
    with pytest.raises(ValueError, match="3-D only, and these labels are 2-D"):
        bw.measure(special(), names="surface_area")


def test_volumes_of_meshes_do_not_depend_on_where_an_object_is():
    labels = np.zeros((60, 9, 9), np.uint8)
    labels[1:6, 2:7, 2:7] = 1
    labels[53:58, 2:7, 2:7] = 2
    index = LabelIndex.of(ImageSource.of(labels))
    wanted = frozenset({"sphericity"})
    (values,) = surface.compute(index, convex.Call(wanted)).values()
    assert values[0] == pytest.approx(values[1], rel=1e-12)
