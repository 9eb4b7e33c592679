"""Outline the selected objects of a labels layer, in a layer of its own."""

from typing import Any
from weakref import ref

import numpy as np
from napari.layers import Labels, Layer
from napari.utils.colormaps import CyclicLabelColormap

from brushwood.gui._camera import camera_of
from brushwood.gui._scene import META, NapariScene, key_of, level_shapes, lie_alike, place_of
from brushwood.session.outlines import CURRENT, OutlineArray, SelectionCodes
from brushwood.session.selection import Selected

#: Okabe and Ito's yellow for what is selected, vermillion for what was touched last.
_SELECTED, _TOUCHED = (0.941, 0.894, 0.259, 1.0), (0.835, 0.369, 0.0, 1.0)
#: Outlines are about this thick on the screen, at most that many pixels of the labels.
_ON_SCREEN, _THICKEST = 2.0, 12


class Highlight:
    """Keeps one layer of outlines above the objects. It is made when something is selected first.

    The user may hide it; deleting it clears the selection, and the next one makes it again.
    """

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene
        self._layer_key: str | None = None
        self._objects_key: str | None = None
        self._arrays: list[OutlineArray] = []

    @property
    def layer(self) -> Layer | None:
        """The layer of outlines, or None."""
        return self._scene.layer(self._layer_key)

    def show(self, selected: Selected) -> None:
        """Outline these objects and no others."""
        objects = self._scene.layer(selected.layer)
        if objects is None or not selected.labels:
            if self.layer is not None:
                self._draw(SelectionCodes())
            return
        self._fit(objects)
        self._set_thickness(objects)
        self._draw(SelectionCodes(selected.labels, selected.current))

    def refresh(self) -> None:
        """Draw again: the objects' pixels changed."""
        layer, objects = self.layer, self._scene.layer(self._objects_key)
        if layer is None or objects is None or not self._arrays:
            return
        codes = self._arrays[0].codes
        self._fit(objects)
        if self.layer is not layer:
            self._draw(codes)
        elif layer.visible:
            layer.refresh(extent=False)

    def rescale(self) -> None:
        """Keep the thickness on the screen while the user zooms."""
        objects, layer = self._scene.layer(self._objects_key), self.layer
        if objects is not None and layer is not None and self._set_thickness(objects):
            layer.refresh(extent=False)

    def remove(self) -> None:
        """Take the layer away."""
        layer, self._layer_key, self._objects_key = self.layer, None, None
        self._arrays = []
        if layer is not None:
            self._scene.viewer.layers.remove(layer)

    def is_mine(self, layer: Any) -> bool:
        """Whether this is the layer of outlines."""
        return self._layer_key is not None and key_of(layer) == self._layer_key

    def _draw(self, codes: SelectionCodes) -> None:
        for array in self._arrays:
            array.codes = codes
        layer = self.layer
        if layer is not None:
            layer.refresh(extent=False)

    def _set_thickness(self, objects: Layer) -> bool:
        scale = float(np.max(np.abs(np.asarray(objects.scale, float)[-2:]))) or 1.0
        zoom = float(camera_of(self._scene.viewer).zoom) * scale
        wanted = int(np.clip(np.ceil(_ON_SCREEN / max(zoom, 1e-6)), 1, _THICKEST))
        before = [array.thickness for array in self._arrays]
        for level, array in enumerate(self._arrays):
            array.thickness = max(1, wanted >> level)
        return before != [array.thickness for array in self._arrays]

    def _fit(self, objects: Layer) -> None:
        """Make the layer for these objects, unless it is there."""
        layer = self.layer
        shapes = level_shapes(objects)
        fits = layer is not None and level_shapes(layer) == shapes
        if layer is not None and fits and self._objects_key == key_of(objects):
            if not lie_alike(layer, objects):
                for name, value in place_of(objects).items():
                    setattr(layer, name, value)
            return
        self.remove()
        weak = ref(objects)
        self._arrays = [
            OutlineArray(lambda level=level: _level(weak, level), shape)
            for level, shape in enumerate(shapes)
        ]
        made = Labels(
            self._arrays if len(shapes) > 1 else self._arrays[0],
            name=f"{objects.name} · selected",
            multiscale=len(shapes) > 1,
            colormap=_colours(),
            opacity=1.0,
            metadata={META: {"role": "result", "source": key_of(objects)}},
            **place_of(objects),
        )
        made.editable = False
        self._layer_key, self._objects_key = key_of(made), key_of(objects)
        layers = self._scene.viewer.layers
        above = layers.index(objects) + 1
        self._scene.add(made, below=layers[above] if above < len(layers) else None)


def _level(weak: Any, level: int) -> Any:
    layer = weak()
    if layer is None:
        return None
    return layer.data[level] if layer.multiscale else layer.data


def _colours() -> CyclicLabelColormap:
    """Return colours for codes. A direct colour map would compile code when it is used first."""
    colours = np.asarray([(0.0, 0.0, 0.0, 0.0), *[_SELECTED] * (CURRENT - 1), _TOUCHED])
    return CyclicLabelColormap(colors=colours)
