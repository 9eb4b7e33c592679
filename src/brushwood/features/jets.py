"""All filters that are made of Gaussian derivatives at one scale, computed together."""

from collections.abc import Mapping, Sequence

from brushwood.arrays import Border, Triple
from brushwood.features.builtin import STRUCTURE_RATIO
from brushwood.features.filters import radius
from brushwood.features.passes import JetPass, Region, Tile, XPass, aligned, tensor_pass
from brushwood.features.scale import Scale
from brushwood.features.weights import derivative_weights, half_gaussian, jet_table, table
from brushwood.opencl import Queue


class JetGroup:
    """What is wanted of one scale: one pass along x, one along y, and in 3-D one along z.

    Parameters
    ----------
    scale : Scale
    planes : mapping of str to int
        First plane of each result: GAUSS, GRADIENT, LOG, DOG, HESSIAN, STRUCTURE.
    other : sequence of float, optional
        σ along each axis of a difference's second Gaussian.
    """

    border: Border = "reflect"

    def __init__(
        self, scale: Scale, planes: Mapping[str, int], other: Sequence[float] | None = None
    ) -> None:
        self.scale, self.planes, self.ndim = scale, dict(planes), scale.ndim
        wanted = set(planes)
        self.first = int(bool(wanted & {"GRADIENT", "HESSIAN", "STRUCTURE"}))
        self.second = int(bool(wanted & {"LOG", "HESSIAN"}))
        #: Inside a tile: results that need no margin, in the planes of the stack.
        self.inside = {name: plane for name, plane in planes.items() if name != "STRUCTURE"}
        orders = (0, 1, 2) if self.first or self.second else (0,)
        axes = range(self.ndim)
        self.halves = [[derivative_weights(scale, a, o) for o in orders] for a in axes]
        self.others = [half_gaussian(s) for s in other] if other is not None else []
        inner = [STRUCTURE_RATIO * s for s in scale.smooth]
        self.outer = [half_gaussian(s) for s in inner] if "STRUCTURE" in wanted else []
        flat = [0] * (3 - self.ndim)
        #: Reach of a derivative, and of what is smoothed after it, along (z, y, x).
        self.radii = flat + [
            max(map(len, [*self.halves[a], *self.others[a : a + 1]])) - 1 for a in axes
        ]
        self.margin = flat + [radius(s) if self.outer else 0 for s in inner]
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
        halves = self.halves[-1]
        columns = [halves[0]] + halves[1:2] * self.first + halves[2:3] * self.second
        x = table([*columns, *self.others[-1:]])
        self.passes = [self._jet_pass(queue, axis) for axis in range(self.ndim - 2, -1, -1)]
        if self.others and self.ndim == 3:
            self.other_y = queue.upload(jet_table(self.others[1:2]))
        self.outer_tables = [queue.upload(table([half])) for half in self.outer]
        self.outer_jet = [queue.upload(jet_table([half])) for half in self.outer]
        self._x_pass = XPass(queue.upload(x), x.shape[1], self.first or -1, len(x) - 1)

    def _jet_pass(self, queue: Queue, axis: int) -> JetPass:
        ndim = self.ndim - axis
        weights = jet_table(self.halves[axis])
        other = None
        if self.others:
            other = queue.upload(table([self.others[axis]])), len(self.others[axis]) - 1
        second = (0, 1, 3 if self.first else 2)[(ndim - 1) * self.second]
        first = self.first * (ndim - 1)
        return JetPass(queue.upload(weights), len(weights) - 1, other, first, second, ndim)

    def _regions(self, tile: Tile) -> list[Region]:
        nz, ny, nx = tile.shape
        mz, my, mx = self.margin
        rz, ry, _ = self.radii
        wide = aligned(nx) + 2 * aligned(mx)
        slots = 1 + self.first + self.second + bool(self.others)
        regions = [tile.region(slots, nz + 2 * (mz + rz), ny + 2 * (my + ry), wide)]
        if self.ndim == 3:
            slots = 1 + 2 * self.first + (2 + self.first) * self.second + bool(self.others)
            regions.append(tile.region(slots, nz + 2 * (mz + rz), ny + 2 * my, wide))
        if self.outer:
            entries = self.ndim * (self.ndim + 1) // 2
            regions.append(tile.region(entries, nz + 2 * mz, ny + 2 * my, wide))
            regions.append(tile.region(entries, nz + 2 * mz, ny + 2 * my, nx))
            if self.ndim == 3:
                regions.append(tile.region(entries, nz + 2 * mz, ny, nx))
        return regions

    def run(self, tile: Tile) -> None:
        """Compute the planes of one tile."""
        assert self._x_pass is not None
        (nz, ny, nx), (mz, my, mx), (rz, ry, _) = tile.shape, self.margin, self.radii
        mx = aligned(mx)
        src = tile.source[self.border]
        regions = self._regions(tile)
        rows = regions[0]
        at = src.at(-mz - rz, -my - ry, -mx)
        wide = aligned(nx) + 2 * mx
        self._x_pass.run(tile, src, at, rows, (nz + 2 * (mz + rz), ny + 2 * (my + ry), wide))
        last = rows
        if self.ndim == 3:
            last = regions[1]
            self._along_y(tile, rows, last, (nz + 2 * (mz + rz), ny + 2 * my, wide))
        axis = 3 - self.ndim
        final = self.passes[-1]
        if self.inside:
            at = last.at(mz + rz, my, mx) if self.ndim == 3 else last.at(0, my + ry, mx)
            final.run(tile, axis, last, at, tile.stack, tile.stack.offset, tile.shape, self.inside,
                      log_factor=self.scale.sigma**2)  # fmt: skip
        if self.outer:
            products = regions[self.ndim - 1]
            at = last.at(rz, 0, 0) if self.ndim == 3 else last.at(0, ry, 0)
            final.run(tile, axis, last, at, products, products.offset,
                      (nz + 2 * mz, ny + 2 * my, wide), {"PRODUCTS": 0},
                      sign=tile.sign(mz, my, mx))  # fmt: skip
            self._smooth_products(tile, products, regions[self.ndim :])

    def _along_y(self, tile: Tile, rows: Region, out: Region, size: Triple) -> None:
        at = rows.at(0, self.radii[1], 0)
        middle = self.passes[0]
        plain = JetPass(middle.weights, middle.radius, None, middle.first, middle.second, 2)
        plain.run(tile, 1, rows, at, out, out.offset, size, {"RAW": 0})
        if middle.other is not None:
            at += (1 + self.first + self.second) * rows.slot
            to = out.offset + (1 + self.passes[1].first + self.passes[1].second) * out.slot
            other = JetPass(self.other_y, middle.other[1], None, 0, 0, 2)
            other.run(tile, 1, rows, at, out, to, size, {"RAW": 0})

    def _smooth_products(self, tile: Tile, products: Region, regions: list[Region]) -> None:
        (nz, ny, nx), (mz, my, mx) = tile.shape, self.margin
        entries = self.ndim * (self.ndim + 1) // 2
        planes = entries * (nz + 2 * mz)
        x = XPass(self.outer_tables[-1], 1, -1, len(self.outer[-1]) - 1)
        x.run(tile, products, products.at(0, 0, aligned(mx)), regions[0], (planes, ny + 2 * my, nx))
        last, at = regions[0], regions[0].at(0, my, 0)
        if self.ndim == 3:
            along_y = JetPass(self.outer_jet[1], len(self.outer[1]) - 1, None, 0, 0, 2)
            along_y.run(tile, 1, last, at, regions[1], regions[1].offset, (planes, ny, nx),
                        {"RAW": 0})  # fmt: skip
            last, at = regions[1], regions[1].at(mz, 0, 0)
        weights = self.outer_tables[0], len(self.outer[0]) - 1
        tensor_pass(tile, 3 - self.ndim, last, at, weights, self.planes["STRUCTURE"])
