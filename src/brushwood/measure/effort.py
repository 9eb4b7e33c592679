"""How long measuring will take, and how much memory the table needs, said before the work."""

from collections.abc import Iterable
from dataclasses import dataclass

from brushwood.measure.catalog import calculations
from brushwood.measure.index import LabelIndex
from brushwood.measure.names import Column

#: From this many objects on, `measure` warns before it starts.
MANY_OBJECTS = 500_000


class ManyObjectsWarning(UserWarning):
    """There are so many objects that measuring takes long; often the labels are noise."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What measuring will need, roughly.

    Attributes
    ----------
    n_objects : int
        Rows of the table.
    n_pixels : int
        Pixels of all objects.
    seconds : float
        Time on a processor of today.
    n_bytes : int
        Memory of the table.
    """

    n_objects: int
    n_pixels: int
    seconds: float
    n_bytes: int

    @property
    def is_long(self) -> bool:
        """Whether there are enough objects for a warning."""
        return self.n_objects >= MANY_OBJECTS

    def __str__(self) -> str:
        return (
            f"{self.n_objects:,} objects with {self.n_pixels / max(1, self.n_objects):.1f} pixels "
            f"each: about {_duration(self.seconds)} and a table of {self.n_bytes / 1e6:,.0f} MB"
        )


def estimate_work(objects: LabelIndex, columns: Iterable[Column], n_frames: int = 1) -> Estimate:
    """Estimate the work for these columns, if all frames are like the one given."""
    n_objects, n_pixels = len(objects), int(objects.n_pixels.sum())
    return estimate_of(n_objects * n_frames, n_pixels * n_frames, columns)


def estimate_of(n_objects: int, n_pixels: int, columns: Iterable[Column]) -> Estimate:
    """Estimate the work for so many objects with so many pixels together."""
    columns = tuple(columns)
    layers = _layers(columns)
    seconds = sum(
        max(layers.get(m.name, 0) for m in c.measurements)
        * (c.seconds_per_object * n_objects + c.seconds_per_pixel * n_pixels)
        for c in calculations()
    )
    return Estimate(n_objects, n_pixels, seconds, 8 * (len(columns) + 3) * n_objects)


def _layers(columns: Iterable[Column]) -> dict[str, int]:
    """Return how many channels or classes of an image each measurement reads, 1 without."""
    places: dict[str, set[int]] = {}
    for column in columns:
        along = column.measurement.along
        last = column.place[-1] if along and along[-1] in ("channel", "class") else 0
        places.setdefault(column.measurement.name, set()).add(last)
    return {name: len(found) for name, found in places.items()}


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
