"""A folder of small images, a recipe for them, and what a run leaves behind."""

import csv
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import chain_scenes
from brushwood.io.images import write_image
from pixel_scenes import picture

#: Columns that a small recipe saves.
SAVED = ("classes", "objects", "table")


def make_recipe(folder: Path, **changes) -> Path:
    """Write a recipe with its models inside."""
    image, classifier = chain_scenes.flat()
    model = chain_scenes.object_model(image, classifier, spacing=(0.5, 0.5), unit="µm")
    options = {"outputs": SAVED} | changes
    return chain_scenes.recipe(classifier, model, **options).save(folder / "recipe.json")


def make_images(folder: Path, n=3, *, first=0, names=None, shape=(60, 70)) -> list[Path]:
    """Write images; the same number gives the same pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    names = names or [f"cells {i}.tif" for i in range(first, first + n)]
    paths = [folder / name for name in names]
    for number, path in enumerate(paths, first):
        data = picture(shape, seed=number)[0].astype(np.float32)
        write_image(path, data, "yx", {"y": 0.5, "x": 0.5}, "um")
    return paths


@contextmanager
def without_charts():
    """Write reports without charts, which take longer than small images; others test them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brushwood.batch.run_report.charts_of", lambda summary: [])
        yield


def tree(out: Path, *, hidden=True) -> dict[str, bytes]:
    """All files of a folder of results with their bytes, but the status, which has times."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.name != "status.csv"
        and (hidden or ".brushwood" not in path.relative_to(out).parts)
    }


def leftovers(out: Path) -> list[str]:
    """Files and folders that nobody should find after a run."""
    rest = list((out / ".brushwood" / "work").glob("*"))
    rest += [path for path in out.rglob("*") if path.name.endswith((".tmp", ".old"))]
    return [str(path) for path in rest]


def status(out: Path) -> dict[str, dict[str, str]]:
    """Rows of ``status.csv`` by name."""
    with (out / "status.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def brushwood(*arguments, code="", **options) -> subprocess.Popen:
    """Start the command line in a process of its own, after some code that changes it."""
    script = f"import sys\n{code}\nfrom brushwood.cli import main\nsys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
