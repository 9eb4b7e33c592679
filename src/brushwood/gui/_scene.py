"""A napari viewer, seen through the few verbs that Brushwood needs."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from brushwood.session.scene import ImageRef, LabelsRef, LayerKey, ResultRef
from brushwood.session.session import Session

#: Key in ``layer.metadata`` under which Brushwood notes what a layer is.
META = "brushwood"
#: Roles of labels layers that can be painted on, and of those that can hold instances.
_PAINTED, _INSTANCES = ("", "annotation"), ("", "objects")
#: Keyword arguments that put one layer where another lies.
_PLACE = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def unwrapped(viewer: Any) -> ViewerModel:
    """Return the viewer behind napari's proxy for plugins."""
    return getattr(viewer, "__wrapped__", viewer)


_SESSIONS: WeakKeyDictionary[ViewerModel, Session] = WeakKeyDictionary()


def session_for(viewer: Any) -> Session:
    """Return what all widgets of a viewer share."""
    viewer = unwrapped(viewer)
    if viewer not in _SESSIONS:
        _SESSIONS[viewer] = Session()
    return _SESSIONS[viewer]


def key_of(layer: Layer) -> LayerKey:
    """Return the key under which a layer is known."""
    return str(layer.unique_id)


def role_of(layer: Layer) -> str:
    """Return what Brushwood made a layer for: "annotation", "result", "objects", or ""."""
    return str(note_of(layer).get("role", ""))


def note_of(layer: Layer) -> dict[str, Any]:
    """Return what Brushwood noted about a layer, empty if nothing."""
    note = layer.metadata.get(META)
    return note if isinstance(note, dict) else {}


def full_data(layer: Layer) -> Any:
    """Return a layer's pixels at full resolution, whatever they are stored in."""
    return layer.data[0] if layer.multiscale else layer.data


def full_shape(layer: Layer) -> tuple[int, ...]:
    """Return the shape at full resolution, without the colour axis of RGB."""
    shape = tuple(int(n) for n in full_data(layer).shape)
    return shape[:-1] if getattr(layer, "rgb", False) else shape


def level_shapes(layer: Layer) -> list[tuple[int, ...]]:
    """Return the shape of every pyramid level, finest first, without the colour axis."""
    levels = layer.data if layer.multiscale else [layer.data]
    cut = -1 if getattr(layer, "rgb", False) else None
    return [tuple(int(n) for n in level.shape)[:cut] for level in levels]


def place_of(layer: Layer) -> dict[str, Any]:
    """Return the keyword arguments that put another layer in the same place.

    Names and units are left out where a napari version lacks them.
    """
    place = {name: getattr(layer, name) for name in _PLACE if hasattr(layer, name)}
    affine = place.get("affine")
    if affine is not None:
        place["affine"] = np.asarray(affine.affine_matrix)
    return place


def unit_of(layer: Layer) -> str:
    """Return the unit of the last axis, "px" when the layer has none."""
    units = getattr(layer, "units", None)
    if not units:
        return "px"
    text = f"{units[-1]:~P}" if hasattr(units[-1], "dimensionality") else str(units[-1])
    return "px" if text in {"px", "pixel", ""} else text


def _transform(layer: Layer) -> tuple[object, ...]:
    matrix = np.asarray(layer.affine.affine_matrix)
    numbers = [layer.scale, layer.translate, layer.rotate, layer.shear, matrix]
    return tuple(tuple(np.round(np.ravel(part), 9).tolist()) for part in numbers)


def lie_alike(first: Layer, second: Layer) -> bool:
    """Whether two layers have the same scale, position and units."""
    units = [tuple(map(str, getattr(layer, "units", ()) or ())) for layer in (first, second)]
    return _transform(first) == _transform(second) and units[0] == units[1]


def _labels_ref(layer: Labels) -> LabelsRef:
    return LabelsRef(
        key=key_of(layer),
        name=layer.name,
        shape=full_shape(layer),
        dtype=str(full_data(layer).dtype),
        editable=not layer.multiscale,
        transform=_transform(layer),
        scale=tuple(float(s) for s in layer.scale),
        unit=unit_of(layer),
        axes=tuple(str(name) for name in getattr(layer, "axis_labels", ())),
    )


