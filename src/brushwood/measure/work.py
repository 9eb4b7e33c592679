"""What is to be measured, checked, and the columns that calculations make of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.arrays import AnyArray, ImageSource
from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job
from brushwood.measure.catalog import Calculation, Call, Scope, calculations
from brushwood.measure.index import LabelIndex
from brushwood.measure.inputs import check_shape, checked_spacing, label_source
from brushwood.measure.names import Column, Setting, endings
from brushwood.measure.slabs import kept_slabs
from brushwood.measure.units import unit_of
from brushwood.tables import with_measurement, with_units

if TYPE_CHECKING:
    from pandas import DataFrame

#: Columns that say which object a row is; `frame` only with frames.
KEYS = ("label", "index", "frame")


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """Checked inputs.

    Attributes
    ----------
    labels : ImageSource
    image, probabilities : ImageSource, optional
        Of the labels' shape.
    spacing : tuple of float, optional
        One an axis of space.
    setting : Setting
    """

    labels: ImageSource
    image: ImageSource | None
    probabilities: ImageSource | None
    spacing: tuple[float, ...] | None
    setting: Setting

    @classmethod
    def of(
        cls,
        labels: Any,
        image: Any = None,
        ndim: int | None = None,
        spacing: float | Sequence[float] | None = None,
        channel_axis: int | None = None,
        channel_names: Sequence[str] | None = None,
        probabilities: Any = None,
        class_names: Sequence[str] | Mapping[int, str] | None = None,
    ) -> "Work":
        """Check what `measure` was given.

        Raises
        ------
        InputError, ShapeMismatchError
            See `brushwood.measure`.
        """
        source = label_source(labels, ndim)
        ndim = source.ndim
        pixels = chances = channels = classes = None
        if image is not None:
            pixels = ImageSource.of(image, channel_axis=channel_axis, ndim=ndim)
            check_shape(source, pixels, "image")
            channels = _endings(pixels, channel_names, "channel", 0, channel_axis is None)
        if probabilities is not None:
            chances = ImageSource.of(probabilities, channel_axis=0, ndim=ndim)
            check_shape(source, chances, "probabilities")
            named = list(class_names.values()) if isinstance(class_names, Mapping) else class_names
            classes = _endings(chances, named, "class", 1, False)
        setting = Setting(ndim, channels, classes)
        return cls(source, pixels, chances, checked_spacing(spacing, ndim), setting)

    def kept(self, cache_bytes: int | None = None) -> "Work":
        """Return the same, reading what is slow to read in slabs that are kept for a while."""
        labels = kept_slabs(self.labels, cache_bytes)
        others = (self.image, self.probabilities)
        image, chances = (s and kept_slabs(s, cache_bytes) for s in others)
        return replace(self, labels=labels, image=image, probabilities=chances)

    def objects(self, frame: tuple[int, ...], job: Job = IDLE) -> LabelIndex:
        """Find the objects of a frame."""
        return LabelIndex.of(self.labels, frame, self.spacing, job)

    def keys(self, labels: AnyArray, number: int) -> dict[str, AnyArray]:
        """Return the columns that say which objects the rows of a frame are."""
        keys: dict[str, AnyArray] = {"label": labels, "index": labels}
        if self.labels.frames:
            keys["frame"] = np.full(len(labels), number)
        return keys

    def columns(
        self,
        objects: LabelIndex,
        columns: Sequence[Column],
        job: Job = IDLE,
        scope: Scope | None = None,
    ) -> dict[str, AnyArray]:
        """Measure objects of one frame; arrays by column.

        Parameters
        ----------
        objects : LabelIndex
        columns : sequence of Column
        job : Job
        scope : {"object", "frame"}, optional
            Only what calculations of this scope find. Default: all.
        """
        out: dict[str, AnyArray] = {}
        needed = [(c, some) for c, some in needed_for(columns) if scope in (None, c.scope)]
        for i, (calculation, wanted) in enumerate(needed):
            part = job.part(i / len(needed), (i + 1) / len(needed))
            part.checkpoint(0, "measuring " + min(wanted))
            numbers = {m: _numbers(m, columns) for m in wanted}
            call = Call(
                wanted,
                self.image,
                self.probabilities,
                {m: n for m, n in numbers.items() if n},
                part,
            )
            # Infinite or missing pixels make numbers that are not finite; that needs no warning.
            with np.errstate(invalid="ignore", over="ignore"):
                found = calculation.compute(objects, call)
            for column in columns:
                if column.measurement.name in wanted:
                    out[column.name] = _pick(found[column.measurement.name], column, call)
        return out

    def table(
        self, parts: Sequence[Mapping[str, AnyArray]], columns: Sequence[Column], unit: str | None
    ) -> "DataFrame":
        """Join the columns of all frames to a table, with units and what was measured."""
        from pandas import DataFrame

        data: dict[str, AnyArray] = {}
        for name in (name for name in KEYS if name in parts[0]):
            data[name] = np.concatenate([part[name] for part in parts]).astype(np.int64)
        for column in columns:
            dtype = np.int64 if column.measurement.integer else np.float64
            joined = np.concatenate([part[column.name] for part in parts])
            data[column.name] = joined.astype(dtype)
        scaled, setting = self.spacing is not None, self.setting
        units = {c.name: unit_of(c.measurement, unit, scaled, setting.ndim) for c in columns}
        known = {name: text for name, text in units.items() if text is not None}
        found = with_units(DataFrame(data), known)
        names = [
            None if each is None else [ending.removeprefix("-") for ending in each]
            for each in (setting.channels, setting.classes)
        ]
        return with_measurement(found, setting.ndim, *names)


def needed_for(columns: Sequence[Column]) -> list[tuple[Calculation, frozenset[str]]]:
    """Return the calculations to do, and what each must find."""
    wanted = {column.measurement.name for column in columns}
    each = [(c, frozenset(m.name for m in c.measurements) & wanted) for c in calculations()]
    return [(c, some) for c, some in each if some]


def _endings(
    source: ImageSource, names: Sequence[str] | None, what: str, first: int, single: bool
) -> tuple[str, ...]:
    """Return the endings of the columns of channels or classes."""
    count = source.n_channels
    if names is None:
        return ("",) if single else tuple(f"-{i}" for i in range(first, first + count))
    if len(names) != count or len(set(names)) != count:
        raise InputError(
            f"{count} different {what} names are needed, but {list(names)} came. Name each "
            f"{what} once."
        )
    return endings(list(names)) or ()


def _numbers(measurement: str, columns: Sequence[Column]) -> tuple[float, ...]:
    found = [c.number for c in columns if c.measurement.name == measurement]
    return tuple(dict.fromkeys(number for number in found if number is not None))


def _pick(values: AnyArray, column: Column, call: Call) -> AnyArray:
    """Take one column out of a measurement's array."""
    place: tuple[int, ...] = column.place
    if column.number is not None:
        place = (call.numbers[column.measurement.name].index(column.number), *place)
    index: tuple[Any, ...] = (slice(None), *place)
    picked: AnyArray = values[index]
    return picked
