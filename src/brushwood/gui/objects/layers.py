"""The layers of *Make objects*: found by what is noted in them, updated in place."""

from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.transforms import Affine

from brushwood.gui._scene import (
    META,
    NapariScene,
    key_of,
    level_shapes,
    note_of,
    place_of,
)
from brushwood.gui._store import make_room, no_room, on_disk, zeros
from brushwood.session.objects_compute import seed_marks
from brushwood.session.objects_work import Preview, WholeObjects

#: More seeds are not drawn: they would hide the image.
MOST_SEEDS = 20_000
_SEED_COLOURS = {None: "transparent", 0: "transparent", 1: "black", 2: "white"}


class ObjectLayers:
    """Finds, makes and fills the layer that holds the objects of an image."""

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene

    def base_of(self, source: Layer) -> tuple[str, str]:
        """Return key and name of what a source belongs to: its image, or itself."""
        image = self._scene.layer(note_of(source).get("image"))
        owner = image if image is not None else source
        return key_of(owner), owner.name

    def target(self, source: Layer) -> Labels | None:
        """Return the objects layer that a new result of this source replaces, or None."""
        owner, _ = self.base_of(source)
        for layer in self._scene.layers():
            note = note_of(layer)
            if note.get("role") == "objects" and note.get("of") == owner and "made" in note:
                return layer
        return None

    def arrays(self, source: Layer) -> list[Any]:
        """Return new arrays for a result, finest first.

        Raises
        ------
        OutputError
            If there is no room for them.
        """
        try:
            levels = [zeros(shape, np.int32) for shape in level_shapes(source)]
            make_room(on_disk(levels))
        except (OSError, MemoryError) as error:
            raise no_room(error, "objects") from error
        return levels

    def put(self, source: Layer, whole: WholeObjects, *, edited: bool) -> Labels:
        """Show a result, in a new layer if the one before was changed by the user."""
        layer = None if edited else self.target(source)
        owner, name = self.base_of(source)
        note = {
            "role": "objects",
            "image": note_of(source).get("image"),
            "source": key_of(source),
            "of": owner,
            "split": whole.request.params.to_json(),
            "made": whole.fingerprint,
            "how": {
                **whole.request.note(whole.blank),
                "output": note_of(source).get("output", ""),
                "class": int(note_of(source).get("class", 0)),
            },
        }
        data = whole.levels if len(whole.levels) > 1 else whole.levels[0]
        if edited:
            before = self.target(source)
            if before is not None:  # it is the user's now
                before.metadata = {**before.metadata, META: _without(note_of(before))}
        if layer is not None and layer.multiscale == (len(whole.levels) > 1):
            layer.metadata = {**layer.metadata, META: {**note_of(layer), **note}}
            layer.data = data
            forget = getattr(layer, "_reset_history", None)
            if forget is not None:  # undo would paint pixels of before into what is there now
                forget()
            layer.features = {}  # they described objects that are no more
            for key, value in place_of(source).items():
                setattr(layer, key, value)
            layer.visible = True
            return layer
        layer = Labels(
            data,
            name=f"{name} · objects",
            multiscale=len(whole.levels) > 1,
            metadata={META: note},
            **place_of(source),
        )
        self._scene.add(layer)
        return layer


def _without(note: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in note.items() if name != "made"}


class PreviewLayers:
    """At most one layer with the objects in view, and one with their seeds."""

    def __init__(self, scene: NapariScene, objects: ObjectLayers) -> None:
        self._scene, self._objects = scene, objects
        self._labels: str | None = None
        self._seeds: str | None = None
        self._hidden: str | None = None

    def part_of(self, layer: Layer) -> str:
        """Say what of the preview a layer shows: "objects", "seeds" or "" for nothing."""
        parts = {self._labels: "objects", self._seeds: "seeds"}
        return parts.get(key_of(layer), "")

    def show(self, shown: Preview, *, seeds: bool) -> None:
        """Show a preview, instead of the result of before."""
        source = self._scene.layer(shown.request.key)
        if source is None:
            return
        place = self._place_of(source, shown)
        data = shaped(shown.labels, shown)
        layer = self._scene.layer(self._labels)
        if layer is None:
            self._stand_in(source)
            _, name = self._objects.base_of(source)
            layer = Labels(
                data, name=f"{name} · preview", metadata={META: {"role": "preview"}}, **place
            )
            self._labels = key_of(layer)
            self._scene.add(layer)
        else:
            _place(layer, place)
            layer.data = data
        self._show_seeds(source, shown, seeds)

    def show_seeds(self, shown: Preview | None, *, seeds: bool) -> None:
        """Show or hide the seeds of a preview that is shown."""
        source = self._scene.layer(shown.request.key) if shown is not None else None
        if source is not None and self._scene.layer(self._labels) is not None:
            self._show_seeds(source, shown, seeds)

    def clear(self) -> None:
        """Remove the preview, and show the result again that it stood in for."""
        hidden = self._scene.layer(self._hidden)
        keys = self._labels, self._seeds
        # Forgotten first: a preview that is removed while it is known was removed by the user.
        self._labels = self._seeds = self._hidden = None
        for key in keys:
            layer = self._scene.layer(key)
            if layer is not None:
                self._scene.viewer.layers.remove(layer)
        if hidden is not None:
            hidden.visible = True

    def _place_of(self, source: Layer, shown: Preview) -> dict[str, Any]:
        """Return where a preview lies: where its part of the source lies."""
        start = shown.view.start(shown.request.ndim)
        return {**place_of(source), "translate": _moved(source, start)}

    def _stand_in(self, source: Layer) -> None:
        """Hide the result of before: two sets of colours on top of each other say nothing."""
        result = self._objects.target(source)
        if result is not None and result.visible:
            result.visible = False
            self._hidden = key_of(result)

    def _show_seeds(self, source: Layer, shown: Preview, wanted: bool) -> None:
        layer = self._scene.layer(self._seeds)
        place = self._place_of(source, shown)
        draw = wanted and 0 < len(shown.seeds) <= MOST_SEEDS
        if not draw:
            self._seeds = None
            if layer is not None:
                self._scene.viewer.layers.remove(layer)
            return
        data = shaped(seed_marks(shown), shown)
        if layer is not None:
            _place(layer, place)
            layer.data = data
            return
        _, name = self._objects.base_of(source)
        layer = Labels(
            data,
            name=f"{name} · seeds",
            opacity=1,
            colormap=DirectLabelColormap(color_dict=_SEED_COLOURS),
            metadata={META: {"role": "preview"}},
            **place,
        )
        self._seeds = key_of(layer)
        self._scene.add(layer)


def shaped(labels: np.ndarray, shown: Preview) -> np.ndarray:
    """Return labels of a region (z, y, x) with as many axes as the layer has."""
    space = labels.shape[-shown.request.ndim :]
    return labels.reshape((1,) * len(shown.view.frame) + space)


def _place(layer: Layer, place: dict[str, Any]) -> None:
    """Move a layer, if it is not there already."""
    for key, value in place.items():
        now = getattr(layer, key)
        now = now.affine_matrix if key == "affine" else now
        if not np.array_equal(np.asarray(now, object), np.asarray(value, object)):
            setattr(layer, key, value)


def _moved(layer: Layer, start: tuple[int, ...]) -> np.ndarray:
    """Return the translation of a part of a layer whose first pixel is `start`."""
    linear = Affine(scale=layer.scale, rotate=layer.rotate, shear=layer.shear).linear_matrix
    return np.asarray(layer.translate, float) + linear @ np.asarray(start, float)
