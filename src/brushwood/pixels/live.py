"""What the live view asks for: maps of what is visible, from what was computed before."""

from collections.abc import Collection, Sequence

from brushwood.arrays import ImageSource
from brushwood.blocks import Block, blocks_over
from brushwood.jobs import Job
from brushwood.pixels.outputs import Maps, joined
from brushwood.pixels.predict import Predictor
from brushwood.pixels.stacks import FeatureCache, View
from brushwood.pixels.training import TILES


def visible_maps(
    predictor: Predictor,
    view: View,
    block: Block,
    outputs: Sequence[str],
    cache: FeatureCache,
    job: Job,
) -> Maps:
    """Return the maps of a block in view, from the tiles of a fixed grid.

    Tiles keep their feature stacks on the device, so that after a stroke only the forest runs; and
    in a stack a tile's results are kept too, so that the next planes are there at once.

    Returns
    -------
    dict of output to ndarray
        Equal, bit for bit, to the same part of the whole image's maps.
    """
    source = view.source
    tiles = blocks_over(block, TILES[source.ndim], source.shape3)
    parts = ((tile, _tile_maps(predictor, view, tile, outputs, cache, job)) for tile in tiles)
    cut = (_cut(tile, maps, block) for tile, maps in parts)
    first = next(cut)
    if first[0] == block:
        return first[1]
    return joined((first, *cut), block)


def _tile_maps(
    predictor: Predictor,
    view: View,
    tile: Block,
    outputs: Collection[str],
    cache: FeatureCache,
    job: Job,
) -> Maps:
    names = tuple(sorted(outputs))
    key = (predictor.token, view.token, tile, names)
    maps = cache.result(key)
    if maps is None:
        maps = predictor.region(view, tile, names, cache=cache, job=job)
        if _shares_tiles(view.source):
            cache.keep_result(key, maps, (predictor, view.source.data))
    return maps


def _shares_tiles(source: ImageSource) -> bool:
    """Say whether several requests fall into one tile: planes of a stack do."""
    return source.ndim == 3


def _cut(tile: Block, maps: Maps, block: Block) -> tuple[Block, Maps]:
    shared = block.overlap(tile) or tile
    inner = (..., *shared.within(tile))
    return shared, {name: values[inner] for name, values in maps.items()}
