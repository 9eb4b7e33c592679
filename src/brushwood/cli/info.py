"""``brushwood info``: what a model file says about itself."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import format_bytes
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.io.model import ModelInfo

_EPILOG = """\
examples:
  brushwood info nuclei.brushwood
  brushwood info nuclei.brushwood --json
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "info",
        help="show what is in a model file",
        description="Show a model file's classes, features, forest and origin.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="a .brushwood file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Print the information."""
    from brushwood.io.model import read_info

    info = read_info(options.model)
    print(json.dumps(_plain(info), indent=1, ensure_ascii=False) if options.json else _text(info))
    return 0


def _plain(info: "ModelInfo") -> dict[str, Any]:
    return {**asdict(info), "path": str(info.path), "forest": info.forest.to_json()}


def _text(info: "ModelInfo") -> str:
    forest, scaling = info.forest, info.scaling
    depth = "any depth" if forest.max_depth is None else f"depth {forest.max_depth}"
    kind = {"extra": "extremely randomised", "random": "random forest"}[forest.kind]
    channels = "1 channel" if info.n_channels == 1 else f"{info.n_channels} channels"
    rows = f"{info.n_rows:,} stored" if info.n_rows else "not stored"
    origin = info.provenance
    packages = origin.get("packages")
    versions = packages.items() if isinstance(packages, dict) else ()
    painted = origin.get("pixels") if isinstance(origin.get("pixels"), dict) else {}
    lines = [
        ("model", f"{info.path}, {format_bytes(info.n_bytes)}, version {info.version}"),
        ("images", f"{info.ndim}-D, {channels}"),
        *(
            ("class" if i == 0 else "", line)
            for i, line in enumerate(_classes(info, painted or {}))
        ),
        ("features", f"{info.features} ({info.n_features} planes)"),
        ("forest", f"{info.n_trees} trees, {kind}, {depth}, {info.n_nodes:,} nodes"),
        ("scaling", f"{scaling.get('mode')}; smoothing {info.smoothing:g} px"),
        ("training", f"pixels {rows}; {len(origin.get('images') or ())} images"),
        ("made", f"{origin.get('date', 'unknown')} on {origin.get('device') or 'unknown'}"),
        ("with", ", ".join(f"{name} {version}" for name, version in versions) or "unknown"),
    ]
    return "\n".join(f"{label:<9} {text}" for label, text in lines)


def _classes(info: "ModelInfo", painted: dict[str, Any]) -> list[str]:
    lines = []
    for entry in info.classes:
        line = f"{entry.id}  {entry.name or 'unnamed'}"
        if str(entry.id) in painted:
            line += f", {painted[str(entry.id)]} px"
        lines.append(line if entry.is_trained else f"{line}, without strokes")
    return lines
