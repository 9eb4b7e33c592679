"""A column of a table painted over its objects."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import Cancelled, Job
from brushwood.objects.painting import paint_objects, paint_type

LABELS = np.array([[0, 5, 5], [2, 0, 2**31 - 1], [7, 7, 0]])
TABLE = pd.DataFrame({"label": [7, 2**31 - 1, 5], "class": [2, 1, 3], "p": [0.5, np.nan, 0.25]})


def test_every_object_gets_its_number_and_those_without_a_row_none():
    painted = paint_objects(LABELS, TABLE)
    assert painted.dtype == np.uint8
    np.testing.assert_array_equal(painted, [[0, 3, 3], [0, 0, 1], [2, 2, 0]])
    nan = np.nan
    shown = paint_objects(LABELS, TABLE, "p")
    assert shown.dtype == np.float32
    np.testing.assert_array_equal(shown, [[nan, 0.25, 0.25], [nan, nan, nan], [0.5, 0.5, nan]])
    assert not paint_objects(LABELS, TABLE[:0]).any()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 255], "u1"),
        ([1, 256], "u2"),
        ([1, 70_000], "i8"),
        ([-1, 1], "i8"),
        ([True, False], "u1"),
    ],
)
def test_whole_numbers_take_the_smallest_type(values, dtype):
    assert paint_type(pd.Series(values)) == dtype
    table = pd.DataFrame({"label": [2, 5], "n": values})
    assert paint_objects(LABELS, table, "n")[0, 1] == values[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_frames_blocks_and_lazy_arrays_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    movie = rng.integers(0, 5, (3, 7, 9))
    keys = [(t, k) for t in range(3) for k in range(1, 5) if rng.random() < 0.7]
    classes = {key: int(rng.integers(1, 9)) for key in keys}
    table = pd.DataFrame(
        [(t, k, c) for (t, k), c in classes.items()], columns=["frame", "label", "class"]
    ).sample(frac=1, random_state=seed % 1000)
    expected = [[[classes.get((t, k), 0) for k in row] for row in movie[t]] for t in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brushwood.objects.footprints._BLOCK", 11)
        lazy = da.from_array(movie, chunks=(1, 4, 4))
        out = np.zeros(movie.shape, np.uint16)
        assert paint_objects(lazy, table, ndim=2, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_what_cannot_be_painted_is_refused():
    with pytest.raises(InputError, match="no column 'area'"):
        paint_objects(LABELS, TABLE, "area")
    with pytest.raises(InputError, match="no column 'label'"):
        paint_objects(LABELS, TABLE[["class"]])
    with pytest.raises(InputError, match="holds no numbers"):
        paint_objects(LABELS, TABLE.assign(name="a"), "name")
    with pytest.raises(InputError, match="several rows"):
        paint_objects(LABELS, pd.concat([TABLE, TABLE]))
    with pytest.raises(ShapeMismatchError, match="labels' shape"):
        paint_objects(LABELS, TABLE, out=np.zeros((2, 2)))
    job = Job(lambda fraction, message: job.cancel())
    with pytest.raises(Cancelled):
        paint_objects(np.stack([LABELS, LABELS]), TABLE, ndim=2, job=job)
