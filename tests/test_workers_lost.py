"""Worker processes and their owners that are ended in the middle of it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

import worker_items as items
from brushwood.batch.engine import Failed
from brushwood.batch.workers_local import local_workers
from brushwood.errors import BrushwoodError, WorkerLostError

TESTS = Path(__file__).parent
posix = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")


@posix
def test_an_item_whose_process_is_killed_is_done_again(tmp_path):
    def kill_one_then_go_on():
        items.wait_for(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
        victim = next(tmp_path.glob("pid-*"))
        os.kill(int(victim.name.removeprefix("pid-")), signal.SIGKILL)
        items.wait_for(lambda: len(list(tmp_path.glob("pid-*"))) == 3)
        (tmp_path / "go").touch()

    killer = threading.Thread(target=kill_one_then_go_on)
    killer.start()
    with local_workers(2, processes=True) as workers:
        found = dict(workers.each(items.say_pid_then_wait, [tmp_path] * 2))
    killer.join()
    assert found == {0: 3, 1: 3}


@posix
def test_an_item_that_ends_its_process_each_time_fails_and_says_so():
    with local_workers(2, processes=True) as workers:
        found = dict(workers.outcomes(items.end_own_process, ["a", "bad", "b", "c"]))
    failed = found.pop(1)
    assert found == {0: "a", 2: "b", 3: "c"}
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, WorkerLostError)
    text = str(failed.error)
    assert "Item 2 of 4 failed" in text
    assert "ended 3 times" in text
    assert "ended by SIGKILL" in text
    assert "memory" in text


@posix
def test_each_raises_when_an_item_ends_its_process_each_time():
    with local_workers(1, processes=True) as workers:
        with pytest.raises(BrushwoodError, match="its worker process ended 3 times"):
            list(workers.each(items.end_own_process, ["bad"], message="Testing"))
        assert dict(workers.each(items.squared, [2])) == {0: 4}


def test_a_process_that_exits_says_its_code():
    ended = pytest.raises(WorkerLostError, match="exit code 7")
    with local_workers(1, processes=True) as workers, ended:
        list(workers.each(lambda item, job: os._exit(7), [1]))


def test_local_workers_open_no_sockets():
    own = psutil.Process()
    before = len(own.net_connections(kind="all"))
    with local_workers(2, processes=True) as workers:
        assert [n for _, n in workers.each(items.sockets, range(4))] == [0] * 4
        assert len(own.net_connections(kind="all")) == before
        for pid in workers.pids:
            assert psutil.Process(pid).net_connections(kind="all") == []


def start(body: str, folder: Path) -> subprocess.Popen[bytes]:
    """Run a script that has no guard for its main part, in a session of its own."""
    script = folder / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(TESTS)!r}); folder = {str(folder)!r}\n"
        "import worker_items as items\n"
        "from brushwood.batch.workers_local import local_workers\n" + textwrap.dedent(body),
        "utf-8",
    )
    return subprocess.Popen(
        [sys.executable, script], start_new_session=True, stdout=subprocess.PIPE
    )


def pids_in(folder: Path) -> list[int]:
    return [int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")]


def test_a_script_needs_no_guard_and_its_functions_travel(tmp_path):
    run = start(
        """
        print("started")
        def work(item, job):
            return item + 1
        with local_workers(2, processes=True) as workers:
            print(sorted(workers.each(work, [1, 2, 3])))
        """,
        tmp_path,
    )
    out, _ = run.communicate(timeout=120)
    assert out.decode().split("\n") == ["started", "[(0, 2), (1, 3), (2, 4)]", ""]


@posix
@pytest.mark.parametrize("work", ["deaf", "say_pid_then_wait"])
def test_workers_end_when_their_owner_is_killed(tmp_path, work):
    run = start(
        f"""
        workers = local_workers(2, processes=True)
        list(workers.each(items.{work}, [folder] * 2))
        """,
        tmp_path,
    )
    items.wait_for(lambda: len(pids_in(tmp_path)) == 2)
    run.kill()
    run.communicate()
    for pid in pids_in(tmp_path):
        items.wait_for(lambda pid=pid: items.gone(pid))


@posix
@pytest.mark.parametrize("work", ["deaf", "say_pid_then_wait"])
def test_ctrl_c_reaches_the_caller_and_leaves_no_process(tmp_path, work):
    run = start(
        f"""
        workers = local_workers(2, processes=True)
        try:
            list(workers.each(items.{work}, [folder] * 2))
        except KeyboardInterrupt:
            print("interrupted")
        """,
        tmp_path,
    )
    items.wait_for(lambda: len(pids_in(tmp_path)) == 2)
    # As a terminal does it: to all processes of the group.
    os.killpg(run.pid, signal.SIGINT)
    out, _ = run.communicate(timeout=60)
    assert out == b"interrupted\n"
    for pid in pids_in(tmp_path):
        items.wait_for(lambda pid=pid: items.gone(pid))


def test_processes_end_with_the_program_that_forgot_to_close_them(tmp_path):
    run = start(
        """
        workers = local_workers(1, processes=True)
        for _, pid in workers.each(items.whoami, [1]):
            print(pid)
        """,
        tmp_path,
    )
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    items.wait_for(lambda: items.gone(int(out)))


@posix
def test_a_worker_with_a_stuck_owner_pipe_ends_when_the_owner_is_gone(tmp_path):
    """Somebody else may hold the other end of the pipe: a fork of the owner, for instance."""
    run = start(
        """
        import os, time
        workers = local_workers(1, processes=True)
        found = workers.each(items.squared, [1])
        next(found)
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        (pid,) = workers.pids
        open(f"{folder}/pid-{pid}", "w").close()
        time.sleep(600)
        """,
        tmp_path,
    )
    items.wait_for(lambda: len(pids_in(tmp_path)) == 1)
    fork = psutil.Process(run.pid).children()
    run.kill()
    (pid,) = pids_in(tmp_path)
    items.wait_for(lambda: items.gone(pid))
    for child in fork:
        if child.is_running():
            child.kill()
    run.communicate()
