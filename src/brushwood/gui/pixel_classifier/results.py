"""The result layers: made once, found by key, updated in place."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import Colormap, DirectLabelColormap

from brushwood.gui._scene import (
    META,
    NapariScene,
    full_shape,
    key_of,
    level_shapes,
    note_of,
    place_of,
)
from brushwood.gui._store import no_room, zeros
from brushwood.session.classes import Classes, colour_of, find_class
from brushwood.session.pyramid import write_box
from brushwood.session.scene import LayerKey
from brushwood.session.state import Output
from brushwood.session.work import Piece, Tile

#: What a result layer shows: an output, and the class id of a probability, else 0.
Kind = tuple[str, int]


def kinds_of(outputs: tuple[Output, ...], class_ids: tuple[int, ...]) -> list[Kind]:
    """Return the layers that outputs need."""
    kinds: list[Kind] = []
    for output in outputs:
        ids = class_ids if output == "probabilities" else (0,)
        kinds += [(output, i) for i in ids]
    return kinds


def label_colours(classes: Classes) -> DirectLabelColormap:
    """Return napari's colour map for class ids; ids without a class are grey."""
    colours: dict[int | None, Any] = {c.id: c.colour for c in classes}
    return DirectLabelColormap(color_dict={None: "gray", 0: "transparent", **colours})


