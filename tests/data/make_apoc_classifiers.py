"""Write apoc_*.cl and apoc_results.npz: classifiers that APOC trained, and what it predicts.

Run in an environment of its own with ``pip install apoc==0.12.0 pyclesperanto_prototype==0.24.6
"numpy<2"`` and an OpenCL runtime with 64-bit floats: ``python make_apoc_classifiers.py``.
"""

import os
import re
import tempfile
import warnings
from pathlib import Path

import apoc
import numpy as np
import pyclesperanto_prototype as cle
from scipy import ndimage

HERE = Path(__file__).parent
FEATURES = (
    "original gaussian_blur=1 difference_of_gaussian=2 laplace_box_of_gaussian_blur=1 "
    "sobel_of_gaussian_blur=1"
)
SOLID_FEATURES = "original gaussian_blur=1 difference_of_gaussian=2"
OBJECT_FEATURES = (
    "area mean_intensity max_intensity sum_intensity standard_deviation_intensity "
    "mean_max_distance_to_centroid_ratio touching_neighbor_count "
    "average_distance_of_n_nearest_neighbors=3 average_distance_of_touching_neighbors"
)
MERGE_FEATURES = (
    "touch_portion touch_count mean_touch_intensity centroid_distance "
    "mean_intensity_difference standard_deviation_intensity_difference area_difference "
    "mean_max_distance_to_centroid_ratio_difference"
)


