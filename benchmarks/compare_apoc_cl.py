"""Run APOC and Brushwood on the same ``.cl`` files and print how many pixels differ.

Needs apoc 0.12 beside Brushwood: ``bash benchmarks/setup.sh`` makes such an environment. Every file
is trained by APOC, run by APOC, and run by Brushwood from the file alone. The last rows turn this
round: Brushwood trains and writes, APOC runs.
"""

import argparse
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import cells, machine, table
from scipy import ndimage

#: Most pixels that may differ.
ALLOWED = 0.001
SPREAD = " ".join(
    ["original"]
    + [
        f"{name}={sigma}"
        for name in ("gaussian_blur", "difference_of_gaussian", "laplace_box_of_gaussian_blur",
                     "sobel_of_gaussian_blur")
        for sigma in (0.3, 1, 2.5, 5, 10)
    ]
)  # fmt: skip
SOLID = "original gaussian_blur=1 difference_of_gaussian=2 laplace_box_of_gaussian_blur=1"
OBJECTS = (
    "area mean_intensity max_intensity standard_deviation_intensity "
    "mean_max_distance_to_centroid_ratio touching_neighbor_count touch_count_sum "
    "average_distance_of_n_nearest_neighbors=6 maximum_touch_portion"
)
PAIRS = "touch_portion touch_count mean_touch_intensity centroid_distance area_difference"


@dataclass(frozen=True)
class Row:
    """One comparison: what, on how many pixels, and how many of them differ."""

    what: str
    pixels: int
    differ: int

    @property
    def share(self) -> float:
        """Share of pixels that differ."""
        return self.differ / self.pixels

    def texts(self) -> list[str]:
        """Return what stands in the table."""
        return [self.what, f"{self.pixels:,}", f"{self.differ:,}", f"{self.share:.4%}"]


def marks_of(image: np.ndarray, seed: int = 3) -> np.ndarray:
    """Annotate one pixel in 50: background, rim, middle."""
    smooth = ndimage.gaussian_filter(image.astype(np.float32), 2)
    level = np.digitize(smooth, np.quantile(smooth, [0.7, 0.9]))
    sparse = np.random.default_rng(seed).random(image.shape) < 0.02
    return np.where(sparse, level + 1, 0).astype(np.uint8)


