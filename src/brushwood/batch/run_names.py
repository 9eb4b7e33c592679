"""What classes are called and how large pixels are, for summaries and reports of runs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from brushwood.batch.recipe import Recipe
from brushwood.batch.records import FileRecord
from brushwood.errors import BrushwoodError
from brushwood.io.images import read_image
from brushwood.objects.classifier import ObjectClassifier
from brushwood.pixels.classifier import PixelClassifier

_MICRO = {"um": "µm"}


@dataclass(frozen=True, slots=True)
class Names:
    """Names and colours of classes, by id as text.

    Attributes
    ----------
    pixels, objects : mapping of str to str
        Names; a class without one, or with another's, is called by its number.
    colours : mapping of str to str
        ``#rrggbb`` of pixel classes.
    """

    pixels: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe) -> "Names":
        """Ask the models; classes have their numbers if a model is gone."""
        try:
            pixels = recipe.pixels.model.load(PixelClassifier)
            step = recipe.classify
            objects = None if step is None else step.model.load(ObjectClassifier)
        except BrushwoodError:
            return cls()
        colours = {str(i): str(c) for i, c in (pixels.class_colors or {}).items()}
        return cls(
            _distinct(pixels.class_names),
            _distinct(None if objects is None else objects.class_names),
            colours,
        )

    def of_pixel(self, class_id: str) -> str:
        """Return what a class of pixels is called."""
        return self.pixels.get(class_id, f"class {class_id}")

    def of_object(self, class_id: str) -> str:
        """Return what a class of objects is called."""
        return self.objects.get(class_id, f"class {class_id}")


def _distinct(names: Mapping[int, str] | None) -> dict[str, str]:
    counts = Counter((names or {}).values())
    return {str(i): name for i, name in (names or {}).items() if name and counts[name] == 1}


@dataclass(frozen=True, slots=True)
class Calibration:
    """How large the pixels of an image are.

    Attributes
    ----------
    pixel : float
        Area, or volume in 3-D, in `unit` squared or cubed.
    unit : str
    ndim : int
    """

    pixel: float
    unit: str
    ndim: int


def calibration_of(record: FileRecord) -> Calibration | None:
    """Return the size of an image's pixels as its results say; None if they do not."""
    for key in ("classes", "objects", "object_classes", "uncertainty"):
        if key in record.outputs:
            try:
                with read_image(record.outputs[key]) as image:
                    spacing, unit = image.spacing, image.unit
                    ndim = image.ndim
            except (BrushwoodError, OSError):
                return None
            if spacing is None or unit is None:
                return None
            return Calibration(prod(spacing), _MICRO.get(unit, unit), ndim)
    return None
