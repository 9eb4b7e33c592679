import os
import pickle
import threading
import time
from pathlib import Path

import pytest

import worker_items as items
from brushwood.batch.engine import Failed
from brushwood.batch.worker_process import environment
from brushwood.batch.workers_local import LocalProcesses, LocalThreads, local_workers
from brushwood.errors import BrushwoodError, InputError, UnknownFilterError
from brushwood.jobs import Cancelled, Job


@pytest.fixture(scope="module")
def pair():
    """Two processes, started once."""
    with local_workers(2, processes=True) as workers:
        yield workers


@pytest.fixture(params=["threads", "processes"])
def workers(request, pair):
    return pair if request.param == "processes" else local_workers(2)


def test_every_answer_comes_with_its_position(workers):
    assert sorted(workers.each(items.squared, [3, 1, 2, 5])) == [(0, 9), (1, 1), (2, 4), (3, 25)]
    assert list(workers.each(items.squared, [])) == []


def test_several_are_worked_on_at_once(workers, tmp_path):
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
    assert seen[-1][0] == 1.0


def test_progress_counts_by_weight(workers):
    seen = []
    job = Job(lambda fraction, message: seen.append((round(fraction, 3), message)))
    list(workers.each(items.squared, [1, 2], job, "counting", [1.0, 3.0]))
    assert {message for _, message in seen} == {"counting"}
    assert {fraction for fraction, _ in seen} <= {0, 0.125, 0.375, 0.5, 0.25, 0.625, 0.75, 0.875, 1}
    assert seen[-1][0] == 1.0


def test_as_many_weights_as_items(workers):
    with pytest.raises(ValueError, match="2 items need as many weights"):
        list(workers.each(items.squared, [1, 2], weights=[1.0]))


def test_the_longest_begin_first():
    begun = []
    found = list(
        LocalThreads(1).each(lambda item, job: begun.append(item), "abcd", weights=[1, 3, 2, 3])
    )
    assert "".join(begun) == "bdca"
    assert [position for position, _ in found] == [1, 3, 2, 0]


def test_an_error_is_the_same_leaf_with_its_message(workers):
    with pytest.raises(UnknownFilterError) as caught:
        list(workers.each(items.refuse_three, range(6)))
    assert str(caught.value) == "There is no filter 'three'. Choose another."


def test_an_error_from_another_process_shows_where_it_happened(pair):
    with pytest.raises(UnknownFilterError) as caught:
        list(pair.each(items.refuse_three, [3]))
    assert "in refuse_three" in str(caught.value.__cause__)


def test_an_error_that_cannot_be_rebuilt_becomes_the_nearest_leaf(pair):
    with pytest.raises(InputError) as caught:
        list(pair.each(items.picky, [1]))
    assert type(caught.value) is InputError
    assert str(caught.value) == "image.tif: it is no image"
    assert "PickyError" in str(caught.value.__cause__)


def test_one_bad_item_does_not_stop_the_others_where_outcomes_are_wanted(workers):
    found = dict(workers.outcomes(items.refuse_three, range(5)))
    failed = found.pop(3)
    assert found == {0: 0, 1: 1, 2: 2, 4: 4}
    assert isinstance(failed, Failed)
    assert type(failed.error) is UnknownFilterError


def test_a_bug_stops_everything_as_what_it_is(workers):
    with pytest.raises(ZeroDivisionError, match="a bug"):
        list(workers.outcomes(items.broken, range(5)))
    assert dict(workers.each(items.squared, [2])) == {0: 4}


def test_what_cannot_travel_back_is_said(pair):
    with pytest.raises(TypeError, match="generator"):
        list(pair.each(items.unpicklable, [1]))


def test_warnings_come_across(workers):
    with pytest.warns(UserWarning, match="not finite"):
        assert list(workers.each(items.warns, [1])) == [(0, 1)]


def test_what_is_printed_does_not_mix_with_answers(pair, capfd):
    assert list(pair.each(items.prints, [1])) == [(0, 1)]
    captured = capfd.readouterr()
    assert captured.out == ""


def test_cancel_in_the_middle_of_a_long_item(workers, tmp_path):
    job = Job()

    def cancel(fraction, message):
        if message == "in the middle":
            job.cancel()

    job.on_progress = cancel
    with pytest.raises(Cancelled):
        list(workers.each(items.half_way, [tmp_path / "never"] * 3, job))
    assert dict(workers.each(items.squared, [2])) == {0: 4}


