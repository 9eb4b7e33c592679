"""Class marks: kept in image space, and attached again to whatever the labels have become."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from brushwood.errors import AnnotationError, InputError
from brushwood.jobs import Cancelled, Job
from brushwood.objects.footprints import Footprint, LabelView, footprint_at, footprints
from brushwood.objects.marks import Marks


def boxes(*corners, shape=(60, 60), dtype=np.int32):
    """Labels 1, 2, … in boxes (row, column, rows, columns)."""
    labels = np.zeros(shape, dtype)
    for label, (y, x, h, w) in enumerate(corners, 1):
        labels[y : y + h, x : x + w] = label
    return labels


THREE = boxes((5, 5, 10, 10), (20, 5, 10, 10), (40, 40, 15, 15))


@pytest.fixture
def marks():
    return Marks().add(THREE, 1, 2).add(THREE, 2, 1).add(THREE, 3, 1)


def test_same_labels_keep_every_mark(marks):
    found = marks.attach(THREE)
    assert found.classes == {1: 2, 2: 1, 3: 1}
    assert (found.n_kept, found.n_moved, found.n_dropped, found.conflicts) == (3, 0, 0, {})
    assert found.text() == ""
    assert marks.counts == {1: 2, 2: 1} and len(marks) == 3


def test_other_numbers_for_the_same_objects_do_not_matter(marks):
    renumbered = np.array([0, 7, 2**31 - 1, 3])[THREE]
    found = marks.attach(renumbered)
    assert found.classes == {7: 2, 2**31 - 1: 1, 3: 1} and found.n_kept == 3


def test_grown_and_shrunk_objects_keep_their_class(marks):
    grown = boxes((2, 2, 18, 18), (22, 7, 4, 4), (50, 50, 4, 4))
    found = marks.attach(grown)
    assert found.classes == {1: 2, 2: 1, 3: 1}
    assert (found.n_kept, found.n_moved) == (0, 3)
    assert found.text() == "Of the class marks, 3 moved to changed objects."


def test_an_object_that_only_overlaps_a_little_is_another_one(marks):
    # A third of the mark, and a third of the object: neither says that they are one.
    shifted = boxes((5, 12, 10, 10))
    found = marks.attach(shifted)
    assert found.classes == {} and found.n_dropped == 3
    assert found.text() == "Of the class marks, 3 have no object here."


def test_dropped_marks_come_back_with_their_objects(marks):
    empty = np.zeros_like(THREE)
    assert marks.attach(empty).n_dropped == 3
    assert [mark.class_id for mark in marks.attach(empty).dropped] == [2, 1, 1]
    assert marks.attach(THREE).classes == {1: 2, 2: 1, 3: 1}


def test_of_a_split_object_the_larger_part_takes_the_mark():
    labels = boxes((5, 5, 10, 10))
    parts = boxes((5, 5, 10, 4), (5, 9, 10, 6))
    assert Marks().add(labels, 1, 4).attach(parts).classes == {2: 4}
    halves = boxes((5, 5, 10, 5), (5, 10, 10, 5))
    assert Marks().add(labels, 1, 4).attach(halves).classes == {1: 4}  # the lower label


def test_objects_that_grew_together_conflict_until_someone_decides(marks):
    merged = np.where(THREE == 2, 1, THREE)
    merged[15:20, 5:15] = 1
    found = marks.attach(merged)
    assert found.conflicts == {(0, 1): (1, 2)} and found.classes == {3: 1}
    assert "1 object has marks of different classes" in found.text()
    decided = marks.add(merged, 1, 3)
    assert decided.attach(merged).classes == {1: 3, 3: 1}
    assert decided.attach(merged).conflicts == {}
    # The decision was made for the merged object only: the two are as they were.
    assert decided.attach(THREE).classes == {1: 2, 2: 1, 3: 1}
    # It also holds after the merged object changes a little.
    grown = ndimage.grey_dilation(merged, size=3)
    assert decided.attach(grown).classes == {1: 3, 3: 1}


def test_marks_of_one_class_on_a_merged_object_do_not_conflict():
    two = Marks().add(THREE, 1, 5).add(THREE, 2, 5)
    merged = np.where(THREE == 2, 1, THREE)
    merged[15:20, 5:15] = 1
    assert two.attach(merged).classes == {1: 5}


def test_the_last_click_on_an_object_counts(marks):
    again = marks.add(THREE, 1, 9).add(THREE, 1, 3)
    assert len(again) == 3 and again.attach(THREE).classes[1] == 3
    assert marks.attach(THREE).classes[1] == 2  # the earlier value is untouched: undo


def test_a_mind_changed_after_resegmentation_is_not_a_conflict(marks):
    grown = ndimage.grey_dilation(THREE, size=3)
    changed = marks.add(grown, 1, 1)
    further = ndimage.grey_dilation(THREE, size=5)
    assert changed.attach(further).classes[1] == 1 and changed.attach(further).conflicts == {}
    assert changed.attach(THREE).classes[1] == 2


def test_remove_takes_all_marks_of_an_object(marks):
    assert marks.remove(THREE, 1).attach(THREE).classes == {2: 1, 3: 1}
    assert marks.remove(THREE, 3, at=(45, 45)).attach(THREE).classes == {1: 2, 2: 1}
    grown = ndimage.grey_dilation(THREE, size=3)
    assert marks.remove(grown, 1).attach(grown).classes == {2: 1, 3: 1}


def test_classes_are_removed_and_renamed(marks):
    assert marks.without_class(1).attach(THREE).classes == {1: 2}
    assert marks.renamed({2: 7}).attach(THREE).classes == {1: 7, 2: 1, 3: 1}


def test_clicks_read_only_around_the_object():
    labels = Reading(boxes((500, 500, 9, 9), (10, 10, 5, 5), shape=(1000, 1000)))
    marks = Marks().add(labels, 1, 2, at=(504.2, 503.7))
    assert labels.n_read < 20_000
    labels.n_read = 0
    assert marks.attach(labels).classes == {1: 2}
    assert labels.n_read == 11 * 11
    with pytest.raises(InputError, match="does not belong to object 2"):
        marks.add(labels, 2, 1, at=(504, 504))
    with pytest.raises(InputError, match="not inside labels"):
        marks.add(labels, 1, 1, at=(504, 5040))


def test_a_click_on_a_large_object_finds_all_of_it():
    labels = boxes((3, 3, 290, 390), shape=(300, 400))
    frame, spot = footprint_at(LabelView(labels), 1, (100, 380))
    assert (frame, spot.start, spot.shape, spot.n_pixels) == (0, (3, 3), (290, 390), 290 * 390)


def test_unknown_labels_background_and_class_ids_are_refused(marks):
    with pytest.raises(InputError, match="no object 77"):
        marks.add(THREE, 77, 1)
    with pytest.raises(InputError, match="background has no class"):
        marks.add(THREE, 0, 1)
    for bad in (0, -1, 65536):
        with pytest.raises(AnnotationError, match="from 1 to 65535"):
            marks.add(THREE, 1, bad)
        with pytest.raises(AnnotationError, match="from 1 to 65535"):
            marks.add_many(THREE, {1: bad})
    with pytest.raises(InputError, match="whole numbers"):
        marks.attach(THREE.astype(float))
    with pytest.raises(InputError, match="spatial axes"):
        marks.attach(np.zeros((4, 60, 60), int))


# Time series and stacks


def test_frames_are_kept_apart():
    movie = np.stack([THREE, THREE * 0, THREE])
    one = Marks(ndim=2).add(movie, 1, 4, at=(2, 8, 8))
    assert one.attach(movie).by_frame == {(2, 1): 4}
    tracked = Marks(ndim=2).add(movie, 1, 4)
    assert tracked.attach(movie).by_frame == {(0, 1): 4, (2, 1): 4}
    mixed = tracked.add(movie, 1, 5, at=(0, 8, 8)).attach(movie)
    assert mixed.by_frame == {(0, 1): 5, (2, 1): 4} and mixed.classes == {}
    assert tracked.attach(movie[:2]).n_dropped == 1  # the last frame is gone


def test_several_axes_before_space_count_through():
    movie = np.zeros((2, 3, 20, 20), np.uint16)
    movie[1, 2, 5:9, 5:9] = 6
    marks = Marks(ndim=2).add(movie, 6, 1)
    assert marks.marks[0].footprint.frame == 5
    assert marks.attach(movie).by_frame == {(5, 6): 1}


def test_stacks_have_three_axes():
    stack = np.zeros((9, 20, 20), np.int64)
    stack[2:6, 3:9, 3:9] = 12
    marks = Marks().add(stack, 12, 3)
    stack[5] = 0
    found = marks.attach(stack)
    assert found.classes == {12: 3} and found.n_moved == 1
    assert marks.marks[0].footprint.centre == (3.5, 5.5, 5.5)


def test_a_footprint_beyond_a_smaller_image_is_dropped_or_cut(marks):
    found = marks.attach(THREE[:50, :50])
    assert found.classes == {1: 2, 2: 1, 3: 1} and found.n_moved == 1
    assert marks.attach(THREE[:30, :30]).n_dropped == 1
    assert marks.attach(THREE[:12, :3]).n_dropped == 3


# From other places


def test_from_a_column_of_ids_or_names_in_a_table():
    table = pd.DataFrame({"label": [1, 2, 3, 99], "kind": [2, 0, 1, 1]})
    assert Marks.from_column(THREE, table, "kind").attach(THREE).classes == {1: 2, 3: 1}
    table["word"] = ["round", "", "long", None]
    assert Marks.from_column(THREE, table, "word").attach(THREE).classes == {1: 2, 3: 1}
    with pytest.raises(InputError, match="no column 'species'"):
        Marks.from_column(THREE, table, "species")
    with pytest.raises(AnnotationError, match=r"but 1\.5 came"):
        Marks.from_column(THREE, table.assign(kind=1.5), "kind")


def test_from_a_column_of_a_movie():
    movie = np.stack([THREE, THREE])
    table = pd.DataFrame({"label": [1, 1, 2], "frame": [0, 1, 1], "kind": [1, 2, 3]})
    found = Marks.from_column(movie, table, "kind", ndim=2).attach(movie)
    assert found.by_frame == {(0, 1): 1, (1, 1): 2, (1, 2): 3}


def test_the_classes_as_a_column_of_a_table(marks):
    table = pd.DataFrame({"label": [3, 1, 8], "area": 1.0}, index=[10, 11, 12])
    column = marks.attach(THREE).column(table)
    assert column.tolist() == [1, 2, 0] and column.index.tolist() == [10, 11, 12]
    movie = np.stack([THREE * 0, THREE])
    found = Marks(ndim=2).add(movie, 2, 6).attach(movie)
    table = pd.DataFrame({"index": [2, 2], "frame": [0, 1]})
    assert found.column(table).tolist() == [0, 6]
    with pytest.raises(InputError, match="neither a column"):
        found.column(pd.DataFrame({"area": [1]}))


# Any labels


def one_pass(labels):
    return {
        (0, int(k)): (tuple(np.argwhere(labels == k).min(0)), int((labels == k).sum()))
        for k in np.unique(labels)
        if k > 0
    }


label_images = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1)).map(
    lambda s: np.random.default_rng(s[2]).integers(-1, 5, s[:2])
)


@settings(max_examples=60, deadline=None)
@given(label_images)
def test_footprints_of_any_labels_are_found_in_blocks(labels):
    expected = one_pass(labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brushwood.objects.footprints._BLOCK", 7)
        found = footprints(LabelView(labels))
        some = footprints(LabelView(labels), {1, 3})
    assert {k: (f.start, f.n_pixels) for k, f in found.items()} == expected
    for (_, label), spot in found.items():
        whole = np.zeros(labels.shape, bool)
        whole[tuple(slice(a, b) for a, b in zip(spot.start, spot.stop, strict=True))] = spot.mask
        np.testing.assert_array_equal(whole, labels == label)
    assert some == {k: f for k, f in found.items() if k[1] in (1, 3)}


@settings(max_examples=60, deadline=None)
@given(label_images, st.integers(0, 2**32 - 1))
def test_any_marks_attach_to_their_own_labels_and_to_renumbered_ones(labels, seed):
    rng = np.random.default_rng(seed)
    present = [int(k) for k in np.unique(labels) if k > 0]
    classes = {k: int(rng.integers(1, 4)) for k in present}
    marks = Marks().add_many(labels, classes)
    found = marks.attach(labels)
    assert found.classes == classes and found.n_kept == len(present)
    lookup = np.zeros(7, int)
    lookup[1:5] = rng.permutation(4) + 1
    again = marks.attach(np.where(labels > 0, lookup[labels], labels))
    assert again.classes == {int(lookup[k]): c for k, c in classes.items()}
    assert again.n_kept == len(present)


def in_one_piece(labels):
    """Give every connected area a label of its own."""
    pieces = np.zeros(labels.shape, int)
    for label in range(1, 5):
        found, _ = ndimage.label(labels == label)
        pieces[found > 0] = found[found > 0] + pieces.max()
    return pieces


pieces = label_images.map(in_one_piece)


@settings(max_examples=80, deadline=None)
@given(pieces, pieces)
def test_every_mark_is_kept_moved_or_dropped_by_the_stated_rule(before, after):
    present = [int(k) for k in np.unique(before) if k > 0]
    marks = Marks().add_many(before, {k: k for k in present})
    shape = np.maximum(before.shape, after.shape)
    old, new = (
        np.pad(a, [(0, n - k) for n, k in zip(shape, a.shape, strict=True)])
        for a in (before, after)
    )
    found = marks.attach(new)
    assert found.n_kept + found.n_moved + found.n_dropped == len(marks)
    claims = {}
    for k in present:
        mask = old == k
        ids, counts = np.unique(new[mask & (new > 0)], return_counts=True)
        if not ids.size:
            continue
        best = int(ids[np.argmax(counts)])
        shared = int(counts.max())
        if 2 * shared >= mask.sum() or 2 * shared >= (new == best).sum():
            claims.setdefault(best, []).append((k, shared == mask.sum() == (new == best).sum()))
    assert found.n_dropped == len(present) - sum(map(len, claims.values()))
    for label, on in claims.items():
        exact = [k for k, is_exact in on if is_exact]
        ids = tuple(exact or sorted(k for k, _ in on))
        assert found.conflicts.get((0, label), (found.classes.get(label),)) == ids


@settings(max_examples=40, deadline=None)
@given(label_images)
def test_arrays_and_json_bring_any_marks_back(labels):
    present = [int(k) for k in np.unique(labels) if k > 0]
    marks = Marks(ndim=2).add_many(labels, dict.fromkeys(present, 3))
    grown = ndimage.grey_dilation(labels, size=3)
    marks = marks.add_many(grown, {int(k): 4 for k in np.unique(grown) if k > 0})
    assert Marks.from_arrays(marks.to_arrays()) == marks
    assert Marks.from_json(marks.to_json()) == marks


# Damaged


def test_damaged_marks_are_refused_and_never_crash(marks):
    arrays = marks.add(ndimage.grey_dilation(THREE, size=3), 1, 1).to_arrays()
    rng = np.random.default_rng(0)
    n_refused = 0
    for _ in range(400):
        name = list(arrays)[rng.integers(len(arrays))]
        array = arrays[name].copy()
        if rng.random() < 0.3:
            array = array[..., :-1] if array.ndim else array[None]
        elif array.size:
            array.reshape(-1)[rng.integers(array.size)] = rng.integers(-3, 200) % 256 - (
                array.dtype.kind == "i"
            )
        try:
            back = Marks.from_arrays(arrays | {name: array})
        except InputError as error:
            assert "The class marks cannot be read" in str(error)
            n_refused += 1
        else:
            back.attach(THREE)
    assert n_refused > 150


@pytest.mark.parametrize(
    "change",
    [
        {"bits": None}, {"bits": {"shape": [1], "data": "!!"}}, {"start": {"shape": [9, 9, 9]}},
        {"over": {"shape": [-1, 2], "data": ""}}, {"order": {"shape": [2**40], "data": ""}},
        {"more": {"shape": [0], "data": ""}}, {"ndim": {"shape": [], "data": "AQAAAA=="}},
    ],
)  # fmt: skip
def test_damaged_json_is_refused(marks, change):
    with pytest.raises(InputError, match="cannot be read"):
        Marks.from_json(marks.to_json() | change)
    with pytest.raises(InputError, match="no JSON object"):
        Marks.from_json([1])


def test_attaching_can_be_cancelled(marks):
    job = Job(lambda fraction, message: job.cancel())
    with pytest.raises(Cancelled):
        marks.attach(THREE, job=job)
        marks.attach(THREE, job=job)


def test_an_empty_footprint_does_not_exist():
    with pytest.raises(InputError, match="without pixels"):
        Footprint.of(0, (0, 0), np.zeros((3, 3), bool))


class Reading:
    """Labels that count how many pixels are read, as a large file would."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.n_read = 0

    def __getitem__(self, index):
        part = self._array[index]
        self.n_read += part.size
        return part
