"""Measure the ticked objects in a worker, with one click or when they changed."""

from collections.abc import Callable

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from brushwood.gui._scene import META, NapariScene, full_data, note_of
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.measure.measuring import put_table
from brushwood.gui.object_classifier.watching import Watch
from brushwood.jobs import Job
from brushwood.session.freshness import MEASURED
from brushwood.session.measure_work import Doubt, Measured, MeasureRequest, run_measure
from brushwood.session.measuring import channel_names
from brushwood.session.object_measure import default_names, measurable, spacing_of
from brushwood.session.object_sentences import objects, table_text
from brushwood.session.object_state import ObjectState
from brushwood.session.object_table import learnable_columns, table_of
from brushwood.session.scene import ImageRef, LayerKey

#: One layer to measure: the request, the version of its objects, and the images.
_Task = tuple[MeasureRequest, int, tuple[LayerKey, ...]]


class Measuring(QObject):
    """Fills the tables of objects layers."""

    said = Signal(str)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self, state: ObjectState, scene: NapariScene, watch: Watch, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._scene, self._watch = state, scene, watch
        self._names: tuple[str, ...] | None = None
        self._again: list[LayerKey] = []
        self._doubted: frozenset[LayerKey] = frozenset()
        self._runner = TaskRunner(self, announced=True)
        self._runner.published.connect(self._on_answer)
        self._runner.succeeded.connect(self._on_done)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)

    @property
    def is_running(self) -> bool:
        """Whether objects are being measured."""
        return self._runner.is_busy

    def measure(
        self,
        keys: tuple[LayerKey, ...],
        names: tuple[str, ...] | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Measure layers; work that would be long is asked about first.

        Parameters
        ----------
        names : tuple of str or None
            Columns or measurements; None for the default.
        again : bool
            Measure the columns that a layer has.
        """
        found = (self._task(key, names, again) for key in keys)
        tasks = [task for task in found if task is not None]
        self._doubted, self._names = frozenset(), names

        def work(job: Job, publish: Callable[[object], None]) -> int:
            for number, (request, version, images) in enumerate(tasks):
                part = job.part(number / len(tasks), (number + 1) / len(tasks))
                publish((run_measure(request, part), version, images))
            return len(tasks)

        if tasks:
            self._runner.submit(work)

    def cancel(self) -> None:
        """Stop."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def images(self, key: LayerKey | None) -> list[tuple[str, str]]:
        """Return key and name of the images that lie on an objects layer."""
        return [(image.key, image.name) for image in self._fitting(key)]

    def image_of(self, key: LayerKey) -> LayerKey | None:
        """Return the image that an objects layer was made from, or the one chosen if it fits."""
        chosen = self._images(key)
        return chosen[0].key if chosen else None

    def _fitting(self, key: LayerKey | None) -> list[ImageRef]:
        refs = {ref.key: ref for ref in self._scene.objects()}
        ref = refs.get(key or "")
        if ref is None:
            return []
        found = [image for image in self._scene.images() if image.shape == ref.shape]
        return [im for im in found if im.transform == ref.transform] or found

    def _images(self, key: LayerKey) -> list[ImageRef]:
        """Return the images whose intensities are measured, one a channel."""
        fitting = {image.key: image for image in self._fitting(key)}
        layer = self._scene.layer(key)
        if layer is None or self._state.image == "":
            return []
        if self._state.image in fitting:
            return [fitting[self._state.image]]
        note = note_of(layer)
        before = [k for k in note.get(MEASURED, {}).get("images", ()) if k in fitting]
        if before:
            return [fitting[k] for k in before]
        origin = note.get("image")
        first = origin if origin in fitting else next(iter(fitting), None)
        return [fitting[first]] if first is not None else []

    def _task(self, key: LayerKey, names: tuple[str, ...] | None, again: bool) -> _Task | None:
        layer, watched = self._scene.layer(key), self._watch.of(key)
        refs = {ref.key: ref for ref in self._scene.objects()}
        if not isinstance(layer, Labels) or watched is None or key not in refs:
            return None
        images = self._images(key)
        layers = [self._scene.layer(image.key) for image in images]
        channels = channel_names(images)
        note, old = note_of(layer).get(MEASURED, {}), watched.table()
        if again:
            names = tuple(note.get("names", ())) or measurable(old, bool(images)) or None
        if names is None:
            names = default_names(watched.ndim, channels, bool(images))
        spacing, unit = spacing_of(refs[key], watched.ndim)
        request = MeasureRequest(
            objects=key,
            labels=full_data(layer),
            images=tuple(full_data(image) for image in layers),
            rgb=any(image.rgb for image in images),
            names=names,
            ndim=watched.ndim,
            spacing=spacing,
            unit=unit,
            channel_names=channels,
            is_confirmed=key in self._doubted,
        )
        return request, watched.version, tuple(image.key for image in images)

    def _on_answer(self, part: tuple[Measured | Doubt, int, tuple[LayerKey, ...]]) -> None:
        answer, version, images = part
        key = answer.request.objects
        layer, watched = self._scene.layer(key), self._watch.of(key)
        if not isinstance(layer, Labels) or watched is None:
            return  # deleted meanwhile
        if isinstance(answer, Doubt):
            self._doubted |= {key}
            self.said.emit(answer.sentence)
        elif watched.version != version:  # they changed meanwhile
            self._again.append(key)
        else:
            names = note_of(layer).get(MEASURED, {}).get("names", ())
            put_table(layer, answer, images)
            self._remember(layer, names)
            columns = len(learnable_columns(table_of(layer.features)))
            self.said.emit(f"Measured {table_text(len(answer.table), columns)}.")

    def _remember(self, layer: Labels, names: tuple[str, ...]) -> None:
        """Note what was measured before as well, so that *again* means all of it."""
        note = note_of(layer)
        measured = note[MEASURED]
        kept = [name for name in names if name not in measured["names"]]
        columns = [n for n in map(str, layer.features.columns) if n in note.get("units", {})]
        entry = {**measured, "names": [*measured["names"], *kept]}
        entry["columns"] = list(dict.fromkeys([*measured["columns"], *columns]))
        layer.metadata[META] = {**note, MEASURED: entry}

    def _on_done(self, n: int) -> None:
        again, self._again = tuple(self._again), []
        if again:
            self.measure(again, self._names, again=self._names is None)
        elif n > 1 and not self._doubted:
            total = sum(facts.n_rows for facts in self._watch.facts().values())
            self.said.emit(f"Measured {objects(total)} in {n} layers.")
