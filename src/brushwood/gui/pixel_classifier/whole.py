"""Apply the model to the whole image in the background; the result fills in as it comes."""

import time
from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.errors import OutputError
from brushwood.gui._scene import NapariScene
from brushwood.gui._store import Guard, make_room, no_room, on_disk
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.live import LiveLoop
from brushwood.gui.pixel_classifier.results import Kind, ResultLayers, kinds_of
from brushwood.io.atomic import is_full
from brushwood.jobs import Job
from brushwood.session.filling import Fill
from brushwood.session.pyramid import Pyramid
from brushwood.session.sentences import duration, share
from brushwood.session.session import Session
from brushwood.session.state import Output
from brushwood.session.work import ImageInput, WholeDone

#: Results that fill in are drawn this often, and less often where drawing takes long.
_DRAW_MS = 400
#: Drawing takes at most this share of the window's time.
_DRAW_SHARE = 0.1


class WholeImage(QObject):
    """Computes the results everywhere. The brush's own updates wait until it has ended."""

    said = Signal(str)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self,
        session: Session,
        scene: NapariScene,
        results: ResultLayers,
        live: LiveLoop,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._scene, self._results, self._live = session, scene, results, live
        self._fill: Fill | None = None
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)
        self._runner.busy_changed.connect(self._on_busy)
        self._runner.progressed.connect(self.progressed)
        self._draw = QTimer(self, interval=_DRAW_MS)
        self._draw.timeout.connect(self._on_draw)

    @property
    def is_running(self) -> bool:
        """Whether an image is being worked on."""
        return self._runner.is_busy

    def apply(self) -> None:
        """Start, or go on where it was cancelled. The worker writes into the result layers."""
        state = self._session.state
        image = self._live.image()
        if image is None or state.model is None:
            return
        kinds = kinds_of(state.outputs, state.model.class_ids)
        try:
            fill = self._filled(image, kinds)
        except OutputError as error:
            self.failed.emit(error)
            return
        if not fill.outputs:
            return
        self._fill = fill
        self.look()

        def work(job: Job, publish: Callable[[object], None]) -> WholeDone:
            return fill.run(job)

        self._runner.submit(work)

    def look(self) -> None:
        """Tell the worker what is in view: that comes first."""
        fill = self._fill
        layer = self._scene.layer(fill.image.keys[0]) if fill is not None else None
        if fill is not None and layer is not None and self._scene.is_alive:
            twin = self._scene.layer(self._session.state.annotation)
            fill.view = self._scene.visible(layer, twin)

    def cancel(self) -> None:
        """Stop; what was computed stays."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._draw.stop()
        self._runner.drop()
        self._live.release(catch_up=False)

    def _filled(self, image: ImageInput, kinds: list[Kind]) -> Fill:
        """Make the result layers, and return the run that fills them.

        Raises
        ------
        OutputError
            If there is no room for them.
        """
        state, key = self._session.state, image.keys[0]
        layer = self._scene.layer(key)
        self._results.prepare(layer, kinds, state.classes, self._scene.layer(state.annotation))
        out: dict[Output, object] = {}
        bytes_needed = 0
        for output in state.outputs:
            planes = [self._results.arrays(key, kind) for kind in kinds if kind[0] == output]
            bytes_needed += sum(on_disk(levels) for levels in planes)
            found = [Pyramid(levels, Guard(levels)) if levels else None for levels in planes]
            if any(pyramid is not None for pyramid in found):
                out[output] = found if output == "probabilities" else found[0]
        fill = self._session.engine.fill(image, out, self._results.done(key, kinds))
        if fill.fraction == 1.0:  # all of it is there: the user wants it computed once more
            fill = self._session.engine.fill(image, out)
        if bytes_needed:
            try:
                make_room(round(bytes_needed * (1 - fill.fraction)))
            except OSError as error:
                raise no_room(error, "results") from error
        return fill

    def _on_busy(self, busy: bool) -> None:
        if busy:
            self._live.hold()
            self._draw.start(_DRAW_MS)
        else:
            self._draw.stop()
            self._on_draw()
        self.busy_changed.emit(busy)

    def _on_draw(self) -> None:
        """Show what is new; drawing must leave time for everything else."""
        fill = self._fill
        tiles = fill.take() if fill is not None else ()
        if fill is None or not tiles:
            return
        kinds = kinds_of(fill.outputs, fill.class_ids)
        self._results.mark_done(fill.image.keys[0], tiles, fill.version, kinds)
        self._results.note_whole(fill.image.keys[0], fill.version)
        start = time.perf_counter()
        self._results.refresh()
        spent = 1000 * (time.perf_counter() - start)
        self._draw.setInterval(max(_DRAW_MS, round(spent / _DRAW_SHARE)))

    def _on_succeeded(self, done: WholeDone) -> None:
        self._fill = None
        self._live.release(catch_up=True)
        self.said.emit(f"The whole image is classified, in {duration(done.seconds)}.")

    def _on_failed(self, error: Exception) -> None:
        self._fill = None
        self._live.release(catch_up=True)
        full = isinstance(error, OSError) and is_full(error) and not isinstance(error, OutputError)
        self.failed.emit(no_room(error, "results") if full else error)

    def _on_cancelled(self) -> None:
        # Who has had enough does not want all that is in view computed at once.
        self._live.release(catch_up=False)
        fill, self._fill = self._fill, None
        self.cancelled.emit()
        if fill is not None:
            self.said.emit(
                f"Cancelled. {share(fill.fraction)} of the image shows the model and stays. "
                "Apply to whole image goes on from there."
            )