def test_processes_stay_after_a_cancel_they_obeyed(pair, tmp_path):
    list(pair.each(items.meet, [(tmp_path, "a", "b"), (tmp_path, "b", "a")]))
    before = set(pair.pids)
    assert len(before) == 2
    job = Job()

    def cancel(fraction, message):
        if message == "in the middle":
            job.cancel()

    job.on_progress = cancel
    with pytest.raises(Cancelled):
        list(pair.each(items.half_way, [tmp_path / "never"] * 2, job))
    assert set(pair.pids) == before


def test_a_process_that_does_not_listen_is_ended_on_cancel(tmp_path):
    job = Job()

    def cancel_when_it_is_under_way():
        items.wait_for(lambda: any(tmp_path.iterdir()))
        job.cancel()

    canceller = threading.Thread(target=cancel_when_it_is_under_way)
    canceller.start()
    with local_workers(1, processes=True) as workers:
        with pytest.raises(Cancelled):
            list(workers.each(items.deaf, [tmp_path], job))
        (mark,) = tmp_path.iterdir()
        assert items.gone(int(mark.name.removeprefix("pid-")))
        assert dict(workers.each(items.squared, [2])) == {0: 4}
    canceller.join()


def test_leaving_the_loop_stops_the_others(workers, tmp_path):
    (tmp_path / "go").touch()
    paths = [tmp_path / "go", *[tmp_path / "never"] * 3]
    for position, answer in workers.each(items.half_way, paths, weights=[2, 1, 1, 1]):
        assert (position, answer) == (0, "done")
        break
    assert dict(workers.each(items.squared, [2])) == {0: 4}


def test_processes_are_kept_for_the_next_call_and_end_with_the_block():
    with local_workers(2, processes=True) as workers:
        first = {pid for _, pid in workers.each(items.whoami, range(6))}
        assert {pid for _, pid in workers.each(items.whoami, range(6))} <= first
        assert len(first) == 2
        assert os.getpid() not in first
    for pid in first:
        items.wait_for(lambda pid=pid: items.gone(pid))


def test_closed_workers_start_again():
    workers = local_workers(1, processes=True)
    assert dict(workers.each(items.squared, [2])) == {0: 4}
    workers.close()
    assert workers.pids == []
    assert dict(workers.each(items.squared, [3])) == {0: 9}
    workers.close()


def test_functions_of_scripts_and_closures_travel(pair):
    factor = 7
    assert dict(pair.each(lambda item, job: factor * item, [2])) == {0: 14}


def test_each_process_may_use_its_share_of_the_processors(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "9")
    with LocalProcesses(1, threads=3) as workers:
        names = ["OMP_NUM_THREADS", "CL_CONFIG_CPU_TBB_NUM_WORKERS", "MKL_NUM_THREADS"]
        found = [value for _, value in sorted(workers.each(items.variable, names))]
    assert found == ["3", "3", "9"]
    assert environment(5)["OPENBLAS_NUM_THREADS"] == "5"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_workers_do_not_travel():
    with LocalProcesses(1) as workers, pytest.raises(InputError, match="IN_TURN"):
        pickle.dumps(workers)


@pytest.mark.parametrize("n", [0, -1, 257, 1.5, True, "2"])
def test_a_number_of_workers_that_is_none(n):
    with pytest.raises(BrushwoodError, match=r"whole number from 1 to 256"):
        local_workers(n)


def test_paths_of_the_caller_are_paths_of_the_workers(pair):
    (found,) = pair.each(lambda item, job: str(Path(item).resolve()), ["."])
    assert found == (0, str(Path.cwd()))


def test_a_process_that_cannot_be_started_is_said(monkeypatch):
    from brushwood.batch import worker_process

    def refuse(*args, **options):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(worker_process.subprocess, "Popen", refuse)
    with (
        local_workers(1, processes=True) as workers,
        pytest.raises(BrushwoodError, match=r"cannot be started .*temporarily unavailable"),
    ):
        list(workers.each(items.squared, [1]))


def test_no_answer_is_lost_that_comes_as_the_last_thread_ends(monkeypatch):
    from brushwood.batch import engine

    real = engine.Board.take

    def take(board, seconds=0.0):
        # As if the last answer came right after the wait for it was given up.
        outcome = real(board, 0.001)
        if outcome is None:
            time.sleep(0.2)
        return outcome

    monkeypatch.setattr(engine.Board, "take", take)
    found = LocalThreads(1).each(lambda item, job: time.sleep(0.05) or item, [1, 2])
    assert dict(found) == {0: 1, 1: 2}
