"""Pieces of work for tests of workers, in a module that other processes can import."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

from brushwood.errors import InputError, UnknownFilterError


class PickyError(InputError):
    """Cannot be made of a message alone."""

    def __init__(self, path: Path, *, why: str) -> None:
        super().__init__(f"{path.name}: {why}")


def squared(item, job):
    job.checkpoint(0.5, "squaring")
    return item * item


def whoami(item, job):
    time.sleep(0.05)
    return os.getpid()


def half_way(item, job):
    """Stay in the middle until a file says to go on."""
    while not Path(item).exists():
        job.checkpoint(0.5, "in the middle")
        time.sleep(0.01)
    return "done"


def meet(item, job):
    """End only when the other item is under way as well."""
    folder, own, other = item
    Path(folder, own).touch()
    while not Path(folder, other).exists():
        job.checkpoint(0.5, "in the middle")
        time.sleep(0.01)
    return own


def refuse_three(item, job):
    if item == 3:
        raise UnknownFilterError("There is no filter 'three'. Choose another.")
    return item


def picky(item, job):
    raise PickyError(Path("folder") / "image.tif", why="it is no image")


def broken(item, job):
    raise ZeroDivisionError("a bug")


def end_own_process(item, job):
    """Item "bad" ends its process, each time; others do not."""
    if item == "bad":
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def say_pid_then_wait(item, job):
    """Write the process' id, then wait for a file; count how often the item was begun."""
    folder = Path(item)
    (folder / f"pid-{os.getpid()}").touch()
    while not (folder / "go").exists():
        job.checkpoint(0.3, "waiting")
        time.sleep(0.01)
    return len(list(folder.glob("pid-*")))


def deaf(item, job):
    """Take long and ask nobody."""
    Path(item, f"pid-{os.getpid()}").touch()
    time.sleep(600)


def prints(item, job):
    print("to the standard output", flush=True)
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    os.write(1, b"and past Python\n")
    return item


def warns(item, job):
    warnings.warn("Some pixels are not finite.", stacklevel=1)
    return item


def variable(name, job):
    return os.environ.get(name)


def unpicklable(item, job):
    return (n for n in range(3))


def sockets(item, job):
    import psutil

    return len(psutil.Process().net_connections(kind="all"))


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    import psutil

    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(what, seconds=60.0):
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
