"""Make the sample data of Brushwood, the same files from the same seeds.

    python scripts/make_samples.py [KEY ...] [--out sample_data]

Simulated samples are drawn here; of the two real images, which scikit-image ships, only the
strokes and the truth are made here. A file is rewritten only if its pixels change.
"""

import argparse
import csv
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from skimage import data

sys.path.insert(0, str(Path(__file__).resolve().parent))
from sample_makers import blobs, cells, coins, histology, nuclei, volume
from sample_makers.hand import COINS, IHC, NUCLEI
from sample_makers.strokes import drawn, paint

ROOT = Path(__file__).resolve().parents[1]
Array = NDArray[Any]


@dataclass(frozen=True)
class Made:
    """What one maker returns; `image` is None where a dependency ships it."""

    annotation: Array
    axes: str
    image: Array | None = None
    spacing: tuple[float, ...] | None = None
    truth_classes: Array | None = None
    truth_labels: Array | None = None
    table: dict[str, list[Any]] | None = None


def two_classes(labels: Array) -> NDArray[np.uint8]:
    """Return 1 for background and 2 for objects."""
    return np.where(labels > 0, 2, 1).astype(np.uint8)


def annotate(
    classes: Array, seed: int, plan: dict[int, dict[str, Any]], width: float = 3.5
) -> NDArray[np.uint8]:
    """Paint strokes of each class of `plan` into a 2-D class map."""
    rng = np.random.default_rng(seed)
    annotation = np.zeros(classes.shape, np.uint8)
    for class_id, options in plan.items():
        mask = paint(rng, classes, class_id, width=width, **options)
        annotation[mask] = class_id
    return annotation


def annotate_planes(
    classes: Array, seed: int, planes: tuple[int, ...], plan: dict[int, dict[str, Any]]
) -> NDArray[np.uint8]:
    """Paint strokes into some planes or frames, the others stay empty."""
    annotation = np.zeros(classes.shape, np.uint8)
    for k, plane in enumerate(planes):
        annotation[plane] = annotate(classes[plane], seed + k, plan)
    return annotation


NUCLEI_PLAN = {
    1: {"count": 5, "length": (60, 110), "margin": 3.0, "apart": 130.0},
    2: {"count": 9, "length": (14, 26), "margin": 2.0, "apart": 80.0},
}


def nuclei_2d() -> Made:
    image, labels = nuclei.nuclei_2d()
    classes = two_classes(labels)
    annotation = annotate(classes, 2, NUCLEI_PLAN, 4.0)
    for class_id, curves in NUCLEI.items():
        annotation[drawn(annotation.shape, curves, 4.0)] = class_id
    return Made(annotation, "YX", image, (nuclei.PIXEL_UM,) * 2, classes, labels)


def round_and_elongated_blobs() -> Made:
    image, labels, table = blobs.blobs()
    classes = two_classes(labels)
    plan = {
        1: {"count": 4, "length": (50, 90), "margin": 2.0, "apart": 150.0},
        2: {"count": 7, "length": (7, 14), "margin": 1.0, "apart": 90.0},
    }
    return Made(annotate(classes, 4, plan, 3.0), "YX", image, None, classes, labels, table)


def nuclei_3d() -> Made:
    image, labels = volume.nuclei_3d()
    classes = two_classes(labels)
    plan = {
        1: {"count": 2, "length": (35, 60), "margin": 2.5, "apart": 60.0},
        2: {"count": 3, "length": (10, 20), "margin": 2.0, "apart": 40.0},
    }
    annotation = annotate_planes(classes, 30, (5, 14, 24), plan)
    return Made(annotation, "ZYX", image, volume.SPACING, classes, labels)


def two_channel_cells() -> Made:
    image, classes, labels = cells.two_channel_cells()
    plan = {
        1: {"count": 3, "length": (35, 70), "margin": 2.0, "apart": 110.0},
        2: {"count": 5, "length": (35, 70), "margin": 2.5, "apart": 100.0},
        3: {"count": 5, "length": (14, 24), "margin": 3.0, "apart": 90.0},
    }
    annotation = annotate(classes, 6, plan, 4.0)
    return Made(annotation, "CYX", image, (cells.PIXEL_UM,) * 2, classes, labels)


