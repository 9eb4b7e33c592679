"""A training set that grows with every stroke and computes only what is new."""

from collections import defaultdict
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource, Triple
from brushwood.errors import FeatureMismatchError
from brushwood.jobs import IDLE, Job
from brushwood.pixels.sample import chosen
from brushwood.pixels.scaling import IntensityRange, Scaling, combined
from brushwood.pixels.stacks import FeatureCache, StackMaker, View
from brushwood.pixels.strokes import Strokes, check_shape, check_trainable

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
#: Grid on which training rows and views are computed, for planes and for stacks.
TILES: dict[int, Triple] = {2: (1, 512, 512), 3: (8, 128, 128)}
#: Rows that an image may keep of pixels that are annotated no more, so that undo is quick.
_SPARE_ROWS = 200_000


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """Features of training pixels.

    Attributes
    ----------
    features : float32 (pixel, feature)
    classes : int64 (pixel,)
    """

    features: Float32
    classes: Int64

    def __len__(self) -> int:
        return int(self.classes.size)


@dataclass(eq=False, slots=True)
class _TileRows:
    """Rows of one tile: ascending positions in the annotation, and their features."""

    index: Int64
    rows: Float32


@dataclass(eq=False, slots=True)
class _Image:
    number: int
    source: ImageSource
    strokes: Strokes
    measured: IntensityRange | None = None
    used: IntensityRange | None = None
    tiles: dict[tuple[int, ...], _TileRows] = field(default_factory=dict)


