"""What a run tells, and the list that it fills."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brushwood.batch.events import FileChanged, OverallChanged, PlanMade, to_json
from brushwood.batch.planned import Plan, PlannedFile, Problem
from brushwood.batch.records import FileRecord
from brushwood.session.batch_board import Board
from brushwood.session.batch_events import (
    EndTold,
    FileTold,
    OverallTold,
    PlannedImage,
    PlanTold,
    parse_line,
)


def test_the_events_of_the_core_are_understood(tmp_path):
    file = PlannedFile(tmp_path / "a.tif", "s 1", "a", {"classes": tmp_path / "c.tif"}, problem="x")
    problem = Problem("text", stops=True, path=tmp_path)
    plan = Plan(tmp_path, (file,), (problem,), 10, None, 2.0)
    told = parse_line(to_json(PlanMade(plan)))
    assert isinstance(told, PlanTold)
    (image,) = told.files
    assert image.path == f"{tmp_path / 'a.tif'}::s 1"
    assert (image.name, image.state, image.problem) == ("a", "waiting", "x")
    assert image.outputs == {"classes": str(tmp_path / "c.tif")}
    assert (told.n_bytes, told.free, told.seconds) == (10, None, 2.0)
    assert told.problems[0].stops
    record = FileRecord(tmp_path, "a", "failed", "why", 1.5, counts={"objects": 7})
    told = parse_line(to_json(FileChanged(record, 0.5, "cutting")))
    assert told == FileTold(str(tmp_path), "failed", 0.5, "cutting", "why", 1.5, 7, {})
    assert parse_line(to_json(OverallChanged(0.25, None))) == OverallTold(0.25, None)


def test_the_end_is_understood():
    line = '{"event": "end", "state": "failed", "done": 1, "failed": 2, "skipped": 3, '
    line += '"report": null, "status": "/s", "problems": ["full"]}'
    assert parse_line(line) == EndTold("failed", 1, 2, 3, status="/s", problems=("full",))


@pytest.mark.parametrize(
    "line",
    ["", "x", "[]", "1", "null", "{}", '{"event": "file"}', '{"event": "end", "state": "odd"}',
     '{"event": "file", "path": "a", "state": 3}', '{"event": 1}', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_message_is_left_out(line):
    assert parse_line(line) is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_KEYS = ("path", "state", "fraction", "files", "problems", "bytes", "free", "left", "objects",
         "outputs", "seconds", "done")  # fmt: skip


@given(
    st.sampled_from(["plan", "file", "overall", "end"]),
    st.dictionaries(st.sampled_from(_KEYS), _VALUES),
)
def test_no_line_breaks_the_reader(kind, values):
    told = parse_line(json.dumps({"event": kind, **values}))
    board = Board()
    if isinstance(told, PlanTold):
        board.set_plan(told)
    elif isinstance(told, FileTold):
        board.apply(told)
    assert sum(board.counts.values()) == len(board.rows)


def _plan(n):
    return PlanTold(tuple(PlannedImage(f"/{i}", f"im {i}") for i in range(n)))


def test_rows_follow_what_is_told():
    board = Board()
    board.set_plan(_plan(3))
    assert board.apply(FileTold("/1", "running", 0.5)) == 1
    board.apply(FileTold("/1", "done", 1, seconds=2, objects=3, outputs={"classes": "/c"}))
    board.apply(FileTold("/2", "failed", why="cut off. Choose another folder, or add --overwrite."))
    assert board.counts == {"failed": 1, "waiting": 1, "done": 1}
    assert board.rows[1].has_results
    assert not board.rows[2].has_results
    assert "--overwrite" not in board.rows[2].why
    board.apply(FileTold("/new.tif", "running"))
    assert board.rows[3].name == "new.tif"
    board.stop()
    assert board.rows[3].state == "cancelled"
    assert board.n_over == 3


def test_filter_and_order():
    board = Board()
    board.set_plan(_plan(5))
    for i, (state, objects) in enumerate(
        [("done", 3), ("failed", None), ("done", 10), ("waiting", None), ("done", 1)]
    ):
        board.apply(FileTold(f"/{i}", state, objects=objects))
    board.sorted_by = "objects"
    board.arrange()
    assert board.shown == [4, 0, 2, 1, 3]
    board.descending = True
    board.arrange()
    assert board.shown[:3] == [2, 0, 4]
    assert set(board.shown[3:]) == {1, 3}
    board.sorted_by, board.descending = "state", False
    board.arrange()
    assert board.shown == [1, 3, 0, 2, 4]
    board.only = "done"
    board.sorted_by = ""
    board.arrange()
    assert board.shown == [0, 2, 4]
    board.sorted_by, board.only = "name", ""
    board.descending = True
    board.arrange()
    assert board.shown == [4, 3, 2, 1, 0]
