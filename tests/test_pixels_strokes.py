"""Strokes: found in any array, updated in place, checked with messages; and the cap on rows."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.errors import AnnotationError, ShapeMismatchError
from brushwood.pixels.sample import chosen
from brushwood.pixels.strokes import Strokes, check_trainable

RNG = np.random.default_rng(0)


def painted(shape=(3, 20, 30), dtype=np.uint8):
    annotation = np.zeros(shape, dtype)
    annotation[0, 2:4, 5:9] = 1
    annotation[2, 10, :] = 7
    return annotation


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i4", "u4", "i8", "u8"])
def test_strokes_are_found_with_their_ids(dtype):
    annotation = painted(dtype=dtype)
    strokes = Strokes.of(annotation, annotation.shape)
    np.testing.assert_array_equal(strokes.index, np.flatnonzero(annotation))
    np.testing.assert_array_equal(strokes.classes, annotation[annotation > 0])
    assert strokes.counts == {1: 8, 7: 30}
    assert len(strokes) == 38


@pytest.mark.parametrize("wrap", [
    lambda a: da.from_array(a, chunks=(2, 7, 11)),
    lambda a: zarr.array(a, chunks=(2, 7, 11)),
    lambda a: [a, a[:, ::2, ::2]],
    lambda a: a.tolist(),
    np.asfortranarray,
])  # fmt: skip
def test_any_array_holds_the_same_strokes(wrap, monkeypatch):
    monkeypatch.setattr("brushwood.pixels.strokes._SLAB_BYTES", 700)
    annotation = painted()
    strokes = Strokes.of(wrap(annotation), annotation.shape)
    np.testing.assert_array_equal(strokes.index, np.flatnonzero(annotation))
    np.testing.assert_array_equal(strokes.classes, annotation[annotation > 0])


def test_true_is_class_one():
    assert Strokes.of(painted() > 0).counts == {1: 38}


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_an_update_equals_a_new_search(seed, data):
    rng = np.random.default_rng(seed)
    shape = (2, 9, 8)
    before = rng.integers(0, 3, shape).astype(np.int32)
    strokes = Strokes.of(before)
    after = before.copy()
    region = []
    for n in shape:
        a = data.draw(st.integers(0, n))
        region.append(slice(a, data.draw(st.integers(a, n))))
    after[tuple(region)] = rng.integers(0, 3, after[tuple(region)].shape)
    found, expected = strokes.updated(after, region), Strokes.of(after)
    np.testing.assert_array_equal(found.index, expected.index)
    np.testing.assert_array_equal(found.classes, expected.classes)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (np.zeros((4, 5), np.float32), "holds float32.*Convert it to integers"),
        (np.array([[0, -3], [1, 2]]), "holds -3.*Replace negative"),
        (np.array([[0, 70000]]), "holds 70000.*Number the classes"),
    ],
)
def test_values_that_are_no_classes(annotation, message):
    with pytest.raises(AnnotationError, match=message):
        Strokes.of(annotation)


def test_negative_values_of_a_later_stroke():
    annotation = painted(dtype=np.int16)
    strokes = Strokes.of(annotation)
    annotation[1, 1, 1] = -1
    with pytest.raises(AnnotationError, match="holds -1"):
        strokes.updated(annotation, (slice(0, 2), slice(None), slice(None)))


def test_another_shape():
    with pytest.raises(ShapeMismatchError, match=r"\(4, 5\) was expected.*\(5, 4\).*Make"):
        Strokes.of(np.zeros((5, 4), int), (4, 5))
    with pytest.raises(ShapeMismatchError):
        Strokes.of(Strokes.of(np.zeros((5, 4), int)), (4, 5))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "annotation is empty.*Paint a stroke for each class"),
        ({1: 0}, "annotation is empty"),
        ({3: 20}, "only class 3 has any.*Paint a stroke of another"),
        (dict.fromkeys(range(1, 258), 1), "at most 255 classes.*257"),
    ],
)
def test_strokes_that_cannot_be_trained_on(counts, message):
    with pytest.raises(AnnotationError, match=message):
        check_trainable(counts)


def test_a_class_without_strokes_is_fine():
    check_trainable({1: 4, 2: 0, 5: 3})
    check_trainable(dict.fromkeys(range(1, 256), 1))


def sample(n, max_rows, seed=0, rare=0.01):
    rng = np.random.default_rng(1)
    classes = np.where(rng.random(n) < rare, 9, np.where(rng.random(n) < 0.3, 2, 4))
    keys = rng.permutation(n).astype(np.uint64)
    return classes, keys, chosen(classes, keys, max_rows, seed)


def test_below_the_cap_all_rows_are_kept():
    assert sample(100, 100)[2].all()


def test_the_cap_holds_and_classes_keep_their_share():
    classes, _, kept = sample(50_000, 5000)
    assert 4990 <= kept.sum() <= 5000
    share = (classes[kept] == 2).mean() / (classes == 2).mean()
    assert share == pytest.approx(1, abs=0.1)
    # One in a hundred would be 50 rows; a quarter of an equal share is more.
    assert (classes[kept] == 9).sum() >= 5000 // 12


def test_the_choice_does_not_depend_on_order_and_changes_with_the_seed():
    classes, keys, kept = sample(5000, 500)
    order = RNG.permutation(5000)
    again = chosen(classes[order], keys[order], 500, 0)
    assert set(keys[kept].tolist()) == set(keys[order][again].tolist())
    assert set(keys[kept].tolist()) != set(keys[sample(5000, 500, seed=1)[2]].tolist())


def test_one_more_stroke_changes_little_of_the_choice():
    classes, keys, kept = sample(5000, 500, rare=0.3)
    more = np.append(classes, np.full(50, 2)), np.append(keys, np.arange(5000, 5050, dtype="u8"))
    kept_more = chosen(*more, 500, 0)
    assert (kept_more[:5000] & kept).sum() > 0.95 * kept.sum()
