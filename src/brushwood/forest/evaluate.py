"""Evaluate a forest on an OpenCL device from its flat arrays; nothing compiles when it changes."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from brushwood.errors import FeatureMismatchError
from brushwood.forest.forest import LEAF, Forest
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

    Parameters
    ----------
    forest : Forest
        Valid (grown, or read by `Forest.from_arrays`).
    device : Device
    """

    def __init__(self, forest: Forest, device: Device) -> None:
        self.forest = forest
        self.device = device
        self._tables: tuple[Buffer, Buffer, Buffer] | None = None

    def probabilities(self, queue: Queue, stack: Stack) -> Buffer:
        """Return each pixel's class probabilities, the mean of its leaves' fractions.

        A pixel's answer depends on its own features only, bit for bit.

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
        if stack.n_planes != self.forest.n_features:
            raise FeatureMismatchError(
                f"The forest was trained on {self.forest.n_features} features, but this block has "
                f"{stack.n_planes}: use the features of the training."
            )
        pixels, forest = plane_pixels(stack), self.forest
        if self._tables is None:
            self._tables = tuple(map(queue.upload, walk_tables(forest)))  # type: ignore[assignment]
        nodes, leaves, roots = self._tables
        out = queue.allocate(forest.n_classes * pixels)
        queue.launch(
            Program.load("forest_walk.cl"),
            "forest_walk",
            (1, 1, pixels),
            X=stack.buffer,
            out=out,
            nodes=nodes,
            leaves=leaves,
            roots=roots,
            trees=forest.n_trees,
            classes=forest.n_classes,
            plane=stack.plane,
            pixels=pixels,
            share=1.0 / forest.n_trees,
        )
        return out


def walk_tables(
    forest: Forest,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Return nodes int32 (node, 4), leaf rows float32 (leaf, class) and roots for the walk."""
    leaf = forest.feature == LEAF
    row = np.cumsum(leaf, dtype=np.int32) - 1
    nodes = np.stack(
        (
            forest.feature,
            forest.threshold.view(np.int32),
            np.where(leaf, row, forest.left),
            forest.right,
        ),
        axis=1,
    ).astype(np.int32)
    return nodes, forest.value[leaf], forest.roots
