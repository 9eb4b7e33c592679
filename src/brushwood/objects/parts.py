"""Objects of an image larger than memory, made by many workers at once."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brushwood.arrays import ImageSource, Triple
from brushwood.jobs import IDLE, Job
from brushwood.objects.split_frame import Desk
from brushwood.objects.split_store import FolderShelf
from brushwood.objects.splitter import SplitSummary, Splitter, block_size
from brushwood.workers import IN_TURN, Workers


def split_in_parts(
    splitter: Splitter,
    out: Any,
    *,
    scratch: Path,
    workers: Workers = IN_TURN,
    block: Sequence[int] | None = None,
    job: Job = IDLE,
) -> SplitSummary:
    """Find the objects of all frames, with all workers on one frame; bit for bit `Splitter.run`.

    Parameters
    ----------
    splitter : Splitter
    out : array-like
        Integers, shape of the input. A frame is written when all its objects are known. Workers
        write whole chunks of it, never two into one.
    scratch : Path
        Folder for what is found on the way, which all workers see. It is made if need be; what was
        put there is removed at the end. About a bit a pixel.
    workers : Workers
    block : sequence of int, optional
        Size of a block along the spatial axes.
    job : Job

    Returns
    -------
    SplitSummary

    Raises
    ------
    InputError
        As `Splitter.run`.
    """
    source = splitter.source
    size = block_size(source, block, out)
    written = _of_whole_chunks(size, source, out)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="objects-", dir=scratch) as folder:

        def desk_for(frame: tuple[int, ...]) -> Desk:
            own = Path(folder, "-".join(map(str, ("frame", *frame))))
            return Desk(FolderShelf(own), workers, seeds=False)

        return splitter.run_at(desk_for, out, size, written, job)


def _of_whole_chunks(size: Triple, source: ImageSource, out: Any) -> Triple:
    """Return a block that is no smaller and that shares no chunk of the output with another."""
    chunks = getattr(out, "shards", None) or getattr(out, "chunks", None)
    if not chunks or len(chunks) != len(out.shape):
        return size
    steps = [1] * (3 - source.ndim) + [int(c) for c in chunks[-source.ndim :]]
    z, y, x = (-(-s // c) * c for s, c in zip(size, steps, strict=True))
    return z, y, x
