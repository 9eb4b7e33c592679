"""Measure the ticked objects in a worker, with one click or when they changed."""

from collections.abc import Callable

from napari.layers import Image, Labels
from qtpy.QtCore import QObject, Signal

from brushwood.gui._scene import (
    META,
    NapariScene,
    full_data,
    full_shape,
    note_of,
    unit_of,
)
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.object_classifier.watching import Watch
from brushwood.jobs import Job
from brushwood.session.object_measure import Measured, MeasureRequest, run
from brushwood.session.object_sentences import objects, table_text
from brushwood.session.object_state import ObjectState
from brushwood.session.object_table import is_result, learnable_columns, table_of
from brushwood.session.scene import LayerKey


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
        self._runner = TaskRunner(self, announced=True)
        self._runner.published.connect(self._on_measured)
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
        """Measure layers.

        Parameters
        ----------
        names : tuple of str or None
            Columns; None for the default.
        again : bool
            Measure the columns that a layer has.
        """
        requests = [r for r in (self._request(key, names, again) for key in keys) if r is not None]

        def work(job: Job, publish: Callable[[object], None]) -> int:
            for number, request in enumerate(requests):
                part = job.part(number / len(requests), (number + 1) / len(requests))
                publish(run(request, part))
            return len(requests)

        self._names = names
        if requests:
            self._runner.submit(work)

    def cancel(self) -> None:
        """Stop."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def images(self, key: LayerKey | None) -> list[tuple[str, str]]:
        """Return key and name of the images that lie on an objects layer."""
        layer = self._scene.layer(key)
        if layer is None:
            return []
        shape = full_shape(layer)
        return [(im.key, im.name) for im in self._scene.images() if im.shape == shape]

    def image_of(self, key: LayerKey) -> LayerKey | None:
        """Return the image that an objects layer was made from, or the one chosen if it fits."""
        fitting = [image for image, _ in self.images(key)]
        layer = self._scene.layer(key)
        noted = note_of(layer).get("image") if layer is not None else None
        if self._state.image in fitting or self._state.image == "":
            return self._state.image or None
        return noted if noted in fitting else next(iter(fitting), None)

    def _request(
        self, key: LayerKey, names: tuple[str, ...] | None, again: bool
    ) -> MeasureRequest | None:
        layer, watched = self._scene.layer(key), self._watch.of(key)
        if not isinstance(layer, Labels) or watched is None:
            return None
        image = self._scene.layer(self.image_of(key))
        old = watched.table()
        if again and len(old):
            names = _measurable(old, image is not None) or None
        n = watched.ndim
        return MeasureRequest(
            key=key,
            version=watched.version,
            labels=full_data(layer),
            ndim=n,
            image=None if image is None else full_data(image),
            rgb=isinstance(image, Image) and bool(image.rgb),
            names=names,
            scale=tuple(abs(float(s)) for s in layer.scale[-n:]),
            unit=unit_of(layer),
            old=old,
            keep=not watched.is_stale,
        )

    def _on_measured(self, measured: Measured) -> None:
        layer, watched = self._scene.layer(measured.key), self._watch.of(measured.key)
        if layer is None or watched is None or watched.version != measured.version:
            if layer is not None and watched is not None:  # they changed meanwhile
                self._again.append(measured.key)
            return
        layer.metadata[META] = {**note_of(layer), **measured.note}
        layer.features = measured.table
        columns = len(learnable_columns(table_of(layer.features)))
        self.said.emit(f"Measured {table_text(len(measured.table), columns)}.")

    def _on_done(self, n: int) -> None:
        again, self._again = tuple(self._again), []
        if again:
            self.measure(again, self._names, again=True)
            return
        if n > 1:
            total = sum(facts.n_rows for facts in self._watch.facts().values())
            self.said.emit(f"Measured {objects(total)} in {n} layers.")


def _measurable(table: object, with_image: bool) -> tuple[str, ...]:
    """Return the columns of a table that can be measured again."""
    from brushwood.measure import catalog

    known = {m.name: m for m in catalog()}
    found = []
    for name in map(str, table.columns):
        measurement = known.get(name.partition("-")[0])
        if is_result(name) or measurement is None or measurement.needs_probabilities:
            continue
        if with_image or not measurement.needs_image:
            found.append(name)
    return tuple(found)
