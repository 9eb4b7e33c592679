"""`Recipe`: a saved chain from an image to classes, objects, measurements, classes of objects."""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from brushwood.batch import recipe_json, recipe_read
from brushwood.batch.misfits import misfits
from brushwood.batch.model_ref import ModelRef
from brushwood.batch.steps import (
    SAVES,
    ClassifyStep,
    EvaluateStep,
    MeasureStep,
    ObjectStep,
    PixelStep,
)
from brushwood.errors import InputError, RecipeError
from brushwood.io.atomic import replacing, translated
from brushwood.jobs import IDLE, Job
from brushwood.workers import IN_TURN, Workers

if TYPE_CHECKING:
    from brushwood.batch.result import Result
    from brushwood.opencl import Device

#: Ending of recipe files that is proposed; any will do.
SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done with an image, step by step, and what of it is saved.

    Attributes
    ----------
    pixels : PixelStep
    objects : ObjectStep, optional
    measure : MeasureStep, optional
        Needs objects.
    classify : ClassifyStep, optional
        Needs objects; what its model asks for is measured as well.
    evaluate : EvaluateStep, optional
    outputs : tuple of str
        What is saved, of `brushwood.batch.steps.SAVES`. In the file it is called ``save``.
    image_format : {"tiff", "ome-zarr"}
    table_format : {"csv", "parquet"}
    name : str

    Raises
    ------
    InputError
        If the steps do not go together.
    """

    pixels: PixelStep
    objects: ObjectStep | None = None
    measure: MeasureStep | None = None
    classify: ClassifyStep | None = None
    evaluate: EvaluateStep | None = None
    outputs: tuple[str, ...] = ("classes",)
    image_format: Literal["tiff", "ome-zarr"] = "tiff"
    table_format: Literal["csv", "parquet"] = "csv"
    name: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.outputs) - set(SAVES))
        if unknown:
            raise InputError(f"A recipe saves any of {', '.join(SAVES)}, not {', '.join(unknown)}.")
        ordered = tuple(name for name in SAVES if name in self.outputs)
        object.__setattr__(self, "outputs", ordered)
        problems = misfits(self)
        if problems:
            said = " ".join(f"{where} {what}." for where, what in problems)
            raise InputError(f"The steps of the recipe do not go together: {said}")

    @classmethod
    def of_model(cls, model: Any) -> "Recipe":
        """Return the recipe that applies a pixel classifier and saves the classes.

        Parameters
        ----------
        model : path or PixelClassifier
        """
        step = PixelStep(model)
        return cls(step, name=Path(step.model.name).stem)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Recipe":
        """Read a recipe of one's own or a stranger's. Nothing in it is executed.

        Parameters
        ----------
        path : path

        Raises
        ------
        RecipeError
            If the file is missing, foreign, or has values that make no sense: all of them, each
            with its line. Its models are looked at when they are used, or with `check_models`.
        """
        return recipe_read.read(Path(path))

    @classmethod
    def from_json(cls, text: str, folder: str | os.PathLike[str] = "") -> "Recipe":
        """Build from `to_json`'s answer.

        Parameters
        ----------
        text : str
        folder : path
            What paths in it are relative to. Default: the working directory.

        Raises
        ------
        RecipeError
            As `load`.
        """
        return recipe_read.parse(text, "recipe", Path(folder))

    def to_json(self, folder: str | os.PathLike[str] | None = None) -> str:
        """Return the recipe as JSON text.

        Parameters
        ----------
        folder : path, optional
            Where it will stand: paths are written relative to it. Default: absolute paths.
        """
        document = recipe_json.document_of(self, None if folder is None else Path(folder))
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the recipe, completely or not at all; models are referred to from its folder.

        Parameters
        ----------
        path : path
        overwrite : bool
            Replace a file that stands there.

        Raises
        ------
        OutputExistsError, OutputError
            If something stands there, or it cannot be written.
        """
        target = Path(path)
        text = self.to_json(target.absolute().parent)
        with replacing(target, overwrite=overwrite) as temporary, translated(target):
            temporary.write_text(text, "utf-8")
        return target

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that it names."""
        steps = (self.pixels, self.classify)
        return tuple(step.model for step in steps if step is not None)

    def check_models(self) -> None:
        """Look whether the models are there and unchanged.

        Raises
        ------
        RecipeError
            Naming all that are not.
        """
        problems = []
        for model in self.models:
            try:
                model.check()
            except RecipeError as error:
                problems.append(str(error))
        if problems:
            raise RecipeError("\n".join(problems), tuple(problems))

    def digest(self) -> str:
        """Return a SHA-256 that is equal for recipes that give equal files.

        Models count by their bytes, wherever they are; the name does not count.

        Raises
        ------
        RecipeError
            If a model is missing or was changed.
        """
        document = recipe_json.document_of(self, None, hashes=True)
        del document["name"]
        text = json.dumps(document, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def embedded(self) -> "Recipe":
        """Return the same recipe with its models inside, to be sent as one file.

        Raises
        ------
        RecipeError
            If a model is missing or was changed.
        """
        pixels = replace(self.pixels, model=self.pixels.model.embedded())
        classify = self.classify
        if classify is not None:
            classify = replace(classify, model=classify.model.embedded())
        return replace(self, pixels=pixels, classify=classify)

    def describe(self) -> str:
        """Return what is done in words, a line a step. Models are named, not looked at."""
        from brushwood.batch.recipe_text import describe

        return describe(self)

    def to_script(self, folder: str | os.PathLike[str] | None = None) -> str:
        """Return a readable Python script that does the same and writes the same files.

        Parameters
        ----------
        folder : path, optional
            Where the script will stand: model files are named from there. Default: absolute paths.
            Embedded models are expected beside the script, see `write_script`.

        Raises
        ------
        RecipeError
            If a model is missing or was changed.
        """
        from brushwood.batch.recipe_script import script_of

        return script_of(self, None if folder is None else Path(folder))

    def write_script(
        self, path: str | os.PathLike[str], *, overwrite: bool = False
    ) -> tuple[Path, ...]:
        """Write the script of `to_script`, and embedded models beside it.

        Returns
        -------
        tuple of Path
            The script, then models.

        Raises
        ------
        RecipeError, OutputExistsError, OutputError
        """
        from brushwood.batch.recipe_script import write_script

        return write_script(self, Path(path), overwrite=overwrite)

    def run(
        self,
        image: Any,
        *,
        device: "Device | str | None" = None,
        workers: Workers = IN_TURN,
        job: Job = IDLE,
    ) -> "Result":
        """Do all steps with one image, in memory.

        Parameters
        ----------
        image : array-like, ImageFile or path
            An array has the axes that the pixel classifier learned from, after frames.
        device : Device or str, optional
        workers : Workers
            Who does parts of large images. The result does not depend on it.
        job : Job

        Returns
        -------
        Result
            Everything that a step made, saved or not.

        Raises
        ------
        RecipeError
            If a model is missing or was changed.
        InputError
            If the image does not fit.
        Cancelled
        """
        from brushwood.batch.result import run_in_memory

        return run_in_memory(self, image, device, workers, job)
