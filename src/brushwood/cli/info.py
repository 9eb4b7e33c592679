"""``brushwood info``: what a model file or an image says about itself."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import format_bytes
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.io.info import ModelInfo
    from brushwood.io.inputs import InputRef

_EPILOG = """\
examples:
  brushwood info nuclei.brushwood
  brushwood info nuclei.brushwood --json
  brushwood info slide.czi
  brushwood info plate.ome.zarr::A/1/0
  brushwood info folder/

Of a model: classes, features, forest and origin. Of an image: axes, channels, time, pixel size, and
the scenes of its file. Of a folder: its images, a line each, and whether they are of one kind.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "info",
        help="show what is in a model file or an image",
        description="Show what a model file or an image says about itself.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "model", metavar="MODEL_OR_IMAGE", help="a .brushwood or .cl file, an image, or a folder"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Print the information."""
    from brushwood.io.images import SUFFIXES
    from brushwood.io.inputs import InputRef

    ref = InputRef.of(options.model)
    if ref.path.suffix.lower() in SUFFIXES or ref.path.is_dir():
        return _show_images(ref, as_json=options.json)
    from brushwood.models import read_info

    info = read_info(options.model)
    print(json.dumps(_plain(info), indent=1, ensure_ascii=False) if options.json else _text(info))
    return 0


def _show_images(ref: "InputRef", *, as_json: bool) -> int:
    from brushwood.cli.info_image import folder_text, image_info
    from brushwood.io.images import is_zarr
    from brushwood.io.inputs import list_inputs

    if ref.path.is_dir() and not is_zarr(ref.path):
        refs = list_inputs(ref, with_results=True)
        infos = [str(each) for each in refs]
        print(json.dumps(infos, indent=1, ensure_ascii=False) if as_json else folder_text(refs))
        return 0
    info = image_info(ref)
    print(json.dumps(asdict(info), indent=1, ensure_ascii=False) if as_json else info.text())
    return 0


def _plain(info: "ModelInfo") -> dict[str, Any]:
    return {**asdict(info), "path": str(info.path)}


def _text(info: "ModelInfo") -> str:
    origin = info.provenance
    packages = origin.get("packages")
    versions = packages.items() if isinstance(packages, dict) else ()
    kind = info.kind.replace("-", " ")
    size = format_bytes(info.n_bytes)
    device = f" on {origin['device']}" if origin.get("device") else ""
    lines = [
        ("model", f"{info.path}, {kind}, {size}, version {info.version}"),
        *(("class" if i == 0 else "", line) for i, line in enumerate(_classes(info))),
        *info.lines(),
        ("made", f"{origin.get('date', 'unknown')}{device}"),
        ("with", ", ".join(f"{name} {version}" for name, version in versions) or "unknown"),
    ]
    return "\n".join(f"{label:<9} {text}" for label, text in lines)


def _classes(info: "ModelInfo") -> list[str]:
    lines, annotated = [], info.annotated()
    for entry in info.classes:
        line = f"{entry.id}  {entry.name or 'unnamed'}"
        if str(entry.id) in annotated:
            line += f", {annotated[str(entry.id)]}"
        lines.append(line if entry.is_trained else f"{line}, {info.untrained}")
    return lines
