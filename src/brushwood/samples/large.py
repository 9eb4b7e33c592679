"""A large image that is stored nowhere: a small one, mirrored tile by tile."""

from typing import Any

import numpy as np

#: Tiles along each axis; 16 tiles of 512 px are 8192 px.
TILES = 16


def mosaic(tile: Any, tiles: int = TILES) -> Any:
    """Return a dask array of ``tiles × tiles`` copies of `tile` (Y, X), each mirroring the next.

    Mirroring keeps objects and light continuous across the seams. Blocks are views of `tile` and
    are made when they are asked for.
    """
    import dask.array as da

    height, width = tile.shape

    def block(block_info: Any = None) -> Any:
        row, column = block_info[None]["chunk-location"]
        return np.ascontiguousarray(tile[:: -1 if row % 2 else 1, :: -1 if column % 2 else 1])

    return da.map_blocks(
        block, chunks=((height,) * tiles, (width,) * tiles), dtype=tile.dtype, meta=tile[:0, :0]
    )


def pyramid(image: Any, levels: int = 5) -> list[Any]:
    """Return `image` and its lower resolutions, each half as large: every second pixel is kept."""
    return [image[:: 2**level, :: 2**level] for level in range(levels)]
