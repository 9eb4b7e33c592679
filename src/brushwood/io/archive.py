"""A zip of one JSON document and plain arrays, written the same way twice and read with suspicion.

Every size is compared with what was declared, and with what is allowed, before it is allocated.
Arrays are ``.npy`` files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html,
version 1.0) whose header is compared with the one expected and never evaluated.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

#: Largest file, and largest sum of what it holds. Below 2 GiB, so that zip64 is never needed.
MAX_BYTES = (2 << 30) - (64 << 20)
MAX_DOCUMENT_BYTES = 4 << 20
MAX_MEMBERS = 32
#: A member larger than `_SMALL` may be this many times its compressed size.
MAX_RATIO = 64
_SMALL = 1 << 20

DOCUMENT = "model.json"
#: Types that arrays in the file may have: name to the letters in an ``.npy`` header.
DTYPES = {"int32": "<i4", "float32": "<f4", "uint8": "|u1"}

_DATE = (1980, 1, 1, 0, 0, 0)
_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR = b"PK\x06\x07"
_MEMBER = re.compile(r"model\.json|[a-z_]{1,32}/[a-z_]{1,32}\.npy")
_NPY = b"\x93NUMPY\x01\x00"
_CHUNK = 1 << 20
#: What `zipfile` and `zlib` raise on damaged input.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
)


class Malformed(Exception):
    """What is wrong with a file, as half a sentence; `brushwood.io.model` makes it whole."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.advice = advice


