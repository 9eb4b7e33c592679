"""Functions, errors and warnings on their way from one process to another."""

import pickle
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

#: What comes of packing or rebuilding things that were not made to travel.
CANNOT_TRAVEL = (
    pickle.PickleError,
    TypeError,
    ValueError,
    AttributeError,
    KeyError,
    IndexError,
    ImportError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something packed once and sent to many.

    Attributes
    ----------
    digest : str
        Name of the contents.
    data : bytes
    """

    digest: str
    data: bytes

    @classmethod
    def of(cls, value: Any) -> "Parcel":
        """Pack a value; functions of scripts and notebooks travel too."""
        data = dumps(value)
        return cls(sha256(data).hexdigest(), data)


class RemoteTraceback(Exception):
    """Where an error happened in the other process; the cause of the error here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def dumps(value: Any) -> bytes:
    """Pack a value for a process of our own."""
    import cloudpickle  # type: ignore[import-untyped, unused-ignore]  # comes with dask

    packed: bytes = cloudpickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return packed


def loads(data: bytes) -> Any:
    """Unpack what a process of our own sent; never used on files."""
    return pickle.loads(data)


def pack_error(error: BaseException) -> bytes:
    """Pack an error so that it arrives as the same class with the same message."""
    trace = "".join(traceback.format_exception(error))
    try:
        data = dumps((error, trace))
        again, _ = loads(data)
        if type(again) is type(error) and str(again) == str(error):
            return data
    except CANNOT_TRAVEL:
        pass
    return dumps((_stand_in(error), trace))


def unpack_error(data: bytes) -> BaseException:
    """Return the error that `pack_error` packed, with the other process' traceback as cause."""
    error, trace = loads(data)
    error.__cause__ = RemoteTraceback(trace)
    return error  # type: ignore[no-any-return]


def _stand_in(error: BaseException) -> BaseException:
    """Return an error of the nearest kind that can be made of a message alone."""
    message = str(error) or type(error).__name__
    for kind in type(error).__mro__:
        try:
            made = kind(message)
            dumps(made)
        except CANNOT_TRAVEL:
            continue
        if isinstance(made, BaseException) and str(made) == message:
            return made
    return RuntimeError(message)


@contextmanager
def noted_warnings() -> Iterator[list[tuple[type[Warning], str]]]:
    """Collect what users are warned of, each once, instead of showing it."""
    found: list[tuple[type[Warning], str]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            yield found
        finally:
            found += dict.fromkeys((one.category, str(one.message)) for one in caught)
