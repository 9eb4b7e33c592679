"""Does a window see an image as its file says? A recipe follows the file."""

from dataclasses import dataclass
from math import isclose
from pathlib import Path

from brushwood.errors import BrushwoodError
from brushwood.session.scene import ImageRef

_SAME = 1e-5


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file says about its image.

    Attributes
    ----------
    name : str
    spacing : tuple of float or None
        Size of a pixel along the axes of space, as many as the file has.
    unit : str
        ``"px"`` where it is not known.
    n_channels : int
    channel_names : tuple of str
    """

    name: str
    spacing: tuple[float, ...] | None = None
    unit: str = "px"
    n_channels: int = 1
    channel_names: tuple[str, ...] = ()

    def place_of(self, layer: str) -> int | None:
        """Return which channel a layer shows, if its name says so."""
        ending = [n for n, name in enumerate(self.channel_names) if name and layer.endswith(name)]
        return ending[0] if len(ending) == 1 else None


def look_at(origin: str) -> FileFacts | None:
    """Read what a file says; None if it is no file that a recipe could be run on."""
    from brushwood.io.images import read_image

    path = Path(origin)
    if not origin or not path.exists():
        return None
    try:
        with read_image(path) as image:
            axis = image.channel_axis
            count = 1 if axis is None else int(image.data.shape[axis])
            unit = {"um": "µm", None: "px"}.get(image.unit, image.unit)
            return FileFacts(path.name, image.spacing, unit or "px", count, image.channel_names)
    except (BrushwoodError, OSError, ValueError):
        return None


def differs(layer: ImageRef, file: FileFacts) -> bool:
    """Whether a layer's pixels have another size than its file says."""
    if file.spacing is None:
        return layer.unit != "px"
    scale = [abs(s) for s in layer.scale[-len(file.spacing) :]]
    same = len(scale) == len(file.spacing) and all(
        isclose(a, b, rel_tol=_SAME) for a, b in zip(scale, file.spacing, strict=True)
    )
    return not same or layer.unit != file.unit


def difference_text(layer: ImageRef, file: FileFacts) -> str:
    """Say that sizes differ, and what that means."""
    ours = "pixels without a size" if layer.unit == "px" else _size(layer.scale, layer.unit)
    if file.spacing is None:
        return (
            f"{file.name} does not say how large its pixels are, but its layer has {ours}. The "
            "recipe follows the files: it measures in pixels where they have no size."
        )
    return (
        f"{file.name} has pixels of {_size(file.spacing, file.unit)}, but its layer has {ours}. "
        "The recipe follows the files, so sizes, and objects of stacks, may differ from these. "
        "Press Use the file's pixel size, then make and measure the objects again."
    )


def _size(spacing: tuple[float, ...], unit: str) -> str:
    return f"{' × '.join(f'{s:.4g}' for s in spacing)} {unit}"
