"""What scripts for APOC use besides its classifiers: feature sets by name, and helpers."""

import os
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brushwood.apoc import neighbors, statistics
from brushwood.apoc.features import named_set, parse_features
from brushwood.errors import InputError
from brushwood.io.cl import read_cl
from brushwood.io.cl.header import split_features
from brushwood.jobs import IDLE, Job


class PredefinedFeatureSet(Enum):
    """APOC's feature sets; the value is a feature specification."""

    custom = ""
    small_quick = named_set("small_quick")
    medium_quick = named_set("medium_quick")
    large_quick = named_set("large_quick")
    small_dog_log = named_set("small_dog_log")
    medium_dog_log = named_set("medium_dog_log")
    large_dog_log = named_set("large_dog_log")
    object_size_1_to_2_px = named_set("object_size_1_to_2_px")
    object_size_1_to_5_px = named_set("object_size_1_to_5_px")
    object_size_3_to_8_px = named_set("object_size_3_to_8_px")
    object_size_5_to_10_px = named_set("object_size_5_to_10_px")
    object_size_10_to_15_px = named_set("object_size_10_to_15_px")
    object_size_15_to_20_px = named_set("object_size_15_to_20_px")
    object_size_20_to_25_px = named_set("object_size_20_to_25_px")
    object_size_25_to_50_px = named_set("object_size_25_to_50_px")
    object_size_50_to_100_px = named_set("object_size_50_to_100_px")
    v070 = named_set("v070")


def generate_feature_stack(
    image: Any, features_specification: Any, job: Job = IDLE
) -> list[npt.NDArray[np.float32]]:
    """Return the feature images of one channel, float32, in the order of the specification."""
    names = split_features(str(getattr(features_specification, "value", features_specification)))
    features, places = parse_features(names)
    planes = features.compute(np.asarray(image), job=job)
    return [planes[place] for place in places]


def list_available_object_classification_features() -> list[str]:
    """Return the names that `ObjectClassifier` takes; ``?`` stands for a number."""
    names = [*statistics.NAMES, *neighbors.NAMES]
    return [*names, "average_distance_of_n_nearest_neighbors=?"]


def erase_classifier(filename: str | os.PathLike[str]) -> None:
    """Delete a ``.cl`` file, if it exists and is a classifier of APOC.

    Raises
    ------
    ModelFileError
        If it is anything else, which then stays.
    """
    if os.path.lexists(filename):
        read_cl(filename)
        Path(filename).unlink()


def train_classifier_from_image_folders(
    classifier: Any, features: str, *, job: Job = IDLE, **folders: Any
) -> None:
    """Train on all images of folders, where files that belong together have one name.

    Parameters
    ----------
    classifier : PixelClassifier, ObjectSegmenter, ObjectClassifier, …
        Any that is trained on images.
    features : str
    folders : path
        A folder for each argument of the classifier's ``train``, for example
        ``image="images", ground_truth="masks"``.

    Raises
    ------
    InputError
        If there are no images, or a file has no counterpart in another folder.
    """
    from brushwood.io.images import find_images, read_image

    if not folders:
        raise InputError("No folders were named. Pass, for example, image=..., ground_truth=....")
    found = {key: {p.name: p for p in find_images(Path(path))} for key, path in folders.items()}
    names = sorted(set().union(*found.values()))
    lonely = [f"{name} in {folders[key]}" for key, each in found.items() for name in names
              if name not in each]  # fmt: skip
    if lonely or not names:
        what = f"these are missing: {', '.join(lonely[:5])}" if lonely else "they hold no images"
        raise InputError(f"The folders do not belong together: {what}. Name files alike.")
    for number, name in enumerate(names):
        job.checkpoint(number / len(names), name)
        arguments = {}
        for key, each in found.items():
            with read_image(each[name]) as image:
                arguments[key] = np.asarray(image.data)
        classifier.train(features=features, continue_training=number > 0, job=job, **arguments)
