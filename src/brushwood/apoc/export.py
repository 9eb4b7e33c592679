"""What a ``.cl`` file cannot say: limits that refuse, and notes that warn."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from brushwood.apoc.features import FIJI_CHANNELS
from brushwood.errors import InputError
from brushwood.forest.forest import MAX_CLASSES, Forest
from brushwood.io.cl.model import ClModel
from brushwood.io.cl.trees import MOST_LEVELS, MOST_WEIGHTS
from brushwood.pixels.scaling import Scaling

if TYPE_CHECKING:
    from brushwood.objects.classifier import ObjectClassifier
    from brushwood.pixels.classifier import PixelClassifier

#: What napari-APOC's window can produce.
DEEPEST = 10
#: OpenCL guarantees 1024 bytes of arguments: about so many images.
SAFE_INPUTS = 50


def checked_classes(forest: Forest) -> npt.NDArray[np.int32]:
    """Return the class ids of a forest that a ``.cl`` file can hold.

    Raises
    ------
    InputError
        If an id or the forest's size is beyond what can be written and read again.
    """
    largest = int(forest.classes[-1])
    if largest > MAX_CLASSES:
        raise InputError(
            f"A .cl file numbers classes from 1 to {MAX_CLASSES}, but there is class {largest}. "
            "Train with smaller ids."
        )
    if forest.depth > MOST_LEVELS or forest.n_nodes * largest > MOST_WEIGHTS:
        raise InputError(
            f"The forest is too large for a .cl file: {forest.n_nodes:,} nodes, {forest.depth} "
            "levels deep. Train with fewer trees or a smaller depth."
        )
    return forest.classes


def notes_of(classifier: "PixelClassifier", model: ClModel) -> tuple[str, ...]:
    """Return what APOC, napari-APOC or Fiji cannot express of a classifier, a sentence each."""
    return (*_scaling(classifier), *_naming(classifier), *_sizes(classifier, model))


def _scaling(classifier: "PixelClassifier") -> list[str]:
    notes = []
    mode = Scaling.of(classifier.scaling).mode
    if mode == "image":
        notes.append(
            "Results will differ: the model scales each image by its own contrast, which a .cl "
            "file cannot; the constants of the training images were written into it instead. Train "
            "with scaling 'none' to get the same results."
        )
    elif mode == "training":
        notes.append(
            "The constants that intensities are scaled by were written into the thresholds: "
            "results may differ in a few pixels by rounding."
        )
    if float(classifier.smoothing) > 0:
        notes.append(
            f"Results will differ: probabilities are smoothed by {classifier.smoothing:g} pixels, "
            "which a .cl file cannot express. Train with smoothing 0 to get the same results."
        )
    return notes


def _naming(classifier: "PixelClassifier") -> list[str]:
    notes = []
    given = (classifier.class_names or {}).items()
    names = {i: n for i, n in given if n and n != f"class {i}"}
    if names or classifier.class_colors:
        listed = ", ".join(f"{i} = {n}" for i, n in sorted(names.items()))
        which = f"names and colours of classes: {listed}" if listed else "colours of classes"
        notes.append(f"A .cl file does not store {which}.")
    if classifier.spacing is not None:
        notes.append("A .cl file does not store the pixel size.")
    if classifier.channel_axis not in (None, 0):
        notes.append("APOC expects channels along the first axis of the image.")
    return notes


def _sizes(classifier: "PixelClassifier", model: ClModel) -> list[str]:
    notes = []
    if classifier.forest_.depth > DEEPEST:
        notes.append(
            f"The trees are {classifier.forest_.depth} levels deep, deeper than the {DEEPEST} that "
            "napari-APOC makes: compiling the file may take long."
        )
    if model.n_features > SAFE_INPUTS:
        notes.append(
            f"The classifier has {model.n_features} features; OpenCL guarantees about "
            f"{SAFE_INPUTS}, so it may not run on every device."
        )
    if classifier.n_channels_ > FIJI_CHANNELS:
        notes.append(
            f"Fiji takes at most {FIJI_CHANNELS} channels, but there are {classifier.n_channels_}."
        )
    sobel = any(f.filter.startswith("sobel") for f in classifier.features_.features)
    if classifier.ndim_ == 3 and sobel:
        notes.append(
            "Results will differ: the Sobel filter of APOC's library is wrong in 3-D. Train "
            "without sobel_of_gaussian_blur."
        )
    return notes


def table_notes(classifier: "ObjectClassifier") -> tuple[str, ...]:
    """Return what a ``.cl`` file cannot express of a classifier of tables, a sentence each."""
    notes = [
        "Fiji cannot open classifiers of tables; APOC's TableRowClassifier can.",
        "Rows with a missing number will get class 0; here the column's median stands in.",
    ]
    units = {name: unit for name, unit in classifier.units_.items() if unit}
    if units:
        listed = ", ".join(f"{name} in {unit}" for name, unit in units.items())
        notes.append(f"A .cl file does not store units: {listed}.")
    changed = [name for name in classifier.columns_ if any(c in name for c in " ,\t")]
    if changed:
        notes.append(
            "A .cl file does not hold spaces or commas in names, which become '_': "
            f"{', '.join(changed)}."
        )
    names = {i: n for i, n in (classifier.class_names or {}).items() if n}
    if names:
        listed = ", ".join(f"{i} = {n}" for i, n in sorted(names.items()))
        notes.append(f"A .cl file does not store names of classes: {listed}.")
    return tuple(notes)


def import_notes(model: ClModel) -> tuple[str, ...]:
    """Return what differs when Brushwood runs a ``.cl`` file, a sentence each."""
    header, notes = model.header, []
    if header.ndim == 3 and any(f.startswith("sobel") for f in header.features):
        notes.append(
            "Results will differ: the Sobel filter of APOC's library reads memory that is not its "
            "own in 3-D, so that its results are arbitrary. Brushwood computes what is meant."
        )
    if header.n_trees is not None and header.n_trees != model.n_trees and not _has_bare(model):
        notes.append(
            f"The header says {header.n_trees} trees, but there are {model.n_trees}: the file may "
            "have been changed."
        )
    positive = header.positive_class
    if positive is not None and not 1 <= positive <= model.n_classes:
        notes.append(
            f"The file looks for class {positive}, but its classes are 1 to {model.n_classes}: "
            "APOC numbers classes anew in training, and finds nothing with this file."
        )
    if header.classifier == "ObjectSegmenter":
        notes.append(
            f"The file makes objects of class {positive}; the model classifies pixels. Make "
            "objects from its classes with Make objects, or brushwood.split_objects."
        )
    elif model.probability_class is not None and header.classifier == "ProbabilityMapper":
        notes.append(
            f"The file computes the probability of class {model.probability_class}; the model has "
            "those of all classes."
        )
    return tuple(notes)


def _has_bare(model: ClModel) -> bool:
    """Whether a tree is a single leaf: several of them cannot be told apart."""
    return bool((model.feature[model.roots] < 0).any())
