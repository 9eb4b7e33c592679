"""Write a file or a folder completely or not at all, and never over another unasked."""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from brushwood.errors import OutputError, OutputExistsError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: Files of a folder that are brought to the disk at once.
_FLUSHED_AT_ONCE = 32
#: Bytes of a file's name that all common file systems take.
_LONGEST = 255
_GONE = {errno.ENOENT, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.EHOSTDOWN}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def replacing(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which becomes `path` when the block ends well.

    The block writes a file or a folder there. If it fails, what it wrote is removed, and whatever
    stood at `path` stays as it was.

    Raises
    ------
    OutputExistsError
        If something stands at `path` and `overwrite` is False; asked before the block and after.
    OutputError
        If the folder is missing or read-only, or the disk is full.
    """
    target = Path(path)
    check_target(target, overwrite=overwrite)
    temporary = target.with_name(f".{_shortened(target.name)}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with translated(target):
            _flush(temporary)
            _move(temporary, target, overwrite)
            flush_folder(target.parent)
    finally:
        _clear(temporary)


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check that a result could be written to `path`, before any work is done for it.

    Raises
    ------
    OutputExistsError, OutputError
        As `replacing`.
    """
    target = Path(path)
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(
            f"Cannot write {str(target)!r}: the folder {str(folder)!r} does not exist. Create it, "
            "or choose another."
        )
    if os.path.lexists(target) and not overwrite:
        raise OutputExistsError(_exists(target))
    with translated(target):
        probe = folder / f".brushwood.{secrets.token_hex(4)}.tmp"
        probe.touch(exist_ok=False)
        probe.unlink()


def settle(
    temporary: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    flush: bool = True,
) -> None:
    """Give a complete file or folder on the same disk its final name.

    Parameters
    ----------
    temporary, path : path
    overwrite : bool
    flush : bool
        Bring the name to the disk. Who names several files does so afterwards, with `flush_folder`.

    Raises
    ------
    OutputExistsError, OutputError
        As `replacing`.
    """
    source, target = Path(temporary), Path(path)
    with translated(target):
        if os.path.lexists(target) and os.path.samefile(source, target):
            source.unlink()  # an earlier attempt ended between its two names
            return
        _move(source, target, overwrite)
        if flush:
            flush_folder(target.parent)
        with suppress(OSError):
            _remove(source)  # the other name, where files can have two


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals while writing `path` into errors that say what to do."""
    try:
        yield
    except (OutputError, OutputExistsError):
        raise
    except FileExistsError as error:
        raise OutputExistsError(_exists(path)) from error
    except OSError as error:
        raise output_error(path, error) from error


def output_error(path: Path, error: OSError) -> OutputError:
    """Return what to tell the user about a failed write."""
    what = f"Cannot write {str(path)!r}"
    if error.errno in _FULL:
        return OutputError(f"{what}: the disk is full. Free some space, or choose another folder.")
    if error.errno in _GONE:
        return OutputError(
            f"{what}: the folder {str(path.parent)!r} vanished. Check that its drive is connected, "
            "then start again."
        )
    if error.errno in _REFUSED:
        return OutputError(
            f"{what}: the folder {str(path.parent)!r} or the file is read-only. Choose another "
            "folder, or change its permissions."
        )
    if error.errno == errno.ENAMETOOLONG:
        return OutputError(
            f"{what}: its name has {len(os.fsencode(path.name))} bytes, but names are limited to "
            "about 255. Give the image a shorter name."
        )
    return OutputError(f"{what}: {error.strerror or error}. Choose another folder.")


def _shortened(name: str) -> str:
    """Leave room in a file's name for what temporary names add; the end says the file's kind."""
    while len(os.fsencode(name)) > _LONGEST - 20:
        name = name[1:]
    return name


def is_full(error: BaseException) -> bool:
    """Whether an error means that the disk is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def is_of_folder(error: OSError, folder: Path) -> bool:
    """Whether an error of the operating system is about a file in a folder."""
    names = (error.filename, error.filename2)
    return any(isinstance(n, str) and n.startswith(str(folder)) for n in names)


def _exists(target: Path) -> str:
    return (
        f"{str(target)!r} exists already and was left as it is. Choose another name, or ask for it "
        "to be overwritten."
    )


def _flush(path: Path) -> None:
    """Bring a file, or each file of a folder, to the disk before it takes its final name."""
    if path.is_file():
        _flush_file(path)
        return
    files = [p for p in path.rglob("*") if p.is_file()]
    # A disk that is asked for many files at once writes them in one go: 25 times as fast.
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:
        list(pool.map(_flush_file, files))


def _flush_file(file: Path) -> None:
    # Windows flushes only what is open for writing, and network drives may refuse.
    with suppress(OSError), file.open("rb") as stream:
        os.fsync(stream.fileno())


def _move(temporary: Path, target: Path, overwrite: bool) -> None:
    if temporary.is_dir() or target.is_dir():
        _move_folder(temporary, target, overwrite)
    elif overwrite:
        os.replace(temporary, target)
    else:
        _move_new(temporary, target)


def _move_new(temporary: Path, target: Path) -> None:
    """Rename without replacing what another program may have put there in the meantime."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # no hard links on this file system
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists", str(target)) from None
        os.replace(temporary, target)


def _move_folder(temporary: Path, target: Path, overwrite: bool) -> None:
    """Rename a folder, putting an old one aside until the new one stands."""
    if not os.path.lexists(target):
        temporary.rename(target)
        return
    if not overwrite:
        raise FileExistsError(errno.EEXIST, "exists", str(target))
    aside = target.with_name(f".{_shortened(target.name)}.{secrets.token_hex(4)}.old")
    target.rename(aside)
    try:
        temporary.rename(target)
    except OSError:
        aside.rename(target)
        raise
    _remove(aside)


def _clear(path: Path) -> None:
    """Remove what is left of a failed attempt, and what threads still write into a folder of it."""
    is_folder = path.is_dir()
    for pause in (0.05, 0.1, 0.2, 0.4):
        with suppress(OSError):
            _remove(path)
        if not is_folder:
            return
        time.sleep(pause)
        if pause >= 0.2 and not path.exists():
            return


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Bring the rename itself to the disk, where the system lets folders be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
