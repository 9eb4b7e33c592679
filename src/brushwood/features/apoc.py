"""APOC's filters at one σ: blurs with its radius, and stencils of them."""

from collections.abc import Mapping

from brushwood.arrays import Triple
from brushwood.features.builtin import APOC_DOG_RATIOS
from brushwood.features.passes import JetPass, Region, Tile, XPass, aligned, stencil_pass
from brushwood.features.weights import half_gaussian, jet_table, table
from brushwood.opencl import Queue


class ApocGroup:
    """What is wanted of APOC's filters at one σ.

    Parameters
    ----------
    sigma : float
    ndim : int
    planes : mapping of str to int
        Plane of each result: BLUR, DIFFERENCE, LAPLACE, SOBEL.
    """

    border = "nearest"

    def __init__(self, sigma: float, ndim: int, planes: Mapping[str, int]) -> None:
        self.planes, self.ndim = dict(planes), ndim
        stencils = {"LAPLACE", "SOBEL"} & set(planes)
        blurs = [sigma] * bool(stencils or "BLUR" in planes)
        self.blurred = bool(blurs)
        if "DIFFERENCE" in planes:
            blurs += [sigma * ratio for ratio in APOC_DOG_RATIOS]
        self.halves = [half_gaussian(s, apoc=True) for s in blurs]
        self.radius = max(map(len, self.halves)) - 1
        #: Pixels around a tile that stencils need, along (z, y, x).
        self.margin = (int(ndim == 3), 1, 1) if stencils else (0, 0, 0)
        self._x_pass: XPass | None = None

    def scratch(self, shape: Triple) -> int:
        """Return the floats of scratch that a tile needs."""
        tile = Tile.measure(shape)
        self._regions(tile)
        return tile.used

    def upload(self, queue: Queue) -> None:
        """Put the weights on the device."""
        if self._x_pass is not None:
            return
        self.passes = [
            JetPass(queue.upload(jet_table([half])), len(half) - 1, None, 0, 0, 2)
            for half in self.halves
        ]
        if "DIFFERENCE" in self.planes:
            one, two = self.halves[-2:]
            self.difference = JetPass(
                self.passes[-2].weights, len(one) - 1, (queue.upload(table([two])), len(two) - 1),
                0, 0, 2,
            )  # fmt: skip
        x = table(self.halves)
        self._x_pass = XPass(queue.upload(x), x.shape[1], -1, len(x) - 1)

    def _regions(self, tile: Tile) -> list[Region]:
        (nz, ny, nx), (mz, my, mx), r = tile.shape, self.margin, self.radius
        rz = r if self.ndim == 3 else 0
        wide, slots = aligned(nx) + 2 * aligned(mx), len(self.halves)
        regions = [tile.region(slots, nz + 2 * (mz + rz), ny + 2 * (my + r), wide)]
        if self.ndim == 3:
            regions.append(tile.region(slots, nz + 2 * (mz + rz), ny + 2 * my, wide))
        if my:
            regions.append(tile.region(1, nz + 2 * mz, ny + 2 * my, wide))
        return regions

    def run(self, tile: Tile) -> None:
        """Compute the planes of one tile."""
        assert self._x_pass is not None
        (nz, ny, nx), (mz, my, mx), r = tile.shape, self.margin, self.radius
        rz, mx, solid = (r if self.ndim == 3 else 0), aligned(mx), self.ndim == 3
        src, regions = tile.source[self.border], self._regions(tile)
        last, wide = regions[0], aligned(nx) + 2 * mx
        at = src.at(-mz - rz, -my - r, -mx)
        self._x_pass.run(tile, src, at, last, (nz + 2 * (mz + rz), ny + 2 * (my + r), wide))
        if solid:
            rows, last = last, regions[1]
            for i, one in enumerate(self.passes):
                one.run(tile, rows, rows.at(0, r, 0) + i * rows.slot, rows.row, last,
                        last.offset + i * last.slot, (nz + 2 * (mz + rz), ny + 2 * my, wide),
                        {"RAW": 0})  # fmt: skip
        step = last.slab if solid else last.row
        inside = last.at(mz + rz, my, mx) if solid else last.at(0, my + r, mx)
        if "DIFFERENCE" in self.planes:
            slot = int(self.blurred)
            self.difference.run(tile, last, inside + slot * last.slot, step, tile.stack,
                                tile.stack.offset, tile.shape,
                                {"DOG": self.planes["DIFFERENCE"]})  # fmt: skip
        if my:
            blurred = regions[-1]
            at = last.at(rz, 0, 0) if solid else last.at(0, r, 0)
            self.passes[0].run(tile, last, at, step, blurred, blurred.offset,
                               (nz + 2 * mz, ny + 2 * my, wide), {"RAW": 0})  # fmt: skip
            stencil_pass(tile, blurred, blurred.at(mz, my, mx), self.planes)
        elif self.blurred:
            self.passes[0].run(tile, last, inside, step, tile.stack, tile.stack.offset, tile.shape,
                               {"GAUSS": self.planes["BLUR"]})  # fmt: skip
