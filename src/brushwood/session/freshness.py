"""Whether a table still describes its labels: a fingerprint of the pixels that were measured."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from brushwood.jobs import IDLE, Job
from brushwood.session.resident import relax

#: Key under which Brushwood's note on a layer says what was measured.
MEASURED = "measured"
#: Bytes that are read between two checkpoints.
_CHUNK = 1 << 26


def fingerprint(labels: Any, job: Job = IDLE) -> str:
    """Return a text that changes when a pixel does.

    Returns
    -------
    str
        "" for arrays that are not in memory, because reading a file through takes too long.
    """
    if not isinstance(labels, np.ndarray):
        return ""
    total = zlib.crc32(f"{labels.shape}{labels.dtype.str}".encode())
    if not labels.size:
        return f"{total:08x}"
    flat = labels.reshape(labels.shape[0] if labels.ndim else 1, -1)
    rows = max(1, _CHUNK // max(1, flat[:1].nbytes))
    for start in range(0, len(flat), rows):
        job.checkpoint(start / len(flat), "Comparing the labels")
        piece = np.ascontiguousarray(flat[start : start + rows]).view(np.uint8)
        total = zlib.crc32(piece.data, total)
        relax(labels)
    return f"{total:08x}"


def is_stale(note: Mapping[str, Any], now: str) -> bool:
    """Whether the labels differ from those that were measured; False if nothing is known.

    Parameters
    ----------
    note : mapping
        Brushwood's note on the layer.
    now : str
        `fingerprint` of its labels.
    """
    before = fingerprint_of(note)
    return bool(before and now and before != now)


def fingerprint_of(note: Mapping[str, Any]) -> str:
    """Return the fingerprint that was noted when a layer was measured, "" if none."""
    measured = note.get(MEASURED)
    return str(measured.get("fingerprint", "")) if isinstance(measured, Mapping) else ""


def was_measured(note: Mapping[str, Any]) -> bool:
    """Whether Brushwood measured a layer."""
    return isinstance(note.get(MEASURED), Mapping)
