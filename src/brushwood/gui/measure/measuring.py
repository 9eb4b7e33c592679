"""Measure in a worker, and put the table into the layer that was measured."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from brushwood.gui._scene import META, NapariScene, full_data, note_of
from brushwood.gui._tasks import TaskRunner
from brushwood.jobs import Job
from brushwood.session.freshness import MEASURED, fingerprint_of
from brushwood.session.measure_join import Joined, joined, noted_units
from brushwood.session.measure_words import measured_text
from brushwood.session.measure_work import Doubt, Measured, MeasureRequest, run_measure
from brushwood.session.measuring import MeasureReadiness, channel_names, class_names
from brushwood.session.resident import relax
from brushwood.session.scene import LayerKey
from brushwood.tables import units_of


class Measuring(QObject):
    """Runs one measurement at a time."""

    said = Signal(str)
    measured = Signal(str, str)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(self, scene: NapariScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene = scene
        self._request: MeasureRequest | None = None
        self._images: tuple[LayerKey, ...] = ()
        self._doubted: tuple[object, ...] = ()
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)

    @property
    def is_running(self) -> bool:
        """Whether something is being measured."""
        return self._runner.is_busy

    def measure(self, ready: MeasureReadiness) -> None:
        """Measure what is ready; work that would be long is asked about first."""
        request = self._gather(ready)
        if request is None:
            return
        self._request = request
        self._images = tuple(image.key for image in ready.images)

        def work(job: Job, publish: Callable[[object], None]) -> Measured | Doubt:
            try:
                return run_measure(request, job)
            finally:
                for array in (request.labels, *request.probabilities):
                    relax(array)

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def forget(self, key: LayerKey) -> None:
        """A layer was deleted: stop, if it is being measured."""
        request = self._request
        if not self.is_running or request is None:
            return
        if key in (request.objects, request.parents_key) or key in self._images:
            self._runner.drop()
            what = "objects were" if key == request.objects else "image was"
            self.said.emit(f"Stopped measuring, because the {what} deleted.")

    def _gather(self, ready: MeasureReadiness) -> MeasureRequest | None:
        """Return a frozen request, or None when a layer is gone."""
        objects = self._scene.layer(ready.objects.key) if ready.objects is not None else None
        images = [self._scene.layer(image.key) for image in ready.images]
        chosen = ready.probabilities if ready.with_probabilities else ()
        chances = [self._scene.layer(result.key) for result in chosen]
        outer = self._scene.layer(ready.parents.key) if ready.parents is not None else None
        if objects is None or any(layer is None for layer in (*images, *chances)):
            return None
        doubted = (ready.objects and ready.objects.key, ready.names)
        confirmed, self._doubted = self._doubted == doubted, ()
        return MeasureRequest(
            objects=ready.objects.key,
            labels=full_data(objects),
            images=tuple(full_data(layer) for layer in images),
            rgb=any(image.rgb for image in ready.images),
            names=ready.names,
            ndim=ready.setting.ndim,
            spacing=ready.spacing,
            unit=ready.unit,
            channel_names=channel_names(ready.images),
            probabilities=tuple(full_data(layer) for layer in chances),
            class_names=class_names(chosen),
            parents=None if outer is None else full_data(outer),
            parents_key=None if outer is None else ready.parents.key,
            is_confirmed=confirmed,
        )

    def _on_succeeded(self, answer: Measured | Doubt) -> None:
        layer = self._scene.layer(answer.request.objects)
        if not isinstance(layer, Labels):
            self.said.emit("The objects were deleted meanwhile, so the table was dropped.")
        elif isinstance(answer, Doubt):
            self._doubted = (answer.request.objects, answer.request.names)
            self.said.emit(answer.sentence)
        else:
            result = put_table(layer, answer, self._images)
            parents = self._scene.layer(answer.request.parents_key)
            if isinstance(parents, Labels) and answer.parents is not None:
                put_columns(parents, answer.parents)
            self.measured.emit(answer.request.objects, measured_text(answer, result))


def put_columns(layer: Labels, table: Any) -> None:
    """Add what a relation found out about parents to their own table; all else stays."""
    note = note_of(layer)
    before = [name for name in layer.features.columns if name in table.columns]
    result = joined(table, layer.features, before, note.get("former_rows"), is_same=True)
    units = {**note.get("units", {}), **units_of(table)}
    layer.metadata[META] = {**note, "units": units, "former_rows": result.former}
    layer.features = result.table


def put_table(layer: Labels, measured: Measured, images: tuple[LayerKey, ...] = ()) -> Joined:
    """Put a table into a layer's features; columns of others stay."""
    note = note_of(layer)
    before = note.get(MEASURED, {})
    result = joined(
        measured.table,
        layer.features,
        # Classes of objects that changed since are as much out of date as their measurements.
        (*before.get("columns", ()), *note.get("object_results", ())),
        note.get("former_rows"),
        is_same=bool(measured.fingerprint) and fingerprint_of(note) == measured.fingerprint,
    )
    request = measured.request
    entry: dict[str, Any] = {
        "fingerprint": measured.fingerprint,
        "columns": [str(name) for name in measured.table.columns],
        "names": list(request.names),
        "images": list(images),
        "probabilities": bool(request.probabilities),
        "channel_names": None if request.channel_names is None else list(request.channel_names),
        "class_names": list(request.class_names),
        "parents": request.parents_key,
        "ndim": request.ndim,
        "spacing": None if request.spacing is None else list(request.spacing),
        "unit": request.unit,
        "measurement": measured.measurement,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # The note first: assigning features tells everybody to look.
    layer.metadata[META] = {
        **note,
        "units": noted_units(measured.units, note.get("units", {}), result.table),
        "former_rows": result.former,
        MEASURED: entry,
    }
    layer.features = result.table
    return result
