"""Follow the brush: gather a request, send it to the worker, put the answer into layers."""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.arrays import ChannelStack, ImageSource
from brushwood.errors import OutputError
from brushwood.gui._scene import NapariScene, full_data
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.results import ResultLayers, kinds_of
from brushwood.jobs import Job
from brushwood.session.readiness import Readiness
from brushwood.session.session import Session
from brushwood.session.work import (
    Counted,
    Finished,
    ImageInput,
    LiveRequest,
    Piece,
    Setup,
    Shown,
    Tile,
    Trained,
    tiles_of,
)

#: Changes that follow each other within this time are one request.
DEBOUNCE_MS = 50
#: A finished stroke is a request of its own; this groups what a program paints.
_AT_ONCE_MS = 5
#: Layers are drawn at most this often while results stream in: drawing takes time from computing.
_REFRESH_MS = 300


class ImageReader:
    """Describes ticked images for a worker; the same layers give the same array object.

    The engine's caches know an image by its array, so a stack of channels must not be made anew.
    """

    def __init__(self, scene: NapariScene) -> None:
        self._scene = scene
        self._stack: ChannelStack | None = None

    def read(self, readiness: Readiness, ndim: int) -> ImageInput | None:
        """Return the description, or None when a layer is gone."""
        layers = [self._scene.layer(ref.key) for ref in readiness.images]
        if not layers or any(layer is None for layer in layers):
            return None
        data = [full_data(layer) for layer in layers]
        if layers[0].rgb:
            source = ImageSource.of(data[0], rgb=True, ndim=ndim)
        elif len(data) == 1:
            source = ImageSource.of(data[0], ndim=ndim)
        else:
            source = ImageSource.of(self._stacked(data), channel_axis=0, ndim=ndim)
        return ImageInput(
            keys=tuple(ref.key for ref in readiness.images),
            names=tuple(ref.name for ref in readiness.images),
            source=source,
            spacing=tuple(abs(float(s)) for s in layers[0].scale[-ndim:]),
        )

    def _stacked(self, data: list[Any]) -> ChannelStack:
        known = self._stack.arrays if self._stack is not None else ()
        if len(known) != len(data) or any(a is not b for a, b in zip(known, data, strict=True)):
            self._stack = ChannelStack(data)
        return self._stack


