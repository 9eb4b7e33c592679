"""Follow the clicks: gather a request, send it to the worker, hand its answers on."""

from collections.abc import Callable
from weakref import WeakMethod

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._scene import NapariScene, full_data, full_shape
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.object_classifier.watching import Watch
from brushwood.jobs import Job
from brushwood.session.object_readiness import ObjectReadiness
from brushwood.session.object_session import ObjectSession
from brushwood.session.object_work import (
    Attached,
    Classified,
    ObjectRequest,
    ObjectsFinished,
    ObjectsInput,
    ObjectsTrained,
)

#: Changes that follow each other within this time are one request.
DEBOUNCE_MS = 40


class ObjectLoop(QObject):
    """Keeps marks, model and classes up to date. The newest request wins."""

    attached = Signal(object)
    trained = Signal(object)
    classified = Signal(object)
    updated = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self,
        session: ObjectSession,
        scene: NapariScene,
        watch: Watch,
        readiness: Callable[[], ObjectReadiness],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._scene, self._watch = session, scene, watch
        self._readiness = WeakMethod(readiness)
        self._forced = False
        self._runner = TaskRunner(self)
        self._runner.published.connect(self._on_published)
        self._runner.succeeded.connect(self.updated)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)
        self._debounce = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._debounce.timeout.connect(self._submit)

    @property
    def is_busy(self) -> bool:
        """Whether a request is waiting or running."""
        return self._runner.is_busy or self._debounce.isActive()

    @property
    def is_running(self) -> bool:
        """Whether a request is running."""
        return self._runner.is_busy

    def schedule(self) -> None:
        """Look again soon: marks, tables or choices may have changed."""
        self._debounce.start()

    def train(self) -> None:
        """Train now, also when live is off."""
        self._forced = True
        self._submit()

    def cancel(self) -> None:
        """Stop the running request."""
        self._debounce.stop()
        self._runner.cancel()

    def stop(self) -> None:
        """Stop everything, silently."""
        self._debounce.stop()
        self._runner.drop()

    def request(self) -> ObjectRequest | None:
        """Gather everything that a worker needs, or None when there are no objects."""
        resolve = self._readiness()
        ready = resolve() if resolve is not None else None
        if ready is None or ready.mark_reason:
            return None
        state = self._session.state
        inputs = tuple(
            item
            for item in (self._input(ref.key, ref.name, ready) for ref in ready.layers)
            if item is not None
        )
        train = (state.live or self._forced) and not ready.table_reason
        return ObjectRequest(inputs, state.classes, state.forest, state.columns, train)

    def _input(self, key: str, name: str, ready: ObjectReadiness) -> ObjectsInput | None:
        layer, watched = self._scene.layer(key), self._watch.of(key)
        if layer is None or watched is None:
            return None
        scribbles = self._scene.layer(self._session.state.annotation)
        fits = scribbles is not None and full_shape(scribbles) == full_shape(layer)
        table = watched.table()
        return ObjectsInput(
            key=key,
            name=name,
            labels=full_data(layer),
            ndim=watched.ndim,
            # Rows of objects that are no longer there would teach nonsense.
            table=table.iloc[:0] if key in ready.unmeasured else table,
            marks=self._session.marks.of(key),
            scribbles=full_data(scribbles) if fits else None,
            version=watched.version,
        )

    def _submit(self) -> None:
        self._debounce.stop()
        request = self.request()
        self._forced = False
        if request is None:
            return
        engine = self._session.engine

        def work(job: Job, publish: Callable[[object], None]) -> ObjectsFinished:
            return engine.update(request, job, publish)

        self._runner.submit(work)

    def _on_published(self, part: object) -> None:
        if isinstance(part, Attached) and self._is_current(part):
            self.attached.emit(part)
        elif isinstance(part, ObjectsTrained):
            self.trained.emit(part)
        elif isinstance(part, Classified) and self._is_current(part):
            self.classified.emit(part)

    def _is_current(self, part: Attached | Classified) -> bool:
        """Whether an answer is about objects and a table that are still there."""
        return self._watch.version(part.key) == part.version
