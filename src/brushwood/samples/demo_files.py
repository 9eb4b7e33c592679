"""The files of the demo: where they go, and how they are written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brushwood.samples.demo_evaluation import DemoEvaluation
from brushwood.samples.demo_objects import TASKS, ObjectResults
from brushwood.samples.sample import Sample

if TYPE_CHECKING:
    from brushwood.pixels.classifier import PixelClassifier

#: Maps of the pixel classifier that are written.
MAPS = ("classes", "probabilities", "uncertainty")


def targets(out: Path, sample: Sample, overwrite: bool) -> dict[str, Path]:
    """Return the files to write, after checking that they can be written."""
    from brushwood.io.atomic import check_target, translated

    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
    names = ("image", "annotation", *MAPS)
    files = {name: out / f"{sample.key}-{name}.tif" for name in names}
    files["model"] = out / f"{sample.key}.brushwood"
    files["overview"] = out / f"{sample.key}-overview.png"
    files["evaluation"] = out / f"{sample.key}-evaluation.json"
    if sample.key in TASKS:
        files["objects"] = out / f"{sample.key}-objects.tif"
        files["table"] = out / f"{sample.key}-table.csv"
        if TASKS[sample.key].truth is not None:
            files["object_classes"] = out / f"{sample.key}-object-classes.tif"
            files["object_model"] = out / f"{sample.key}-objects.brushwood"
    if sample.rgb:
        files["image"] = out / f"{sample.key}-image.png"
    for path in files.values():
        check_target(path, overwrite=overwrite)
    return files


def write(
    sample: Sample,
    classifier: "PixelClassifier",
    maps: Mapping[str, Any],
    evaluation: DemoEvaluation,
    objects: ObjectResults | None,
    files: Mapping[str, Path],
    overwrite: bool,
) -> None:
    """Write all files, each completely or not at all."""
    from brushwood.io.atomic import replacing
    from brushwood.samples.picture import overview

    _write_images(sample, maps, objects, files, overwrite)
    classifier.save(files["model"], overwrite=overwrite)
    if objects is not None:
        _write_objects(objects, files, overwrite)
    classes, probabilities, uncertainty = (np.asarray(maps[name]) for name in MAPS)
    caption = _caption(evaluation, objects)
    sheet = overview(sample, classes, probabilities, uncertainty, caption, objects)
    with replacing(files["overview"], overwrite=overwrite) as path:
        sheet.save(path, format="PNG")
    text = json.dumps(evaluation.to_json(), indent=1, ensure_ascii=False)
    with replacing(files["evaluation"], overwrite=overwrite) as path:
        path.write_text(text, "utf-8")


def _write_images(
    sample: Sample,
    maps: Mapping[str, Any],
    objects: ObjectResults | None,
    files: Mapping[str, Path],
    overwrite: bool,
) -> None:
    from PIL import Image

    from brushwood.io.atomic import replacing
    from brushwood.io.images import unit_of, write_image

    flat = sample.axes.lower().replace("c", "").replace("s", "")
    arrays = {"annotation": sample.annotation, **maps}
    if objects is not None:
        arrays["objects"] = objects.labels
        if objects.classes is not None:
            arrays["object_classes"] = objects.classes
    axes = dict.fromkeys(arrays, flat)
    axes["probabilities"] = f"c{flat}"
    if sample.rgb:
        with replacing(files["image"], overwrite=overwrite) as path:
            Image.fromarray(np.asarray(sample.image)).save(path, format="PNG")
    else:
        arrays["image"], axes["image"] = sample.image, sample.axes.lower()
    unit = unit_of(sample.unit)
    for name, array in arrays.items():
        write_image(files[name], array, axes[name], sample.spacing, unit, overwrite=overwrite)


def _write_objects(objects: ObjectResults, files: Mapping[str, Path], overwrite: bool) -> None:
    from brushwood.io.tables import write_table

    write_table(objects.table, files["table"], overwrite=overwrite)
    if objects.model is not None:
        objects.model.save(files["object_model"], overwrite=overwrite)


def _caption(evaluation: DemoEvaluation, objects: ObjectResults | None) -> str:
    said = evaluation.caption()
    if objects is not None:
        said.append(f"{len(objects.table)} objects")
        if objects.model is not None:
            said.append(f"{objects.n_right} of {objects.n_held_out} held-out ones right")
    return ", ".join(said)
