"""Marks of all layers: clicks toggle, steps are undone, copies attach."""

import numpy as np

from brushwood.objects.marks import Marks
from brushwood.session.classes import removed
from brushwood.session.object_marks import MarkBook, fits, joined, place_of, toggled
from object_scenes import CLASSES, LONG, ROUND, field


def classes_of(marks, labels):
    return marks.attach(labels).classes


def test_a_second_click_takes_the_mark_back_and_another_class_replaces_it():
    labels, _ = field()
    at = (10, 12)
    marks, now = toggled(Marks(), labels, 1, ROUND, at)
    assert now == ROUND
    assert classes_of(marks, labels) == {1: ROUND}
    marks, now = toggled(marks, labels, 1, LONG, at)
    assert now == LONG
    assert classes_of(marks, labels) == {1: LONG}
    marks, now = toggled(marks, labels, 1, LONG, at)
    assert now == 0
    assert len(marks) == 0


def test_a_click_in_a_time_series_means_the_object_of_that_frame():
    plane, _ = field(2)
    labels = np.stack([plane, plane])
    marks, _ = toggled(Marks(ndim=2), labels, 1, ROUND, (1, 10, 12))
    assert dict(marks.attach(labels).by_frame) == {(1, 1): ROUND}
    marks, now = toggled(marks, labels, 1, ROUND, (0, 10, 12))
    assert now == ROUND
    assert len(marks.attach(labels).by_frame) == 2


def test_steps_are_undone_and_done_again():
    labels, _ = field()
    book, heard = MarkBook(), []
    book.changed.connect(heard.append)
    one = Marks().add(labels, 1, ROUND)
    two = one.add(labels, 5, LONG)
    book.commit({"a": one}, "first")
    book.commit({"a": two}, "second")
    assert book.commit({"a": two}) is None, "nothing changed, so there is no step"
    assert book.undo().text == "second"
    assert book.of("a") == one
    assert book.redo().text == "second"
    assert book.of("a") == two
    book.undo(), book.undo()
    assert len(book.of("a")) == 0
    assert book.undo() is None
    assert heard == [frozenset({"a"})] * 6
    book.commit({"a": two})
    assert book.redo() is None, "a new step ends what could be done again"


def test_deleting_a_class_is_one_step_over_all_layers():
    labels, _ = field()
    book = MarkBook()
    book.adopt("a", Marks().add(labels, 1, ROUND).add(labels, 5, LONG))
    book.adopt("b", Marks().add(labels, 6, LONG))
    assert set(book.layers()) == {"a", "b"}
    after = {key: book.of(key).without_class(LONG) for key in book.layers()}
    step = book.commit(after, classes=(CLASSES, removed(CLASSES, LONG)))
    assert [c.id for c in step.classes[1]] == [ROUND]
    assert book.layers() == ("a",)
    book.undo()
    assert set(book.layers()) == {"a", "b"}


def test_joined_marks_decide_over_those_before():
    labels, _ = field()
    first = Marks().add(labels, 1, ROUND).add(labels, 5, LONG)
    second = Marks().add(labels, 1, LONG)
    both = joined(first, second)
    assert classes_of(both, labels) == {1: LONG, 5: LONG}
    moved = labels.copy()
    moved[(labels == 1) & (np.indices(labels.shape)[1] < 9)] = 0
    found = both.attach(moved)
    assert found.classes == {1: LONG, 5: LONG}, "also when the outline is another"
    assert not found.conflicts


def test_the_place_of_a_mark_lies_on_the_object():
    labels = np.zeros((2, 30, 30), np.int32)
    labels[1, 5:25, 5:25] = 7
    labels[1, 8:25, 8:25] = 0  # an angle, whose centre of mass is outside
    mark = next(iter(Marks(ndim=2).add(labels, 7, ROUND)))
    frame, y, x = place_of(mark.footprint, (2,))
    assert labels[int(frame), int(y), int(x)] == 7


def test_marks_fit_where_they_lie():
    labels, _ = field(2)
    marks = Marks(ndim=2).add(labels, 8, ROUND)
    assert fits(marks, labels.shape)
    assert fits(marks, (3, *labels.shape))
    assert not fits(marks, (50, 40))
    assert not fits(marks, labels.shape[:1])
    assert not fits(Marks(), labels.shape)


def test_attaching_again_looks_only_at_new_marks(monkeypatch):
    from brushwood.objects import attach

    labels, _ = field()
    seen, find = [], attach.object_under
    monkeypatch.setattr(
        attach, "object_under", lambda spot, view: seen.append(spot) or find(spot, view)
    )
    memo = {}
    marks = Marks().add(labels, 1, ROUND).add(labels, 5, LONG)
    marks.attach(labels, memo=memo)
    more = marks.add(labels, 6, LONG)
    assert more.attach(labels, memo=memo) == more.attach(labels)
    assert len(seen) == 2 + 1 + 3
