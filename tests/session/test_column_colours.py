"""Columns as colours: ramps, classes, missing values, frames."""

import numpy as np
import pandas as pd
import pytest

from brushwood.session.classes import colour_of
from brushwood.session.column_colours import (
    MISSING_CODE,
    STEPS,
    coded,
    full_range,
    is_classes,
    legend,
    robust_range,
    rows_of_frame,
)


def test_numbers_go_from_the_first_step_to_the_last():
    found = coded("area", np.asarray([0.0, 5.0, 10.0, np.nan, np.inf, -3.0, 40.0]), (0, 10))
    assert found.codes.tolist() == [1, 1 + round(0.5 * (STEPS - 1)), STEPS, 0, 0, 1, STEPS]
    assert (found.low, found.high) == (0, 10)
    assert not found.is_classes


def test_the_range_leaves_out_the_tails_but_not_a_constant():
    values = np.concatenate([np.arange(1000.0), [1e9]])
    low, high = robust_range(values)
    assert 0 < low < 20
    assert 980 < high < 1000
    assert full_range(values) == (0, 1e9)
    assert robust_range(np.full(5, 3.0)) == (3, 3)
    assert robust_range(np.asarray([1, 1, 1, 1, 9])) != (1, 1)
    assert robust_range(np.full(3, np.nan)) == (0, 1)
    assert robust_range(np.zeros(0)) == (0, 1)


@pytest.mark.parametrize("values", [np.full(4, 7.0), np.full(4, np.nan), np.zeros(0)])
def test_columns_without_variation_have_colours_too(values):
    codes = coded("x", values).codes
    assert codes.shape == values.shape
    assert (codes[np.isfinite(values)] > 0).all()
    assert (codes[np.isnan(values)] == MISSING_CODE).all()


def test_classes_have_the_colours_of_their_ids():
    found = coded("class", np.asarray([2, 1, 2, 5]))
    assert found.is_classes
    assert found.classes == ("1", "2", "5")
    assert found.colours == (colour_of(1), colour_of(2), colour_of(5))
    assert found.codes.tolist() == [2, 1, 2, 3]


def test_text_and_yes_or_no_are_classes():
    text = coded("anything", np.asarray(["b", None, "a"], object))
    assert (text.classes, text.codes.tolist()) == (("a", "b"), [2, 0, 1])
    flags = coded("good", np.asarray([True, False]))
    assert (flags.classes, flags.codes.tolist()) == (("no", "yes"), [2, 1])
    mixed = coded("mixed", np.asarray([1, "a", None, 2.5], object))
    assert sorted(mixed.codes.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "values", "answer"),
    [
        ("cluster", np.arange(5), True),
        ("touching_count", np.arange(5), False),
        ("class", np.arange(500), False),
        ("class", np.linspace(0, 1, 5), False),
        ("area", np.linspace(0, 1, 5), False),
    ],
)
def test_what_is_taken_for_classes(name, values, answer):
    assert is_classes(name, values) is answer


def test_more_classes_than_colours_are_grey():
    found = coded("name", np.asarray([f"{i:04d}" for i in range(STEPS + 9)], object))
    assert len(found.classes) == STEPS
    assert (found.codes == MISSING_CODE).sum() == 9
    assert "more" in legend(found.classes)


def test_frames_matter_only_where_labels_repeat():
    once = pd.DataFrame({"label": [1, 2, 3], "frame": [0, 0, 1]})
    assert rows_of_frame(once["label"].to_numpy(), once["frame"].to_numpy(), 1) is None
    twice = pd.DataFrame({"label": [1, 2, 1], "frame": [0, 0, 1]})
    rows = rows_of_frame(twice["label"].to_numpy(), twice["frame"].to_numpy(), 1)
    assert rows.tolist() == [2]
    assert rows_of_frame(twice["label"].to_numpy(), None, 0) is None
    assert coded("x", np.asarray([0.0, 1.0, 2.0])).part(rows).codes.tolist() == [STEPS]
