"""A recipe from a text that a person may have written: all that is wrong with it, line by line."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from brushwood.batch.misfits import misfits
from brushwood.batch.model_ref import SUFFIXES
from brushwood.batch.recipe_check import MAX_LIST, Checker
from brushwood.batch.recipe_json import FORMAT, VERSION
from brushwood.batch.recipe_lines import Place, Unreadable, located
from brushwood.batch.recipe_steps import READERS, STAND_INS
from brushwood.batch.steps import SAVES
from brushwood.errors import RecipeError
from brushwood.io.checks import shown

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe

#: Larger files are refused.
MAX_BYTES = 512 << 20
_STEPS = ("pixels", "objects", "measure", "classify", "evaluate")
_TOP = ("format", "version", "name", *_STEPS, "save", "image_format", "table_format")


def read(path: Path) -> "Recipe":
    """Read a recipe file; see `Recipe.load`."""
    try:
        size = path.stat().st_size
        if not path.is_file():  # reading a device may never end
            raise _foreign(path, "it is no file")
        if size > MAX_BYTES:
            raise _foreign(path, f"it is larger than {MAX_BYTES >> 20} MiB")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise RecipeError(
            f"There is no recipe {str(path)!r}. Check the path, or save one in the window with "
            "*Save recipe*."
        ) from None
    except OSError as error:
        raise _foreign(path, str(error.strerror or error)) from error
    except UnicodeDecodeError as error:
        if path.suffix.lower() in SUFFIXES:
            raise RecipeError(
                f"{str(path)!r} is a model, not a recipe. Recipe.of_model makes one of it, and so "
                "does `brushwood recipe new`; `brushwood run` takes a model as it is."
            ) from error
        raise _foreign(path, "it is no text in UTF-8") from error
    except MemoryError as error:
        raise _foreign(path, "there is not enough memory for it") from error
    return parse(text, path.name, path.absolute().parent)


def parse(text: str, name: str, folder: Path) -> "Recipe":
    """Read a recipe's text.

    Parameters
    ----------
    text : str
    name : str
        What messages call it.
    folder : Path
        What paths in it are relative to.

    Raises
    ------
    RecipeError
        With all problems, each with its line.
    """
    try:
        found = located(text)
    except Unreadable as problem:
        raise _error(name, [(problem.line, f"this is no JSON: {problem}")]) from None
    check = Checker(found)
    for place, line in found.doubles:
        check.problems.append((line, f"{'.'.join(map(str, place))[:120]} is set twice"))
    if not _is_ours(check):
        raise _error(name, check.problems)
    recipe = _recipe(check, folder)
    if check.problems or recipe is None:
        raise _error(name, check.problems)
    return recipe


def _is_ours(check: Checker) -> bool:
    """Look whether this is a recipe of a known version at all."""
    document = check.found.value
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        came = document.get("format") if isinstance(document, dict) else document
        place: Place = ("format",) if isinstance(document, dict) else ()
        check.say(place, f"must be {FORMAT!r}, not {shown(came)}: this is no recipe")
        return False
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        check.say(("version",), f"must be a whole number from 1 to {VERSION}, not {shown(version)}")
        return False
    if version > VERSION:
        check.say(
            ("version",),
            f"is {version}, but this Brushwood reads up to {VERSION}: a newer one wrote it. Update "
            "with `pip install --upgrade napari-brushwood`",
        )
        return False
    return True


def _recipe(check: Checker, folder: Path) -> "Recipe | None":
    from brushwood.batch.recipe import Recipe

    given = check.fields(check.found.value, (), _TOP)
    steps: dict[str, Any] = {}
    good = True
    for name, reader in READERS.items():
        if given.get(name) is None:
            if name == "pixels":
                check.say(("pixels",), "is missing: every recipe begins with a pixel classifier")
            steps[name] = None
            continue
        with check.watching() as watched:
            steps[name] = reader(check, given[name], (name,), folder)
        good &= watched[0]
        if not watched[0]:
            steps[name] = STAND_INS.get(name)
    rest: dict[str, Any] = {
        "outputs": _save(check, given),
        "image_format": check.choice(
            given.get("image_format", "tiff"), ("image_format",), ("tiff", "ome-zarr")
        ),
        "table_format": check.choice(
            given.get("table_format", "csv"), ("table_format",), ("csv", "parquet")
        ),
        "name": check.text(given.get("name", ""), ("name",), 1000),
    }
    draft: Any = SimpleNamespace(**steps, **rest)
    for where, what in misfits(draft):
        if where != "save" or given.get("save"):
            check.say(tuple(where.split(".")), what)
    return None if check.problems or not good else Recipe(**steps, **rest)


def _save(check: Checker, given: dict[str, Any]) -> tuple[str, ...]:
    if "save" not in given:
        check.say(("save",), f"is missing: list what to keep, of {', '.join(SAVES)}")
        return ()
    listed = check.listed(given["save"], ("save",), "results")
    return tuple(check.choice(each, ("save", i), SAVES) for i, each in enumerate(listed))


def _error(name: str, problems: list[tuple[int, str]]) -> RecipeError:
    """Return one error with all problems, in the order of their lines."""
    ordered = sorted(problems, key=lambda problem: problem[0])
    lines = [f"{name}, line {n}: {what}{'' if what[-1] in '.?' else '.'}" for n, what in ordered]
    if len(lines) > MAX_LIST:
        lines = [*lines[:MAX_LIST], f"{name}: and {len(lines) - MAX_LIST} more."]
    return RecipeError("\n".join(lines), tuple(lines))


def _foreign(path: Path, what: str) -> RecipeError:
    return RecipeError(
        f"Cannot read the recipe {str(path)!r}: {what}. Choose a recipe that Brushwood saved, or "
        "that was written as JSON."
    )
