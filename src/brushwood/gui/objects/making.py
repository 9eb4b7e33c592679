"""Make the objects of the whole image in the background, with progress and cancel."""

from typing import Any

from qtpy.QtCore import QObject, Signal

from brushwood.errors import OutputError
from brushwood.gui._scene import NapariScene, full_data, key_of, note_of
from brushwood.gui._store import Guard, no_room
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.objects.layers import ObjectLayers
from brushwood.io.atomic import is_full
from brushwood.jobs import Job
from brushwood.session.freshness import fingerprint
from brushwood.session.objects_compute import make_whole
from brushwood.session.objects_state import Made
from brushwood.session.objects_text import median_of
from brushwood.session.objects_work import MakingRequest, WholeObjects
from brushwood.session.resident import relax


class Maker(QObject):
    """Computes into arrays of its own, and shows them when everything is done."""

    made = Signal(object, object, bool, float)
    empty = Signal(object)
    lost = Signal(str)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self, scene: NapariScene, layers: ObjectLayers, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._scene, self._layers = scene, layers
        self._key: str | None = None
        self._before: Any = None
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)

    @property
    def is_running(self) -> bool:
        """Whether an image is being worked on."""
        return self._runner.is_busy

    @property
    def key(self) -> str | None:
        """The layer that is being worked on, or None."""
        return self._key if self.is_running else None

    def make(self, request: MakingRequest) -> None:
        """Start."""
        source = self._scene.layer(request.key)
        if source is None:
            return
        self._key, self._before = request.key, None
        target = self._layers.target(source)
        try:
            levels = self._layers.arrays(source)
        except OutputError as error:
            self.failed.emit(error)
            return
        before = None if target is None else full_data(target)
        self._before = before
        known = None if target is None else note_of(target).get("made")

        def work(job: Job, publish: object) -> tuple[WholeObjects, bool]:
            whole = make_whole(request, levels, Guard(levels), job.part(0.0, 0.95))
            # Asked last: the user may paint while this runs.
            edited = before is not None and fingerprint(before, job.part(0.95, 1.0)) != known
            for array in (*levels, before):
                relax(array)
            return whole, edited

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop; the result of before stays."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_failed(self, error: Exception) -> None:
        full = is_full(error) and not isinstance(error, OutputError)
        self.failed.emit(no_room(error, "objects") if full else error)

    def _on_succeeded(self, result: tuple[WholeObjects, bool]) -> None:
        whole, edited = result
        source = self._scene.layer(whole.request.key)
        if source is None:
            self.lost.emit(whole.request.name)
            return
        if not len(whole.sizes):
            self.empty.emit(whole)
            return
        target = self._layers.target(source)
        if target is not None and full_data(target) is not self._before:
            edited = True  # other pixels were put there meanwhile
        self._before = None
        layer = self._layers.put(source, whole, edited=edited)
        request = whole.request
        made = Made(
            layer=key_of(layer),
            n=len(whole.sizes),
            median=median_of(request, whole.sizes),
            unit=request.unit,
            ndim=request.ndim,
            seconds=whole.seconds,
        )
        self.made.emit(made, layer, edited, whole.blank)
