"""What a plot draws, without a window."""

import numpy as np
import pytest

from brushwood.session.plotting import (
    DENSE,
    LARGEST,
    RADIUS,
    SMALLEST,
    Cloud,
    nearest,
    radii,
)


def test_rows_without_numbers_are_not_drawn():
    cloud = Cloud(np.array([0.0, np.nan, 2.0, 4.0]), np.array([1.0, 1.0, np.inf, 3.0]))
    assert cloud.known.tolist() == [True, False, False, True]
    assert cloud.bounds == (0.0, 1.0, 4.0, 2.0)
    assert Cloud(np.array([np.nan]), np.array([1.0])).bounds == (0.0, 0.0, 1.0, 1.0)


def test_many_points_show_density_unless_points_are_wanted():
    few, many = (Cloud(np.zeros(n), np.zeros(n)) for n in (DENSE, DENSE + 1))
    assert not few.shows_density("auto")
    assert many.shows_density("auto")
    assert few.shows_density("density")
    assert not many.shows_density("points")


def test_areas_grow_with_values():
    values = np.linspace(0, 100, 401)
    found, legend = radii(values)
    assert (np.diff(found.astype(int)) >= 0).all()
    assert (found.min(), found.max()) == (SMALLEST, LARGEST)
    assert [r for _, r in legend] == [SMALLEST, pytest.approx(4, abs=1), LARGEST]
    assert legend[1][0] == pytest.approx(50, abs=1)
    assert radii(np.array([3.0, np.nan]))[0].tolist() == [RADIUS, SMALLEST]
    assert radii(np.array([np.nan]))[1] == ()


def test_the_nearest_point_counts_in_screen_pixels():
    cloud = Cloud(np.array([0.0, 10.0, np.nan]), np.array([0.0, 0.0, 0.0]))
    assert nearest(cloud, (1.0, 0.0), (1.0, 1.0)) == 0
    assert nearest(cloud, (5.0, 0.0), (1.0, 1.0)) in (0, 1)
    assert nearest(cloud, (5.0, 0.0), (0.1, 1.0)) is None
    assert nearest(cloud, (9.5, 0.0), (0.1, 1.0)) == 1
    assert nearest(cloud, (0.0, 30.0), (1.0, 1.0)) is None
