"""APOC's filters at one σ: blurs with its radius, and stencils of them."""

from collections.abc import Mapping

from brushwood.arrays import Border, Triple
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

    border: Border = "nearest"

    def __init__(self, sigma: float, ndim: int, planes: Mapping[str, int]) -> None:
        self.planes, self.ndim = dict(planes), ndim
        stencils = {"LAPLACE", "SOBEL"} & set(planes)
        blurs = [sigma] * bool(stencils or "BLUR" in planes)
        self.blurred = bool(blurs)
        if "DIFFERENCE" in planes:
            blurs += [sigma * ratio for ratio in APOC_DOG_RATIOS]
        self.halves = [half_gaussian(s, apoc=True) for s in blurs]
        #: Pixels around a tile that stencils need, along (z, y, x).
        self.margin = (int(ndim == 3), 1, 1) if stencils else (0, 0, 0)
        margins = [bool(stencils) * (half is self.halves[0]) for half in self.halves]
        #: Pixels around a tile that all filters together need.
        self.reach = max(len(h) - 1 + m for h, m in zip(self.halves, margins, strict=True))
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
        (nz, ny, nx), (mz, my, mx), r = tile.shape, self.margin, self.reach
        nz += 2 * r * (self.ndim == 3)
        wide, slots = aligned(nx) + 2 * aligned(mx), len(self.halves)
        regions = [tile.region(slots, nz, ny + 2 * r, wide)]
        if self.ndim == 3:
            regions.append(tile.region(slots, nz, ny + 2 * my, wide))
        if my:
            regions.append(tile.region(1, tile.shape[0] + 2 * mz, ny + 2 * my, wide))
        return regions

    def run(self, tile: Tile) -> None:
        """Compute the planes of one tile."""
        assert self._x_pass is not None
        (nz, ny, nx), mx, r = tile.shape, aligned(self.margin[2]), self.reach
        rz, solid = (r if self.ndim == 3 else 0), self.ndim == 3
        src, regions = tile.source[self.border], self._regions(tile)
        last, wide = regions[0], aligned(nx) + 2 * mx
        size = nz + 2 * rz, ny + 2 * r, wide
        self._x_pass.run(tile, src, src.at(-rz, -r, -mx), last, size)
        if solid:
            self._along_y(tile, regions[0], regions[1], (nz + 2 * rz, ny, wide))
            last = regions[1]
        inside = last.at(rz, self.margin[1] if solid else r, mx)
        if "DIFFERENCE" in self.planes:
            slot = int(self.blurred)
            self.difference.run(tile, 3 - self.ndim, last, inside + slot * last.slot, tile.stack,
                                tile.stack.offset, tile.shape,
                                {"DOG": self.planes["DIFFERENCE"]})  # fmt: skip
        if any(self.margin):
            self._stencils(tile, last, inside, regions[-1])
        elif self.blurred:
            self.passes[0].run(tile, 3 - self.ndim, last, inside, tile.stack, tile.stack.offset,
                               tile.shape, {"GAUSS": self.planes["BLUR"]})  # fmt: skip

    def _along_y(self, tile: Tile, rows: Region, out: Region, size: Triple) -> None:
        """Blur each slot along y; only the first is needed beyond the tile, for stencils."""
        nz, ny, wide = size
        for i, one in enumerate(self.passes):
            m = self.margin[1] * (i == 0)
            at = rows.at(0, self.reach - m, 0) + i * rows.slot
            to = out.at(0, self.margin[1] - m, 0) + i * out.slot
            one.run(tile, 1, rows, at, out, to, (nz, ny + 2 * m, wide), {"RAW": 0})

    def _stencils(self, tile: Tile, src: Region, inside: int, blurred: Region) -> None:
        (nz, ny, nx), (mz, my, mx) = tile.shape, self.margin
        mx = aligned(mx)
        at = inside - mz * src.slab - my * src.row - mx
        size = nz + 2 * mz, ny + 2 * my, aligned(nx) + 2 * mx
        axis = 3 - self.ndim
        self.passes[0].run(tile, axis, src, at, blurred, blurred.offset, size, {"RAW": 0})
        stencil_pass(tile, blurred, blurred.at(mz, my, mx), self.planes)
