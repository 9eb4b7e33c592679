"""From what was done in a window to a recipe that does the same with any image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brushwood.batch.model_ref import ModelRef
from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import (
    ClassifyStep,
    EvaluateStep,
    MeasureStep,
    ObjectStep,
    PixelStep,
    Wish,
)
from brushwood.jobs import IDLE, Job
from brushwood.objects.split_params import SplitParams
from brushwood.session.classes import Classes
from brushwood.session.freshness import fingerprint
from brushwood.session.recipe_facts import (
    ModelFacts,
    NotedScene,
    ObjectFacts,
    PixelFacts,
    RecipeFacts,
    gather_facts,
)
from brushwood.session.recipe_file import FileFacts, difference_text, differs, look_at
from brushwood.session.session import Session

#: Why there is no recipe.
NO_MODEL = "There is no pixel classifier yet. Train or load one; a recipe begins with it."


@dataclass(frozen=True, eq=False, slots=True)
class RecipeDraft:
    """What a window did, as a recipe.

    Attributes
    ----------
    recipe : Recipe or None
        With its models inside. None if there is nothing that it could begin with.
    included : tuple of str
        Its steps, a sentence each.
    missing : tuple of str
        What of the window is not part of it, and why, a sentence each.
    classes, object_classes : Classes
        Names and colours of the classes of pixels and of objects.
    file : FileFacts or None
        The image's file, where its pixel size is not that of the layer.
    """

    recipe: Recipe | None = None
    included: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    classes: Classes = ()
    object_classes: Classes = ()
    file: FileFacts | None = None


def recipe_of(
    session: Session,
    scene: NotedScene,
    *,
    truth: str | Path | None = None,
    name: str = "",
    job: Job = IDLE,
) -> RecipeDraft:
    """Return what a window did as a recipe. In a window, call its two halves where they belong.

    Parameters
    ----------
    session : Session
    scene : NotedScene
    truth : path, optional
        Folder with the truth of other images, to compare with as the window did.
    name : str
        What to call the recipe. Default: after the image.
    """
    return draft_of(gather_facts(session, scene), truth=truth, name=name, job=job)


def draft_of(
    facts: RecipeFacts, *, truth: str | Path | None = None, name: str = "", job: Job = IDLE
) -> RecipeDraft:
    """Turn facts into a recipe. It reads pixels and packs models: work for a thread."""
    if facts.pixels is None:
        return RecipeDraft(missing=(NO_MODEL,))
    seen, file = _beside_file(facts.pixels)
    drafting = _Drafting(facts, job)
    pixels = drafting.pixels(seen)
    objects = drafting.objects(seen)
    measured = drafting.measure(seen) if objects is not None else None
    classify = drafting.classify() if objects is not None else None
    evaluate = drafting.evaluate(truth, objects is not None)
    saves = [*facts.outputs] or ["classes"]
    saves += ["objects"] if objects is not None else []
    saves += ["object_classes"] if classify is not None else []
    saves += ["table"] if measured is not None or classify is not None else []
    images = seen.images
    differing = file if file is not None and images and differs(images[0], file) else None
    if differing is not None:
        drafting.missing.append(difference_text(images[0], differing))
    model = facts.model or facts.surrogate
    listed = model.classes if model is not None and classify is not None else None
    return RecipeDraft(
        Recipe(
            pixels,
            objects,
            measured,
            classify,
            evaluate,
            tuple(saves),
            name=name or (images[0].name if images else seen.origin),
        ),
        tuple(drafting.included),
        tuple(drafting.missing),
        seen.classes,
        listed or (),
        differing,
    )


def _beside_file(pixels: PixelFacts) -> tuple[PixelFacts, FileFacts | None]:
    """Look at the file that the layers were opened from, and find its channels by their names."""
    file = look_at(pixels.files[0]) if len(pixels.files) == 1 else None
    if file is None or file.n_channels < 2:
        return pixels, file
    places = [file.place_of(layer.name) for layer in pixels.siblings]
    known = tuple(place for place in places if place is not None)
    if len(known) == len(places) and len(set(known)) == len(known):
        return replace(pixels, order=known, in_file=file.n_channels), file
    return replace(pixels, in_file=file.n_channels), file


class _Drafting:
    """Makes the steps one by one, and writes down what each is and what it leaves out."""

    def __init__(self, facts: RecipeFacts, job: Job) -> None:
        self.facts, self.job = facts, job
        self.included: list[str] = []
        self.missing: list[str] = []

    def pixels(self, facts: PixelFacts) -> PixelStep:
        """Return the step that classifies pixels."""
        self.job.checkpoint(0.0, "Packing the pixel classifier")
        model = facts.classifier
        model.set_params(
            class_names={c.id: c.name for c in facts.classes},
            class_colors={c.id: c.colour for c in facts.classes},
        )
        known = {c.id: c.name for c in facts.classes}
        classes = ", ".join(known.get(int(i), str(i)) for i in model.classes_)
        origin = "trained here" if facts.origin == "trained" else f"from {facts.origin}"
        channels = self._channels(facts)
        seen = "" if channels is None or facts.images[0].rgb else _seen(facts, channels)
        self.included.append(f"Pixel classifier, {origin}: {classes}{seen}.")
        if facts.has_new_strokes:
            self.missing.append(
                "Strokes painted since the last training: the model has not learned from them. "
                "Press Train first."
            )
        ending = "" if facts.origin == "trained" else Path(facts.origin).stem
        return PixelStep(
            replace(ModelRef.of(model), name=f"{ending or 'pixels'}.brushwood"), channels
        )

    def _channels(self, facts: PixelFacts) -> tuple[int, ...] | None:
        keys = [image.key for image in facts.images]
        if len(facts.files) > 1 and len(keys) > 1:
            self.missing.append(
                "The channels were opened from different files. The recipe expects one file with "
                f"{len(keys)} channels, in the order {', '.join(i.name for i in facts.images)}."
            )
        places = facts.places(keys)
        if not facts.order and facts.in_file > len(facts.siblings) and not facts.images[0].rgb:
            self.missing.append(
                f"The image's file has {facts.in_file} channels, but only {len(facts.siblings)} of "
                "them are layers here, so the recipe may count them wrongly. Open all of them, or "
                "correct pixels.channels in the recipe."
            )
        everything = tuple(range(facts.n_channels))
        if places is None or (not facts.images[0].rgb and places == everything):
            return None
        return places

    def objects(self, pixels: PixelFacts) -> ObjectStep | None:
        """Return the step that makes objects, None if nothing was made that it could repeat."""
        facts = self.facts.objects
        if facts is None:
            return None
        how = facts.how
        if how.get("output") not in ("classes", "probabilities"):
            self.missing.append(
                f"{facts.layer.name!r} was not made from this pixel classifier's results, so the "
                "recipe ends with the classes."
            )
            return None
        self._doubts(facts, pixels)
        place = self._landscape(how, pixels)
        by_chance = how["output"] == "probabilities"
        foreground = [int(how["class"])] if by_chance else how["foreground"]
        step = ObjectStep(
            SplitParams.from_json(dict(facts.note["split"])),
            "probability" if by_chance else "classes",
            None if foreground is None else tuple(int(i) for i in foreground),
            place,
            int(how["ndim"]),
        )
        names = {c.id: c.name for c in pixels.classes}
        what = (
            "everything" if step.foreground is None
            else ", ".join(names.get(i, str(i)) for i in step.foreground)
        )  # fmt: skip
        source = f"P({what})" if by_chance else what
        self.included.append(f"Objects of {source}, split by {step.params.method}.")
        return step

    def _landscape(self, how: object, pixels: PixelFacts) -> int | None:
        key = how.get("image") if isinstance(how, dict) else None
        if key is None:
            return None
        places = pixels.places([key])
        if places is None:
            self.missing.append(
                "Objects were parted by an image that is no channel of the classified one. The "
                "recipe takes its only channel; set objects.image_channel if it has several."
            )
            return None
        return places[0] if pixels.n_channels > 1 else None

    def _doubts(self, facts: ObjectFacts, pixels: PixelFacts) -> None:
        """Say where the objects in the window are not what the recipe would make."""
        how, name = facts.how, facts.layer.name
        made = str(facts.note.get("made", ""))
        if made and fingerprint(facts.labels, self.job) != made:
            self.missing.append(
                f"{name!r} was edited by hand. The recipe makes the objects without these edits."
            )
        if float(how.get("blank", 0.0)) > 0:
            self.missing.append(
                f"{name!r} was made while {float(how['blank']):.0%} of the image was not "
                "classified. The recipe classifies all of it."
            )
        elif int(how.get("model", 0)) != pixels.version:
            self.missing.append(
                f"{name!r} was made when the image did not show the present pixel classifier "
                "everywhere. The recipe uses it everywhere: press Apply to whole image and Make "
                "objects to see what that gives."
            )
        if facts.others:
            self.missing.append(
                f"Other objects layers: a recipe makes one kind of objects, here {name!r}."
            )

    def measure(self, pixels: PixelFacts) -> MeasureStep | None:
        """Return the step that measures, None if nothing was measured."""
        facts = self.facts.objects
        note = facts.measured if facts is not None else {}
        if not note:
            return None
        keys = [str(key) for key in note.get("images", ())]
        places = pixels.places(keys)
        if places is None:
            self.missing.append(
                "Intensities were measured in an image that is no channel of the classified one. "
                "The recipe measures in the classified image."
            )
        several = pixels.n_channels > 1
        names = tuple(str(n) for n in note.get("names", ()))
        channel_names, class_names = note.get("channel_names"), note.get("class_names")
        step = MeasureStep(
            names or None,
            bool(note.get("probabilities")),
            places if several and places else None,
            None if not channel_names or not places else tuple(channel_names),
            tuple(class_names) if class_names and note.get("probabilities") else None,
        )
        n = len(note.get("columns", ()))
        self.included.append(f"Measurements: {len(names)} kinds, {n} columns.")
        if facts is not None:
            self._units(facts)
        if self.facts.parents:
            self.missing.append("Parents of objects: a recipe measures each object by itself.")
        return step

    def _units(self, facts: ObjectFacts) -> None:
        """Say where the window measured with other pixels than the image's file says."""
        note, unit = facts.measured, facts.layer.unit
        if (note.get("spacing") is None) != (unit == "px") and "spacing" in note:
            measured = "pixels" if note["spacing"] is None else "the layer's scale"
            self.missing.append(
                f"Measuring in {measured}: a recipe measures in the unit of each image's file, and "
                "in pixels where it has none."
            )
        made = facts.how.get("ndim")
        if made is not None and int(note.get("ndim", made)) != int(made):
            self.missing.append(
                f"Measuring in {note['ndim']}-D: a recipe measures objects as they were made, in "
                f"{made}-D."
            )

    def classify(self) -> ClassifyStep | None:
        """Return the step that classifies objects."""
        facts = self.facts.model or self.facts.surrogate
        if facts is None:
            return None
        self.job.checkpoint(0.5, "Packing the object classifier")
        if self.facts.model is not None and self.facts.surrogate is not None:
            self.missing.append(
                "The classifier of the groups in Explore: a recipe classifies objects once, here "
                "by the object classifier."
            )
        return self._classified(facts)

    def _classified(self, facts: ModelFacts) -> ClassifyStep:
        model = facts.classifier
        if facts.classes is not None:
            model.class_names = {c.id: c.name for c in facts.classes}
            model.class_colors = {c.id: c.colour for c in facts.classes}
        names = model.class_names or {}
        listed = ", ".join(names.get(int(i), f"class {i}") for i in model.classes_)
        self.included.append(f"Classes of objects by {facts.title}: {listed}.")
        return ClassifyStep(ModelRef.of(model))

    def evaluate(self, truth: str | Path | None, has_objects: bool) -> EvaluateStep | None:
        """Return the step that compares with the truth in a folder."""
        facts = self.facts.compared
        if truth is None:
            if facts is not None:
                self.missing.append(
                    "Compare with ground truth: name the folder that holds the truth of the other "
                    "images."
                )
            return None
        what: Wish = "auto"
        if facts is not None:
            what = "objects" if facts.what == "objects" and has_objects else "pixels"
        if facts is not None and facts.has_region:
            self.missing.append("The region of the comparison: a recipe compares whole images.")
        if facts is not None and facts.is_sparse:
            self.missing.append(
                "A truth of only some objects: a recipe takes the truth for complete."
            )
        ignore = 0 if facts is None or facts.zero_is_unknown else None
        min_iou = 0.5 if facts is None else facts.min_iou
        of = "" if what == "auto" else f" of {what}"
        self.included.append(f"Comparison{of} with the truth in {Path(truth).name}.")
        return EvaluateStep(str(truth), what, min_iou, ignore)


def _seen(facts: PixelFacts, places: Sequence[int]) -> str:
    named = ", ".join(f"{place} ({facts.name_of(place)})" for place in places)
    return f"; channels {named}, counted from 0"
