"""Calculations in small portions, so that they can be cancelled and need little memory."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.measure.catalog import Call
from brushwood.measure.index import LabelIndex

_Compute = Callable[[LabelIndex, Call], dict[str, npt.NDArray[Any]]]


def in_ranges(compute: _Compute) -> _Compute:
    """Let a calculation work on some objects at a time; each must depend on its own runs only."""

    @wraps(compute)
    def whole(objects: LabelIndex, call: Call) -> dict[str, npt.NDArray[Any]]:
        parts = []
        done, total = 0, max(1, objects.run_length.size)
        for some in objects.ranges():
            after = done + some.run_length.size
            job = call.job.part(done / total, after / total)
            job.checkpoint(0.0, f"measuring {min(call.wanted)}")
            parts.append(compute(some, replace(call, job=job)))
            done = after
        if len(parts) <= 1:
            return parts[0] if parts else compute(objects, call)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    return whole
