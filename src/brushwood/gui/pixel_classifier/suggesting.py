"""Show the user the next place to annotate: camera, mark and a sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Layer, Points
from qtpy.QtCore import QObject, Signal

from brushwood.gui._camera import look_at
from brushwood.gui._scene import META, NapariScene, note_of, place_of
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.live import LiveLoop
from brushwood.jobs import Job
from brushwood.pixels.suggest import Place, Strategy
from brushwood.session.locating import Place as View
from brushwood.session.session import Session
from brushwood.session.suggesting import (
    Suggested,
    SuggestRequest,
    frozen,
    run_suggestion,
    suggestion_sentence,
)

#: Width of the ring around the place, pixels of the image.
_RING = 48


class NextPlace(QObject):
    """Looks for the next place in a worker, and marks it in a points layer of its own."""

    said = Signal(str)
    failed = Signal(object)
    cancelled = Signal()
    busy_changed = Signal(bool)
    progressed = Signal(float, str)

    def __init__(
        self, session: Session, scene: NapariScene, live: LiveLoop, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._scene, self._live = session, scene, live
        self._shown: dict[str, tuple[Place, ...]] = {}
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_found)
        self._runner.failed.connect(self.failed)
        self._runner.cancelled.connect(self.cancelled)
        self._runner.busy_changed.connect(self.busy_changed)
        self._runner.progressed.connect(self.progressed)

    @property
    def is_running(self) -> bool:
        """Whether a place is being looked for."""
        return self._runner.is_busy

    def find(self, strategy: Strategy) -> None:
        """Look for the next place."""
        image, classifier = self._live.image(), self._session.engine.classifier
        if image is None or classifier is None:
            self.said.emit("There is no model yet. Paint a few strokes of two classes first.")
            return
        annotation = self._scene.layer(self._session.state.annotation)
        request = SuggestRequest(
            image,
            frozen(classifier),
            None if annotation is None else np.array(annotation.data),
            self._session.state.annotation,
            strategy,
            self._shown.get(image.keys[0], ()),
        )

        def work(job: Job, publish: Callable[[object], None]) -> Suggested:
            return run_suggestion(request, job)

        self._runner.submit(work)

    def cancel(self) -> None:
        """Stop looking."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop, silently."""
        self._runner.drop()

    def _on_found(self, found: Suggested) -> None:
        image = self._scene.layer(found.request.image.keys[0])
        self.said.emit(suggestion_sentence(found.place, found.request.strategy))
        if found.place is None or image is None:
            return
        key = found.request.image.keys[0]
        self._shown[key] = (*self._shown.get(key, ()), found.place)
        index = found.place.index(found.request.image.source.ndim)
        center = tuple(float(i) for i in index)
        size = (0.0,) * (len(center) - 2) + (4.0 * _RING,) * 2
        look_at(self._scene.viewer, image, View(center, size))
        self._mark(image, center)

    def _mark(self, image: Layer, center: tuple[float, ...]) -> None:
        layer = next((one for one in self._scene.layers() if note_of(one).get("next_place")), None)
        if isinstance(layer, Points) and layer.ndim == len(center):
            layer.data = np.array([center])
            return
        if layer is not None:
            self._scene.viewer.layers.remove(layer)
        options: dict[str, Any] = place_of(image)
        self._scene.add(
            Points(
                np.array([center]),
                name=f"{image.name} · next place",
                size=_RING,
                face_color="transparent",
                border_color="#E69F00",
                border_width=0.08,
                out_of_slice_display=False,
                metadata={META: {"role": "result", "next_place": True}},
                **options,
            )
        )
