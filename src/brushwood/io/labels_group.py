"""Label images within an OME-Zarr image: their folder, its list of names, and the version."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from brushwood.errors import InputError
from brushwood.io import ngff
from brushwood.io.atomic import translated


def image_of(target: Path) -> Path | None:
    """Return the OME-Zarr image of a target such as ``cells.ome.zarr/labels/nuclei``."""
    if target.parent.name != "labels":
        return None
    image = target.parent.parent
    return image if ngff.is_zarr(image) else None


def version_for(target: Path) -> str:
    """Return the version to write: that of the image a label image goes into, else 0.5."""
    image = image_of(target)
    return "0.4" if image is not None and not (image / "zarr.json").is_file() else "0.5"


def prepare_labels(target: Path) -> None:
    """Make the folder of an image's label images.

    Raises
    ------
    InputError
        If the image is none.
    """
    image = image_of(target)
    if image is None:
        raise InputError(f"{str(target.parent.parent)!r} is no OME-Zarr image. Name one.")
    with translated(target):
        target.parent.mkdir(exist_ok=True)
        _write_listing(target.parent, version_for(target), [])


def register_labels(target: Path) -> None:
    """Name a finished label image in the list of its image; what others added is kept."""
    folder = target.parent
    with translated(target):
        complete = [
            path.name
            for path in sorted(folder.iterdir())
            if not path.name.startswith(".") and ngff.is_zarr(path)
        ]
        _write_listing(folder, version_for(target), complete)


def _write_listing(folder: Path, version: str, names: list[str]) -> None:
    """Write the attributes of a labels group with the names it has already and new ones."""
    known = ngff.labels_of(folder.parent)
    listed = [*known, *(name for name in names if name not in known)]
    if version == "0.4":
        _replace(folder / ".zgroup", {"zarr_format": 2})
        old = json.loads((folder / ".zattrs").read_text("utf-8")) if known else {}
        _replace(folder / ".zattrs", {**old, "labels": listed})
        return
    file = folder / "zarr.json"
    old = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    attributes = old.get("attributes") or {}
    ome = {**(attributes.get("ome") or {}), "version": version, "labels": listed}
    form = {"zarr_format": 3, "node_type": "group"}
    _replace(file, {**old, **form, "attributes": {**attributes, "ome": ome}})


def _replace(file: Path, content: dict[str, Any]) -> None:
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    temporary.write_text(json.dumps(content, indent=2), "utf-8")
    os.replace(temporary, file)
