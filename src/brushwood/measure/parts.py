"""Measuring images larger than memory, in parts and by several workers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from brushwood.arrays import AnyArray
from brushwood.jobs import IDLE, Job
from brushwood.measure.effort import MANY_OBJECTS, estimate_of
from brushwood.measure.names import Column, plan_columns
from brushwood.measure.parts_frame import WholeFrame, group_index
from brushwood.measure.parts_group import Group, grouped
from brushwood.measure.parts_scan import Block, Found, blocks_of, merged, scan
from brushwood.measure.region import IntArray, Region
from brushwood.measure.slabs import is_in_memory
from brushwood.measure.table import warn_of
from brushwood.measure.work import Work, needed_for
from brushwood.workers import IN_TURN, Workers

if TYPE_CHECKING:
    from pandas import DataFrame

#: Memory for what is measured at once in one process, if nobody says.
BUDGET_BYTES = 1 << 28
#: Parts for each worker, so that all of them are busy to the end.
_PARTS_EACH = 4
#: A part is not made smaller than this for the sake of more workers.
_LEAST_BYTES = 1 << 23
#: Memory of a pixel while a frame is measured as a whole, besides what is read: its runs.
_FRAME_BYTES = 8

_Columns: TypeAlias = dict[str, AnyArray]


def measure_in_parts(
    labels: Any,
    image: Any = None,
    *,
    names: Iterable[str] | str | None = None,
    spacing: float | Sequence[float] | None = None,
    unit: str | None = None,
    channel_axis: int | None = None,
    channel_names: Sequence[str] | None = None,
    ndim: int | None = None,
    probabilities: Any = None,
    class_names: Sequence[str] | Mapping[int, str] | None = None,
    workers: Workers = IN_TURN,
    budget_bytes: int = BUDGET_BYTES,
    job: Job = IDLE,
) -> "DataFrame":
    """Measure the objects of a label image within a memory budget; the table is `measure`'s.

    Objects are found block by block, and then measured in groups of neighbours. Frames that fit
    into the budget are measured as a whole, each by one worker.

    Parameters
    ----------
    labels, image, names, spacing, unit, channel_axis, channel_names, ndim, probabilities, \