def write_archive(
    stream: IO[bytes], document: bytes, arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Write a document and arrays; the same content gives the same bytes.

    Parameters
    ----------
    stream : binary file
    document : bytes
        UTF-8 JSON.
    arrays : mapping of str to ndarray of int32, float32 or uint8
        Stored as ``<name>.npy``.

    Raises
    ------
    Malformed
        If it would be too large to be read again.
    """
    n_bytes = len(document) + sum(array.nbytes for array in arrays.values())
    if n_bytes > MAX_BYTES or len(document) > MAX_DOCUMENT_BYTES:
        raise Malformed(
            f"it would take {n_bytes >> 20} MiB; {MAX_BYTES >> 20} are allowed",
            "Leave out the training pixels, or grow fewer or shallower trees.",
        )
    with zipfile.ZipFile(stream, "w") as archive:
        _write(archive, DOCUMENT, [document])
        for name, array in arrays.items():
            data = np.ascontiguousarray(array, DTYPES[array.dtype.name])
            _write(archive, f"{name}.npy", [_npy_header(array), data.tobytes()])


def _write(archive: zipfile.ZipFile, name: str, parts: list[bytes]) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system, info.external_attr = 3, 0o644 << 16
    data = b"".join(parts)
    is_packed = not name.startswith("rows/") and not _shrinks_too_well(data)
    info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
    archive.writestr(info, data, compresslevel=6)


def _shrinks_too_well(data: bytes) -> bool:
    """Whether a reader would refuse the data, because it could be a bomb."""
    return len(data) > _SMALL and len(zlib.compress(data, 1)) * MAX_RATIO // 2 < len(data)


def _npy_header(array: npt.NDArray[Any]) -> bytes:
    descr = DTYPES[array.dtype.name]
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {array.shape!r}, }}"
    # The data starts at a multiple of 64 bytes, as numpy writes it.
    length = -(-(len(_NPY) + 2 + len(text) + 1) // 64) * 64 - len(_NPY) - 2
    return _NPY + struct.pack("<H", length) + text.encode("ascii").ljust(length - 1) + b"\n"


class Archive:
    """An open model file. Closed by ``with``.

    Raises
    ------
    Malformed
        If the file is no zip, is too large, or has members that no model has.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self.size = self._check_end()
            self._zip = zipfile.ZipFile(self._file)
            self._members = self._check_members()
        except _ZIP_ERRORS as error:
            self._file.close()
            raise Malformed(f"its table of contents cannot be read ({error})") from error
        except Malformed:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    @property
    def array_names(self) -> frozenset[str]:
        """Names of the arrays, without ``.npy``."""
        return frozenset(name[: -len(".npy")] for name in self._members if name != DOCUMENT)

    def document(self) -> bytes:
        """Return the JSON document."""
        size = self._members[DOCUMENT].file_size
        if size > MAX_DOCUMENT_BYTES:
            raise Malformed(f"{DOCUMENT} is {size} bytes long; {MAX_DOCUMENT_BYTES} are allowed")
        data = np.empty(size, np.uint8)
        self._read(DOCUMENT, data)
        return data.tobytes()

    def array(self, name: str, dtype: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Return an array of exactly this type and shape.

        Nothing is allocated before the zip's own size of the member, the ``.npy`` header and the
        type and shape expected all agree.
        """
        member = f"{name}.npy"
        header = _npy_header(np.broadcast_to(np.zeros((), dtype), shape))
        n_bytes = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
        expected = f"{dtype} of shape {shape}"
        if self._members[member].file_size != len(header) + n_bytes:
            raise Malformed(f"{member} has the wrong size for {expected}")
        head = np.empty(len(header), np.uint8)
        with self._opened(member) as stream:
            _fill(stream, head)
            if head.tobytes() != header:
                raise Malformed(f"{member} does not hold {expected}")
            array = np.empty(shape, DTYPES[dtype])
            _fill(stream, array.reshape(-1).view(np.uint8))
            _check_finished(stream, member)
        return array.astype(dtype, copy=False)

    def _read(self, member: str, into: npt.NDArray[np.uint8]) -> None:
        with self._opened(member) as stream:
            _fill(stream, into)
            _check_finished(stream, member)

    def _opened(self, member: str) -> "_Reading":
        return _Reading(self._zip, self._members[member])

    def _check_end(self) -> int:
        """Look at the end of the file before `zipfile` believes what it says."""
        size = self._file.seek(0, 2)
        foreign = "Choose a file with the ending .brushwood that Brushwood saved."
        self._file.seek(0)
        if size == 0:
            raise Malformed("it is empty", foreign)
        if self._file.read(4) != b"PK\x03\x04":
            raise Malformed("it is not a Brushwood model", foreign)
        if size > MAX_BYTES:
            raise Malformed(f"it is {size} bytes long; {MAX_BYTES} are allowed", foreign)
        tail = max(0, size - _END.size - 20)
        self._file.seek(tail)
        end = self._file.read()
        if len(end) < _END.size:
            raise Malformed("its end is missing")
        record = _END.unpack(end[-_END.size :])
        if record[0] != b"PK\x05\x06" or record[7] != 0:
            raise Malformed("its end is missing, as after a broken download or copy")
        if end[:4] == _ZIP64_LOCATOR:
            raise Malformed("it is a kind of zip that Brushwood does not write", foreign)
        if record[4] > MAX_MEMBERS or record[5] > MAX_MEMBERS * 1024:
            raise Malformed(f"it holds {record[4]} parts; {MAX_MEMBERS} are allowed", foreign)
        return size

    def _check_members(self) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            name = info.filename
            if name in found or not _MEMBER.fullmatch(name):
                raise Malformed(f"it holds {name[:80]!r}, which no model has, or has once")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Malformed(f"{name} is compressed in a way that Brushwood does not use")
            limit = max(_SMALL, info.compress_size * MAX_RATIO)
            if info.file_size > limit or info.compress_size > self.size:
                raise Malformed(f"{name} claims {info.file_size} bytes, far more than it holds")
            found[name] = info
        if DOCUMENT not in found:
            raise Malformed("it has no model.json", "Choose a file that Brushwood saved.")
        total = sum(info.file_size for info in found.values())
        if total > MAX_BYTES:
            raise Malformed(f"it holds {total} bytes; {MAX_BYTES} are allowed")
        return found


class _Reading:
    """A member being read, whose damage shows as `Malformed`."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive = archive
        self._info = info
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> IO[bytes]:
        try:
            self._stream = self._archive.open(self._info)
        except _ZIP_ERRORS as error:
            raise Malformed(f"{self._info.filename} cannot be read ({error})") from error
        return self._stream

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        if isinstance(error, _ZIP_ERRORS):
            raise Malformed(f"{self._info.filename} cannot be read ({error})") from error


def _fill(stream: IO[bytes], into: npt.NDArray[np.uint8]) -> None:
    """Read exactly as many bytes as `into` has, a piece at a time."""
    done = 0
    while done < into.size:
        piece = stream.read(min(_CHUNK, into.size - done))
        if not piece:
            raise Malformed("it ends too early")
        into[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)


def _check_finished(stream: IO[bytes], member: str) -> None:
    # Only a read at the end makes `zipfile` compare the checksum.
    if stream.read(1):
        raise Malformed(f"{member} goes on beyond its end")
