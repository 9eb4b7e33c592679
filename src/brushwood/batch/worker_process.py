"""A worker process as its owner sees it: started without sockets, asked, stopped, found dead."""

import contextlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from typing import IO, Any

from brushwood.batch.crossing import Parcel, dumps, loads
from brushwood.jobs import Cancelled, Job

#: A frame on a pipe: its length, then that many bytes.
HEAD = struct.Struct("<Q")
#: Seconds that a worker has to stop by itself before it is ended.
_GRACE = 0.6
_TICK = 0.05
_BOOT = (
    "import json, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "sys.path[:] = json.loads(sys.argv[1]); "
    "from brushwood.batch.worker_main import main; main()"
)
#: Variables by which libraries learn how many threads they may use.
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    # OpenCL on processors: Intel's runtime, its successor, PoCL.
    "CL_CONFIG_CPU_TBB_NUM_WORKERS",
    "DPCPP_CPU_NUM_CUS",
    "POCL_CPU_MAX_CU_COUNT",
)


class WorkerGone(Exception):
    """The process ended in the middle of an item; the message says how."""


class WorkerProcess:
    """A child process that does one item at a time.

    It is an own Python, not a fork: OpenCL, threads and locks do not survive forks. It talks
    through two pipes, reads no script of the caller again, and ends when the caller does.

    Parameters
    ----------
    threads : int
        Threads that numerical libraries and OpenCL on the processor may use in it.
    """

    def __init__(self, threads: int) -> None:
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, json.dumps([p for p in sys.path if isinstance(p, str)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(threads),
            creationflags=flags,
        )
        self._inbox: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._number = 0
        self._write_lock = threading.Lock()
        threading.Thread(target=self._listen, name="brushwood-listener", daemon=True).start()

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, work: Parcel, item: bytes, job: Job) -> tuple[str, Any, Any]:
        """Have an item done.

        Returns
        -------
        kind : {"answer", "error"}
        data : bytes
            The packed answer or error.
        warnings : list of (category, text)

        Raises
        ------
        WorkerGone
            If the process ended meanwhile, or cannot be reached.
        Cancelled
            When `job` is; the process has stopped with the item, or was ended.
        """
        self._number += 1
        number = self._number
        self._send(("item", number, work.digest, None, item))
        how_far = (0.0, "")
        try:
            while True:
                kind, data, warned = self._next(number, _TICK)
                if kind in ("answer", "error"):
                    return kind, data, warned
                if kind == "wanted":
                    self._send(("item", number, work.digest, work.data, item))
                elif kind == "progress":
                    how_far = data, warned
                job.checkpoint(*how_far)
        except Cancelled:
            self._stop(number)
            raise

    def close(self) -> None:
        """End the process; it has a moment to do so by itself."""
        self._hang_up()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        # It may be gone already.
        with self._write_lock, contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()

    def _stop(self, number: int) -> None:
        """Have the process leave its item, or end it if it does not in time."""
        deadline = time.monotonic() + _GRACE
        try:
            self._send(("stop", number))
            while time.monotonic() < deadline:
                if self._next(number, _TICK)[0] in ("answer", "error"):
                    return
        except WorkerGone:
            return
        self.kill()

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            with self._write_lock:
                send(_pipe(self._process.stdin), dumps(message))
        except (OSError, ValueError) as error:
            raise WorkerGone(self._how_it_ended()) from error

    def _next(self, number: int, seconds: float) -> tuple[str, Any, Any]:
        """Return a message about an item; of kind "nothing" if there was none for some time."""
        try:
            message = self._inbox.get(timeout=seconds)
        except queue.Empty:
            return "nothing", None, None
        if message is None:
            raise WorkerGone(self._how_it_ended())
        kind, about, *rest = message
        # What is left of an item that was stopped is of no interest.
        return (kind, rest[0], rest[1]) if about == number else ("nothing", None, None)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            return "it closed its connection"
        if code >= 0:
            return f"exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"ended by {name}"

    def _listen(self) -> None:
        stream = _pipe(self._process.stdout)
        with stream:
            while (data := receive(stream)) is not None:
                self._inbox.put(loads(data))
        self._inbox.put(None)


def environment(threads: int) -> dict[str, str]:
    """Return the variables of a worker with `threads` threads; the user's own wishes stay."""
    return {**dict.fromkeys(_THREADS, str(threads)), **os.environ}


def send(stream: IO[bytes], data: bytes) -> None:
    """Write one frame."""
    stream.write(HEAD.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one frame; None when the other end is gone."""
    try:
        head = stream.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        (size,) = HEAD.unpack(head)
        data = stream.read(size)
    except (OSError, ValueError):
        return None
    return data if len(data) == size else None


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("The worker was started without pipes.")
    return stream
