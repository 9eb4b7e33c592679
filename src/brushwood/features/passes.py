"""Kernels launched on one tile of a block, with regions of a scratch buffer between them."""

from dataclasses import dataclass
from typing import Any

from brushwood.arrays import Triple
from brushwood.opencl import Buffer, Program, Queue

#: Rows start at multiples of this many floats, the widest vector.
ALIGN = 16
#: Floats readable before the first and after the last pixel of every buffer.
SLACK = 64

#: Pixels that a work-item with vectors computes one after the other, so that it finds most of what
#: it reads in its nearest cache.
_ROWS = 32


def aligned(n: int) -> int:
    """Round up to whole vectors of the widest kind."""
    return -(-n // ALIGN) * ALIGN


@dataclass(frozen=True, slots=True)
class Region:
    """A box of floats in a buffer, in `slots` copies.

    Attributes
    ----------
    buffer : Buffer
    offset : int
        Of pixel (0, 0, 0) of the first copy.
    row, slab, slot : int
        Floats from one row, plane and copy to the next.
    """

    buffer: Buffer
    offset: int
    row: int
    slab: int
    slot: int

    def at(self, z: int, y: int, x: int) -> int:
        """Return where a pixel is."""
        return self.offset + z * self.slab + y * self.row + x

    def step(self, axis: int) -> int:
        """Return the floats between neighbours along z (0) or y (1)."""
        return self.row if axis else self.slab


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of mirrored pixels along each axis, in one buffer; `at` is where pixel 0 is."""

    buffer: Buffer
    at: Triple


@dataclass(slots=True)
class Tile:
    """A box of a block that is computed at one go.

    Attributes
    ----------
    queue : Queue
    vec : int
        Pixels of a work-item.
    ndim : int
    start, shape : three int
        The box, in pixels of the block.
    low, high : three int
        The image's first and last pixel, counted from the tile's first.
    source : dict of border to Region
        Padded pixels; (0, 0, 0) is the tile's first.
    stack : Region
        Planes of the result; likewise.
    scratch : Buffer
    signs : Signs or None
    """

    queue: Queue
    vec: int
    ndim: int
    start: Triple
    shape: Triple
    low: Triple
    high: Triple
    source: dict[str, Region]
    stack: Region
    scratch: Buffer
    signs: Signs | None
    used: int = SLACK

    def region(self, slots: int, nz: int, ny: int, nx: int) -> Region:
        """Take room from the scratch buffer."""
        # Rows an odd number of cache lines apart: columns then spread over all sets of a cache.
        row = aligned(nx) | ALIGN
        region = Region(self.scratch, self.used, row, row * ny, row * ny * nz)
        self.used += slots * region.slot + SLACK
        return region

    @classmethod
    def measure(cls, shape: Triple) -> "Tile":
        """Return a tile without a device, to add up what regions of scratch it takes."""
        nothing: Any = None
        return cls(nothing, 1, 3, (0, 0, 0), shape, (0, 0, 0), (0, 0, 0), {}, nothing, None, None)

    def sign(self, mz: int, my: int, mx: int) -> Triple:
        """Return where in `signs` the pixel before the tile's first by a margin is."""
        assert self.signs is not None
        z, y, x = (a + b for a, b in zip(self.signs.at, self.start, strict=True))
        return z - mz, y - my, x - mx

    def launch(
        self,
        names: tuple[str, ...],
        kernel: str,
        size: Triple,
        defines: dict[str, int],
        **parameters: Any,
    ) -> None:
        """Run a kernel over pixels (z, y, x)."""
        program = Program.load("features.cl", *names, VEC=self.vec, **defines)
        z, y, x = size
        self.queue.launch(program, kernel, (z, y, aligned(x) // self.vec), **parameters)

    def launch_along(
        self,
        axis: int,
        names: tuple[str, ...],
        kernel: str,
        size: Triple,
        defines: dict[str, int],
        **parameters: Any,
    ) -> None:
        """Run a kernel whose work-items each walk over some pixels along z (0) or y (1)."""
        rows = 1 if self.vec == 1 else _ROWS
        z, y, x = size
        steps, across = (z, y) if axis == 0 else (y, z)
        self.launch(
            names, kernel, (-(-steps // rows), across, x), {**defines, "ROWS": rows}, **parameters
        )


@dataclass(frozen=True, slots=True)
class XPass:
    """Filters along x that share their loads: a table of weights, one column a filter."""

    weights: Buffer
    n: int
    odd: int
    radius: int

    def run(self, tile: Tile, src: Region, at: int, dst: Region, size: Triple) -> None:
        """Filter `size` pixels from position `at` of `src` into the slots of `dst`."""
        tile.launch(
            ("features_x.cl",), "conv_x", size, {"N": self.n, "ODD": self.odd},
            src=src.buffer, dst=dst.buffer, w=self.weights, radius=self.radius,
            s_off=at, s_row=src.row, s_slab=src.slab,
            d_off=dst.offset, d_row=dst.row, d_slab=dst.slab, d_slot=dst.slot,
        )  # fmt: skip


#: What a pass along y or z may end in, in the order of the kernel's stores.
ENDINGS = ("GAUSS", "GRADIENT", "LOG", "DOG", "HESSIAN", "PRODUCTS", "RAW")


@dataclass(frozen=True, slots=True)
class JetPass:
    """A pass along y or z over the slots of a jet.

    Attributes
    ----------
    weights : Buffer
        (distance, order 0 to 2).
    other : (Buffer, int) or None
        Weights and radius of a difference's other Gaussian.
    first, second : int
        Slots of first and second derivatives along the other axes.
    ndim : int
        2 if the pass follows x, 3 if it follows x and y.
    """

    weights: Buffer
    radius: int
    other: tuple[Buffer, int] | None
    first: int
    second: int
    ndim: int

    def run(
        self,
        tile: Tile,
        axis: int,
        src: Region,
        at: int,
        dst: Region,
        to: int,
        size: Triple,
        planes: dict[str, int],
        log_factor: float = 1.0,
        sign: Triple = (0, 0, 0),
    ) -> None:
        """Filter `size` pixels from `at` of `src` along z (axis 0) or y (1) to `to` of `dst`.

        `planes` has an ending (see `ENDINGS`) for each result and its first plane.
        """
        defines = {name: int(name in planes) for name in ENDINGS}
        other, radius = self.other or (self.weights, 0)
        signs = tile.signs.buffer if tile.signs is not None else self.weights
        tile.launch_along(
            axis, ("features_eigen.cl", "features_jet.cl"), "jet", size,
            {**defines, "DIM": self.ndim, "FIRST": self.first, "SECOND": self.second},
            src=src.buffer, dst=dst.buffer, w=self.weights, radius=self.radius,
            w2=other, radius2=radius, signs=signs,
            sign_step=sign[axis], sign_across=sign[1 - axis], sign_x=sign[2],
            s_off=at, s_step=src.step(axis), s_across=src.step(1 - axis), s_slot=src.slot,
            d_off=to, d_step=dst.step(axis), d_across=dst.step(1 - axis), d_plane=dst.slot,
            steps=size[axis], to_gauss=planes.get("GAUSS", 0),
            to_gradient=planes.get("GRADIENT", 0), to_log=planes.get("LOG", 0),
            to_dog=planes.get("DOG", 0), to_hessian=planes.get("HESSIAN", 0),
            log_factor=log_factor,
        )  # fmt: skip


def tensor_pass(
    tile: Tile, axis: int, src: Region, at: int, weights: tuple[Buffer, int], plane: int
) -> None:
    """Smooth the entries of a tensor along z or y; their eigenvalues are planes of the stack."""
    dst = tile.stack
    tile.launch_along(
        axis, ("features_eigen.cl", "features_tensor.cl"), "tensor", tile.shape,
        {"DIM": tile.ndim},
        src=src.buffer, dst=dst.buffer, w=weights[0], radius=weights[1],
        s_off=at, s_step=src.step(axis), s_across=src.step(1 - axis), s_slot=src.slot,
        d_off=dst.offset, d_step=dst.step(axis), d_across=dst.step(1 - axis), d_plane=dst.slot,
        steps=tile.shape[axis], plane=plane,
    )  # fmt: skip


def stencil_pass(tile: Tile, src: Region, at: int, planes: dict[str, int]) -> None:
    """Compute APOC's stencils of a blurred tile whose first pixel is `at`."""
    dst = tile.stack
    # One pixel beyond the tile is there, but not beyond the image.
    low = [max(-1, first) for first in tile.low]
    high = [min(n, last) for n, last in zip(tile.shape, tile.high, strict=True)]
    tile.launch(
        ("features_stencil.cl",), "stencil", tile.shape, {"DIM": tile.ndim},
        src=src.buffer, dst=dst.buffer, s_off=at, s_row=src.row, s_slab=src.slab,
        d_off=dst.offset, d_row=dst.row, d_slab=dst.slab, d_plane=dst.slot,
        z_low=low[0], z_high=high[0], y_low=low[1], y_high=high[1],
        x_low=tile.low[2], x_high=tile.high[2],
        to_blur=planes.get("BLUR", -1), to_laplace=planes.get("LAPLACE", -1),
        to_sobel=planes.get("SOBEL", -1),
    )  # fmt: skip


def copy_pass(tile: Tile, src: Region, plane: int) -> None:
    """Copy the pixels of a tile to a plane of the stack."""
    dst = tile.stack
    tile.launch(
        ("features_stencil.cl",), "copy", tile.shape, {"DIM": tile.ndim},
        src=src.buffer, dst=dst.buffer, s_off=src.offset, s_row=src.row, s_slab=src.slab,
        d_off=dst.offset + plane * dst.slot, d_row=dst.row, d_slab=dst.slab,
    )  # fmt: skip
