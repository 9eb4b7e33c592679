"""One item on a worker of a Dask cluster: work kept ready, progress told, stopped when unwanted."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from brushwood.batch.crossing import dumps, loads, pack_error
from brushwood.batch.pins import pin_device
from brushwood.jobs import Cancelled, Job

#: Pieces of work that a worker keeps ready, with what they loaded.
_KEPT = 4
#: Seconds between messages of one item.
_PAUSE = 0.25
#: Seconds to wait for the work.
_FETCH = 60
#: States of a task, on its worker, that somebody still waits for.
_WANTED = {"executing", "long-running", "resumed"}

_works: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()


def do_item(digest: str, item: bytes, topic: str, position: int) -> tuple[str, bytes]:
    """Do an item.

    Parameters
    ----------
    digest : str
        Digest of the work, which the scheduler keeps; fetched once a process.
    item : bytes
    topic : str
        Where progress is told, and name of the variable that holds the work.
    position : int

    Returns
    -------
    kind : {"answer", "error"}
    data : bytes
        The packed answer or error: distributed's own way would lose the class of some.
    """
    pin_device()
    do, job = _ready(digest, topic), _job(topic, position)
    # Whatever is raised has to travel, and a future catches it all.
    with ThreadPoolExecutor(1, "brushwood-work") as pool:
        done = pool.submit(_do, do, item, job)
        error = done.exception()
    return ("answer", done.result()) if error is None else ("error", pack_error(error))


def _do(do: Callable[[Any, Job], Any], item: bytes, job: Job) -> bytes:
    job.checkpoint(0.0)
    return dumps(do(loads(item), job))


def _ready(digest: str, name: str) -> Callable[[Any, Job], Any]:
    from distributed import Variable

    with _lock:
        if digest not in _works:
            _works[digest] = loads(Variable(name).get(timeout=_FETCH))
            while len(_works) > _KEPT:
                _works.popitem(last=False)
        _works.move_to_end(digest)
        found: Callable[[Any, Job], Any] = _works[digest]
        return found


def _job(topic: str, position: int) -> Job:
    """Return a job that tells the caller how far it is, and ends when nobody waits any more.

    Nobody waits when the caller cancelled, closed its client, or is gone: the scheduler then has
    the task released, which its worker notes at once.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    told = [0.0]

    def report(fraction: float, message: str) -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state not in _WANTED:
            raise Cancelled
        now = time.monotonic()
        if now - told[0] >= _PAUSE:
            told[0] = now
            worker.log_event(topic, (position, float(fraction), message))

    return Job(report)
