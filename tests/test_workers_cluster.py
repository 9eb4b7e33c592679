"""Workers of a real cluster of two processes on this machine."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import pytest

import worker_items as items
from brushwood.batch import cluster_run, workers_cluster
from brushwood.batch.engine import Failed
from brushwood.batch.workers_cluster import ClusterWorkers, connect
from brushwood.errors import (
    InputError,
    MissingPackageError,
    SchedulerError,
    UnknownFilterError,
    WorkerLostError,
)
from brushwood.jobs import Cancelled, Job

distributed = pytest.importorskip("distributed")


def new_cluster():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # distributed's own, about ports and memory
        return distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )


@pytest.fixture(scope="module")
def cluster():
    with new_cluster() as found:
        yield found


@pytest.fixture
def client(cluster):
    with connect(cluster.scheduler_address) as found:
        found.wait_for_workers(2, timeout=60)
        yield found


@pytest.fixture
def workers(client):
    return ClusterWorkers(client)


def test_every_answer_comes_with_its_position(workers):
    assert workers.n == 2
    assert workers.is_remote
    assert sorted(workers.each(items.squared, [3, 1, 2, 5])) == [(0, 9), (1, 1), (2, 4), (3, 25)]
    assert list(workers.each(items.squared, [])) == []


def test_few_items_are_spread_over_the_workers(workers, tmp_path):
    pairs = [(tmp_path, "a", "b"), (tmp_path, "b", "a")]
    assert sorted(workers.each(items.meet, pairs)) == [(0, "a"), (1, "b")]


def test_items_under_way_say_how_far_they_are(workers, tmp_path):
    seen = []

    def open_when_it_is_under_way(fraction, message):
        seen.append((fraction, message))
        if message == "in the middle":
            (tmp_path / "go").touch()

    job = Job(open_when_it_is_under_way)
    assert list(workers.each(items.half_way, [tmp_path / "go"], job)) == [(0, "done")]
    assert (0.5, "in the middle") in seen


def test_an_error_is_the_same_leaf_with_its_message(workers):
    with pytest.raises(UnknownFilterError) as caught:
        list(workers.each(items.refuse_three, range(6)))
    assert str(caught.value) == "There is no filter 'three'. Choose another."
    assert "in refuse_three" in str(caught.value.__cause__)
    with pytest.raises(InputError, match=r"image.tif: it is no image"):
        list(workers.each(items.picky, [1]))


def test_one_bad_item_does_not_stop_the_others_where_outcomes_are_wanted(workers):
    found = dict(workers.outcomes(items.refuse_three, range(5)))
    failed = found.pop(3)
    assert found == {0: 0, 1: 1, 2: 2, 4: 4}
    assert isinstance(failed, Failed)
    assert type(failed.error) is UnknownFilterError


def test_a_bug_stops_everything_as_what_it_is(workers):
    with pytest.raises(ZeroDivisionError, match="a bug"):
        list(workers.outcomes(items.broken, range(5)))


def kill_a_worker_in_the_middle(folder):
    items.wait_for(lambda: len(list(folder.glob("pid-*"))) == 2)
    victim = next(folder.glob("pid-*"))
    os.kill(int(victim.name.removeprefix("pid-")), signal.SIGKILL)
    items.wait_for(lambda: len(list(folder.glob("pid-*"))) == 3)
    (folder / "go").touch()


def test_an_item_whose_worker_is_killed_is_done_again(workers, tmp_path):
    killer = threading.Thread(target=kill_a_worker_in_the_middle, args=[tmp_path])
    killer.start()
    found = dict(workers.each(items.say_pid_then_wait, [tmp_path] * 2))
    killer.join()
    assert found == {0: 3, 1: 3}


def test_an_item_that_ends_its_workers_fails_and_says_so():
    # A cluster of its own: what looks after workers gives up on those that end at once.
    with new_cluster() as cluster, connect(cluster.scheduler_address) as client:
        cluster.scheduler.allowed_failures = 1
        workers = ClusterWorkers(client)
        found = dict(workers.outcomes(items.end_own_process, ["a", "bad", "b"]))
    failed = found.pop(1)
    assert found == {0: "a", 2: "b"}
    assert isinstance(failed.error, WorkerLostError)
    assert "Item 2 of 3 failed" in str(failed.error)
    assert "memory" in str(failed.error)


def beats(item, job):
    """Grow a file for as long as somebody wants the answer."""
    while True:
        with open(item, "a") as stream:
            stream.write(".")
        time.sleep(0.02)
        job.checkpoint(0.5, "beating")


def stands_still(path):
    before = path.stat().st_size
    time.sleep(0.3)
    return path.stat().st_size == before


def test_cancel_stops_items_under_way_and_leaves_nothing_behind(client, workers, tmp_path):
    job, heart = Job(), tmp_path / "heart"

    def cancel(fraction, message):
        if message == "beating":
            job.cancel()

    job.on_progress = cancel
    with pytest.raises(Cancelled):
        list(workers.each(beats, [heart], job))
    items.wait_for(lambda: stands_still(heart))
    items.wait_for(lambda: not any(client.processing().values()))
    assert dict(workers.each(items.squared, [2])) == {0: 4}


def test_items_stop_when_the_caller_is_gone(cluster, tmp_path):
    heart = tmp_path / "heart"
    own = connect(cluster.scheduler_address)
    found = ClusterWorkers(own).each(beats, [heart])

    def wait_in_vain():
        with pytest.raises(SchedulerError):
            next(found)

    caller = threading.Thread(target=wait_in_vain)
    caller.start()
    items.wait_for(heart.exists)
    own.close()
    items.wait_for(lambda: stands_still(heart))
    caller.join()


def test_nothing_is_kept_on_the_scheduler(client, workers):
    def kept(dask_scheduler):
        names = [key for key in dask_scheduler.tasks if str(key).startswith("brushwood")]
        return {*names, *dask_scheduler.extensions["variables"].variables}

    before = client.run_on_scheduler(kept)
    list(workers.each(items.squared, range(5)))
    items.wait_for(lambda: client.run_on_scheduler(kept) <= before)


def test_workers_that_fit_pass_the_check(workers, tmp_path):
    workers.check(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_version_on_a_worker_is_named(workers, monkeypatch):
    monkeypatch.setattr(workers_cluster, "__version__", "99.0")
    with pytest.raises(SchedulerError, match=r"Brushwood 99.0 was expected there, but 0"):
        workers.check()


def test_a_folder_that_a_worker_does_not_see_is_named(workers, tmp_path, monkeypatch):
    real = workers._client.run

    def run(function, *args, **options):
        found = real(function, *args, **options)
        return dict.fromkeys(found, False) if args else found

    monkeypatch.setattr(workers._client, "run", run)
    with pytest.raises(SchedulerError, match="does not see the folder"):
        workers.check(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense:xx:1", "none.json"])
def test_a_scheduler_that_is_not_there(address):
    with pytest.raises(SchedulerError, match=f"no Dask scheduler at '{address}'"):
        connect(address, timeout=2)


def test_a_closed_client_is_refused(cluster):
    own = connect(cluster.scheduler_address)
    own.close()
    with pytest.raises(SchedulerError, match="no connection to its scheduler"):
        ClusterWorkers(own)


def test_something_else_than_a_client_is_refused():
    with pytest.raises(SchedulerError, match=r"A client of dask.distributed was expected"):
        ClusterWorkers("tcp://127.0.0.1:8786")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    for use in (lambda: connect("tcp://127.0.0.1:8786"), lambda: ClusterWorkers(object())):
        with pytest.raises(MissingPackageError, match=r"napari-brushwood\[cluster\]"):
            use()


def test_a_scheduler_that_is_lost_in_the_middle_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_run, "_PATIENCE", 1.0)
    file = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port=0"]
    scheduler = subprocess.Popen(
        [*command, "--no-dashboard", f"--scheduler-file={file}"], stderr=subprocess.DEVNULL
    )
    try:
        items.wait_for(file.exists)
        own = connect(str(file))
        waiting = []
        job = Job(lambda fraction, message: waiting.append(message))
        found = ClusterWorkers(own).each(items.squared, [1], job)
        killer = threading.Thread(
            target=lambda: (
                items.wait_for(lambda: "Waiting for workers" in waiting),
                scheduler.kill(),
            )
        )
        killer.start()
        with pytest.raises(SchedulerError, match="lost in the middle"):
            list(found)
        killer.join()
        own.close(timeout=1)
    finally:
        scheduler.kill()
        scheduler.wait()