class TrainingSet:
    """Strokes on one or more images, and the features of the pixels under them.

    Features are computed for the tiles that strokes touch, of the strokes' bounding box only, and
    kept: the next stroke costs what is new, undo and erase cost nothing.

    Parameters
    ----------
    maker : StackMaker
    scaling : Scaling
    tile : three int, optional
        Grid on which rows are computed and kept. Rows do not depend on it.
    """

    def __init__(self, maker: StackMaker, scaling: Scaling, tile: Triple | None = None) -> None:
        self.maker = maker
        self.scaling = scaling
        self.tile = tile or TILES[maker.ndim]
        #: Training pixels from a model file, and the constants they were scaled by.
        self.stored: Rows | None = None
        self.stored_range: IntensityRange | None = None
        self._images: dict[Hashable, _Image] = {}
        self._n_seen = 0
        #: Pixels of the last `rows` that the cap left out.
        self.left_out = 0

    def put(self, key: Hashable, source: ImageSource, strokes: Strokes) -> None:
        """Add an image with its strokes, or replace its strokes.

        Parameters
        ----------
        key : hashable
            Names the image. The same key with the same data keeps the rows computed so far.
        """
        check_shape(strokes.shape, (*source.frames, *source.shape))
        ndim, n_channels = self.maker.ndim, self.maker.n_channels
        if (source.ndim, source.n_channels) != (ndim, n_channels):
            raise FeatureMismatchError(
                "This image cannot be trained on together with the others: "
                f"{ndim}-D with {n_channels} channels was expected, but it is {source.ndim}-D with "
                f"{source.n_channels}. Choose the same channels in the same order, or start anew."
            )
        known = self._images.get(key)
        if known is not None and known.source.token == source.token:
            known.strokes = strokes
            return
        number = self._n_seen if known is None else known.number
        self._n_seen += known is None
        self._images[key] = _Image(number, source, strokes)

    def remove(self, key: Hashable) -> None:
        """Forget an image, if it is known."""
        self._images.pop(key, None)

    def keep_only(self, keys: Collection[Hashable]) -> None:
        """Forget all images but these."""
        for key in [key for key in self._images if key not in keys]:
            del self._images[key]

    def clear(self) -> None:
        """Forget all images and rows, the stored ones too."""
        self._images.clear()
        self.stored = self.stored_range = None

    @property
    def sources(self) -> list[ImageSource]:
        """The images, in the order in which they came."""
        return [image.source for image in self._in_order()]

    def _in_order(self) -> list[_Image]:
        return sorted(self._images.values(), key=lambda image: image.number)

    @property
    def counts(self) -> dict[int, int]:
        """Number of training pixels of each class that has any, stored ones included."""
        total: defaultdict[int, int] = defaultdict(int)
        for image in self._images.values():
            for class_id, n in image.strokes.counts.items():
                total[class_id] += n
        if self.stored is not None:
            for class_id in self.stored.classes.tolist():
                total[class_id] += 1
        return dict(sorted(total.items()))

    def range(self, job: Job = IDLE) -> IntensityRange:
        """Return the constants of the training set, images and stored rows together."""
        for image in self._images.values():
            if image.measured is None:
                image.measured = self.scaling.measure(image.source, job=job)
        measured = [image.measured for image in self._in_order() if image.measured is not None]
        if self.stored_range is not None:
            # Rows cannot be scaled anew: in "training" mode the file's constants stay.
            if self.scaling.mode == "training":
                return self.stored_range
            measured.append(self.stored_range)
        return combined(measured or [IntensityRange.identity(self.maker.n_channels)])

    def _range_of(self, image: _Image, job: Job) -> IntensityRange:
        common = self.range(job)
        if self.scaling.mode == "training" or image.measured is None:
            return common
        return image.measured

    def rows(
        self,
        max_rows: int,
        seed: int = 0,
        *,
        cache: FeatureCache | None = None,
        job: Job = IDLE,
    ) -> Rows:
        """Return the training pixels, after computing those that are new.

        Parameters
        ----------
        max_rows : int
            Above it a sample is drawn, stratified by class; see `sample.chosen`.
        seed : int
        cache : FeatureCache, optional
            Stacks of tiles in view are taken from and kept in it.

        Raises
        ------
        AnnotationError
            If there are no strokes, of one class only, or of more than 255.
        """
        check_trainable(self.counts)
        images = self._in_order()
        keep = self._chosen(images, max_rows, seed)
        parts = []
        if self.stored is not None:
            mask = keep.pop()
            parts.append(Rows(self.stored.features[mask], self.stored.classes[mask]))
        for n, (image, mask) in enumerate(zip(images, keep, strict=True)):
            part = job.part(n / len(images), (n + 1) / len(images))
            features = self._rows_of(image, mask, self._range_of(image, part), cache, part)
            parts.append(Rows(features, image.strokes.classes[mask].astype(np.int64)))
        return Rows(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.classes for part in parts]),
        )

    def _chosen(
        self, images: list[_Image], max_rows: int, seed: int
    ) -> list[npt.NDArray[np.bool_]]:
        """Return a mask an image, and one of the stored rows at the end."""
        classes = [image.strokes.classes.astype(np.int64) for image in images]
        # Positions take 48 bits, the image's number the others.
        keys = [
            image.strokes.index.astype(np.uint64) | np.uint64((image.number + 1) << 48)
            for image in images
        ]
        if self.stored is not None:
            classes.append(self.stored.classes)
            keys.append(np.arange(len(self.stored), dtype=np.uint64))
        sizes = [c.size for c in classes]
        mask = chosen(np.concatenate(classes), np.concatenate(keys), max_rows, seed)
        self.left_out = int(mask.size - mask.sum())
        return np.split(mask, np.cumsum(sizes)[:-1])

    def _rows_of(
        self,
        image: _Image,
        mask: npt.NDArray[np.bool_],
        range_: IntensityRange,
        cache: FeatureCache | None,
        job: Job,
    ) -> Float32:
        if image.used != range_:
            image.tiles.clear()
            image.used = range_
        index = image.strokes.index[mask]
        out = np.empty((index.size, self.maker.n_planes), np.float32)
        tiles = tiles_under(index, image.source, self.tile)
        for n, (key, where) in enumerate(tiles.items()):
            job.checkpoint(n / len(tiles), "Computing features under strokes")
            view = View(image.source, range_, key[:-3])
            out[where] = self._tile_rows(image, key, index[where], view, cache)
        self._trim(image, set(tiles))
        return out

    def _tile_rows(
        self,
        image: _Image,
        key: tuple[int, ...],
        index: Int64,
        view: View,
        cache: FeatureCache | None,
    ) -> Float32:
        known = image.tiles.get(key)
        if known is None:
            known = _TileRows(np.empty(0, np.int64), np.empty((0, self.maker.n_planes), np.float32))
        new = np.setdiff1d(index, known.index, assume_unique=True)
        if new.size:
            rows = self.maker.rows(view, positions(new, image.source), cache)
            merged = np.concatenate((known.index, new))
            order = np.argsort(merged)
            known = _TileRows(merged[order], np.concatenate((known.rows, rows))[order])
            image.tiles[key] = known
        return known.rows[np.searchsorted(known.index, index)]

    def _trim(self, image: _Image, used: set[tuple[int, ...]]) -> None:
        """Drop rows of pixels that are annotated no more once there are many."""
        if (
            sum(tile.index.size for tile in image.tiles.values())
            <= len(image.strokes) + _SPARE_ROWS
        ):
            return
        for key in list(image.tiles):
            tile = image.tiles[key]
            still = np.isin(tile.index, image.strokes.index, assume_unique=True)
            if key in used and still.any():
                image.tiles[key] = _TileRows(tile.index[still], tile.rows[still])
            else:
                del image.tiles[key]


def positions(index: Int64, source: ImageSource) -> Int64:
    """Return the spatial positions (pixel, 3) of flat positions in an annotation."""
    corners = np.unravel_index(index, (*source.frames, *source.shape3))
    return np.stack(corners[-3:], axis=1).astype(np.int64)


def tiles_under(
    index: Int64, source: ImageSource, tile: Triple
) -> dict[tuple[int, ...], npt.NDArray[np.intp]]:
    """Group flat positions by frame and tile.

    Returns
    -------
    dict of (…frame, tz, ty, tx) to int (pixel,)
        Which of the positions lie in each tile.
    """
    shape = (*source.frames, *source.shape3)
    cells = (1,) * len(source.frames) + tile
    corners = np.unravel_index(index, shape)
    grid = [-(-n // c) for n, c in zip(shape, cells, strict=True)]
    names = np.ravel_multi_index([p // c for p, c in zip(corners, cells, strict=True)], grid)
    order = np.argsort(names, kind="stable")
    found, first = np.unique(names[order], return_index=True)
    groups = np.split(order, first[1:])
    keys = zip(*(axis.tolist() for axis in np.unravel_index(found, grid)), strict=True)
    return dict(zip(keys, groups, strict=True)) if index.size else {}
