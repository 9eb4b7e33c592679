"""A recipe as JSON values; `recipe_read` is the way back."""

import base64
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.batch.model_ref import ModelRef
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
