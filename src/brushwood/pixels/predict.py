"""From image to maps, block by block: one code path for the preview and for whole images."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from brushwood.arrays import Triple
from brushwood.blocks import Block, blocks_in, choose_block_size, halved
from brushwood.errors import DeviceMemoryError
from brushwood.features.compute import FeatureStack
from brushwood.forest import maps
from brushwood.forest.evaluate import ForestEvaluator
from brushwood.forest.forest import Forest
from brushwood.jobs import IDLE, Job
from brushwood.opencl import Queue, lease
from brushwood.opencl.device import budget_bytes
from brushwood.pixels.outputs import Maps, Sink, joined
from brushwood.pixels.stacks import FeatureCache, Float32, StackMaker, View, Window

#: A block's share of the memory budget; the rest holds cached stacks and the forest.
_SHARE = 0.25
_MOST_BYTES = {"cpu": 512 << 20, "gpu": 8 << 30}
#: Planes of intermediate results that filters need beside their outputs, generously.
_SCRATCH_PLANES = 12


@dataclass(eq=False)
class Predictor:
    """A forest on a device, ready to turn blocks of images into maps.

    Attributes
    ----------
    maker : StackMaker
    forest : Forest
    sigma : three float
        Smoothing of the probabilities along (z, y, x), pixels.
    """

    maker: StackMaker
    forest: Forest
    sigma: tuple[float, float, float] = (0.0, 0.0, 0.0)
    #: Largest block that the device had memory for, once one failed.
    limit: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.margin = maps.margin(self.sigma)
        self._evaluator = ForestEvaluator(self.forest, self.maker.device)

    @property
    def token(self) -> Hashable:
        """Identity for caches, as long as the predictor is alive."""
        return id(self)

    def block_size(self, shape: Triple, budget: float | None = None) -> Triple:
        """Choose the size of blocks for an image of a shape.

        Parameters
        ----------
        shape : three int
        budget : float, optional
            Bytes that the work on one block may take. Default: a share of the device's budget.
        """
        device = self.maker.device
        if budget is None:
            budget = min(budget_bytes(device) * _SHARE, _MOST_BYTES[device.kind])
        halo = [h + m for h, m in zip(self.maker.engine.halo, self.margin, strict=True)]
        planes = self.maker.n_planes + 2 * self.forest.n_classes
        padded = self.maker.n_channels * len(self.maker.engine.borders) + _SCRATCH_PLANES
        return choose_block_size(shape, halo, 4 * planes, budget, device.kind, 4 * padded)

    def region(
        self,
        view: View,
        block: Block,
        outputs: Sequence[str] = ("classes",),
        *,
        cache: FeatureCache | None = None,
        job: Job = IDLE,
    ) -> Maps:
        """Return the maps of one block.

        Parameters
        ----------
        view : View
        block : Block
        outputs : sequence of {"classes", "probabilities", "uncertainty"}
        cache : FeatureCache, optional
            The block's feature stack is taken from and kept in it.
        job : Job
            Asked before each part of a block that had to be split.

        Returns
        -------
        dict of output to ndarray
            ``classes`` (Z, Y, X) uint8, or uint16 if ids exceed 255; ``probabilities``
            (class, Z, Y, X) and ``uncertainty`` (Z, Y, X) float32. Equal, bit for bit, to the same
            part of the whole image's maps.

        Raises
        ------
        DeviceMemoryError
            If the smallest block does not fit.
        """
        job.checkpoint()
        if self._may_fit(block):
            try:
                grown = block.grown(self.margin, view.source.shape3)
                stack = self.maker.stack(view, grown, cache)
                with lease(self.maker.device) as queue:
                    return self._maps(queue, stack, view, block, outputs)
            except DeviceMemoryError as error:
                if cache is not None and len(cache):
                    # What is kept for the view may be all that stands in the way.
                    cache.clear()
                    return self.region(view, block, outputs, cache=cache, job=job)
                self._note(block, error)
        parts = ((part, self.region(view, part, outputs, job=job)) for part in _halves(block))
        return joined(parts, block)

    def run(
        self,
        views: Sequence[View],
        sink: Sink,
        *,
        size: Triple | None = None,
        job: Job = IDLE,
    ) -> None:
        """Compute the maps of whole frames and write them as they come.

        Parameters
        ----------
        views : sequence of View
            One a frame.
        sink : Sink
            Where results go.
        size : three int, optional
            Block size. Default: `block_size`.
        job : Job
            Asked once a block.
        """
        source = views[0].source
        shape = source.shape3
        size = size or self.block_size(shape)
        work = [(view, area) for view in views for area in sink.areas(source, size)]
        done, total = 0, sum(area.n_pixels for _, area in work)
        with (
            ThreadPoolExecutor(1) as far,
            ThreadPoolExecutor(1) as near,
            ThreadPoolExecutor(1) as writer,
        ):
            ahead = _one_ahead(far, work, self._read_area)
            pending: Future[None] | None = None
            for (view, area), window in zip(work, ahead, strict=True):
                results = sink.buffers(view.frame, area)
                for block, found in self._blocks(near, view, area, window, size, sink.outputs):
                    for name, values in found.items():
                        results[name][(..., *block.within(area))] = values
                    done += block.n_pixels
                    job.checkpoint(done / total, "Classifying pixels")
                if pending is not None:
                    pending.result()
                pending = writer.submit(sink.write, results, view.frame, area)
            if pending is not None:
                pending.result()

    def _read_area(self, item: tuple[View, Block]) -> Window | None:
        """Read an area with its halo, so that stored chunks are decoded once; arrays need not."""
        view, area = item
        if isinstance(view.source.data, np.ndarray):
            return None
        halo = [h + m for h, m in zip(self.maker.engine.halo, self.margin, strict=True)]
        box = area.grown(halo, view.source.shape3)
        return Window(box, view.read(box))

    def _blocks(
        self,
        reader: Executor,
        view: View,
        area: Block,
        window: Window | None,
        size: Triple,
        outputs: Sequence[str],
    ) -> Iterator[tuple[Block, Maps]]:
        shape = view.source.shape3
        blocks = list(blocks_in(area, size))

        def prepare(block: Block) -> dict[str, Float32]:
            return self.maker.prepare(view, block.grown(self.margin, shape), window)

        for block, padded in zip(blocks, _one_ahead(reader, blocks, prepare), strict=True):
            yield block, self._prepared(padded, view, block, outputs)

    def _prepared(
        self,
        padded: dict[str, Float32],
        view: View,
        block: Block,
        outputs: Sequence[str],
    ) -> Maps:
        if not self._may_fit(block):
            return self.region(view, block, outputs)
        grown = block.grown(self.margin, view.source.shape3)
        try:
            with lease(self.maker.device) as queue:
                stack = self.maker.compute(queue, padded, view, grown)
                return self._maps(queue, stack, view, block, outputs)
        except DeviceMemoryError as error:
            self._note(block, error)
        return self.region(view, block, outputs)

    def _maps(
        self, queue: Queue, stack: FeatureStack, view: View, block: Block, outputs: Sequence[str]
    ) -> Maps:
        grown = block.grown(self.margin, view.source.shape3)
        window = maps.Window(
            start=grown.start,
            shape=grown.shape,
            pitch=stack.pitch,
            image_shape=view.source.shape3,
            core_start=block.start,
            core_stop=block.stop,
        )
        planes = self._evaluator.probabilities(queue, stack)
        classes = self.forest.classes
        return maps.finish(queue, planes, classes, window, sigma=self.sigma, outputs=outputs)

    def _may_fit(self, block: Block) -> bool:
        """Say whether to try a block: it is no larger than one that failed, or the smallest."""
        return self.limit is None or block.n_pixels <= self.limit or halved(block.shape) is None

    def _note(self, block: Block, error: DeviceMemoryError) -> None:
        """Remember that a block was too large, or give up at the smallest."""
        if halved(block.shape) is None:
            raise DeviceMemoryError(
                f"The image cannot be classified on {self.maker.device}: even a block of "
                f"{' x '.join(map(str, block.shape))} pixels with {self.maker.n_planes} features "
                "does not fit into its memory. Choose fewer or smaller features, close other "
                "programs that use the device, raise BRUSHWOOD_MEMORY, or choose another device."
            ) from error
        self.limit = block.n_pixels // 2


_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def _one_ahead(
    pool: Executor, items: Iterable[_Item], work: Callable[[_Item], _Result]
) -> Iterator[_Result]:
    """Yield ``work(item)`` in order, while the next is under way in the pool."""
    ahead: Future[_Result] | None = None
    try:
        for item in items:
            ready, ahead = ahead, pool.submit(work, item)
            if ready is not None:
                yield ready.result()
        if ahead is not None:
            yield ahead.result()
    finally:
        if ahead is not None:
            ahead.cancel()


def _halves(block: Block) -> Iterator[Block]:
    yield from blocks_in(block, halved(block.shape) or block.shape)