class_names
        As for `measure`. Where workers are other processes, arrays must be in files.
    workers : Workers
        Default: the calling thread.
    budget_bytes : int
        Memory for what is measured at once in one process, roughly. The table, the pixels of a
        single object and what calculations of a whole frame know of all objects come on top.
    job : Job
        Progress and cancel.

    Returns
    -------
    DataFrame
        To the last bit that of `measure`, whatever the budget, the workers and the chunks.

    Raises
    ------
    InputError, ShapeMismatchError, UnknownMeasurementError
        As `measure`.

    Warns
    -----
    ManyObjectsWarning
        As `measure`, once all objects are found.
    """
    work = Work.of(
        labels, image, ndim, spacing, channel_axis, channel_names, probabilities, class_names
    )
    columns = plan_columns(names, work.setting)
    share = max(1, budget_bytes if workers.is_remote else budget_bytes // workers.n)
    frames = list(work.labels.iter_frames())
    if _is_small(work, len(frames), share, workers.n):
        parts = _small_frames(work, frames, columns, workers, job)
    else:
        found = _scanned(work, frames, share, workers, job.part(0, 0.2))
        _warn_of_many(found, columns)
        parts = _measured(work, frames, found, columns, share, workers, job.part(0.2, 1))
    return work.table(parts, columns, unit)


def _pixel_bytes(work: Work) -> int:
    """Return the memory of a pixel of a box that is held: what is read, and a mask of labels."""
    others = [s for s in (work.image, work.probabilities) if s is not None]
    read = sum(s.dtype.itemsize * s.n_channels for s in others)
    return int(2 * work.labels.dtype.itemsize + 1 + read)


def _is_small(work: Work, n_frames: int, share: int, n_workers: int) -> bool:
    """Whether frames are measured as a whole: they fit, and there is one for each worker."""
    sources = [s for s in (work.labels, work.image, work.probabilities) if s is not None]
    read = 0 if all(map(is_in_memory, sources)) else _pixel_bytes(work)
    cost = prod(work.labels.shape3) * (read + _FRAME_BYTES)
    return cost <= share and (n_frames >= n_workers or cost <= _LEAST_BYTES)


@dataclass(frozen=True, eq=False, slots=True)
class _Frame:
    """A frame that is measured as a whole."""

    work: Work
    frame: tuple[int, ...]
    number: int
    columns: tuple[Column, ...]

    def measured(self, job: Job) -> tuple[_Columns, int]:
        """Return the columns of the frame, and the pixels of its objects."""
        box = Region((0, 0, 0), self.work.labels.shape3)
        whole = Group(np.zeros(0, np.int64), box, True)
        objects, work = group_index(self.work, self.frame, whole, None, 0, job.part(0, 0.1))
        found = work.columns(objects, self.columns, job.part(0.1, 1))
        return self.work.keys(objects.labels, self.number) | found, int(objects.n_pixels.sum())


def _measure_frame(item: _Frame, job: Job) -> tuple[_Columns, int]:
    return item.measured(job)


def _small_frames(
    work: Work,
    frames: Sequence[tuple[int, ...]],
    columns: tuple[Column, ...],
    workers: Workers,
    job: Job,
) -> list[_Columns]:
    """Measure frames that fit into memory, each as a whole."""
    items = [_Frame(work, frame, i, columns) for i, frame in enumerate(frames)]
    parts: dict[int, _Columns] = {}
    n_objects = n_pixels = 0
    warned = False
    for i, (found, pixels) in workers.each(_measure_frame, items, job, "measuring"):
        parts[i] = found
        n_objects, n_pixels = n_objects + len(found["label"]), n_pixels + pixels
        expected = [n * len(frames) // len(parts) for n in (n_objects, n_pixels)]
        if not warned and expected[0] >= MANY_OBJECTS:
            warned = True
            warn_of(estimate_of(expected[0], expected[1], columns), 4)
    return [parts[i] for i in range(len(items))]


def _scanned(
    work: Work, frames: Sequence[tuple[int, ...]], share: int, workers: Workers, job: Job
) -> list[Found]:
    """Find the objects of all frames, block by block."""
    boxes = list(blocks_of(work.labels, share))
    blocks = [Block(work.labels, frame, box) for frame in frames for box in boxes]
    parts: list[dict[int, Found]] = [{} for _ in frames]
    for i, found in workers.each(scan, blocks, job, "finding objects"):
        parts[i // len(boxes)][i % len(boxes)] = found
    return [merged(list(part.values())) for part in parts]


def _warn_of_many(found: Sequence[Found], columns: Sequence[Column]) -> None:
    n_objects = sum(len(each) for each in found)
    if n_objects >= MANY_OBJECTS:
        n_pixels = sum(int(each.n_pixels.sum()) for each in found)
        warn_of(estimate_of(n_objects, n_pixels, columns), 4)


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """Some objects of a frame, for all that depends on them alone."""

    work: Work
    frame: tuple[int, ...]
    labels: IntArray
    group: Group
    columns: tuple[Column, ...]
    cache_bytes: int

    def measured(self, job: Job) -> _Columns:
        objects, work = group_index(
            self.work, self.frame, self.group, self.labels, self.cache_bytes, job.part(0, 0.2)
        )
        return work.columns(objects, self.columns, job.part(0.2, 1), "object")


@dataclass(frozen=True, eq=False, slots=True)
class _Whole:
    """All objects of a frame, for all that depends on the whole frame."""

    work: Work
    frame: tuple[int, ...]
    found: Found
    groups: tuple[Group, ...]
    columns: tuple[Column, ...]
    cache_bytes: int

    def measured(self, job: Job) -> _Columns:
        objects = WholeFrame.known(self.work, self.frame, self.found, self.groups, self.cache_bytes)
        return self.work.kept(self.cache_bytes).columns(objects, self.columns, job, "frame")


def _measure_item(item: _Part | _Whole, job: Job) -> _Columns:
    return item.measured(job)


def _measured(
    work: Work,
    frames: Sequence[tuple[int, ...]],
    found: Sequence[Found],
    columns: tuple[Column, ...],
    share: int,
    workers: Workers,
    job: Job,
) -> list[_Columns]:
    """Measure the objects of frames group by group, and as wholes where they depend on others."""
    scopes = {c.scope for c, _ in needed_for(columns)}
    pixel_bytes = _pixel_bytes(work)
    total = prod(work.labels.shape3) * pixel_bytes * len(frames)
    if workers.n > 1:
        share = min(share, max(_LEAST_BYTES, total // (workers.n * _PARTS_EACH)))
    cache = share // 4
    items: list[_Part | _Whole] = []
    rows: list[tuple[int, IntArray]] = []
    weights: list[float] = []
    for i, (frame, objects) in enumerate(zip(frames, found, strict=True)):
        groups = tuple(grouped(objects, pixel_bytes, share))
        if "frame" in scopes and len(objects):
            items.append(_Whole(work, frame, objects, groups, columns, cache))
            rows.append((i, np.arange(len(objects))))
            weights.append(float(prod(work.labels.shape3)))
        if "object" in scopes:
            for group in groups:
                labels = objects.labels[group.numbers]
                items.append(_Part(work, frame, labels, group, columns, cache))
                rows.append((i, group.numbers))
                weights.append(float(prod(group.box.shape)))
    parts = [_blank(work, i, objects, columns) for i, objects in enumerate(found)]
    for at, values in workers.each(_measure_item, items, job, "measuring", weights):
        i, numbers = rows[at]
        for name, column in values.items():
            parts[i][name][numbers] = column
    return parts


def _blank(work: Work, number: int, found: Found, columns: Sequence[Column]) -> _Columns:
    """Return the columns of a frame, to be filled."""
    out = work.keys(found.labels, number)
    for column in columns:
        out[column.name] = np.empty(len(found), np.int64 if column.measurement.integer else float)
    return out
