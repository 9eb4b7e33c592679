"""A recipe as JSON, and back."""

import base64
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.batch.model_ref import ModelRef
from brushwood.batch.steps import ClassifyStep, EvaluateStep, MeasureStep, ObjectStep, PixelStep
from brushwood.errors import RecipeError
from brushwood.objects.split_params import SplitParams

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe

FORMAT = "brushwood recipe"
#: What this version writes.
VERSION = 1


def document_of(recipe: "Recipe", folder: Path | None, *, hashes: bool = False) -> dict[str, Any]:
    """Return a recipe as JSON values.

    Parameters
    ----------
    recipe : Recipe
    folder : Path or None
        What paths are written relative to; None writes them absolute.
    hashes : bool
        Write of each model only its SHA-256, as it is found now.
    """
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION, "name": recipe.name}
    for step in ("pixels", "objects", "measure", "classify", "evaluate"):
        value = getattr(recipe, step)
        document[step] = None if value is None else _step(value, folder, hashes)
    document["save"] = list(recipe.outputs)
    document["image_format"] = recipe.image_format
    document["table_format"] = recipe.table_format
    return document


def _step(step: Any, folder: Path | None, hashes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(step):
        value = getattr(step, each.name)
        if isinstance(value, ModelRef):
            value = {"sha256": value.check()} if hashes else _model(value, folder)
        elif isinstance(value, SplitParams):
            value = value.to_json()
        elif isinstance(value, tuple):
            value = list(value)
        elif each.name == "truth":
            value = relative(value, folder)
        found[each.name] = value
    return found


def _model(model: ModelRef, folder: Path | None) -> dict[str, Any]:
    if model.data is not None:
        embedded = base64.b64encode(model.data).decode("ascii")
        return {"name": model.name, "sha256": model.sha256, "embedded": embedded}
    return {"path": relative(model.path or model.name, folder), "sha256": model.sha256}


def relative(path: str, folder: Path | None) -> str:
    """Return a path as it is written: relative to a folder where that can be, with slashes."""
    if folder is None:
        return Path(path).as_posix()
    try:
        return Path(os.path.relpath(path, folder.absolute())).as_posix()
    except ValueError:  # another drive
        return Path(path).as_posix()


def read(path: Path) -> "Recipe":
    """Read a recipe file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise RecipeError(f"Cannot read the recipe {str(path)!r}: {error}") from error
    return parse(text, path.name, path.absolute().parent)


def parse(text: str, name: str, folder: Path) -> "Recipe":
    """Read a recipe's text."""
    from brushwood.batch.recipe import Recipe

    d = json.loads(text)

    def ref(m: Any) -> ModelRef:
        if "embedded" in m:
            return ModelRef.embedding(base64.b64decode(m["embedded"]), m["name"])
        return ModelRef(Path(m["path"]).name, os.path.abspath(folder / m["path"]), m.get("sha256"))

    def step(cls: Any, values: Any) -> Any:
        if values is None:
            return None
        values = dict(values)
        if "model" in values:
            values["model"] = ref(values["model"])
        if "params" in values:
            values["params"] = SplitParams.from_json(values["params"])
        if "truth" in values:
            values["truth"] = os.path.abspath(folder / values["truth"])
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    return Recipe(
        step(PixelStep, d["pixels"]),
        step(ObjectStep, d.get("objects")),
        step(MeasureStep, d.get("measure")),
        step(ClassifyStep, d.get("classify")),
        step(EvaluateStep, d.get("evaluate")),
        tuple(d["save"]),
        d.get("image_format", "tiff"),
        d.get("table_format", "csv"),
        d.get("name", ""),
    )
