"""The results as layers and as columns: found by their notes, updated in place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QObject, Signal

from brushwood.errors import OutputError
from brushwood.gui._scene import META, NapariScene, key_of, level_shapes, note_of, place_of
from brushwood.gui._store import zeros
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.results import label_colours, ramp
from brushwood.jobs import Job
from brushwood.session.classes import Classes, colour_of, find_class
from brushwood.session.object_paint import paint
from brushwood.session.object_state import ObjectState
from brushwood.session.object_work import Classified
from brushwood.session.scene import LayerKey

#: What a result layer shows: an output, and the class id of a probability, else 0.
Kind = tuple[str, int]
_PAINTED = ("classes", "probabilities", "uncertainty")


@dataclass(frozen=True, eq=False, slots=True)
class _Target:
    """Arrays to paint, one a level of the pyramid, and what to paint on them."""

    labels: list[Any]
    out: list[npt.NDArray[Any]]
    done: Classified
    kind: Kind
    ndim: int
    first: tuple[int, ...]


class ObjectLayers(QObject):
    """Makes and paints the layers of results, in a worker; the newest result wins."""

    failed = Signal(object)
    painted = Signal()

    def __init__(
        self, state: ObjectState, scene: NapariScene, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._scene = state, scene
        self._latest: dict[LayerKey, tuple[Classified, int]] = {}
        self._dirty: set[tuple[LayerKey, Kind]] = set()
        self._touched: set[LayerKey] = set()
        self._runner = TaskRunner(self)
        self._runner.published.connect(self._on_part)
        self._runner.succeeded.connect(self._on_painted)
        self._runner.failed.connect(self.failed)

    @property
    def is_busy(self) -> bool:
        """Whether something is being painted."""
        return self._runner.is_busy

    def latest(self, key: LayerKey) -> Classified | None:
        """Return the last results of a layer, None if there are none."""
        known = self._latest.get(key)
        return None if known is None else known[0]

    def forget(self, key: LayerKey) -> None:
        """Drop the results of a layer, whose objects are others now."""
        self._latest.pop(key, None)

    def show(self, done: Classified, ndim: int) -> None:
        """Paint results of one objects layer."""
        if done.key not in self._latest:  # the first, or the first of objects made anew
            self._uncover(done.key)
        self._latest[done.key] = (done, ndim)
        self._dirty |= {(done.key, kind) for kind in self._kinds(done)}
        self._submit()

    def update(self) -> None:
        """Show what is wanted now, and take away what is not."""
        for layer in self._mine():
            note = note_of(layer)
            if note["object_output"] in _PAINTED and not self._wanted(note):
                self._scene.viewer.layers.remove(layer)
        for key, (done, _) in self._latest.items():
            missing = [kind for kind in self._kinds(done) if self.find(key, kind) is None]
            self._dirty |= {(key, kind) for kind in missing}
        self._submit()

    def recolour(self) -> None:
        """Give the layers the colours and names of the classes."""
        for layer in self._mine():
            note = note_of(layer)
            info = find_class(self._state.classes, int(note.get("class", 0)))
            if note["object_output"] == "classes":
                layer.colormap = label_colours(self._state.classes)
            elif note["object_output"] == "probabilities" and info is not None:
                layer.colormap = ramp(info.colour)
                head, mark, _ = layer.name.rpartition(" · object P(")
                if mark:  # a name that the user gave stays
                    layer.name = f"{head}{mark}{info.name})"

    def owner(self, layer: Layer) -> tuple[LayerKey, Kind] | None:
        """Return whose result a layer shows, or None if it shows none."""
        note = note_of(layer)
        if "object_output" not in note:
            return None
        return note["objects"], (note["object_output"], int(note.get("class", 0)))

    def find(self, key: LayerKey, kind: Kind) -> Layer | None:
        """Return the layer that shows a kind of result of an objects layer, or None."""
        return next((x for x in self._mine() if self.owner(x) == (key, kind)), None)

    def stop(self) -> None:
        """Stop painting, silently."""
        self._runner.drop()

    def _mine(self) -> list[Layer]:
        return [layer for layer in self._scene.layers() if "object_output" in note_of(layer)]

    def _wanted(self, note: dict[str, Any]) -> bool:
        return note["object_output"] in self._state.outputs

    def _kinds(self, done: Classified) -> list[Kind]:
        kinds: list[Kind] = []
        for output in self._state.outputs:
            if output in _PAINTED:
                ids = done.class_ids if output == "probabilities" else (0,)
                kinds += [(output, i) for i in ids]
        return kinds

    def _submit(self) -> None:
        targets = []
        try:
            for key, kind in sorted(self._dirty):
                target = self._target(key, kind)
                if target is not None:
                    targets.append(((key, kind), target))
        except OutputError as error:
            self._dirty.clear()
            self.failed.emit(error)
            return
        self._dirty = {what for what, _ in targets}
        if not targets:
            return

        def work(job: Job, publish: Callable[[object], None]) -> None:
            for number, (what, target) in enumerate(targets):
                _paint(target, job.part(number / len(targets), (number + 1) / len(targets)))
                publish(what)

        self._runner.submit(work)

    def _target(self, key: LayerKey, kind: Kind) -> _Target | None:
        objects, known = self._scene.layer(key), self._latest.get(key)
        if objects is None or known is None or kind not in self._kinds(known[0]):
            return None
        layer = self.find(key, kind)
        if layer is None or level_shapes(layer) != level_shapes(objects):
            if layer is not None:
                self._scene.viewer.layers.remove(layer)
            layer = self._make(objects, kind)
        done, ndim = known
        return _Target(
            labels=list(objects.data) if objects.multiscale else [objects.data],
            out=list(layer.data) if layer.multiscale else [layer.data],
            done=done,
            kind=kind,
            ndim=ndim,
            first=self._scene.step(objects.ndim)[: objects.ndim - ndim],
        )

    def _on_part(self, what: tuple[LayerKey, Kind]) -> None:
        self._dirty.discard(what)
        layer = self.find(*what)
        if layer is not None and layer.visible:
            layer.refresh(extent=False)

    def _on_painted(self, nothing: object) -> None:
        self.painted.emit()

    def _make(self, objects: Layer, kind: Kind) -> Layer:
        output, class_id = kind
        dtype = np.uint8 if output == "classes" else np.float32
        try:
            levels = [zeros(shape, dtype) for shape in level_shapes(objects)]
        except (OSError, MemoryError) as error:
            raise OutputError(
                f"There is no room for the results: {error}. Free some space in the temporary "
                "folder, or show fewer results."
            ) from error
        note = {"role": "result", "object_output": output, "class": class_id}
        note["objects"] = key_of(objects)
        options: dict[str, Any] = {
            **place_of(objects),
            "metadata": {META: note},
            "multiscale": len(levels) > 1,
            "opacity": 0.7,
        }
        data = levels if len(levels) > 1 else levels[0]
        layer = _layer(data, title_of(self._scene, objects), kind, self._state.classes, options)
        above = self._scene.viewer.layers.index(objects) + 1
        layers = self._scene.viewer.layers
        self._scene.add(layer, below=layers[above] if above < len(layers) else None)
        return layer

    def _uncover(self, key: LayerKey) -> None:
        """Hide objects whose classes are shown: colours of both would mix, and in 3-D flicker."""
        objects, layer = self._scene.layer(key), self.find(key, ("classes", 0))
        shown = layer.visible if layer is not None else "classes" in self._state.outputs
        if objects is not None and shown and str(objects.mode) == "pan_zoom":
            objects.visible = False


def title_of(scene: NapariScene, objects: Layer) -> str:
    """Return what results of objects are named after: their image, if it is known."""
    image = scene.layer(note_of(objects).get("image"))
    return image.name if image is not None else objects.name.split(" · ")[0]


def _layer(data: Any, title: str, kind: Kind, classes: Classes, options: dict[str, Any]) -> Layer:
    output, class_id = kind
    if output == "classes":
        colours = label_colours(classes)
        return Labels(data, name=f"{title} · object classes", colormap=colours, **options)
    if output == "uncertainty":
        name = f"{title} · object uncertainty"
        return Image(data, name=name, colormap="magma", contrast_limits=(0, 1), **options)
    info = find_class(classes, class_id)
    name = f"{title} · object P({info.name if info else class_id})"
    colour = ramp(info.colour if info else colour_of(class_id))
    options["blending"] = "additive"
    return Image(data, name=name, colormap=colour, contrast_limits=(0, 1), **options)


def _paint(target: _Target, job: Job) -> None:
    done = target.done
    values = done.values(*target.kind)
    frames = done.frames if done.has_frames else None
    for labels, out in zip(target.labels, target.out, strict=True):
        paint(labels, out, done.labels, frames, values, target.ndim, job, target.first)