class LiveLoop(QObject):
    """Keeps model and view up to date. The newest request wins."""

    counted = Signal(object)
    trained = Signal(object)
    shown = Signal(object)
    updated = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self,
        session: Session,
        scene: NapariScene,
        results: ResultLayers,
        readiness: Callable[[], Readiness],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._scene, self._results = session, scene, results
        self._readiness = WeakMethod(readiness)
        self._reader = ImageReader(scene)
        self._asked: frozenset[Tile] = frozenset()
        self._forced = False
        self._held = self._missed = False
        self._runner = TaskRunner(self)
        self._runner.published.connect(self._on_published)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)
        self._debounce = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._debounce.timeout.connect(self._submit)
        self._redraw = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._redraw.timeout.connect(self._results.refresh)

    @property
    def is_busy(self) -> bool:
        """Whether a request is waiting or running."""
        return self._runner.is_busy or self._debounce.isActive()

    @property
    def is_running(self) -> bool:
        """Whether a request is running."""
        return self._runner.is_busy

    def schedule(self, *, at_once: bool = False) -> None:
        """Look again soon: strokes, view or choices may have changed.

        Parameters
        ----------
        at_once : bool
            The user has finished something and waits for the answer.
        """
        if self._held:
            self._missed = True
            return
        if at_once:
            self._debounce.start(_AT_ONCE_MS)
        elif not self._debounce.isActive() or self._debounce.interval() == DEBOUNCE_MS:
            self._debounce.start(DEBOUNCE_MS)

    def train(self) -> None:
        """Train now, even if nothing changed."""
        self._forced = True
        self._submit()

    def hold(self) -> None:
        """Wait while other work owns the results."""
        self._held, self._missed = True, False
        self._debounce.stop()

    def release(self, *, catch_up: bool) -> None:
        """Go on, and look at what is in view.

        Parameters
        ----------
        catch_up : bool
            Look in any case. Otherwise only if strokes or choices changed meanwhile.
        """
        self._held = False
        if catch_up or self._missed:
            self.schedule()

    def cancel(self) -> None:
        """Stop the running request."""
        self._debounce.stop()
        self._runner.cancel()

    def stop(self) -> None:
        """Stop everything, silently."""
        self._debounce.stop()
        self._redraw.stop()
        self._runner.drop()

    def _submit(self) -> None:
        request = self.request()
        if request is None:
            return
        forced, self._forced = self._forced, False
        self._asked = frozenset(request.tiles)
        engine = self._session.engine

        def work(job: Job, publish: object) -> Finished:
            return engine.update(request, job, publish, forced=forced)

        self._runner.submit(work)

    def request(self) -> LiveRequest | None:
        """Gather everything that a worker needs, or None when there is nothing to do."""
        resolve = self._readiness()
        readiness = resolve() if resolve is not None else None
        if readiness is None or readiness.annotate_reason:
            return None
        state = self._session.state
        image = self._reader.read(readiness, state.ndim)
        if image is None or state.device_problem:
            return None
        annotation = self._scene.layer(state.annotation) if readiness.annotation else None
        fits = annotation is not None and readiness.annotation.shape == readiness.images[0].shape
        show = state.live or self._forced
        return LiveRequest(
            image=image,
            setup=self.setup(image),
            classes=state.classes,
            annotation=annotation.data if fits else None,
            annotation_key=state.annotation if fits else None,
            train=show,
            tiles=self.visible_tiles(image) if show else (),
            done=self._results.done(image.keys[0], self._kinds()),
            outputs=state.outputs,
        )

    def image(self) -> ImageInput | None:
        """Describe the ticked images, or None when there are none that fit together."""
        resolve = self._readiness()
        readiness = resolve() if resolve is not None else None
        if readiness is None or readiness.annotate_reason:
            return None
        return self._reader.read(readiness, self._session.state.ndim)

    def setup(self, image: ImageInput) -> Setup:
        """Return what decides about the model besides the strokes."""
        state = self._session.state
        return Setup(
            features=state.features,
            forest=state.forest,
            finish=state.finish,
            ndim=state.ndim,
            n_channels=image.source.n_channels,
            device=state.device,
        )

    def visible_tiles(self, image: ImageInput) -> tuple[Tile, ...]:
        """Return the tiles of an image that are in view."""
        layer = self._scene.layer(image.keys[0])
        twin = self._scene.layer(self._session.state.annotation)
        start, stop = self._scene.visible(layer, twin)
        return tiles_of(image.source.frames, image.source.shape3, start, stop)

    def _kinds(self) -> list[tuple[str, int]]:
        state = self._session.state
        return kinds_of(state.outputs, state.model.class_ids if state.model else ())

    def _on_published(self, part: object) -> None:
        if isinstance(part, Counted):
            self.counted.emit(part)
        elif isinstance(part, Trained):
            self.trained.emit(part)
        elif isinstance(part, Piece):
            self._show(part)
        elif isinstance(part, Shown):
            self._redraw.stop()
            self._results.refresh()
            self.shown.emit(part)

    def _show(self, piece: Piece) -> None:
        state = self._session.state
        image = self._scene.layer(piece.keys[0])
        if image is None or state.images[:1] != piece.keys[:1]:
            return
        kinds = kinds_of(tuple(piece.arrays), piece.class_ids)
        below = self._scene.layer(state.annotation)
        try:
            self._results.prepare(image, kinds, state.classes, below)
        except OutputError as error:
            self.stop()
            self.failed.emit(error)
            return
        self._results.write(piece, state.ndim)
        if not self._redraw.isActive():
            self._redraw.start()

    def _on_succeeded(self, finished: Finished) -> None:
        self._redraw.stop()
        self._results.refresh()
        for key in self._session.state.images[:1]:
            self._results.note_whole(key, finished.version)
        self.updated.emit(finished)
        # The view may have moved on before its layers were drawn and told where it is.
        request = self.request() if self._session.state.live and not self._held else None
        if request is not None and not self._asked.issuperset(request.tiles):
            self.schedule()

    def _on_failed(self, error: Exception) -> None:
        self._results.refresh()
        self.failed.emit(error)
