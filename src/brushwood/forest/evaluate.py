"""Evaluate a forest on an OpenCL device from its flat arrays; nothing compiles when it changes."""

from typing import Any, Protocol

import numpy.typing as npt

from brushwood.errors import FeatureMismatchError
from brushwood.forest.forest import Forest
from brushwood.forest.tables import (
    BLEND_ROWS,
    ROWS,
    BitTables,
    BlendTables,
    WalkTables,
    bit_tables,
    blend_tables,
    walk_tables,
)
from brushwood.opencl.device import Device
from brushwood.opencl.launch import Buffer, Program, Queue


class Stack(Protocol):
    """What evaluation needs to know of a block's features (see `brushwood.features`)."""

    @property
    def buffer(self) -> Buffer:
        """Float32 planes on the device."""

    @property
    def n_planes(self) -> int:
        """Features."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Pixels (Z, Y, X)."""

    @property
    def pitch(self) -> int:
        """Floats from one row to the next, a multiple of 16."""

    @property
    def plane(self) -> int:
        """Floats from one plane to the next."""


def plane_pixels(stack: Stack) -> int:
    """Return the floats of one probability plane, rows of `pitch` one after the other."""
    return stack.shape[0] * stack.shape[1] * stack.pitch


class ForestEvaluator:
    """A forest on a device.

    Which kernel computes a tree depends on the device and the forest, never on the block:

    * a GPU walks every tree, one pixel a work-item (``forest_walk.cl``), and so does a CPU if the
      forest is weighted;
    * a CPU blends trees of depth 4 at most and up to three classes (``forest_blend.cl``);
    * else a CPU sends 256 neighbouring pixels down a tree at once (``forest_bits.cl``), unless it
      has more than 4096 leaves or turns left more than 63 times in a row; such trees are walked.

    Parameters
    ----------
    forest : Forest
        Valid (grown, or read by `Forest.from_arrays`).
    device : Device
    """

    def __init__(self, forest: Forest, device: Device) -> None:
        self.forest = forest
        self.device = device
        self._steps: list[_Step] | None = None

    def probabilities(self, queue: Queue, stack: Stack) -> Buffer:
        """Return each pixel's class probabilities, the mean of its leaves' fractions.

        In a weighted forest they are divided by their sum; 0 where nothing was voted for. A pixel's
        answer depends on its own features only, bit for bit.

        Parameters
        ----------
        queue : Queue
            A lease of this evaluator's device.
        stack : FeatureStack

        Returns
        -------
        Buffer
            float32 (class, `plane_pixels(stack)`). What lies beyond a row's X is undefined.

        Raises
        ------
        FeatureMismatchError
            If the stack has another number of features than the forest was grown on.
        """
        forest = self.forest
        if stack.n_planes != forest.n_features:
            raise FeatureMismatchError(
                f"The forest was trained on {forest.n_features} features, but this block has "
                f"{stack.n_planes}: use the features of the training."
            )
        if self._steps is None:
            self._steps = _steps(queue, forest)
        out = queue.allocate(forest.n_classes * plane_pixels(stack))
        for number, step in enumerate(self._steps, 1):
            # The first step clears the sums, the last one divides them.
            ends: dict[str, Any] = {
                "first": int(number == 1),
                "total": forest.n_trees if number == len(self._steps) else 0,
            }
            step.run(queue, stack, out, forest.n_classes, ends)
        if forest.is_weighted:
            _share(queue, out, forest.n_classes, plane_pixels(stack))
        return out


class _Step(Protocol):
    """Adds the fractions of some trees to the sums in `out`."""

    def run(
        self, queue: Queue, stack: Stack, out: Buffer, n_classes: int, ends: dict[str, Any]
    ) -> None: ...


def _steps(queue: Queue, forest: Forest) -> list[_Step]:
    # The kernels for CPUs give the first class what the others leave of one.
    if queue.device.vector_width != 16 or forest.is_weighted:
        return [_Walk(queue, walk_tables(forest))]
    shallow = blend_tables(forest)
    if shallow is not None:
        return [_blend(queue, shallow)]
    parts, rest = bit_tables(forest)
    steps: list[_Step] = [_bits(queue, part) for part in parts]
    if rest.any():
        steps.append(_Walk(queue, walk_tables(forest, rest)))
    return steps


class _Walk:
    """``forest_walk.cl``."""

    def __init__(self, queue: Queue, tables: WalkTables) -> None:
        self._n_trees = len(tables.roots)
        self._buffers: dict[str, Any] = {
            "nodes": queue.upload(tables.nodes),
            "leaves": queue.upload(tables.leaves),
            "roots": queue.upload(tables.roots),
        }

    def run(
        self, queue: Queue, stack: Stack, out: Buffer, n_classes: int, ends: dict[str, Any]
    ) -> None:
        pixels = plane_pixels(stack)
        queue.launch(
            Program.load("forest_walk.cl"),
            "forest_walk",
            (1, 1, -(-pixels // 64) * 64),
            # One size of group: some runtimes compile a kernel anew for each.
            (1, 1, 64),
            X=stack.buffer,
            out=out,
            **self._buffers,
            trees=self._n_trees,
            classes=n_classes,
            plane=stack.plane,
            pixels=pixels,
            **ends,
        )


class _Patches:
    """``forest_blend.cl`` or ``forest_bits.cl``: patches of 16 columns and some rows."""

    def __init__(
        self,
        queue: Queue,
        program: Program,
        kernel: str,
        rows: int,
        sizes: tuple[int, int],
        **tables: npt.NDArray[Any],
    ) -> None:
        self._program, self._kernel, self._rows = program, kernel, rows
        self._n_trees, self._n_features = sizes
        self._buffers = {name: queue.upload(table) for name, table in tables.items()}

    def run(
        self, queue: Queue, stack: Stack, out: Buffer, n_classes: int, ends: dict[str, Any]
    ) -> None:
        rows = stack.shape[0] * stack.shape[1]
        queue.launch(
            self._program,
            self._kernel,
            (1, -(-rows // self._rows), stack.pitch // 16),
            # Groups of one: each work-item holds its pixels' features in private memory.
            (1, 1, 1),
            X=stack.buffer,
            out=out,
            **self._buffers,
            n_trees=self._n_trees,
            features=self._n_features,
            classes=n_classes,
            plane=stack.plane,
            rows=rows,
            pitch=stack.pitch,
            **ends,
        )


def _share(queue: Queue, out: Buffer, n_classes: int, pixels: int) -> None:
    """Divide each pixel's sums by their total."""
    program = Program.load("forest_share.cl")
    size = (1, 1, -(-pixels // 64) * 64)
    queue.launch(
        program, "forest_share", size, (1, 1, 64), out=out, classes=n_classes, pixels=pixels
    )


def _blend(queue: Queue, tables: BlendTables) -> _Patches:
    program = Program.load("forest_blend.cl", FEATURES=tables.features)
    return _Patches(
        queue,
        program,
        "forest_blend",
        BLEND_ROWS,
        (len(tables.feature), len(tables.used)),
        feature=tables.feature,
        threshold=tables.threshold,
        leaves=tables.leaves,
        used=tables.used,
    )


def _bits(queue: Queue, tables: BitTables) -> _Patches:
    program = Program.load(
        "forest_bits.cl", BITS=tables.bits, FEATURES=tables.features, TABLE=int(tables.has_table)
    )
    return _Patches(
        queue,
        program,
        "forest_bits",
        ROWS,
        (len(tables.trees), len(tables.used)),
        nodes=tables.nodes,
        trees=tables.trees,
        table=tables.table,
        used=tables.used,
    )
