"""Runs as `brushwood.batch.run` leaves them, made without a device."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from brushwood.batch.model_ref import ModelRef
from brushwood.batch.recipe import Recipe
from brushwood.batch.records import FileRecord, RunReport
from brushwood.batch.steps import MeasureStep, ObjectStep, PixelStep
from brushwood.io.images import write_image
from brushwood.io.tables import write_table
from brushwood.measure.table import measure
from measure_scenes import blobs


def recipe(**changes) -> Recipe:
    """A recipe whose model is gone when the report is written: classes have their numbers."""
    model = ModelRef("model.brushwood", "/nowhere/model.brushwood", "0" * 64)
    options = {
        "objects": ObjectStep(),
        "measure": MeasureStep(),
        "outputs": ("classes", "objects", "table"),
        "name": "blobs",
    }
    return Recipe(PixelStep(model), **(options | changes))


def done(base: Path, name: str, shape=(50, 60), axes="yx", *, seed=0, unit="um", names=None):
    """One input with its results."""
    source, out = base / "in" / f"{name}.tif", base / "out"
    labels = blobs(shape, n=12, seed=seed).astype(np.int32)
    if axes[0] == "t":
        labels[1] = 0
    image = (np.random.default_rng(seed).normal(100, 9, shape) + 50 * (labels > 0)).astype("f4")
    size = dict.fromkeys(axes.replace("t", ""), 0.5) if unit else {}
    outputs = {}
    for key, array in (("classes", 1 + (labels > 0)), ("objects", labels)):
        outputs[key] = out / f"{name}-{key}.tif"
        outputs[key].parent.mkdir(parents=True, exist_ok=True)
        write_image(outputs[key], array.astype(labels.dtype if key == "objects" else "u1"), axes,
                    size, unit)  # fmt: skip
    source.parent.mkdir(parents=True, exist_ok=True)
    write_image(source, image, axes, size, unit)
    ndim = 3 if "z" in axes else 2
    spacing = 0.5 if unit else None
    unit = "µm" if unit == "um" else unit
    table = measure(labels, image, ndim=ndim, spacing=spacing, unit=unit, names=names)
    attrs = table.attrs
    table.insert(0, "image", pd.Series([name] * len(table), dtype="str"))
    table.attrs = attrs
    outputs["table"] = write_table(table, out / f"{name}-table.csv")
    n_object = int((labels > 0).sum())
    counts = {
        "pixels": labels.size,
        "classes": {"1": labels.size - n_object, "2": n_object},
        "objects": len(table),
    }
    return FileRecord(source, name, "done", outputs=outputs, counts=counts, seconds=1.0)


def run_of(base: Path, *records: FileRecord, **changes) -> RunReport:
    """A run with these inputs."""
    (base / "out" / ".brushwood").mkdir(parents=True, exist_ok=True)
    state = "failed" if any(record.state == "failed" for record in records) else "done"
    report = RunReport(base / "out", changes.pop("recipe", None) or recipe(), records, state)
    return replace(report, **changes)
