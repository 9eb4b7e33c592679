"""``brushwood recipe new``: a recipe from a model and options, without a window."""

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from brushwood.cli.objects import add_params, ids
from brushwood.objects.split_params import SplitParams

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe

_SAVES = ("classes", "probabilities", "uncertainty", "objects", "object_classes", "table")
_EPILOG = """\
examples:
  brushwood recipe new nuclei.brushwood -o nuclei.json
  brushwood recipe new nuclei.brushwood -o nuclei.json --objects --method distance --min-size 20
  brushwood recipe new nuclei.brushwood -o nuclei.json --objects --measure size,intensity_mean
  brushwood recipe new nuclei.brushwood -o nuclei.json --objects --classify shapes.brushwood
"""


def add_parser(actions: Any) -> None:
    """Add this action's options."""
    parser = actions.add_parser(
        "new",
        help="make a recipe from a model and options",
        description="Make a recipe of a pixel classifier, and of what is done with its classes.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="a pixel classifier, .brushwood or .cl")
    parser.add_argument("-o", "--out", dest="output", required=True, metavar="RECIPE")
    parser.add_argument("--name", default="", help="of the recipe (default: that of the model)")
    parser.add_argument(
        "--channels", type=_channels, metavar="C,…", help="that the model sees, by name or from 0"
    )
    parser.add_argument("--objects", action="store_true", help="make objects")
    parser.add_argument(
        "--foreground", type=ids, default=(2,), metavar="ID,…",
        help="classes that are objects, or 'all' (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--source", choices=("classes", "probability"), help="that objects are made of"
    )
    parser.add_argument(
        "--image-channel", type=_channel, metavar="C", help="for --method intensity"
    )
    add_params(parser.add_argument_group("splitting"))
    parser.add_argument(
        "--measure", type=_names, metavar="NAME,…", help="or 'usual'; see brushwood measure --list"
    )
    parser.add_argument("--with-probabilities", action="store_true", help="measure them, too")
    parser.add_argument("--classify", metavar="MODEL", help="an object classifier")
    parser.add_argument("--truth", metavar="DIR", help="compare with truths of the same names")
    parser.add_argument(
        "--save", type=_names, metavar="WHAT,…",
        help=f"any of {','.join(_SAVES)} (default: the end of the chain)",
    )  # fmt: skip
    parser.add_argument("--format", choices=("tiff", "ome-zarr"), default="tiff")
    parser.add_argument("--table-format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--embed", action="store_true", help="put the models into the recipe")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def new(options: argparse.Namespace) -> int:
    """Make the recipe, after looking whether its models are what they should be."""
    from brushwood.batch.models import check_kinds

    recipe = _recipe(options)
    check_kinds(recipe)
    if options.embed:
        recipe = recipe.embedded()
    print(recipe.save(options.output, overwrite=options.overwrite))
    return 0


def _recipe(options: argparse.Namespace) -> "Recipe":
    from pathlib import Path

    from brushwood.batch.recipe import Recipe
    from brushwood.batch.steps import (
        ClassifyStep,
        EvaluateStep,
        MeasureStep,
        ObjectStep,
        PixelStep,
    )

    given = {f.name: getattr(options, f.name) for f in fields(SplitParams)}
    changed = {name: value for name, value in given.items() if value is not None}
    chosen = [*changed, *(["source"] if options.source else [])]
    if chosen and not options.objects:
        flag = "--" + chosen[0].replace("_", "-")
        raise argparse.ArgumentError(None, f"{flag} belongs to --objects")
    objects = measure = None
    if options.objects:
        params = SplitParams(**changed)
        objects = ObjectStep(
            params, options.source or "classes", options.foreground, options.image_channel
        )
    if options.measure or options.with_probabilities:
        names = None if options.measure in (None, ("usual",)) else options.measure
        measure = MeasureStep(names, options.with_probabilities)
    return Recipe(
        PixelStep(options.model, options.channels),
        objects,
        measure,
        ClassifyStep(options.classify) if options.classify else None,
        EvaluateStep(options.truth) if options.truth else None,
        options.save or _usual(options, measure is not None),
        options.format,
        options.table_format,
        options.name or Path(options.model).stem,
    )


def _usual(options: argparse.Namespace, measures: bool) -> tuple[str, ...]:
    """Return what is saved if nobody says: the end of the chain."""
    found = ["objects"] if options.objects else ["classes"]
    found += ["object_classes"] if options.classify else []
    found += ["table"] if measures or options.classify else []
    return tuple(found)


def _channel(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() else text.strip()


def _channels(text: str) -> tuple[int | str, ...]:
    return tuple(_channel(part) for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing")
    return names
