"""Do the steps of a recipe go together, and what do they need? Each no names the field."""

from typing import TYPE_CHECKING

from brushwood.evaluate.dataset import What
from brushwood.objects.split_params import NEED_PROBABILITY

if TYPE_CHECKING:
    from brushwood.batch.recipe import Recipe
    from brushwood.pixels.classifier import PixelClassifier

#: A field, as the JSON names it, and what is wrong with it.
Misfit = tuple[str, str]


def misfits(recipe: "Recipe") -> list[Misfit]:
    """Return what does not go together, in the order of the fields."""
    return [*_of_objects(recipe), *_of_steps(recipe), *_of_outputs(recipe)]


def _of_objects(recipe: "Recipe") -> list[Misfit]:
    step = recipe.objects
    if step is None:
        return []
    found = []
    if step.params.problem:
        found.append(("objects.params", f"do not go together: {step.params.problem[:-1]}"))
    if step.source == "probability":
        if step.foreground is None or len(step.foreground) != 1:
            found.append(
                ("objects.foreground", "must be one class id where the source is a probability")
            )
    elif step.params.method == "hysteresis":
        found.append(
            ("objects.source", 'must be "probability" for the method "hysteresis", not "classes"')
        )
    return found


def _of_steps(recipe: "Recipe") -> list[Misfit]:
    found = [
        (name, "needs the step objects, which is missing")
        for name in ("measure", "classify")
        if getattr(recipe, name) is not None and recipe.objects is None
    ]
    evaluate = recipe.evaluate
    if evaluate is not None and evaluate.what == "objects" and recipe.objects is None:
        found.append(("evaluate.what", 'is "objects", but the step objects is missing'))
    return found


def _of_outputs(recipe: "Recipe") -> list[Misfit]:
    found = []
    if not recipe.outputs:
        found.append(("save", "must name at least one result"))
    if "objects" in recipe.outputs and recipe.objects is None:
        found.append(("save", 'names "objects", but the step objects is missing'))
    if "object_classes" in recipe.outputs and recipe.classify is None:
        found.append(("save", 'names "object_classes", but the step classify is missing'))
    if "table" in recipe.outputs and recipe.measure is None and recipe.classify is None:
        found.append(("save", 'names "table", but there is neither a step measure nor classify'))
    return found


def needs_image_channel(recipe: "Recipe") -> bool:
    """Whether objects are parted by an image's intensity."""
    step = recipe.objects
    if step is None:
        return False
    by_image = step.params.method in NEED_PROBABILITY and step.source == "classes"
    return step.params.method == "intensity" or by_image


def compared_of(recipe: "Recipe") -> What:
    """Return what a recipe compares with the truth: objects where it makes some."""
    step = recipe.evaluate
    if step is None or step.what == "auto":
        return "pixels" if recipe.objects is None else "objects"
    return step.what


def needed_maps(recipe: "Recipe", measures_probabilities: bool) -> tuple[str, ...]:
    """Return the maps of the pixel classifier that are saved or worked on."""
    wanted = set(recipe.outputs)
    if recipe.objects is not None:
        wanted.add("classes" if recipe.objects.source == "classes" else "probabilities")
    if recipe.evaluate is not None and compared_of(recipe) == "pixels":
        wanted.add("classes")
    if measures_probabilities:
        wanted.add("probabilities")
    return tuple(name for name in ("classes", "probabilities", "uncertainty") if name in wanted)


def named_classes(classifier: "PixelClassifier") -> tuple[str, ...] | None:
    """Return the names of a classifier's classes, None unless all have one of their own."""
    names = classifier.class_names or {}
    named = tuple(names.get(int(i), "") for i in classifier.classes_)
    return named if all(named) and len(set(named)) == len(named) else None
