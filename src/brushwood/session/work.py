"""Requests that the window sends to a worker, and the answers: values that name each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource, Triple
from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.pixels.training import TILES
from brushwood.session.classes import Classes
from brushwood.session.scene import LayerKey
from brushwood.session.state import Finish, Output

Frame: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A box of one frame, `start` to before `stop`, both (z, y, x)."""

    frame: Frame
    start: Triple
    stop: Triple

    def index(self, ndim: int) -> tuple[int | slice, ...]:
        """Return the index of this tile in an array of shape (…frames, space)."""
        box = tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return (*self.frame, *box[-ndim:])


@dataclass(frozen=True, eq=False, slots=True)
class ImageInput:
    """The image of a request: where it comes from, and how to read it.

    Attributes
    ----------
    keys : tuple of LayerKey
        The layers that are its channels.
    names : tuple of str
    spacing : tuple of float or None
        Size of a pixel along the spatial axes; only filters in world units use it.
    """

    keys: tuple[LayerKey, ...]
    names: tuple[str, ...]
    source: ImageSource
    spacing: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that decides about a model besides the strokes.

    Two equal setups, image and strokes give the same model.
    """

    features: FeatureSet
    forest: ForestParams
    finish: Finish
    ndim: int
    n_channels: int
    device: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class LiveRequest:
    """Bring the model up to date with the strokes, then compute tiles in this order.

    Attributes
    ----------
    annotation : array-like or None
        Class ids, shape (…frames, space), 0 where nothing was painted. None: keep the model.
    annotation_key : LayerKey or None
    train : bool
        Train when strokes or setup changed. Otherwise strokes are only counted.
    tiles : tuple of Tile
    done : mapping of Tile to int
        Model version with which a tile's results were last computed; such tiles are skipped while
        the model keeps that version.
    """

    image: ImageInput
    setup: Setup
    classes: Classes
    annotation: Any = None
    annotation_key: LayerKey | None = None
    train: bool = True
    tiles: tuple[Tile, ...] = ()
    done: Mapping[Tile, int] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ("classes",)


@dataclass(frozen=True, slots=True)
class Counted:
    """Annotated pixels of every value in the annotation."""

    annotation_key: LayerKey | None
    counts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model.

    Attributes
    ----------
    left_out : int
        Annotated pixels beyond the cap on rows.
    note : str
        What is unusual about the image, "" if nothing is.
    """

    version: int
    ndim: int
    n_channels: int
    class_ids: tuple[int, ...]
    seconds: float
    left_out: int = 0
    note: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Results for one tile.

    Attributes
    ----------
    arrays : mapping of output to ndarray
        ``classes`` (Z, Y, X) uint8, ``probabilities`` (class, Z, Y, X) and ``uncertainty``
        (Z, Y, X) float32.
    class_ids : tuple of int
        Class of each probability plane.
    """

    keys: tuple[LayerKey, ...]
    version: int
    tile: Tile
    class_ids: tuple[int, ...]
    arrays: Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything in view shows the present model, if only a draft of it.

    Attributes
    ----------
    seconds : float
        Since the request, training included.
    """

    version: int
    seconds: float
    device: str
    trained: bool
    is_draft: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a live request.

    Attributes
    ----------
    device : str
    trained : bool
        Whether a new model was made.
    n_tiles : int
        Tiles that were computed.
    """

    seconds: float
    device: str
    trained: bool
    n_tiles: int
    version: int


@dataclass(frozen=True, eq=False, slots=True)
class WholeDone:
    """The end of applying a model to a whole image."""

    image: ImageInput
    version: int
    outputs: tuple[Output, ...]
    class_ids: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class LoadedModel:
    """What a model file brought.

    Attributes
    ----------
    stored : tuple of (id, pixels)
        Training pixels in the file, on top of which training goes on.
    notes : tuple of str
        What the model does not do as the file's own program did.
    """

    name: str
    version: int
    ndim: int
    n_channels: int
    class_ids: tuple[int, ...]
    names: Mapping[int, str]
    colours: Mapping[int, str]
    features: FeatureSet
    forest: ForestParams
    finish: Finish
    stored: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


def tiles_of(
    frames: tuple[int, ...],
    shape3: Triple,
    start: tuple[int, ...],
    stop: tuple[int, ...],
) -> tuple[Tile, ...]:
    """Cut a box of an image into tiles of the fixed grid, those in the middle first.

    Parameters
    ----------
    frames : tuple of int
        Shape of the axes before space.
    shape3 : (Z, Y, X)
    start, stop : tuple of int
        The box, one number an axis of (…frames, space).

    Notes
    -----
    The grid is that of training rows, so that strokes find their features in the cache of what is
    in view.
    """
    n = len(frames)
    ndim = len(start) - n
    pad = (0,) * (3 - ndim)
    low, high = pad + tuple(start[n:]), (1,) * (3 - ndim) + tuple(stop[n:])
    size = TILES[ndim]
    cells = [range(a // s, -(-b // s)) for a, b, s in zip(low, high, size, strict=True)]
    middle = np.array([(a + b) / 2 for a, b in zip(low, high, strict=True)])
    found = []
    for frame in product(*(range(a, b) for a, b in zip(start[:n], stop[:n], strict=True))):
        for cell in product(*cells):
            first = tuple(c * s for c, s in zip(cell, size, strict=True))
            last = tuple(min(f + s, m) for f, s, m in zip(first, size, shape3, strict=True))
            tile = Tile(frame, (first[0], first[1], first[2]), (last[0], last[1], last[2]))
            distance = np.abs((np.array(first) + np.array(last)) / 2 - middle)
            found.append((tuple(distance.tolist()), tile))
    return tuple(tile for _, tile in sorted(found, key=lambda pair: (sum(pair[0]), pair[1])))
