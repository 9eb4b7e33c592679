"""Time from a stroke to the visible update, with its parts: ``python benchmarks/bench_live.py``."""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from common import cells, machine, table, versions
from scipy import ndimage

from brushwood.arrays import ImageSource
from brushwood.blocks import Block, blocks_over, from_centre
from brushwood.features.spec import FeatureSet
from brushwood.forest.grow import grow
from brushwood.forest.params import ForestParams
from brushwood.opencl import budget_bytes, choose_device
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.draft import draft_of
from brushwood.pixels.stacks import FeatureCache
from brushwood.pixels.strokes import Strokes
from brushwood.pixels.training import TILES

#: Pixels of a stroke.
LENGTH = 20
PARTS = (
    "find strokes",
    "features of new rows",
    "grow the forest",
    "draft, all tiles",
    "final, all tiles",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--pixels", type=int, default=3000, help="annotated at the end")
    parser.add_argument("--updates", type=int, default=20, help="strokes that are timed")
    parser.add_argument("--features", help="one line or a preset; default: the default features")
    parser.add_argument("--trees", type=int)
    parser.add_argument("--depth", type=int)
    parser.add_argument("--device")
    options = parser.parse_args()
    changed = {"n_trees": options.trees, "max_depth": options.depth}
    forest = ForestParams(**{k: v for k, v in changed.items() if v is not None})
    features = options.features
    if features in FeatureSet.presets():
        features = FeatureSet.preset(features)
    model = PixelClassifier(features, forest, device=options.device)
    image = cells((options.size, options.size))
    times, warm = run(model, image, options.pixels, options.updates)
    print(machine())
    device = choose_device(options.device)
    print(f"{device}; {versions('napari-brushwood', 'pyclesperanto', 'scikit-learn', 'numpy')}")
    print(
        f"{options.size} x {options.size}, {options.pixels} annotated pixels, "
        f"{len(model.feature_names_)} features, {forest.n_trees} trees, depth {forest.max_depth}, "
        f"{model.forest_.n_nodes} nodes"
    )
    print(f"first stroke, with kernels compiled and features computed: {warm:.2f} s")
    drafts = times[:, 3] > 0
    first = times[:, :4].sum(axis=1) + np.where(drafts, 0, times[:, 4])
    columns = [
        *zip(PARTS, times.T, strict=True),
        ("**all in view updated**", first),
        ("all in view final", times.sum(axis=1)),
    ]
    rows = [
        [part, *(f"{1e3 * np.percentile(column, p):.0f}" for p in (50, 95))]
        for part, column in columns
    ]
    print(table(("stroke to visible update", "median, ms", "95th percentile, ms"), rows))


def run(
    model: PixelClassifier, image: np.ndarray[Any, Any], n_pixels: int, updates: int
) -> tuple[np.ndarray[Any, Any], float]:
    """Paint the last strokes one by one; return seconds (update, part), and of the first."""
    source = ImageSource.of(image)
    steps = stages(image, n_pixels // LENGTH, updates)
    cache = FeatureCache(budget_bytes(choose_device(model.device)) // 2)
    training = model.new_training(source.ndim, source.n_channels)
    grid = blocks_over(Block((0, 0, 0), source.shape3), TILES[2], source.shape3)
    tiles = from_centre(grid, [n / 2 for n in source.shape3])
    found = [update(model, training, cache, source, step, tiles) for step in steps]
    return np.array(found[1:]), sum(found[0])


def stages(image: np.ndarray[Any, Any], n_strokes: int, updates: int) -> list[np.ndarray[Any, Any]]:
    """Return the annotation before the last `updates` strokes, and after each of them.

    Three classes of brightness that touch each other. A stroke has the class of its middle and
    reaches over its border now and then, as a hand does: the trees grow deep.
    """
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)
    classes = np.digitize(smooth, np.quantile(smooth, (0.6, 0.9))).astype(np.uint8) + 1
    rng = np.random.default_rng(1)
    annotation = np.zeros(image.shape, np.uint8)
    found = []
    for n in range(n_strokes):
        inside = np.argwhere(classes[:, LENGTH:-LENGTH] == n % 3 + 1)
        y, x = inside[rng.integers(len(inside))] + (0, LENGTH)
        annotation[y, x - LENGTH // 2 : x + LENGTH // 2] = n % 3 + 1
        if n >= n_strokes - updates - 1:
            found.append(annotation.copy())
    return found


def update(
    model: PixelClassifier,
    training: Any,
    cache: FeatureCache,
    source: ImageSource,
    annotation: np.ndarray[Any, Any],
    tiles: Sequence[Block],
) -> list[float]:
    """Do what the live view does after a stroke; return the seconds of its parts."""
    params = model.forest or ForestParams()
    clock = [time.perf_counter()]
    training.put("image", source, Strokes.of(annotation))
    clock.append(time.perf_counter())
    rows = training.rows(params.max_rows, params.seed, cache=cache)
    clock.append(time.perf_counter())
    grow(rows.features, rows.classes, params)
    clock.append(time.perf_counter())
    # Rows are there already: this grows the same forest again, which is not timed.
    model.fit_training(training, cache=cache)
    clock = [*np.diff(clock)]
    for one in (draft_of(model), model):
        begin = time.perf_counter()
        for tile in tiles if one is not None else ():
            one.predict_region(source, (), tile.start, tile.stop, cache=cache)
        clock.append(time.perf_counter() - begin)
    return clock


if __name__ == "__main__":
    main()
