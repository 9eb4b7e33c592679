"""Follow choices and view: gather a request, send it to a worker, show the answer."""

from collections.abc import Callable
from weakref import WeakMethod

from napari.layers import Layer
from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.gui._scene import NapariScene, full_shape
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.objects.layers import PreviewLayers
from brushwood.jobs import Job
from brushwood.session.objects_compute import preview
from brushwood.session.objects_state import MakingState
from brushwood.session.objects_work import MakingRequest, Preview, view_of

#: Changes that follow each other within this time are one request.
_DEBOUNCE_MS = 60


class PreviewLoop(QObject):
    """Keeps the preview up to date. The newest request wins."""

    shown = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(bool)
    progressed = Signal(float, str)
    cancelled = Signal()

    def __init__(
        self,
        state: MakingState,
        scene: NapariScene,
        layers: PreviewLayers,
        request: Callable[[], MakingRequest | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._scene, self._layers = state, scene, layers
        self._request = WeakMethod(request)
        self._last: Preview | None = None
        self._held = self._rests = self._is_quiet = False
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._submit)

    @property
    def last(self) -> Preview | None:
        """What is shown, or None."""
        return self._last

    @property
    def is_busy(self) -> bool:
        """Whether a request is waiting or running."""
        return self._runner.is_busy or self._debounce.isActive()

    @property
    def is_running(self) -> bool:
        """Whether a request is running."""
        return self._runner.is_busy

    def part_of(self, layer: Layer) -> str:
        """Say what of the preview a layer shows: "objects", "seeds" or "" for nothing."""
        return self._layers.part_of(layer)

    def schedule(self, *, chosen: bool = False) -> None:
        """Look again soon: pixels or view may have changed.

        Parameters
        ----------
        chosen : bool
            The user chose something, and wants to see it.
        """
        self._rests = self._rests and not chosen
        self._is_quiet = self._is_quiet and self._rests
        if not self._held and self._state.live:
            self._debounce.start()

    def rest(self) -> None:
        """Make way for the result until the user chooses something, or pixels change."""
        self.stop()
        self._layers.clear()
        if self._state.live:
            # Look once more, without showing it: what the result was made from is not news.
            self._rests = self._is_quiet = True
            self._debounce.start()

    def hold(self, held: bool) -> None:
        """Wait while the whole image is worked on."""
        self._held = held
        if held:
            self._debounce.stop()
            self._runner.drop()
        else:
            self.schedule()

    def clear(self) -> None:
        """Stop, and take the preview away."""
        self.stop()
        self._last = None
        self._rests = self._is_quiet = False
        if self._scene.is_alive:
            self._layers.clear()

    def cancel(self) -> None:
        """Stop the running request."""
        self._debounce.stop()
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._debounce.stop()
        self._runner.drop()

    def show_seeds(self) -> None:
        """Follow the wish for seeds."""
        self._layers.show_seeds(self._last, seeds=self._state.show_seeds)

    def _submit(self) -> None:
        resolve = self._request()
        request = resolve() if resolve is not None else None
        layer = self._scene.layer(request.key) if request is not None else None
        if request is None or layer is None:
            self.clear()
            return
        start, stop = self._scene.visible(layer)
        view = view_of(start, stop, full_shape(layer), request.ndim)
        last = self._last
        if self._rests and last is not None:
            view = last.view  # where nothing new is, nothing comes back

        def work(job: Job, publish: object) -> Preview | None:
            return preview(request, view, last, job)

        self._runner.submit(work)

    def _on_succeeded(self, found: Preview | None) -> None:
        quiet, self._is_quiet = self._is_quiet, False
        if found is None or not self._state.live:
            return
        if found.request.key != self._state.source or self._scene.layer(found.request.key) is None:
            return
        self._last = found
        if quiet:
            return
        self._rests = False
        self._layers.show(found, seeds=self._state.show_seeds)
        self.shown.emit(found)
