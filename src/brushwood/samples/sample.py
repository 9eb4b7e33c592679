"""One sample: an image, ready strokes, and the truth where it is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

#: Okabe and Ito's colours in the order in which class ids 1, 2, 3 take them.
#: https://jfly.uni-koeln.de/color/
CLASS_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One sample; arrays are fresh copies that the caller may change.

    Attributes
    ----------
    key, title, description : str
        Identifier, name for a menu, and what there is to see and to try.
    image : array
        In the order of `axes`; a dask array for samples that are too large for memory.
    axes : str
        One letter an axis of `image`: T time, C channel, Z, Y, X, S samples of RGB.
    annotation : array of uint8, spatial (and time) shape of the image
        Ready strokes: the class id under the brush, 0 where nothing is annotated.
    class_names, class_colors : mapping of class id to str
        Names, and ``#RRGGBB``, for each class of `annotation` and `truth_classes`.
    truth_classes : array of uint8 or None
        Class id of every pixel, None where nobody knows it.
    truth_labels : array of unsigned int or None
        Instances from 1, 0 for background; the same nucleus has the same id in every frame.
    truth_table : mapping of str to list, or None
        Columns with one entry an object; ``index`` is the label.
    channel_axis : int or None
    channel_names : tuple of str
        One name a channel, empty for an image without channels.
    rgb : bool
        Whether the channels are red, green and blue; `channel_axis` is then the last.
    spacing : tuple of float or None
        Pixel size along the spatial axes, None where it is unknown.
    unit : str
        Unit of `spacing`.
    source, licence : str
        Who made the image, and what may be done with it.
    """

    key: str
    title: str
    description: str
    image: Any
    axes: str
    annotation: Array
    class_names: Mapping[int, str]
    truth_classes: Any = None
    truth_labels: Any = None
    truth_table: Mapping[str, list[Any]] | None = None
    channel_names: tuple[str, ...] = ()
    spacing: tuple[float, ...] | None = None
    unit: str = "µm"
    source: str
    licence: str

    @property
    def channel_axis(self) -> int | None:
        """Axis of the channels, None for an image without channels."""
        if self.rgb:
            return -1
        return self.axes.index("C") if "C" in self.axes else None

    @property
    def rgb(self) -> bool:
        """Whether the last axis holds red, green and blue."""
        return self.axes.endswith("S")

    @property
    def ndim(self) -> int:
        """Number of spatial dimensions, 2 or 3."""
        return sum(axis in "ZYX" for axis in self.axes)

    @property
    def class_colors(self) -> dict[int, str]:
        """Colour of each class id."""
        return {i: CLASS_COLORS[(i - 1) % len(CLASS_COLORS)] for i in self.class_names}
