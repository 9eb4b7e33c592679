"""The newest request wins, and every request ends exactly once."""

import time

import pytest
from qtpy.QtCore import QThreadPool

from brushwood.gui._tasks import TaskRunner


class Log:
    """What a runner emitted, in order."""

    def __init__(self, runner):
        self.lines = []
        runner.succeeded.connect(lambda value: self.lines.append(("succeeded", value)))
        runner.failed.connect(lambda error: self.lines.append(("failed", str(error))))
        runner.cancelled.connect(lambda: self.lines.append(("cancelled", None)))
        runner.published.connect(lambda part: self.lines.append(("part", part)))


@pytest.fixture(params=[False, True], ids=["quiet", "announced"])
def runner(request, qtbot):
    runner = TaskRunner(announced=request.param)
    runner.log = Log(runner)
    yield runner
    runner.drop()
    QThreadPool.globalInstance().waitForDone(5000)


def patiently(job, publish):
    for step in range(500):
        job.checkpoint(step / 500, "waiting")
        time.sleep(0.01)


def test_success_with_parts(runner, qtbot):
    def work(job, publish):
        publish(1)
        publish(2)
        return "done"

    with qtbot.waitSignal(runner.succeeded, timeout=5000):
        runner.submit(work)
    assert runner.log.lines == [("part", 1), ("part", 2), ("succeeded", "done")]
    assert not runner.is_busy


def test_failure(runner, qtbot):
    def work(job, publish):
        raise ValueError("no")

    with qtbot.waitSignal(runner.failed, timeout=5000):
        runner.submit(work)
    assert runner.log.lines == [("failed", "no")]


def test_cancel_within_100_ms(runner, qtbot):
    with qtbot.waitSignal(runner.progressed, timeout=5000):
        runner.submit(patiently)
    start = time.perf_counter()
    with qtbot.waitSignal(runner.cancelled, timeout=5000):
        runner.cancel()
    assert time.perf_counter() - start < 0.3  # 0.1 s on a machine that does nothing else
    assert runner.log.lines == [("cancelled", None)]


def test_the_newest_wins_silently(runner, qtbot):
    for _ in range(5):
        runner.submit(patiently)
    with qtbot.waitSignal(runner.succeeded, timeout=5000):
        runner.submit(lambda job, publish: "last")
    qtbot.wait(100)
    assert runner.log.lines == [("succeeded", "last")]


def test_drop_is_silent(runner, qtbot):
    runner.submit(patiently)
    runner.drop()
    assert not runner.is_busy
    assert QThreadPool.globalInstance().waitForDone(5000)
    qtbot.wait(50)
    assert runner.log.lines == []


def test_a_runner_that_is_gone_hurts_nobody(qtbot, capsys):
    runner = TaskRunner()
    runner.submit(patiently)
    qtbot.wait(30)
    worker = runner.ticket.worker
    runner.deleteLater()
    qtbot.wait(30)
    worker.quit()
    assert QThreadPool.globalInstance().waitForDone(5000)
    qtbot.wait(30)
    assert "Traceback" not in capsys.readouterr().err