def labels_of(shape: tuple[int, ...], seed: int = 4) -> np.ndarray:
    """Return touching cells, numbered without gaps."""
    points = np.zeros(shape, np.int32)
    rng = np.random.default_rng(seed)
    flat = rng.choice(points.size, points.size // 300, replace=False)
    points.reshape(-1)[flat] = np.arange(1, flat.size + 1)
    far, nearest = ndimage.distance_transform_edt(points == 0, return_indices=True)
    labels = np.where(far < 8, points[tuple(nearest)], 0)
    return labels.astype(np.uint32)


def pull(array: Any) -> np.ndarray:
    """Copy from APOC's device."""
    return np.asarray(array)


def pixel_rows(apoc: Any, ours: Any, size: int) -> Iterator[Row]:
    """Compare classifiers of pixels of a few sizes, and one of them with votes by count."""
    image = cells((size, size))
    marks = marks_of(image)
    sizes = apoc.PredefinedFeatureSet
    for what, depth, n_trees, line in (
        ("APOC's defaults, depth 2", 2, 100, sizes.object_size_1_to_5_px.value),
        ("depth 10", 10, 30, sizes.small_dog_log.value),
        ("21 features, depth 6", 6, 100, SPREAD),
    ):
        theirs = apoc.PixelClassifier(f"{depth}.cl", depth, n_trees)
        theirs.train(line, marks, image)
        yield differing(what, ours.load(f"{depth}.cl").predict(image), pull(theirs.predict(image)))
    # The trees themselves are exact: what differs is the last digit of a filter.
    planes = [pull(plane) for plane in apoc.generate_feature_stack(image, line)]
    found = ours.load("6.cl").predict(features=planes)
    yield differing(f"{what}, APOC's feature images", found, pull(theirs.predict(image)))
    write_counts("6.cl", "counts.cl")
    expected = pull(apoc.PixelClassifier("counts.cl").predict(image))
    yield differing(f"{what}, votes by count", ours.load("counts.cl").predict(image), expected)
    found = ours.load("counts.cl").predict(features=planes)
    yield differing(f"{what}, votes by count, APOC's feature images", found, expected)


def write_counts(source: str, target: str) -> None:
    """Write a file whose leaves vote by count, as files from scikit-learn before 1.4."""
    rng = np.random.default_rng(0)

    def count(vote: re.Match[str]) -> str:
        return f"+={round(rng.integers(1, 900) * float(vote[1]))}.0;"

    text = Path(source).read_text("utf-8")
    Path(target).write_text(re.sub(r"\+=([\d.e-]+);", count, text), "utf-8")


def kind_rows(apoc: Any, ours: Any, size: int) -> Iterator[Row]:
    """Compare the other classifiers of pixels, and other images."""
    image = cells((size, size))
    marks = marks_of(image)
    mapper = apoc.ProbabilityMapper("m.cl", 4, 100, output_probability_of_class=2)
    mapper.train("original gaussian_blur=2", marks, image)
    expected = pull(mapper.predict(image))
    off = np.abs(ours.load("m.cl").predict(image) - expected) > 1e-6
    yield Row("probability mapper (off by over 1e-6)", off.size, int(off.sum()))
    segmenter = apoc.ObjectSegmenter("s.cl", 4, 100, positive_class_identifier=2)
    segmenter.train(SOLID, marks, image)
    expected = pull(segmenter.predict(image))
    yield differing("object segmenter", ours.load("s.cl").predict(image), expected)
    solid = cells((24, size // 4, size // 4))
    floats = (image / 7.3).astype(np.float32)
    two = np.stack([image, cells(image.shape, 9)])
    for what, picture, annotation in (
        ("two channels", two, marks),
        ("3-D", solid, marks_of(solid)),
        ("float image", floats, marks),
    ):
        theirs = apoc.PixelClassifier(f"{what}.cl", 5, 50)
        theirs.train(SOLID, annotation, picture)
        expected = pull(theirs.predict(picture))
        yield differing(what, ours.load(f"{what}.cl").predict(picture), expected)


def object_rows(apoc: Any, ours: Any, size: int) -> Iterator[Row]:
    """Compare the tools for objects."""
    labels = labels_of((size // 2, size // 2))
    image = cells(labels.shape, 5)
    rng = np.random.default_rng(6)
    classes = rng.integers(0, 4, labels.max() + 1)
    classes[0] = 0
    marks = (classes[labels] * (rng.random(labels.shape) < 0.3)).astype(np.uint8)
    sorter = apoc.ObjectClassifier("o.cl", 5, 50)
    sorter.train(OBJECTS, labels, marks, image)
    expected = pull(sorter.predict(labels, image))
    yield differing("object classifier", ours.load("o.cl").predict(labels, image), expected)
    selector = apoc.ObjectSelector("e.cl", 5, 50, positive_class_identifier=2)
    selector.train(OBJECTS, labels, marks, image)
    expected = pull(selector.predict(labels, image))
    yield differing("object selector", ours.load("e.cl").predict(labels, image), expected)
    edge = labels != ndimage.minimum_filter(labels, 3)
    marks = (edge * (1 + labels % 2) * (rng.random(labels.shape) < 0.5)).astype(np.uint8)
    merger = apoc.ObjectMerger("g.cl", 4, 50)
    merger.train(PAIRS, labels, marks, image)
    expected = pull(merger.predict(labels, image))
    yield differing("object merger", ours.load("g.cl").predict(labels, image), expected)


def written_rows(apoc: Any, ours: Any, size: int) -> Iterator[Row]:
    """Brushwood trains, with ids that leave gaps, and writes; APOC runs the file."""
    import brushwood as bw

    image = cells((size, size))
    marks = marks_of(image) * 2
    features = "original gaussian_blur=1,5 difference_of_gaussian=1,5 sobel_of_gaussian_blur=2"
    for what, forest in (
        ("random forest, depth 6", bw.ForestParams(kind="random", n_trees=100, max_depth=6)),
        ("extremely randomised, depth 6", bw.ForestParams(n_trees=30, max_depth=6)),
    ):
        for scaling in ("none", "training"):
            mine = bw.PixelClassifier(features, forest, scaling=scaling, smoothing=0)
            mine.fit(image, marks)
            ours.save_model(mine, f"w_{scaling}_{forest.kind}.cl")
            theirs = apoc.PixelClassifier(f"w_{scaling}_{forest.kind}.cl")
            expected = mine.predict(image)
            yield differing(
                f"written: {what}, scaling {scaling}", pull(theirs.predict(image)), expected
            )


def differing(what: str, found: Any, expected: Any) -> Row:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    return Row(what, found.size, int((found != expected).sum()))


def main() -> int:
    """Print a table; 1 if more differs than may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="pixels of an edge (default: 1024)")
    options = parser.parse_args()
    try:
        import apoc
    except ImportError:
        print("apoc is not installed; see benchmarks/README.md", file=sys.stderr)
        return 2
    from brushwood.apoc import files as ours

    warnings.simplefilter("ignore")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for part in (pixel_rows, kind_rows, object_rows, written_rows):
            for row in part(apoc, ours, options.size):
                print(f"{row.what}: {row.share:.4%}", file=sys.stderr, flush=True)
                rows.append(row)
        os.chdir("/")
    print(machine(), "\n")
    print(table(["file", "pixels", "differ", "share"], [row.texts() for row in rows]))
    return int(max(row.share for row in rows) > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
