"""The recipe of a batch: read from a file, made from a model, or from what the window did."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import SAVES, EvaluateStep
from brushwood.errors import BrushwoodError, RecipeError
from brushwood.io.atomic import replacing, translated
from brushwood.jobs import IDLE, Job
from brushwood.session.batching import BatchState, What
from brushwood.session.classes import Classes, named_classes
from brushwood.session.recipe_facts import RecipeFacts
from brushwood.session.recipes import draft_of

if TYPE_CHECKING:
    from brushwood.batch.model_ref import ModelRef

_FOUND = {
    "recipe": "No recipe is chosen. Choose a file that was saved with Save recipe.",
    "model": "No model is chosen. Choose a pixel classifier that was saved.",
}


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """What was chosen to be done.

    Attributes
    ----------
    recipe : Recipe or None
        With its models inside, so that nothing can change while it runs.
    title : str
        What to call it.
    steps : str
        Its steps in words.
    missing : tuple of str
        What of the window is not part of it, and why.
    problem : str
        Why there is none, "" if there is one.
    classes, object_classes : Classes
        Names and colours for results.
    digest : str
        Equal for recipes that give equal files.
    """

    recipe: Recipe | None = None
    title: str = ""
    steps: str = ""
    missing: tuple[str, ...] = ()
    problem: str = ""
    classes: Classes = ()
    object_classes: Classes = ()
    digest: str = ""

    @property
    def possible(self) -> tuple[str, ...]:
        """What the recipe can save."""
        return possible_saves(self.recipe) if self.recipe is not None else ()


def possible_saves(recipe: Recipe) -> tuple[str, ...]:
    """Return what the steps of a recipe can save, in the order of `SAVES`."""
    has = {
        "objects": recipe.objects is not None,
        "object_classes": recipe.classify is not None,
        "table": recipe.measure is not None or recipe.classify is not None,
    }
    return tuple(name for name in SAVES if has.get(name, True))


def useful_saves(recipe: Recipe) -> tuple[str, ...]:
    """Return what most users want of the steps: the last images, and the table."""
    if recipe.objects is None:
        return ("classes",)
    return tuple(n for n in possible_saves(recipe) if n not in ("probabilities", "uncertainty"))


def choose_window(facts: RecipeFacts, truth: str = "", job: Job = IDLE) -> Choice:
    """Make a recipe of what was done in the window."""
    try:
        draft = draft_of(facts, truth=truth or None, job=job)
        if draft.recipe is None:
            return Choice(problem=" ".join(draft.missing))
        return chosen(draft.recipe, draft.recipe.name, draft.missing)
    except RecipeError as error:
        return Choice(problem="\n".join(error.problems))
    except (BrushwoodError, OSError, MemoryError) as error:
        return Choice(problem=str(error))


def choose_file(what: What, path: str, truth: str = "", job: Job = IDLE) -> Choice:
    """Read a recipe or a model file. What is wrong with it is in `Choice.problem`.

    Parameters
    ----------
    what : {"recipe", "model"}
    path : str
    truth : str
        Folder with the truth of the images, which replaces the one in a recipe; "" for none.
    job : Job
    """
    if not path:
        return Choice(problem=_FOUND[what])
    job.checkpoint(0.0, "Reading")
    try:
        recipe = Recipe.load(path) if what == "recipe" else Recipe.of_model(path)
        if what == "model":
            recipe = replace(recipe, outputs=useful_saves(recipe))
        if truth:
            step = recipe.evaluate or EvaluateStep(truth)
            recipe = replace(recipe, evaluate=replace(step, truth=truth))
        return chosen(recipe, recipe.name or Path(path).stem)
    except RecipeError as error:
        return Choice(problem="\n".join(error.problems))
    except (BrushwoodError, OSError, MemoryError) as error:
        return Choice(problem=str(error))


def chosen(recipe: Recipe, title: str, missing: tuple[str, ...] = ()) -> Choice:
    """Return a recipe as a choice.

    Raises
    ------
    BrushwoodError
        If a model is missing, was changed, or cannot be read.
    """
    whole = recipe.embedded()
    classify = whole.classify
    return Choice(
        whole,
        title,
        whole.describe(),
        missing,
        classes=_classes_of(whole.pixels.model),
        object_classes=() if classify is None else _classes_of(classify.model),
        digest=whole.digest(),
    )


def _classes_of(model: "ModelRef") -> Classes:
    """Return the classes that a model tells apart, with names and colours."""
    fitted: Any = model.load(object)
    ids = [int(i) for i in fitted.classes_]
    names = dict(fitted.class_names or {})
    colours = dict(fitted.class_colors or {})
    return named_classes({i: names.get(i, f"class {i}") for i in ids}, colours)


def applied(recipe: Recipe, state: BatchState) -> Recipe:
    """Return a recipe with the choices of section 3.

    Raises
    ------
    InputError
        If nothing is saved, or something that the steps do not make.
    """
    return replace(
        recipe,
        outputs=tuple(name for name in state.save if name in possible_saves(recipe)),
        image_format=state.image_format,
        table_format=state.table_format,
    )


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe with its models for a process to read.

    Raises
    ------
    OutputError
        If there is no room for it.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite=True) as temporary, translated(path):
        temporary.write_text(recipe.embedded().to_json(), "utf-8")