class ResultLayers:
    """Finds or makes the layers that show results, and writes into them."""

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene
        self._layers: dict[tuple[LayerKey, Kind], LayerKey] = {}
        self._done: dict[LayerKey, dict[Tile, tuple[int, frozenset[Kind]]]] = {}
        self._stale: set[LayerKey] = set()
        self._dropped: set[tuple[LayerKey, Kind]] = set()

    def find(self, image: LayerKey, kind: Kind) -> Layer | None:
        """Return the layer that shows a kind of result of an image, or None."""
        return self._scene.layer(self._layers.get((image, kind)))

    def owner(self, layer: Layer) -> tuple[LayerKey, Kind] | None:
        """Return which image and kind a layer shows, or None if it is no result."""
        key = key_of(layer)
        return next((where for where, known in self._layers.items() if known == key), None)

    def forget(self, layer: Layer) -> Output | None:
        """Let go of a layer that the user deleted, and do not make it again.

        Returns
        -------
        str or None
            The output of which no layer is left.
        """
        where = self.owner(layer)
        if where is None:
            return None
        del self._layers[where]
        self._dropped.add(where)
        image, (output, _) = where
        shown = self._done.get(image, {})
        for tile, (version, kinds) in shown.items():
            shown[tile] = (version, kinds - {where[1]})
        left = [k for i, k in self._layers if i == image and k[0] == output]
        return None if left else output

    def restore(self, output: Output) -> None:
        """Make layers of an output again that were deleted."""
        self._dropped = {where for where in self._dropped if where[1][0] != output}

    def prepare(
        self, image: Layer, kinds: list[Kind], classes: Classes, below: Layer | None
    ) -> None:
        """Make the layers that are missing or no longer fit.

        Raises
        ------
        OutputError
            If there is no room for them.
        """
        shapes = level_shapes(image)
        for kind in kinds:
            if (key_of(image), kind) in self._dropped:
                continue
            layer = self.find(key_of(image), kind)
            if layer is None or level_shapes(layer) != shapes:
                try:
                    made = self._make(image, kind, classes, shapes)
                except (OSError, MemoryError) as error:
                    raise no_room(error, "results") from error
                self._layers[key_of(image), kind] = key_of(made)
                self._scene.add(made, below=below)

    def arrays(self, image: LayerKey, kind: Kind) -> list[npt.NDArray[Any]]:
        """Return the arrays behind a layer, finest first; empty if there is no layer."""
        layer = self.find(image, kind)
        if layer is None:
            return []
        return list(layer.data) if layer.multiscale else [layer.data]

    def done(self, image: LayerKey, kinds: list[Kind]) -> dict[Tile, int]:
        """Return the tiles that show these kinds, with the model version that they show."""
        wanted = frozenset(kind for kind in kinds if (image, kind) not in self._dropped)
        tiles = self._done.get(image, {})
        return {tile: version for tile, (version, have) in tiles.items() if wanted <= have}

    def write(self, piece: Piece, ndim: int) -> None:
        """Copy a piece into the layers that still exist; `refresh` shows it."""
        image = piece.keys[0]
        written: list[Kind] = []
        for output, array in piece.arrays.items():
            planes = {0: array}
            if output == "probabilities":
                planes = dict(zip(piece.class_ids, array, strict=True))
            for class_id, plane in planes.items():
                kind = (output, class_id)
                levels = self.arrays(image, kind)
                if levels:
                    index = piece.tile.index(ndim)
                    start = [i if isinstance(i, int) else i.start for i in index]
                    stop = [i + 1 if isinstance(i, int) else i.stop for i in index]
                    shape = [b - a for a, b in zip(start, stop, strict=True)]
                    write_box(levels, start, stop, plane.reshape(shape))
                    self._stale.add(self._layers[image, kind])
                    written.append(kind)
        self._done.setdefault(image, {})[piece.tile] = (piece.version, frozenset(written))

    def mark_done(
        self, image: LayerKey, tiles: tuple[Tile, ...], version: int, kinds: list[Kind]
    ) -> None:
        """Note that these tiles were written by someone else."""
        known = self._done.setdefault(image, {})
        shown = frozenset(kind for kind in kinds if (image, kind) in self._layers)
        known.update((tile, (version, shown)) for tile in tiles)
        self._stale.update(self._layers[image, kind] for kind in shown)

    def note_whole(self, image: LayerKey, version: int) -> None:
        """Note in the layers that show one model everywhere which one it is."""
        for (owner, kind), key in self._layers.items():
            layer = self._scene.layer(key)
            if owner != image or layer is None:
                continue
            shown = sum(
                prod(b - a for a, b in zip(tile.start, tile.stop, strict=True))
                for tile, (found, kinds) in self._done.get(image, {}).items()
                if found == version and kind in kinds
            )
            whole = version if shown == prod(full_shape(layer)) else 0
            if note_of(layer).get("whole", 0) != whole:
                layer.metadata[META] = {**note_of(layer), "whole": whole}

    def invalidate(self, image: LayerKey | None = None) -> None:
        """Forget what was computed: for an image whose pixels changed, or for all."""
        if image is None:
            self._done.clear()
        else:
            self._done.pop(image, None)

    def refresh(self) -> None:
        """Show what was written since the last time."""
        stale, self._stale = self._stale, set()
        for key in stale:
            layer = self._scene.layer(key)
            if layer is not None and layer.visible:
                layer.refresh(extent=False)

    def recolour(self, classes: Classes) -> None:
        """Give the results of all images the colours and names of the classes."""
        for (_, (output, class_id)), key in self._layers.items():
            layer = self._scene.layer(key)
            info = find_class(classes, class_id)
            if layer is not None and output == "classes":
                layer.colormap = label_colours(classes)
            elif layer is not None and output == "probabilities" and info is not None:
                layer.colormap = ramp(info.colour)
                head, mark, _ = layer.name.rpartition(" · P(")
                if mark:  # a name that the user gave stays
                    layer.name = f"{head}{mark}{info.name})"

    def _make(
        self, image: Layer, kind: Kind, classes: Classes, shapes: list[tuple[int, ...]]
    ) -> Layer:
        output, class_id = kind
        small = np.uint8 if max((c.id for c in classes), default=0) <= 255 else np.uint16
        dtype = small if output == "classes" else np.float32
        levels = [zeros(shape, dtype) for shape in shapes]
        note = {"role": "result", "output": output, "class": class_id, "image": key_of(image)}
        options: dict[str, Any] = {
            **place_of(image),
            "metadata": {META: note},
            "multiscale": len(levels) > 1,
        }
        data = levels if len(levels) > 1 else levels[0]
        if output == "classes":
            return Labels(
                data,
                name=f"{image.name} · classes",
                opacity=0.4,
                colormap=label_colours(classes),
                **options,
            )
        if output == "probabilities":
            info = find_class(classes, class_id)
            name = info.name if info else f"class {class_id}"
            colour = info.colour if info else colour_of(class_id)
            return Image(
                data,
                name=f"{image.name} · P({name})",
                colormap=ramp(colour),
                contrast_limits=(0, 1),
                blending="additive",
                opacity=0.7,
                **options,
            )
        return Image(
            data,
            name=f"{image.name} · uncertainty",
            colormap="magma",
            contrast_limits=(0, 1),
            opacity=0.7,
            **options,
        )


def ramp(colour: str) -> Colormap:
    """Return a colour map from black to a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return Colormap([[0, 0, 0, 1], [red, green, blue, 1]], name=f"black to {colour}")
