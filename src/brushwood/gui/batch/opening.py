"""Open an image and its results as layers, which are updated in place when opened again."""

from collections.abc import Callable, Mapping
from typing import Any

from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QObject, Signal

from brushwood.errors import BrushwoodError
from brushwood.gui._scene import META, NapariScene, key_of, note_of
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.results import label_colours, ramp
from brushwood.jobs import Job
from brushwood.session.batch_board import Row
from brushwood.session.batch_choice import Choice
from brushwood.session.batch_layers import Opened, Shown, open_files
from brushwood.session.classes import colour_of, find_class

#: Key in a layer's note: which image, what of it, and which part.
_MARK = "batch"
#: The result that is visible at first: the first of these that there is.
_SHOWN_FIRST = ("object_classes", "objects", "classes")
_CHANNEL_COLORMAPS = ("bop blue", "gray", "bop purple", "bop orange")


class Opening(QObject):
    """Reads in a worker, then shows."""

    said = Signal(str)

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_opened)
        self._runner.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an image is being read."""
        return self._runner.is_busy

    def open(self, row: Row, choice: Choice) -> None:
        """Open an image, and its results if it has some."""
        outputs: Mapping[str, str] = row.outputs if row.has_results else {}

        def work(job: Job, publish: Callable[[object], None]) -> Opened:
            return open_files(row.path, outputs, choice.classes, choice.object_classes, job)

        self.said.emit(f"Opening {row.name} …")
        self._runner.submit(work)

    def stop(self) -> None:
        """Let go."""
        self._runner.drop()

    def _on_opened(self, opened: Opened) -> None:
        if not self._scene.is_alive:
            return
        show_layers(self._scene, opened)
        results = [layer for layer in opened.layers if layer.what != "image"]
        text = f"Opened {opened.name}"
        text += " with its results." if results else "; it has no results yet."
        self.said.emit(" ".join((text, *opened.notes)))

    def _on_failed(self, error: Exception) -> None:
        said = str(error) or type(error).__name__
        known = isinstance(error, BrushwoodError | OSError | MemoryError)
        self.said.emit(said if known else f"Cannot open it: {type(error).__name__}: {said}")


def show_layers(scene: NapariScene, opened: Opened) -> None:
    """Show an image and its results, each in the layer that shows it already if there is one."""
    image_key: str | None = None
    top = _top(opened)
    _hide_others(scene, opened.path)
    for shown in opened.layers:
        layer = _find(scene, opened.path, shown)
        if layer is not None and not _fits(layer, shown):
            scene.viewer.layers.remove(layer)
            layer = None
        if layer is None:
            layer = _made(opened, shown, image_key)
            scene.add(layer)
            layer.visible = shown.what in ("image", top)
        else:
            layer.data = shown.levels if layer.multiscale else shown.levels[0]
            layer.translate = shown.place["translate"]
            layer.visible = layer.visible or shown.what in ("image", top)
        if shown.what == "image" and image_key is None:
            image_key = key_of(layer)
        if shown.what == "objects":
            _put_table(layer, opened)


def _top(opened: Opened) -> str:
    """Return the result to show: two sets of colours on top of each other say nothing."""
    there = {shown.what for shown in opened.layers}
    return next((what for what in _SHOWN_FIRST if what in there), "")


def _hide_others(scene: NapariScene, path: str) -> None:
    """Hide other images that were opened from the list: they would lie below or above."""
    for layer in scene.layers():
        mark = note_of(layer).get(_MARK)
        if isinstance(mark, list) and mark and mark[0] != path:
            layer.visible = False


def _find(scene: NapariScene, path: str, shown: Shown) -> Layer | None:
    mark = [path, shown.what, shown.part]
    return next((x for x in scene.layers() if note_of(x).get(_MARK) == mark), None)


def _fits(layer: Layer, shown: Shown) -> bool:
    """Whether a layer can take the data: napari keeps what kind of layer it is."""
    return layer.multiscale == (len(shown.levels) > 1) and getattr(layer, "rgb", False) == shown.rgb


def _made(opened: Opened, shown: Shown, image_key: str | None) -> Layer:
    name = f"{opened.name} · {shown.name}" if shown.name else opened.name
    note: dict[str, Any] = {_MARK: [opened.path, shown.what, shown.part]}
    multiscale = len(shown.levels) > 1
    options: dict[str, Any] = {"name": name, "multiscale": multiscale, **shown.place}
    data = shown.levels if multiscale else shown.levels[0]
    if shown.what == "image":
        return _image(data, shown, options, note)
    if shown.what == "objects":
        note |= {"role": "objects", "image": image_key}
        return Labels(data, metadata={META: note}, **options)
    note |= {"role": "result", "image": image_key}
    if shown.what == "object_classes":
        colours = label_colours(opened.object_classes or opened.classes)
        return Labels(data, colormap=colours, opacity=0.4, metadata={META: note}, **options)
    note |= {"output": shown.what, "class": shown.part}
    if shown.what == "classes":
        colours = label_colours(opened.classes)
        return Labels(data, colormap=colours, opacity=0.4, metadata={META: note}, **options)
    if shown.what == "probabilities":
        info = find_class(opened.classes, shown.part)
        options |= {"colormap": ramp(info.colour if info else colour_of(shown.part))}
        options |= {"blending": "additive"}
    else:
        options |= {"colormap": "magma"}
    return Image(data, contrast_limits=(0, 1), opacity=0.7, metadata={META: note}, **options)


def _image(data: Any, shown: Shown, options: dict[str, Any], note: dict[str, Any]) -> Image:
    if shown.rgb:
        return Image(data, rgb=True, metadata={META: note}, **options)
    if shown.name:
        options["colormap"] = _CHANNEL_COLORMAPS[shown.part % len(_CHANNEL_COLORMAPS)]
        options["blending"] = "additive"
    return Image(data, contrast_limits=shown.limits, metadata={META: note}, **options)


def _put_table(layer: Labels, opened: Opened) -> None:
    """Put the table into the layer's features, with its units in the note."""
    if opened.table is None:
        return
    layer.metadata[META] = {**note_of(layer), "units": dict(opened.units)}
    layer.features = opened.table
