"""Unfinished runs are noted, found again, and forgotten."""

import json
import os

import pytest

from brushwood.session import batch_record as record
from brushwood.session.batching import RunRequest


@pytest.fixture
def request_(tmp_path):
    recipe = record.recipe_path(tmp_path, str(tmp_path / "out"))
    recipe.write_text("{}")
    return RunRequest(str(recipe), ("/a", "/b ü"), str(tmp_path / "out"), True, 2, True, "renew")


def test_a_note_comes_back_as_it_was(tmp_path, request_):
    record.write_note(tmp_path, request_, "count nuclei", 40, 12)
    (run,) = record.unfinished(tmp_path)
    assert (run.request, run.title, run.n, run.done) == (request_, "count nuclei", 40, 12)
    assert record.offer_text(run) == "A run into 'out' did not end: 12 of 40 images are done."
    record.write_note(tmp_path, request_, "count nuclei", 0, 0)
    (run,) = record.unfinished(tmp_path)
    assert "just begun" in record.offer_text(run)
    record.forget(tmp_path, request_.out)
    assert record.unfinished(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_the_latest_run_comes_first(tmp_path, request_):
    other = RunRequest(request_.recipe, ("/c",), str(tmp_path / "other"))
    record.write_note(tmp_path, request_, "first", 1, 0)
    record.write_note(tmp_path, other, "second", 1, 0)
    os.utime(record.note_path(tmp_path, request_.out), (1, 1))
    assert [run.title for run in record.unfinished(tmp_path)] == ["second", "first"]


def test_one_folder_has_one_note_however_it_is_written(tmp_path):
    (tmp_path / "out").mkdir()
    keys = {record.key_of_folder(str(tmp_path / name)) for name in ("out", "out/", "./out/../out")}
    assert len(keys) == 1
    assert record.key_of_folder(str(tmp_path / "other")) not in keys


def test_damaged_notes_and_lost_recipes_are_passed_over(tmp_path, request_):
    record.write_note(tmp_path, request_, "fine", 1, 0)
    good = json.loads(record.note_path(tmp_path, request_.out).read_text())
    bad = [
        {},
        {**good, "version": 2},
        {**good, "n": "x"},
        {**good, "request": {"out": 1}},
        [],
        None,
    ]
    request = good["request"]
    bad += [{**good, "request": {**request, "workers": "x"}}]
    bad += [{**good, "request": {**request, "existing": "odd"}}]
    bad += [{**good, "request": {**request, "sources": 5}}]
    bad += [{**good, "request": {**request, "recipe": str(tmp_path / "gone.json")}}]
    for i, document in enumerate(bad):
        (tmp_path / f"bad{i}.json").write_text(json.dumps(document))
    (tmp_path / "cut.json").write_text('{"format"')
    assert [run.title for run in record.unfinished(tmp_path)] == ["fine"]
    assert record.unfinished(tmp_path / "nowhere") == []


def test_a_note_that_cannot_be_written_is_left_out(tmp_path, request_):
    blocked = tmp_path / "file"
    blocked.write_text("")
    record.write_note(blocked, request_, "x", 1, 0)
    assert blocked.read_text() == ""
