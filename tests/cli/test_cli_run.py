import io
import json
import os
import signal
import threading

import pytest

import brushwood as bw
from batch_scenes import (
    brushwood,
    leftovers,
    make_images,
    make_recipe,
    status,
    tree,
    without_charts,
)


@pytest.fixture(scope="module", autouse=True)
def quick_reports():
    with without_charts():
        yield


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A recipe and three images."""
    folder = tmp_path_factory.mktemp("desk")
    make_recipe(folder)
    make_images(folder / "in")
    return folder


@pytest.fixture
def open_stdin(monkeypatch):
    """A stdin that stays open, as a program that listens leaves it."""
    reading, writing = os.pipe()
    # Closed in this order, so that whoever reads is released.
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield
        os.close(writing)
        for thread in threading.enumerate():
            if thread.name == "brushwood-stdin":
                thread.join()


def order(desk, out, *more):
    return ("run", desk / "recipe.json", desk / "in", "-o", out, *more)


def test_results_are_listed_and_the_status_is_named(desk, tmp_path, run):
    code, out, err = run(*order(desk, tmp_path / "out"))
    assert code == 0
    assert str(tmp_path / "out" / "cells 1-objects.tif") in out
    assert len(out) == 9
    assert "[3/3]" in err
    assert "3 done in" in err
    assert str(tmp_path / "out" / "status.csv") in err


def test_a_dry_run_says_everything_and_makes_nothing(desk, tmp_path, run):
    code, out, _ = run(*order(desk, tmp_path / "out", "--dry-run"))
    text = "\n".join(out)
    assert code == 0
    assert text.startswith("3 of 3 images to do; about ")
    assert "are free" in text
    assert "cells 0-table.csv" in text
    assert not (tmp_path / "out").exists()


def test_existing_results_stop_it_and_resume_or_overwrite_go_on(desk, tmp_path, run):
    out = tmp_path / "out"
    assert run(*order(desk, out))[0] == 0
    before = tree(out)
    code, _, err = run(*order(desk, out))
    assert code == 3
    assert "--resume" in err
    assert "--overwrite" in err
    code, listed, err = run(*order(desk, out, "--resume"))
    assert (code, listed) == (0, [])
    assert "0 done, 3 complete before" in err
    assert run(*order(desk, out, "--overwrite", "--workers", "2"))[0] == 0
    assert tree(out) == before


def test_a_bad_file_gives_code_3_and_the_others_are_done(desk, tmp_path, run):
    bad = tmp_path / "text.tif"
    bad.write_text("no pixels")
    code, out, err = run(*order(desk, tmp_path / "out")[:3], bad, "-o", tmp_path / "out")
    assert code == 3
    assert len(out) == 9
    assert "text.tif failed:" in err
    assert "3 done, 1 failed" in err
    (row,) = [row for row in status(tmp_path / "out").values() if row["state"] == "failed"]
    assert row["input"] == str(bad)


@pytest.mark.usefixtures("open_stdin")
def test_events_are_lines_of_json(desk, tmp_path, run):
    code, out, _ = run(*order(desk, tmp_path / "out", "--progress", "json"))
    events = [json.loads(line) for line in out]
    assert code == 0
    assert events[0]["event"] == "plan"
    assert [file["name"] for file in events[0]["files"]] == ["cells 0", "cells 1", "cells 2"]
    assert set(events[0]) >= {"problems", "bytes", "free", "seconds", "text", "can_start"}
    done = [event for event in events if event.get("state") == "done" and event["event"] == "file"]
    assert {event["path"] for event in done} == {str(p) for p in (desk / "in").iterdir()}
    assert all(event["objects"] > 0 and event["seconds"] > 0 for event in done)
    assert {"classes", "objects", "table"} == set(done[0]["outputs"])
    assert any(event["event"] == "overall" for event in events)
    end = events[-1]
    assert (end["event"], end["state"], end["done"], end["failed"]) == ("end", "done", 3, 0)
    assert end["status"] == str(tmp_path / "out" / "status.csv")


@pytest.mark.usefixtures("open_stdin")
def test_a_run_that_cannot_start_ends_its_events_with_the_reason(tmp_path, desk, run):
    code, out, err = run(
        "run", desk / "recipe.json", tmp_path / "none.tif", "-o", tmp_path / "out",
        "--progress", "json",
    )  # fmt: skip
    events = [json.loads(line) for line in out]
    assert code == 3
    assert [event["event"] for event in events] == ["plan", "end"]
    assert events[0]["can_start"] is False
    assert events[1]["state"] == "failed"
    assert "no such file" in events[1]["problems"][0]
    assert "no such file" in err


def test_the_end_of_stdin_cancels(desk, tmp_path, run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, out, _ = run(*order(desk, tmp_path / "out", "--progress", "json"))
    end = json.loads(out[-1])
    assert code == 130
    assert (end["event"], end["state"]) == ("end", "cancelled")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--workers", "0"], "whole number from 1"),
        (["--workers", "two"], "whole number from 1"),
        (["--progress", "xml"], "invalid choice"),
    ],
)
def test_usage(desk, tmp_path, run, more, said):
    code, _, err = run(*order(desk, tmp_path / "out", *more))
    assert code == 2
    assert said in err


def test_a_scheduler_that_is_not_there(desk, tmp_path, run):
    pytest.importorskip("distributed")
    code, _, err = run(*order(desk, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1"))
    assert code == 3
    assert "no Dask scheduler" in err
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_is_none(tmp_path, run):
    (tmp_path / "r.json").write_text('{"format": "brushwood recipe", "version": 1,\n "pixels": 3}')
    make_images(tmp_path / "in", 1)
    code, _, err = run("run", tmp_path / "r.json", tmp_path / "in", "-o", tmp_path / "out")
    assert code == 3
    assert "line 2" in err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["the word", "SIGTERM"])
def test_it_is_cancelled_from_outside_and_goes_on_later(desk, tmp_path, how):
    out = tmp_path / "out"
    code = (
        "import time, brushwood.batch.staging as staging\n"
        "real = staging.run_chain\n"
        "def chain(*arguments, name, job, **options):\n"
        "    while name == 'cells 1':\n"
        "        job.checkpoint(0.5, 'Long')\n"
        "        time.sleep(0.01)\n"
        "    return real(*arguments, name=name, job=job, **options)\n"
        "staging.run_chain = chain\n"
    )
    process = brushwood(*order(desk, out, "--progress", "json"), code=code, stdin=-1)
    for line in process.stdout:
        if json.loads(line).get("message") == "Long":
            break
    if how == "the word":
        process.stdin.write("cancel\n")
        process.stdin.flush()
    else:
        process.send_signal(getattr(signal, how))
    rest = process.stdout.read()
    said = process.stderr.read()
    assert process.wait(30) == 130, said
    process.communicate()
    end = json.loads(rest.splitlines()[-1])
    assert (end["event"], end["state"], end["done"]) == ("end", "cancelled", 1)
    states = [row["state"] for row in status(out).values()]
    assert states == ["done", "cancelled", "waiting"]
    assert not leftovers(out)
    if how == "the word":
        report = bw.batch.run(desk / "recipe.json", desk / "in", out)
        assert [file.state for file in report.files] == ["skipped", "done", "done"]
