"""The values of an image in objects, one channel after the other."""

from collections.abc import Iterator
from typing import TypeAlias

from brushwood.arrays import ImageSource
from brushwood.jobs import Job
from brushwood.measure.giants import GiantPixels, Streamed
from brushwood.measure.index import LabelIndex, Pixels
from brushwood.measure.statistics import Grouped

#: Values of whole objects, or of one large object.
Values: TypeAlias = Grouped | Streamed


def grouped_values(
    objects: LabelIndex, image: ImageSource, job: Job, message: str
) -> Iterator[tuple[Pixels | GiantPixels, int, Values]]:
    """Yield objects, a channel, and their values in it; all channels before the next objects.

    The `rows` of the objects say where results go.
    """
    done, total = 0, max(1, int(objects.n_pixels.sum()) * image.n_channels)
    for pixels in objects.portions(image):
        size = int(pixels.objects.n_pixels.sum())
        for channel in range(image.n_channels):
            part = job.part(done / total, (done + size) / total)
            part.checkpoint(0, message)
            done += size
            if isinstance(pixels, GiantPixels):
                yield pixels, channel, pixels.watched(part).grouped(channel)
            else:
                yield pixels, channel, Grouped(pixels.values(channel), pixels.first)
