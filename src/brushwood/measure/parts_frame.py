"""All objects of a frame that is larger than memory, for what depends on the whole frame."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from brushwood.arrays import ImageSource
from brushwood.jobs import IDLE, Job
from brushwood.measure.giants import GiantPixels
from brushwood.measure.index import IntArray, LabelIndex, Pixels
from brushwood.measure.parts_group import Group
from brushwood.measure.parts_scan import Found
from brushwood.measure.region import spacing3_of
from brushwood.measure.slabs import kept_slabs
from brushwood.measure.window import held, one_frame
from brushwood.measure.work import Work


def group_index(
    work: Work,
    frame: tuple[int, ...],
    group: Group,
    labels: IntArray | None,
    cache_bytes: int,
    job: Job,
) -> tuple[LabelIndex, Work]:
    """Find the runs of a group's objects.

    Parameters
    ----------
    work : Work
    frame : tuple of int
    group : Group
    labels : ndarray of int64, ascending, optional
        Of the group's objects. Default: all that are in its box.
    cache_bytes : int
        Memory for slabs of one array that is slow to read.
    job : Job

    Returns
    -------
    LabelIndex
        In the coordinates of the frame.
    Work
        To measure them in: what is read, of this frame only.
    """
    others = (work.image, work.probabilities)
    if group.is_held:
        own = held(work.labels, frame, group.box, labels)
        image, chances = (s and held(s, frame, group.box) for s in others)
    else:
        own = kept_slabs(one_frame(work.labels, frame, labels), cache_bytes)
        image, chances = (s and kept_slabs(one_frame(s, frame), cache_bytes) for s in others)
    objects = LabelIndex.of(own, (), work.spacing, job, group.box)
    return objects, replace(work, labels=own, image=image, probabilities=chances)


@dataclass(frozen=True, eq=False)
class WholeFrame(LabelIndex):
    """All objects of a frame, whose runs are found anew, group by group, where pixels are needed.

    Attributes
    ----------
    found : Found
    groups : tuple of Group
    work : Work
    cache_bytes : int
        Memory for slabs of one array that is slow to read.
    """

    found: Found = field(kw_only=True)
    groups: tuple[Group, ...] = field(kw_only=True)
    work: Work = field(kw_only=True)
    cache_bytes: int = field(kw_only=True)

    @classmethod
    def known(
        cls,
        work: Work,
        frame: tuple[int, ...],
        found: Found,
        groups: tuple[Group, ...],
        cache_bytes: int,
    ) -> "WholeFrame":
        """Take over what is known of the objects."""
        none = np.zeros((0, 3), np.int32)
        return cls(
            found.labels,
            np.arange(len(found)),
            np.zeros(len(found) + 1, np.int64),
            none,
            none[:, 0],
            kept_slabs(work.labels, cache_bytes),
            frame,
            spacing3_of(work.spacing, work.labels.ndim),
            found=found,
            groups=groups,
            work=work,
            cache_bytes=cache_bytes,
        )

    @property
    def n_pixels(self) -> IntArray:
        """Number of pixels of each object, shape (n,)."""
        return self.found.n_pixels

    @property
    def low(self) -> IntArray:
        """First pixel (z, y, x) of each object's bounding box, shape (n, 3)."""
        return self.found.low

    @property
    def high(self) -> IntArray:
        """End (z, y, x) of each object's bounding box, exclusive, shape (n, 3)."""
        return self.found.high

    @property
    def position_sums(self) -> IntArray:
        """Sums of z, y and x over each object's pixels, counted from its box, shape (n, 3)."""
        sums: IntArray = self.found.sums - self.found.n_pixels[:, None] * self.found.low
        return sums

    def portions(
        self, image: ImageSource, job: Job = IDLE, message: str = "reading pixels"
    ) -> Iterator[Pixels | GiantPixels]:
        """Yield the pixels of all objects, group by group, with an image's values."""
        for i, group in enumerate(self.groups):
            part = job.part(i / len(self.groups), (i + 1) / len(self.groups))
            labels = self.found.labels[group.numbers]
            alone = replace(self.work, image=image, probabilities=None)
            objects, work = group_index(
                alone, self.frame, group, labels, self.cache_bytes, part.part(0, 0.5)
            )
            assert work.image is not None
            for pixels in objects.portions(work.image, part.part(0.5, 1), message):
                rows = group.numbers[pixels.objects.rows]
                yield replace(pixels, objects=replace(pixels.objects, rows=rows))