def _result_ref(layer: Layer) -> ResultRef:
    note = note_of(layer)
    return ResultRef(
        key=key_of(layer),
        name=layer.name,
        shape=full_shape(layer),
        output=str(note["output"]),
        class_id=int(note.get("class", 0)),
        image=note.get("image"),
        scale=tuple(float(s) for s in layer.scale),
        unit=unit_of(layer),
        transform=_transform(layer),
    )


class NapariScene:
    """The scene of a napari viewer, which is held weakly."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = ref(unwrapped(viewer))

    @property
    def viewer(self) -> ViewerModel:
        """The viewer.

        Raises
        ------
        ReferenceError
            If it was closed.
        """
        viewer = self._viewer()
        if viewer is None:
            raise ReferenceError("The viewer was closed.")
        return viewer

    @property
    def is_alive(self) -> bool:
        """Whether the viewer still exists."""
        return self._viewer() is not None

    def layers(self) -> Iterator[Layer]:
        """Yield the layers, bottom first."""
        viewer = self._viewer()
        yield from viewer.layers if viewer is not None else ()

    def images(self) -> list[ImageRef]:
        """Return the image layers, without Brushwood's own results."""
        return [
            ImageRef(
                key=key_of(layer),
                name=layer.name,
                shape=full_shape(layer),
                dtype=str(full_data(layer).dtype),
                rgb=bool(layer.rgb),
                axes=tuple(str(name) for name in getattr(layer, "axis_labels", ())),
                scale=tuple(float(s) for s in layer.scale),
                unit=unit_of(layer),
                transform=_transform(layer),
            )
            for layer in self.layers()
            if isinstance(layer, Image) and not isinstance(layer, Labels)
            if role_of(layer) != "result" and len(full_shape(layer)) >= 2
        ]

    def labels(self) -> list[LabelsRef]:
        """Return the labels layers to paint on, without Brushwood's results and objects."""
        return [_labels_ref(layer) for layer in self._labels() if role_of(layer) in _PAINTED]

    def objects(self) -> list[LabelsRef]:
        """Return the labels layers that can hold instances."""
        return [_labels_ref(layer) for layer in self._labels() if role_of(layer) in _INSTANCES]

    def truths(self) -> list[LabelsRef]:
        """Return the labels layers that came with a sample as the truth."""
        return [_labels_ref(layer) for layer in self._labels() if role_of(layer) == "truth"]

    def results(self) -> list[ResultRef]:
        """Return the layers that a pixel classifier filled."""
        return [_result_ref(layer) for layer in self.layers() if "output" in note_of(layer)]

    def _labels(self) -> Iterator[Labels]:
        return (layer for layer in self.layers() if isinstance(layer, Labels))

    def layer(self, key: LayerKey | None) -> Layer | None:
        """Return the layer with this key, or None when it was deleted."""
        return next((layer for layer in self.layers() if key and key_of(layer) == key), None)

    def note(self, key: LayerKey | None) -> dict[str, Any]:
        """Return what Brushwood noted about a layer, empty if nothing or if it is gone."""
        layer = self.layer(key)
        return {} if layer is None else note_of(layer)

    def pixels(self, key: LayerKey | None) -> Any:
        """Return a layer's pixels at full resolution, None if it is gone."""
        layer = self.layer(key)
        return None if layer is None else full_data(layer)

    def origin(self, key: LayerKey | None) -> str:
        """Return the file or sample that a layer was opened from, "" if it was made here."""
        source = getattr(self.layer(key), "source", None)
        path, sample = getattr(source, "path", None), getattr(source, "sample", None)
        return str(path) if path else "/".join(sample) if sample else ""

    def add(self, layer: Layer, *, below: Layer | None = None) -> None:
        """Add a layer, under another one, and leave the selection as it is."""
        layers = self.viewer.layers
        active = layers.selection.active
        position = layers.index(below) if below is not None and below in layers else len(layers)
        layers.insert(position, layer)
        if active is not None and active in layers:
            layers.selection.active = active

    def step(self, ndim: int) -> tuple[int, ...]:
        """Return the current slider position for a layer of `ndim` dimensions, in its pixels."""
        return tuple(self.viewer.dims.current_step[-ndim:])

    def rescale(self, key: LayerKey, spacing: Sequence[float], unit: str) -> int:
        """Give a layer, and all that lie on it, another pixel size; return how many they were.

        Parameters
        ----------
        spacing : sequence of float
            One an axis of space, the last ones; axes before keep theirs.
        """
        first = self.layer(key)
        if first is None:
            return 0
        alike = [x for x in self.layers() if x.ndim == first.ndim and lie_alike(x, first)]
        for layer in alike:
            layer.scale = (*layer.scale[: layer.ndim - len(spacing)], *spacing)
            if hasattr(layer, "units"):
                kept = [str(u) for u in layer.units][: layer.ndim - len(spacing)]
                layer.units = (*kept, *(unit for _ in spacing))
        return len(alike)

    def connect_layers(self, callback: Callable[[object], None]) -> None:
        """Call a bound method when layers come, go, move or are renamed.

        napari before 0.7 tells of a new name at the layer only, so call this again for new layers;
        what is connected already stays connected once.
        """
        for emitter in self._layer_events():
            emitter.connect(callback)

    def disconnect_layers(self, callback: Callable[[object], None]) -> None:
        """Undo `connect_layers`."""
        if self.is_alive:
            for emitter in self._layer_events():
                emitter.disconnect(callback)

    def _layer_events(self) -> list[Any]:
        events = self.viewer.layers.events
        found = [events.inserted, events.removed, events.reordered]
        if hasattr(events, "renamed"):
            return [*found, events.renamed]
        return [*found, *(layer.events.name for layer in self.layers())]

    def connect_view(self, callback: Callable[[object], None]) -> None:
        """Call a bound method whenever another part of the data may have come into view."""
        for emitter in self._view_events():
            emitter.connect(callback)

    def disconnect_view(self, callback: Callable[[object], None]) -> None:
        """Undo `connect_view`."""
        if self.is_alive:
            for emitter in self._view_events():
                emitter.disconnect(callback)

    def _view_events(self) -> list[Any]:
        viewer = self.viewer
        # The camera moved to viewer.scene in napari 0.9; the old place warns there.
        camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
        dims = viewer.dims.events
        return [
            camera.events.center,
            camera.events.zoom,
            dims.current_step,
            dims.ndisplay,
            dims.order,
        ]

    def visible(
        self, layer: Layer, twin: Layer | None = None
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the box of a layer's full-resolution pixels in view, start and stop.

        Sliders pin their axes to one position; axes shown in 3-D count whole.

        Parameters
        ----------
        twin : Layer, optional
            A layer that may lie in the same place. If it does and is not multiscale, it is asked
            instead: napari keeps the corners of a multiscale layer while the user zooms in.
        """
        shape = full_shape(layer)
        if twin is not None and full_shape(twin) == shape and _transform(twin) == _transform(layer):
            layer = layer if twin.multiscale else twin
        n = len(shape)
        dims = self.viewer.dims
        # A layer with fewer axes than the viewer has lacks the first ones.
        missing = dims.ndim - n
        shown = {axis - missing for axis in dims.displayed}
        corners = np.asarray(layer.corner_pixels, float)[:, :n]
        if layer.multiscale:
            corners = corners * np.asarray(layer.downsample_factors[layer.data_level])[:n]
        place = self._data_position(layer, n)
        start, stop = [], []
        for axis, size in enumerate(shape):
            if axis not in shown:
                at = int(np.clip(round(place[axis]), 0, size - 1))
                start.append(at)
                stop.append(at + 1)
                continue
            low, high = int(np.floor(corners[0, axis])), int(np.ceil(corners[1, axis])) + 1
            if dims.ndisplay == 3 or high - low <= 1:  # not drawn yet, or a whole volume
                low, high = 0, size
            start.append(int(np.clip(low, 0, size - 1)))
            stop.append(int(np.clip(high, 1, size)))
        return tuple(start), tuple(stop)

    def _data_position(self, layer: Layer, n: int) -> np.ndarray:
        point = np.asarray(self.viewer.dims.point, float)[-n:]
        return np.asarray(layer.world_to_data(point))[-n:]
