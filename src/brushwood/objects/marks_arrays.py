"""Class marks as plain arrays and as JSON, to save them with a project; read back strictly."""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brushwood.errors import InputError
from brushwood.objects.footprints import Footprint

if TYPE_CHECKING:
    from brushwood.objects.marks import Marks

_KINDS: dict[str, Any] = {
    "ndim": np.int32,
    "class_id": np.int32,
    "order": np.int32,
    "frame": np.int32,
    "start": np.int32,
    "shape": np.int32,
    "over": np.int32,
    "bits": np.uint8,
}


def to_arrays(marks: "Marks") -> dict[str, npt.NDArray[Any]]:
    """Return marks as arrays.

    Returns
    -------
    dict of str to ndarray of int32, ``bits`` uint8
        ``ndim`` (0-d; 0 if it was left open), ``class_id``, ``order`` and ``frame`` (mark,),
        ``start`` and ``shape`` (mark, axis), ``over`` (pair, 2) with the order of a mark and the
        order of one that it decides over, ``bits``: the packed masks one after the other.
    """
    spots = [mark.footprint for mark in marks]
    n_axes = len(spots[0].start) if spots else marks.ndim or 0
    pairs = [(mark.order, older) for mark in marks for older in sorted(mark.over)]
    values = {
        "ndim": marks.ndim or 0,
        "class_id": [mark.class_id for mark in marks],
        "order": [mark.order for mark in marks],
        "frame": [spot.frame for spot in spots],
        "start": np.array([spot.start for spot in spots]).reshape(len(spots), n_axes),
        "shape": np.array([spot.shape for spot in spots]).reshape(len(spots), n_axes),
        "over": np.array(pairs).reshape(len(pairs), 2),
        "bits": np.frombuffer(b"".join(spot.packed for spot in spots), np.uint8),
    }
    return {name: np.asarray(values[name], kind) for name, kind in _KINDS.items()}


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> "Marks":
    """Return the marks that `to_arrays` wrote.

    Raises
    ------
    InputError
        If an array is missing, has another type or shape, or the parts do not fit together.
    """
    from brushwood.objects.marks import Mark, Marks

    for name, kind in _KINDS.items():
        _check(name in arrays, f"they lack {name!r}")
        _check(arrays[name].dtype == kind, f"{name} is {arrays[name].dtype}, not {np.dtype(kind)}")
    _check_shapes(arrays)
    over: dict[int, set[int]] = {}
    orders = arrays["order"].tolist()
    for order, older in arrays["over"].tolist():
        _check(older < order, "a mark decides over a newer one")
        over.setdefault(order, set()).add(older)
    _check(set(over) <= set(orders), "a mark that decides over others is missing")
    marks = [
        Mark(class_id, order, spot, frozenset(over.get(order, ())))
        for class_id, order, spot in zip(
            arrays["class_id"].tolist(), orders, _spots(arrays), strict=True
        )
    ]
    return Marks(tuple(marks), int(arrays["ndim"]) or None)


def to_json(marks: "Marks") -> dict[str, Any]:
    """Return marks as JSON values: shape and base64 of each array."""
    return {
        name: {"shape": list(array.shape), "data": base64.b64encode(_bytes(array)).decode("ascii")}
        for name, array in to_arrays(marks).items()
    }


def from_json(document: Any) -> "Marks":
    """Return the marks that `to_json` wrote.

    Raises
    ------
    InputError
        If the document is not what `to_json` writes.
    """
    _check(isinstance(document, Mapping), f"a {type(document).__name__} is no JSON object")
    _check(set(document) == set(_KINDS), "their fields are not the ones expected")
    arrays = {}
    for name, kind in _KINDS.items():
        entry = document[name]
        is_entry = isinstance(entry, Mapping) and set(entry) == {"shape", "data"}
        _check(is_entry and isinstance(entry["data"], str), f"{name} is no array")
        shape = entry["shape"]
        is_shape = isinstance(shape, list) and len(shape) <= 2
        _check(
            is_shape and all(type(n) is int and 0 <= n < 2**31 for n in shape),
            f"the shape of {name} is not valid",
        )
        try:
            data = base64.b64decode(entry["data"], validate=True)
        except (binascii.Error, ValueError):
            data = b""
        stored = np.dtype(kind).newbyteorder("<")
        _check(len(data) == math.prod(shape) * stored.itemsize, f"{name} has the wrong size")
        arrays[name] = np.frombuffer(data, stored).reshape(shape).astype(kind)
    return from_arrays(arrays)


def _bytes(array: npt.NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _check(good: Any, what: str) -> None:
    if not good:
        raise InputError(
            f"The class marks cannot be read: {what}. The file may be damaged: get a fresh copy."
        )


def _check_shapes(arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    n = arrays["class_id"].shape[0] if arrays["class_id"].ndim == 1 else -1
    _check(n >= 0, "class_id is no list")
    _check(arrays["ndim"].shape == () and 0 <= arrays["ndim"] <= 3, "ndim is not 0 to 3")
    for name in ("order", "frame"):
        _check(arrays[name].shape == (n,), f"{name} does not have {n} items")
    for name in ("start", "shape"):
        _check(arrays[name].ndim == 2 and len(arrays[name]) == n, f"{name} does not have {n} rows")
    n_axes = arrays["start"].shape[1]
    _check(arrays["shape"].shape[1] == n_axes and n_axes <= 3, "start and shape differ in axes")
    _check(not n or n_axes >= 1, "footprints have no axes")
    _check(int(arrays["ndim"]) in (0, n_axes), "ndim does not fit the footprints")
    _check(arrays["over"].ndim == 2 and arrays["over"].shape[1] == 2, "over has no two columns")
    _check(arrays["bits"].ndim == 1, "bits is no list")
    _check(
        ((arrays["class_id"] >= 1) & (arrays["class_id"] <= 65535)).all(),
        "a class id is not from 1 to 65535",
    )
    orders = arrays["order"].astype(np.int64)
    _check((np.diff(orders) > 0).all() and (orders >= 1).all(), "their order does not ascend")
    _check((arrays["frame"] >= 0).all() and (arrays["start"] >= 0).all(), "a place is negative")
    _check((arrays["shape"] >= 1).all(), "a footprint is empty")


def _spots(arrays: Mapping[str, npt.NDArray[Any]]) -> list[Footprint]:
    """Cut the bits into footprints."""
    shapes = [tuple(shape) for shape in arrays["shape"].tolist()]
    sizes = [-(-math.prod(shape) // 8) for shape in shapes]
    _check(sum(sizes) == arrays["bits"].size, "the masks do not have the size that they should")
    bits, begin, spots = arrays["bits"].tobytes(), 0, []
    starts, frames = arrays["start"].tolist(), arrays["frame"].tolist()
    for shape, size, start, frame in zip(shapes, sizes, starts, frames, strict=True):
        packed = bits[begin : begin + size]
        begin += size
        mask = np.unpackbits(np.frombuffer(packed, np.uint8), count=math.prod(shape))
        _check(mask.any(), "a footprint is empty")
        spot = Footprint.of(frame, tuple(start), mask.reshape(shape).astype(bool))
        _check(spot.packed == packed and spot.shape == shape, "a mask is not packed tightly")
        spots.append(spot)
    return spots