def pixels(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy blobs, and a sparse annotation: background 1, blobs 2, their middles 3."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 3)
    level = np.digitize(field, np.quantile(field, [0.6, 0.85]))
    image = rng.poisson(25 + 9 * level).astype(np.uint8)
    sparse = rng.random(shape) < 0.1
    return image, np.where(sparse, level + 1, 0).astype(np.uint8)


def cells(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of touching cells, 1 to n, and an intensity image."""
    seeds = rng.random((96, 96)) < 0.006
    points = np.argwhere(seeds)
    grid = np.stack(np.meshgrid(*map(np.arange, seeds.shape), indexing="ij"), -1)
    distance = np.linalg.norm(grid[:, :, None] - points[None, None], axis=-1)
    labels = distance.argmin(-1) + 1
    labels[distance.min(-1) > 7] = 0
    image = rng.poisson(30 + 40 * (labels % 3) * (labels > 0)).astype(np.uint16)
    return labels.astype(np.uint32), image


def saved(name: str) -> str:
    """Return the path of a classifier that does not exist yet."""
    path = HERE / f"apoc_{name}.cl"
    apoc.erase_classifier(str(path))
    return str(path)


def counts(source: str, target: str, rng: np.random.Generator) -> None:
    """Write an old file: votes by count, commas, CLIJ's names, doubles as thresholds."""
    text = Path(source).read_text()
    text = re.sub(
        r"\+=([\d.e-]+);", lambda m: f"+={1 + int(rng.integers(500) * float(m[1]))}.0;", text
    )
    text = re.sub(r"num_ground_truth_dimensions.*\n|feature_importances.*\n", "", text)
    text = re.sub(r"apoc_version.*\n", "", text)
    text = re.sub(r"<([\d.e-]+)\)", lambda m: f"<{float(m[1]) + rng.random() * 1e-9!r})", text)
    Path(target).write_text(text)


def main() -> None:
    """Train, predict, save."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(20)
    kept: dict[str, np.ndarray] = {}
    image, marks = pixels(rng, (64, 72))
    kept["image"], kept["marks"] = image, marks
    one = apoc.PixelClassifier(saved("pixels"), max_depth=4, num_ensembles=20)
    one.train(FEATURES, marks, image)
    kept["pixels"] = np.asarray(one.predict(image))
    counts(str(HERE / "apoc_pixels.cl"), saved("counts"), rng)
    old = apoc.PixelClassifier(str(HERE / "apoc_counts.cl"))
    old.num_ground_truth_dimensions = 2
    kept["counts"] = np.asarray(old.predict(image))
    text = Path(HERE / "apoc_counts.cl").read_text()
    for new, legacy in (("gaussian_blur", "gaussianblur"),
                        ("difference_of_gaussian", "differenceofgaussian"),
                        ("laplace_box_of_gaussianblur", "laplacianofgaussian"),
                        ("sobel_of_gaussianblur", "sobelofgaussian")):  # fmt: skip
        text = text.replace(new, legacy)
    line = re.search("feature_specification = (.*)", text)[1]
    Path(HERE / "apoc_counts.cl").write_text(text.replace(line, line.replace(" ", ",")))

    mapper = apoc.ProbabilityMapper(saved("probability"), 3, 15, output_probability_of_class=2)
    mapper.train(FEATURES, marks, image)
    kept["probability"] = np.asarray(mapper.predict(image))
    segmenter = apoc.ObjectSegmenter(saved("segmenter"), 3, 15, positive_class_identifier=2)
    segmenter.train(FEATURES, marks, image)
    kept["segmenter"] = np.asarray(segmenter.predict(image)).astype(np.uint32)

    second, _ = pixels(rng, image.shape)
    kept["channels"] = np.stack([image, second])
    several = apoc.PixelClassifier(saved("channels"), 3, 10)
    several.train("original gaussian_blur=1", marks, kept["channels"])
    kept["channels_classes"] = np.asarray(several.predict(kept["channels"]))
    solid, solid_marks = pixels(rng, (8, 24, 26))
    kept["solid"], kept["solid_marks"] = solid, solid_marks
    volume = apoc.PixelClassifier(saved("solid"), 3, 10)
    volume.train(SOLID_FEATURES, solid_marks, solid)
    kept["solid_classes"] = np.asarray(volume.predict(solid))

    labels, intensity = cells(rng)
    kept["labels"], kept["intensity"] = labels, intensity
    ids = np.arange(labels.max() + 1)
    classes = np.where(ids % 4 == 0, 0, ids % 3 + 1)
    classes[0] = 0
    dots = ndimage.binary_erosion(labels > 0) * (rng.random(labels.shape) < 0.5)
    kept["object_marks"] = (classes[labels] * dots).astype(np.uint8)
    sorter = apoc.ObjectClassifier(saved("objects"), 3, 12)
    sorter.train(OBJECT_FEATURES, labels, kept["object_marks"], intensity)
    kept["objects"] = np.asarray(sorter.predict(labels, intensity)).astype(np.uint32)
    selector = apoc.ObjectSelector(saved("selector"), 3, 12, positive_class_identifier=2)
    selector.train("area mean_intensity", labels, kept["object_marks"], intensity)
    kept["selector"] = np.asarray(selector.predict(labels, intensity)).astype(np.uint32)
    edge = labels != ndimage.minimum_filter(labels, 3)
    kept["merge_marks"] = (edge * (1 + (labels % 2)) * (rng.random(labels.shape) < 0.6)).astype(
        np.uint8
    )
    merger = apoc.ObjectMerger(saved("merger"), 3, 12)
    merger.train(MERGE_FEATURES, labels, kept["merge_marks"], intensity)
    kept["merger"] = np.asarray(merger.predict(labels, intensity)).astype(np.uint32)
    for name, matrix in zip(MERGE_FEATURES.split(),
                            merger._make_features(MERGE_FEATURES, labels, intensity),
                            strict=True):  # fmt: skip
        kept[f"pair_{name}"] = np.asarray(matrix, np.float32)

    basic = cle.statistics_of_background_and_labelled_pixels(intensity, labels)
    for name, values in basic.items():
        kept[f"object_{name}"] = np.asarray(values)
    for name, values in cle.statistics_of_labelled_neighbors(cle.push(labels)).items():
        kept[f"neighbor_{name}"] = np.asarray(values)

    table = {"area": rng.random(40) * 9, "length": rng.random(40) * 5}
    kept["table_area"], kept["table_length"] = table["area"], table["length"]
    kept["table_truth"] = (table["area"] > 4).astype(int) + (table["length"] > 2) + 1
    kept["table_truth"][::5] = 0
    rows = apoc.TableRowClassifier(saved("rows"), 2, 10)
    rows.train(table, kept["table_truth"])
    kept["table_area"][3] = np.nan
    kept["table_classes"] = rows.predict(table)
    np.savez_compressed(HERE / "apoc_results.npz", **kept)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        main()
