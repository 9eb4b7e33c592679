"""What the session may ask of a viewer, and the values that come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

#: A layer's ``unique_id`` as text: it survives renaming and reordering.
LayerKey: TypeAlias = str


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image layer, described without its pixels.

    Attributes
    ----------
    shape : tuple of int
        Full resolution, without the colour axis of RGB.
    rgb : bool
        The pixels are red, green and blue (and alpha, which is ignored).
    axes : tuple of str
        One name an axis, "" where the layer has none.
    scale : tuple of float
        Size of a pixel along each axis.
    unit : str
        Unit of `scale` along the last axis, "px" when it has none.
    transform : tuple
        Anything that compares equal for layers that lie in the same place.
    """

    key: LayerKey
    name: str
    shape: tuple[int, ...]
    dtype: str = "uint8"
    rgb: bool = False
    axes: tuple[str, ...] = ()
    scale: tuple[float, ...] = ()
    unit: str = "px"
    transform: tuple[object, ...] = ()

    @property
    def n_channels(self) -> int:
        """Channels that this layer alone brings."""
        return 3 if self.rgb else 1


@dataclass(frozen=True, slots=True)
class LabelsRef:
    """A labels layer, described without its pixels."""

    key: LayerKey
    name: str
    shape: tuple[int, ...]
    dtype: str = "uint8"
    editable: bool = True
    transform: tuple[object, ...] = ()
    scale: tuple[float, ...] = ()
    unit: str = "px"
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultRef:
    """A layer that a pixel classifier filled.

    Attributes
    ----------
    output : {"classes", "probabilities", "uncertainty"}
    class_id : int
        Class of a probability, else 0.
    image : LayerKey or None
        The image that it belongs to.
    """

    key: LayerKey
    name: str
    shape: tuple[int, ...]
    output: str
    class_id: int = 0
    image: LayerKey | None = None
    scale: tuple[float, ...] = ()
    unit: str = "px"
    transform: tuple[object, ...] = ()


class Scene(Protocol):
    """The images and labels that a session can choose from."""

    def images(self) -> Sequence[ImageRef]:
        """Return the image layers, bottom first, without Brushwood's own results."""
        ...

    def labels(self) -> Sequence[LabelsRef]:
        """Return the labels layers that can be painted on, bottom first, without results."""
        ...

    def objects(self) -> Sequence[LabelsRef]:
        """Return the labels layers that can hold instances, bottom first."""
        ...

    def truths(self) -> Sequence[LabelsRef]:
        """Return the labels layers that came with a sample as the truth, bottom first."""
        ...

    def results(self) -> Sequence[ResultRef]:
        """Return the layers that a pixel classifier filled, bottom first."""
        ...


def size_text(shape: Sequence[int]) -> str:
    """Write a shape as ``512 × 512``."""
    return " × ".join(f"{n:,}" for n in shape)


def guess_ndim(image: ImageRef | LabelsRef) -> int:
    """Return how many spatial dimensions an image most likely has, 2 or 3.

    A named axis decides; without names a third axis is taken for depth, because a time series
    classified plane by plane loses nothing visible, while a stack does.
    """
    if len(image.shape) < 3:
        return 2
    names = [name.lower() for name in image.axes]
    third = names[-3] if len(names) >= 3 else ""
    if third in {"t", "time", "c", "channel", "s", "p"}:
        return 2
    return 3 if image.shape[-3] > 1 else 2


def axes_text(image: ImageRef | LabelsRef, ndim: int) -> str:
    """Describe the axes of a layer: ``t 5 · y 512 · x 512 · uint8``."""
    n = len(image.shape)
    names = list(image.axes) if any(image.axes) else []
    unnamed = all(name.removeprefix("axis ") == str(i - n) for i, name in enumerate(names))
    if len(names) != n or not all(names) or unnamed:
        space = ["z", "y", "x"][-ndim:]
        frames = ["t"] if n - ndim == 1 else [f"t{i + 1}" for i in range(n - ndim)]
        names = [*frames, *space]
    parts = [f"{name} {size:,}" for name, size in zip(names, image.shape, strict=True)]
    return " · ".join([*parts, *(["RGB"] if getattr(image, "rgb", False) else []), image.dtype])
