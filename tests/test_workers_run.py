"""A whole run whose workers are killed in the middle leaves the same files, byte for byte."""

import os
import signal
import warnings
from dataclasses import replace

import psutil
import pytest

import brushwood as bw
from batch_scenes import leftovers, make_images, make_recipe, tree
from brushwood.batch.events import FileChanged
from brushwood.batch.workers_cluster import connect
from brushwood.errors import SchedulerError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A recipe, images, and the bytes of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("desk")
    make_recipe(folder)
    # Large enough to be caught while they are under way, also on a quick machine.
    make_images(folder / "in", 3, shape=(1100, 1200))
    bw.batch.run(folder / "recipe.json", folder / "in", folder / "undisturbed")
    return folder


@pytest.fixture(scope="module")
def client():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # distributed's own, about ports and memory
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )
    with cluster, connect(cluster.scheduler_address) as found:
        yield found


class Killer:
    """Kills a worker once, when a file is under way."""

    def __init__(self, find):
        self.find, self.victim, self.before = find, None, 0

    def __call__(self, event):
        if self.victim is not None or not isinstance(event, FileChanged):
            return
        if event.record.state == "done":
            self.before += 1
        if event.record.state == "running" and event.fraction > 0:
            self.victim = self.find()
            if self.victim is not None:
                os.kill(self.victim, signal.SIGKILL)


def busy_worker_of(client):
    """Return what finds a process of the cluster that has something to do."""
    pids = client.run(os.getpid)

    def find():
        busy = [address for address, tasks in client.processing().items() if tasks]
        return pids.get(busy[0]) if busy else None

    return find


def local_worker():
    """Return a worker process of this one that computes."""
    children = [
        child
        for child in psutil.Process().children()
        if any("worker_main" in part for part in child.cmdline())
    ]
    return max(children, key=lambda child: child.cpu_times().user).pid if children else None


@pytest.fixture(params=["whole images", "in parts"])
def cut(request, monkeypatch):
    if request.param == "in parts":
        from brushwood.batch import survey
        from brushwood.pixels import parts

        look = survey.Surveyor.look
        monkeypatch.setattr(
            survey.Surveyor, "look", lambda self, file: replace(look(self, file), is_large=True)
        )
        monkeypatch.setattr(parts, "_LEAST", 1 << 10)
        monkeypatch.setattr(parts, "_MOST", 1 << 13)


def test_a_cluster_s_worker_killed_in_the_middle(cut, desk, client, tmp_path):
    client.wait_for_workers(2, timeout=60)
    killer = Killer(busy_worker_of(client))
    report = bw.batch.run(
        desk / "recipe.json", desk / "in", tmp_path / "out", client=client, on_event=killer
    )
    assert killer.victim is not None
    assert killer.before < 3
    assert killer.victim not in client.run(os.getpid).values()
    assert [file.state for file in report.files] == ["done"] * 3, report.problems
    assert tree(tmp_path / "out") == tree(desk / "undisturbed")
    assert leftovers(tmp_path / "out") == []


def test_a_local_process_killed_in_the_middle(cut, desk, tmp_path):
    killer = Killer(local_worker)
    report = bw.batch.run(
        desk / "recipe.json", desk / "in", tmp_path / "out",
        workers=2, processes=True, on_event=killer,
    )  # fmt: skip
    assert killer.victim is not None
    assert killer.before < 3
    assert [file.state for file in report.files] == ["done"] * 3, report.problems
    assert tree(tmp_path / "out") == tree(desk / "undisturbed")
    assert leftovers(tmp_path / "out") == []


def test_a_cluster_that_is_gone_ends_the_run_and_the_next_goes_on(cut, desk, client, tmp_path):
    client.wait_for_workers(2, timeout=60)
    own = connect(client.scheduler.address)

    def close(event):
        if isinstance(event, FileChanged) and event.record.state == "running":
            own.close()

    images, out = (desk / "recipe.json", desk / "in"), tmp_path / "out"
    report = bw.batch.run(*images, out, client=own, on_event=close)
    assert report.state == "failed"
    assert any("scheduler" in problem for problem in report.problems)
    assert {file.state for file in report.files} <= {"done", "waiting", "cancelled"}
    again = bw.batch.run(*images, out, client=client)
    assert again.state == "done"
    assert tree(out) == tree(desk / "undisturbed")


def test_no_process_is_left_after_a_run(desk, tmp_path):
    bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out", workers=2, processes=True)
    assert local_worker() is None


def test_a_client_that_is_closed_is_refused_before_anything_is_written(desk, tmp_path, client):
    own = connect(client.scheduler.address)
    own.close()
    with pytest.raises(SchedulerError):
        bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out", client=own)
    assert not (tmp_path / "out").exists()
