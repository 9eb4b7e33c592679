"""One run at a time in a folder of results; a run that was ended, however, holds nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EAGAIN, EDEADLK, EWOULDBLOCK
from pathlib import Path
from typing import IO

from brushwood.errors import OutputError
from brushwood.io.atomic import translated

_TAKEN = {EACCES, EAGAIN, EDEADLK, EWOULDBLOCK}


@contextmanager
def only_run(out: Path, file: Path) -> Iterator[None]:
    """Hold a folder of results for this process; the system lets go when the process ends.

    Parameters
    ----------
    out : Path
        What messages name.
    file : Path
        Made if it does not exist, and left.

    Raises
    ------
    OutputError
        If another run holds it, or the file cannot be written.
    """
    with translated(file):
        stream = file.open("ab")
    with stream:
        try:
            _lock(stream)
        except OSError as error:
            if error.errno in _TAKEN:
                raise OutputError(
                    f"Another run is writing to {str(out)!r}. Wait until it ends, stop it, or "
                    "choose another folder."
                ) from None
            # Some network drives have no locks: then nobody can be kept away.
        yield


def _lock(stream: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