def histology_he() -> Made:
    image, classes, labels = histology.histology_he()
    plan = {
        1: {"count": 3, "length": (30, 60), "margin": 2.5, "apart": 130.0},
        2: {"count": 6, "length": (40, 80), "margin": 2.0, "apart": 110.0},
        3: {"count": 9, "length": (7, 16), "margin": 0.3, "apart": 60.0},
    }
    annotation = annotate(classes, 8, plan, 3.0)
    return Made(annotation, "YXS", image, (histology.PIXEL_UM,) * 2, classes, labels)


def coins_photo() -> Made:
    labels = coins.coin_labels(data.coins())
    return Made(by_hand(COINS, labels.shape, 4.0), "YX", None, None, two_classes(labels), labels)


def ihc() -> Made:
    return Made(by_hand(IHC, (512, 512), 5.0), "YXS")


def nuclei_time() -> Made:
    image, labels = nuclei.nuclei_time()
    classes = two_classes(labels)
    plan = {
        1: {"count": 2, "length": (40, 70), "margin": 2.5, "apart": 80.0},
        2: {"count": 3, "length": (12, 22), "margin": 2.5, "apart": 50.0},
    }
    annotation = annotate_planes(classes, 50, (0, 5), plan)
    return Made(annotation, "TYX", image, (nuclei.PIXEL_UM,) * 2, classes, labels)


def by_hand(strokes: dict[int, Any], shape: tuple[int, int], width: float) -> NDArray[np.uint8]:
    """Return the annotation of strokes that were placed by hand."""
    annotation = np.zeros(shape, np.uint8)
    for class_id, curves in strokes.items():
        annotation[drawn(shape, curves, width)] = class_id
    return annotation


MAKERS: dict[str, Callable[[], Made]] = {
    "nuclei_2d": nuclei_2d,
    "round_and_elongated_blobs": round_and_elongated_blobs,
    "nuclei_3d": nuclei_3d,
    "two_channel_cells": two_channel_cells,
    "histology_he": histology_he,
    "coins": coins_photo,
    "ihc": ihc,
    "nuclei_time": nuclei_time,
}


def write_tiff(path: Path, array: Array, axes: str, spacing: tuple[float, ...] | None) -> None:
    """Write a compressed OME-TIFF unless the same pixels are there already."""
    if path.exists() and np.array_equal(tifffile.imread(path), array):
        return
    metadata: dict[str, Any] = {"axes": axes}
    for axis, step in zip("XYZ", reversed(spacing or ()), strict=False):
        metadata |= {f"PhysicalSize{axis}": step, f"PhysicalSize{axis}Unit": "µm"}
    photometric = "rgb" if axes.endswith("S") else "minisblack"
    # Noise packs best with LZMA, which tifffile unpacks with Python's own library; whether
    # differences between neighbours pack better depends on the image.
    written = []
    for predictor in (False, True):
        file = io.BytesIO()
        tifffile.imwrite(
            file, array, ome=True, metadata=metadata, photometric=photometric,
            compression="lzma", predictor=predictor,
        )  # fmt: skip
        written.append(file.getvalue())
    path.write_bytes(min(written, key=len))


def write(made: Made, folder: Path) -> None:
    """Write all files of one sample."""
    folder.mkdir(parents=True, exist_ok=True)
    if made.image is not None:
        write_tiff(folder / "image.tif", made.image, made.axes, made.spacing)
    axes = made.axes.replace("S", "").replace("C", "")
    for name in ("annotation", "truth_classes", "truth_labels"):
        array = getattr(made, name)
        if array is not None:
            write_tiff(folder / f"{name}.tif", array, axes, made.spacing)
    if made.table is not None:
        with (folder / "truth_table.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(made.table)
            rows.writerows(zip(*made.table.values(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("keys", nargs="*", metavar="KEY", help=f"some of {', '.join(MAKERS)}")
    parser.add_argument("--out", type=Path, default=ROOT / "sample_data")
    args = parser.parse_args()
    if unknown := set(args.keys) - set(MAKERS):
        parser.error(f"no such sample: {', '.join(sorted(unknown))}")
    for key in args.keys or MAKERS:
        write(MAKERS[key](), args.out / key)
        size = sum(f.stat().st_size for f in (args.out / key).iterdir())
        print(f"{key:28s} {size / 1000:7.0f} kB", flush=True)


if __name__ == "__main__":
    main()
