"""Apply the model to the whole image in the background, with progress and cancel."""

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.errors import OutputError
from brushwood.gui._scene import NapariScene
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.live import LiveLoop
from brushwood.gui.pixel_classifier.results import ResultLayers, kinds_of, writer
from brushwood.jobs import Job
from brushwood.session.sentences import duration
from brushwood.session.session import Session
from brushwood.session.state import Output
from brushwood.session.work import ImageInput, WholeDone, tiles_of

#: Results that stream in are drawn this often.
_DRAW_MS = 500


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
        self._image: ImageInput | None = None
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self._on_busy)
        self._runner.progressed.connect(self.progressed)
        self._draw = QTimer(self, interval=_DRAW_MS)
        self._draw.timeout.connect(self._on_draw)

    @property
    def is_running(self) -> bool:
        """Whether an image is being worked on."""
        return self._runner.is_busy

    def apply(self) -> None:
        """Start. The arrays of the result layers are written by the worker."""
        state, engine = self._session.state, self._session.engine
        image = self._live.image()
        if image is None or state.model is None:
            return
        self._image = image
        try:
            out, renew = self._targets(image, state.model.class_ids)
        except OutputError as error:
            self.failed.emit(error)
            return

        def work(job: Job, publish: Callable[[object], None]) -> WholeDone:
            done = engine.apply(image, out, job)
            for function in renew:
                function()
            return done

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop; what was computed stays."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._draw.stop()
        self._runner.drop()

    def _targets(
        self, image: ImageInput, class_ids: tuple[int, ...]
    ) -> tuple[dict[Output, object], list[Callable[[], None]]]:
        """Return the arrays to write, one an output; probabilities are one array a class."""
        state = self._session.state
        layer = self._scene.layer(image.keys[0])
        kinds = kinds_of(state.outputs, class_ids)
        self._results.prepare(layer, kinds, state.classes, self._scene.layer(state.annotation))
        out: dict[Output, object] = {}
        renew = []
        for output in state.outputs:
            planes = [self._results.arrays(image.keys[0], k) for k in kinds if k[0] == output]
            renew += [writer(levels) for levels in planes if len(levels) > 1]
            finest = [levels[0] if levels else None for levels in planes]
            if any(array is not None for array in finest):
                out[output] = finest if output == "probabilities" else finest[0]
        return out, renew

    def _on_busy(self, busy: bool) -> None:
        self._live.hold(busy)
        if busy:
            self._draw.start()
        else:
            self._draw.stop()
            self._on_draw()
        self.busy_changed.emit(busy)

    def _on_draw(self) -> None:
        if self._image is not None:
            self._results.touch(self._image.keys[0])
            self._results.refresh()

    def _on_succeeded(self, done: WholeDone) -> None:
        source = done.image.source
        whole = (*source.frames, *source.shape)
        tiles = tiles_of(source.frames, source.shape3, (0,) * len(whole), whole)
        kinds = kinds_of(tuple(done.outputs), done.class_ids)
        self._results.mark_done(done.image.keys[0], tiles, done.version, kinds)
        self._results.refresh()
        self.said.emit(f"The whole image is classified, in {duration(done.seconds)}.")
