"""Where an object lies: from its row, or by looking for it."""

import numpy as np
import pytest

from brushwood import measure
from brushwood.jobs import Cancelled, Job
from brushwood.session.locating import find_label, place_from_row


def one_object(shape, *box):
    labels = np.zeros(shape, np.int32)
    labels[tuple(slice(a, b) for a, b in box)] = 7
    labels[tuple(0 for _ in shape)] = 1
    return labels


@pytest.mark.parametrize("spacing", [None, (0.5, 0.25)])
@pytest.mark.parametrize("names", [("centroid", "bbox"), ("centroid", "area")])
def test_a_measured_row_tells_where_its_object_is(spacing, names):
    labels = one_object((30, 40), (10, 15), (20, 25))
    table = measure.measure(labels, names=names, spacing=spacing, unit=spacing and "µm")
    row = table[table["label"] == 7].iloc[0].to_dict()
    place = place_from_row(row, 2, spacing)
    assert place.center == pytest.approx((12, 22))
    assert place.size == pytest.approx((5, 5))


def test_frames_stand_before_space():
    row = {"centroid-0": 3.0, "centroid-1": 4.0}
    place = place_from_row(row, 4, None, (2, 5))
    assert place.center == (2, 5, 3, 4)
    assert place.size == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("row", "n_axes"),
    [({}, 2), ({"centroid-0": 1.0}, 2), ({"centroid-0": np.nan, "centroid-1": 1.0}, 2),
     ({"centroid-0": 1.0, "centroid-1": 1.0}, 3)],
)  # fmt: skip
def test_a_row_that_does_not_tell(row, n_axes):
    assert place_from_row(row, n_axes) is None


def test_looking_for_an_object():
    labels = one_object((4, 30, 40), (1, 3), (10, 15), (20, 25))
    place = find_label(labels, 7)
    assert place.center == (1.5, 12, 22)
    assert place.size == (2, 5, 5)
    assert find_label(labels, 7, (1,)).center == (1, 12, 22)
    assert find_label(labels, 7, (0,)) is None
    assert find_label(labels, 99) is None


def test_looking_piece_by_piece_finds_the_same(monkeypatch):
    monkeypatch.setattr("brushwood.session.locating._CHUNK", 200)
    labels = one_object((50, 40), (10, 31), (20, 25))
    assert find_label(labels, 7).center == (20, 22)
    seen = []
    find_label(labels, 7, job=Job(lambda fraction, message: seen.append(fraction)))
    assert len(seen) == 10


def test_looking_can_be_cancelled():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        find_label(np.zeros((5, 5), int), 1, job=job)
