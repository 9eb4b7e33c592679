"""Runs ended by ``kill -9``: the next one does what is missing, and no byte is different."""

import json
import os
import signal
import time

import pytest

import brushwood as bw
from batch_scenes import brushwood, leftovers, make_images, make_recipe, status, tree

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX")

#: Writes the status each time; ends the process for good at the n-th call of a function.
KILL = """
import os, signal, importlib, brushwood.batch.status
brushwood.batch.status._PAUSE = 0
def kill_at(module, name, n, after=False):
    owner = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    real, calls = getattr(owner, last), []
    def call(*arguments, **options):
        calls.append(1)
        if len(calls) == n and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*arguments, **options)
        if len(calls) == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    setattr(owner, last, call)
"""
#: Where the second of three images is when the run ends; it saves two images and a table.
#: Each step of giving results their names has a test of the ledger.
MOMENTS = {
    "while a map is written": ("brushwood.io.mapped", "MappedArray.__setitem__", 4, True),
    "while a table is written": ("brushwood.batch.task", "write_table", 2),
    "between two results": ("brushwood.batch.ledger", "settle", 6, True),
    "while the status is written": ("brushwood.batch.status", "status_text", 4),
    "while the summary is written": ("brushwood.batch.finishing", "write_summary", 1, True),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A recipe, three images, and the bytes of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("desk")
    make_recipe(folder)
    make_images(folder / "in")
    bw.batch.run(folder / "recipe.json", folder / "in", folder / "undisturbed")
    return folder


def killed(desk, out, code, *options):
    """Run until it is killed."""
    process = brushwood(
        "run", desk / "recipe.json", desk / "in", "-o", out, *options, code=KILL + code
    )
    _, said = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, said


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_ends_with_the_same_bytes(desk, tmp_path, moment):
    out = tmp_path / "out"
    killed(desk, out, f"kill_at(*{MOMENTS[moment]!r})")
    rows = status(out)
    assert len(rows) == 3, "the status is valid at every moment"
    times = {path: path.stat().st_mtime_ns for path in out.glob("cells*")}
    report = bw.batch.run(desk / "recipe.json", desk / "in", out)
    assert report.state == "done"
    states = [file.state for file in report.files]
    # What was placed at least in part is finished without computing anything.
    if moment.startswith("while the su"):
        assert states == ["skipped"] * 3
    elif not moment.startswith("while the st"):
        assert states == ["skipped", "skipped" if moment.startswith("between") else "done", "done"]
    assert tree(out) == tree(desk / "undisturbed")
    assert all(path.stat().st_mtime_ns == when for path, when in times.items())
    assert not leftovers(out)


def test_killed_from_outside_with_processes_no_worker_lives_on(desk, tmp_path):
    out = tmp_path / "out"
    process = brushwood(
        "run", desk / "recipe.json", desk / "in", "-o", out, "--progress", "json",
        "--workers", "2", "--processes", stdin=-1,
    )  # fmt: skip
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "file" and event["fraction"] > 0:
            break
    children = _children(process.pid)
    process.kill()
    process.communicate(timeout=60)
    assert len(children) >= 1
    deadline = time.monotonic() + 20
    while any(map(_lives, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, children))
    report = bw.batch.run(desk / "recipe.json", desk / "in", out)
    assert report.state == "done"
    assert tree(out) == tree(desk / "undisturbed")
    assert not leftovers(out)


def test_without_resume_leftovers_of_a_killed_run_are_no_results(desk, tmp_path):
    out = tmp_path / "out"
    killed(desk, out, "kill_at('brushwood.io.mapped', 'MappedArray.__setitem__', 1, True)")
    assert leftovers(out)
    report = bw.batch.run(desk / "recipe.json", desk / "in", out, resume=False)
    assert [file.state for file in report.files] == ["done"] * 3
    assert tree(out) == tree(desk / "undisturbed")
    assert not leftovers(out)


def _children(pid):
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children") as file:
            found += [int(child) for child in file.read().split()]
    return found


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
