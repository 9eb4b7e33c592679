"""``brushwood recipe``: make, check and show a recipe, embed its models, write it as a script."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli import recipe_new
from brushwood.cli.console import say
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe

_EPILOG = """\
examples:
  brushwood recipe new nuclei.brushwood -o nuclei.json --objects --min-size 20 --measure usual
  brushwood recipe check nuclei.json
  brushwood recipe check nuclei.json images/
  brushwood recipe show nuclei.json
  brushwood recipe embed nuclei.json -o nuclei-complete.json
  brushwood recipe script nuclei.json -o nuclei.py

A recipe is a JSON file that the window saves (Save recipe), that `new` makes, or that is written by
hand; check says what is wrong with it, line by line, and whether its models are there and
unchanged. Apply it with `brushwood run`.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "recipe",
        help="make, check, show, embed or export a recipe",
        description="Make a recipe, check it, show it, embed its models, or write it as a script.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    recipe_new.add_parser(actions)
    check = actions.add_parser("check", help="say what is wrong with a recipe, line by line")
    check.add_argument("recipe", metavar="RECIPE")
    check.add_argument(
        "images",
        nargs="*",
        metavar="IMAGE",
        help="also say whether it fits these images or folders",
    )
    check.add_argument("--device", help="index, part of a name, 'cpu' or 'gpu'")
    show = actions.add_parser("show", help="say in words what a recipe does")
    show.add_argument("recipe", metavar="RECIPE")
    for name, text, default in (
        ("embed", "put the models into the recipe, so that it is one file", None),
        ("script", "write the recipe as a Python script that gives the same files", "stdout"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("recipe", metavar="RECIPE")
        action.add_argument(
            "-o", "--out", dest="output", required=default is None, metavar="FILE",
            help="file to write" + (f" (default: {default})" if default else ""),
        )  # fmt: skip
        action.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Do one of the actions."""
    from brushwood.batch.recipe import Recipe

    if options.action == "new":
        return recipe_new.new(options)
    recipe = Recipe.load(options.recipe)
    if options.action == "check":
        return _check(recipe, options)
    if options.action == "show":
        return _show(recipe)
    recipe.check_models()
    if options.action == "embed":
        print(recipe.embedded().save(options.output, overwrite=options.overwrite))
    elif options.output is None:
        print(recipe.to_script(), end="")
    else:
        print(
            *recipe.write_script(options.output, overwrite=options.overwrite), sep="\n", flush=True
        )
    return 0


def _check(recipe: "Recipe", options: argparse.Namespace) -> int:
    """Say whether models are there and fit their steps, and whether the recipe fits images."""
    from brushwood.batch.models import Models, check_kinds

    recipe.check_models()
    check_kinds(recipe)
    for model in recipe.models:
        if model.sha256 is None:
            say(
                f"Warning: the recipe has no sha256 of {model.where}, so that nobody will notice "
                "when it changes. `brushwood recipe embed` puts it in."
            )
    failed = 0
    if options.images:
        failed = _check_images(recipe, Models(recipe, options.device), options.images)
    if not failed:
        print(f"{options.recipe}: nothing is wrong")
    return 3 if failed else 0


def _check_images(recipe: "Recipe", models: Any, images: list[str]) -> int:
    """Say of each image why the recipe does not fit; return how many those are."""
    from brushwood.batch.chain import planned_outputs
    from brushwood.errors import BrushwoodError
    from brushwood.io.inputs import list_inputs

    failed = 0
    refs = list_inputs(images)
    for ref in refs:
        try:
            with ref.open() as image:
                planned_outputs(recipe, image, models)
        except BrushwoodError as error:
            failed += 1
            say(f"{ref}: {error}")
    if failed:
        say(f"{failed} of {len(refs)} images do not fit")
    return failed


def _show(recipe: "Recipe") -> int:
    from brushwood.errors import RecipeError

    print(recipe.describe())
    print()
    for model in recipe.models:
        where = "embedded" if model.path is None else model.path
        try:
            found = f"SHA-256 {model.check()[:12]}…"
        except RecipeError as error:
            found = str(error)
        print(f"model {model.name}: {where}\n  {found}")
    if recipe.evaluate is not None and not Path(recipe.evaluate.truth).is_dir():
        print(f"truth: there is no folder {recipe.evaluate.truth!r}")
    return 0
