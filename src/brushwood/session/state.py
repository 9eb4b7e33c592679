"""The choices of one window: an evented value that says when it changes."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from brushwood.features.presets import DEFAULT_PRESET
from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams, option
from brushwood.session.classes import Classes, default_classes
from brushwood.session.scene import LayerKey

Output = Literal["classes", "probabilities", "uncertainty"]
#: Results that can be shown, in the order of their check boxes.
OUTPUTS: tuple[Output, ...] = ("classes", "probabilities", "uncertainty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What surrounds the forest: how intensities are scaled before, probabilities smoothed after.

    Attributes
    ----------
    scaling : {"image", "training", "none"}
    smoothing : float
        Standard deviation of the Gaussian over the probabilities, in pixels.
    """

    scaling: Literal["image", "training", "none"] = option(
        "image",
        label="Scale intensities",
        help="image: each image by its own contrast; training: as the first image; none.",
        choices=("image", "training", "none"),
    )
    smoothing: float = option(
        1.0,
        label="Smooth by",
        help="Pixels over which probabilities are averaged: larger is calmer and less detailed.",
        min=0.0,
        max=20.0,
    )


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about the present model.

    Attributes
    ----------
    origin : str
        ``"trained"``, or the name of the file that it was loaded from.
    ndim, n_channels : int
        What it expects of an image.
    class_ids : tuple of int
        Classes that it tells apart.
    version : int
        Grows with every training; a result of another version is out of date.
    stored : tuple of (id, pixels)
        Training pixels that came with the file.
    """

    origin: str
    ndim: int
    n_channels: int
    class_ids: tuple[int, ...]
    version: int
    stored: tuple[tuple[int, int], ...] = ()

    @property
    def is_loaded(self) -> bool:
        """Whether it came from a file."""
        return self.origin != "trained"


@dataclass
class SessionState:
    """What the user has chosen, one a viewer.

    Assigning a field emits ``state.events.<field>``; an equal value emits nothing.

    Attributes
    ----------
    images : tuple of LayerKey
        Ticked image layers, the first gives shape and transform.
    ndim : {2, 3}
        Spatial dimensions of the filters.
    annotation : LayerKey or None
    classes : tuple of ClassInfo
    current_class : int
        The class that is painted.
    counts : tuple of (id, pixels)
        Annotated pixels as last counted.
    annotation_problem : str
        Why the annotation's values cannot be trained on, "" if they can.
    features, forest, finish
        How to train.
    outputs : tuple of str
        Results that are shown.
    device : str or None
        Name of the device that was chosen, None for the best.
    device_problem : str
        Why no device can be used, "" if one can.
    live : bool
        Follow the brush.
    model : ModelInfo or None
    """

    images: tuple[LayerKey, ...] = ()
    ndim: int = 2
    annotation: LayerKey | None = None
    classes: Classes = field(default_factory=default_classes)
    current_class: int = 1
    counts: tuple[tuple[int, int], ...] = ()
    annotation_problem: str = ""
    features: FeatureSet = field(default_factory=lambda: FeatureSet.preset(DEFAULT_PRESET))
    forest: ForestParams = field(default_factory=ForestParams)
    finish: Finish = field(default_factory=Finish)
    outputs: tuple[Output, ...] = ("classes",)
    device: str | None = None
    device_problem: str = ""
    live: bool = True
    model: ModelInfo | None = None

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
