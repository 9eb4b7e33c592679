"""The steps of a recipe: frozen values that say what is done with an image, by which model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from brushwood.batch.model_ref import ModelRef
from brushwood.objects.split_params import SplitParams

Source: TypeAlias = Literal["classes", "probability"]
Wish: TypeAlias = Literal["pixels", "objects", "auto"]
#: A channel by its place in the image, from 0, or by its name.
Channel: TypeAlias = int | str

#: What a recipe can save, in the order in which it comes about.
SAVES = ("classes", "probabilities", "uncertainty", "objects", "object_classes", "table")
#: Those of them that are images.
IMAGES = SAVES[:-1]


@dataclass(frozen=True, slots=True)
class PixelStep:
    """Classify pixels.

    Attributes
    ----------
    model : ModelRef
        Of a `brushwood.PixelClassifier`; a path or a fitted classifier is turned into one.
    channels : tuple of int or str, optional
        Channels of the image that the model sees, in this order. Default: all.
    channel_axis : int, optional
        Axis that holds channels. Default: as the file says, or as in training.
    """

    model: ModelRef
    channels: tuple[Channel, ...] | None = None
    channel_axis: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", ModelRef.of(self.model))


@dataclass(frozen=True, slots=True)
class ObjectStep:
    """Make objects; `brushwood.split_objects` says how.

    Attributes
    ----------
    params : SplitParams
    source : {"classes", "probability"}
        The class map, or the probability of the one class in `foreground`.
    foreground : tuple of int, or None
        Class ids that are objects; None for all.
    image_channel : int or str, optional
        Channel in which ``method="intensity"`` finds peaks. Default: the only one.
    ndim : {2, 3}, optional
        Spatial dimensions of an object. Default: as the image's file says.
    """

    params: SplitParams = field(default_factory=SplitParams)
    source: Source = "classes"
    foreground: tuple[int, ...] | None = (2,)
    image_channel: Channel | None = None
    ndim: int | None = None


@dataclass(frozen=True, slots=True)
class MeasureStep:
    """Measure the objects; `brushwood.measure` says what there is.

    Attributes
    ----------
    names : tuple of str, optional
        Columns, measurements or groups. Default: a useful choice.
    with_probabilities : bool
        Measure the class probabilities of each object's pixels as well.
    channels : tuple of int or str, optional
        Channels of the image to measure intensities in. Default: all. One that is chosen is
        measured as an image without channels.
    channel_names : tuple of str, optional
        What columns of several channels end in. Default: their numbers, from 0.
    class_names : tuple of str, optional
        What columns of probabilities end in. Default: the model's names of its classes.
    """

    names: tuple[str, ...] | None = None
    with_probabilities: bool = False
    channels: tuple[Channel, ...] | None = None
    channel_names: tuple[str, ...] | None = None
    class_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ClassifyStep:
    """Classify the objects by their measurements.

    Attributes
    ----------
    model : ModelRef
        Of a `brushwood.ObjectClassifier`, which may be the surrogate of an exploration.
    """

    model: ModelRef

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", ModelRef.of(self.model))


@dataclass(frozen=True, slots=True)
class EvaluateStep:
    """Compare with what is true.

    Attributes
    ----------
    truth : str
        Folder of images that are named as the inputs, absolute.
    what : {"auto", "pixels", "objects"}
        Compare class maps or objects. "auto" takes objects where the recipe makes some.
    min_iou : float
        Objects match from this intersection over union on.
    ignore : int or None
        Value of a truth of pixels that means *unknown*.
    """

    truth: str
    what: Wish = "auto"
    min_iou: float = 0.5
    ignore: int | None = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "truth", str(Path(self.truth).absolute()))


Step: TypeAlias = PixelStep | ObjectStep | MeasureStep | ClassifyStep | EvaluateStep
#: Fields of a step as the JSON has them.
Fields: TypeAlias = dict[str, Any]
