"""Show one feature of what is in view, as an image layer that is updated in place."""

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from brushwood.features.spec import Feature
from brushwood.gui._scene import META, NapariScene, full_shape, key_of, place_of
from brushwood.gui._store import zeros
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.pixel_classifier.live import LiveLoop
from brushwood.jobs import Job
from brushwood.session.feature_preview import FeatureView, feature_of, middle_of
from brushwood.session.session import Session

_DEBOUNCE_MS = 80


class FeaturePreview(QObject):
    """Keeps one preview layer, of the feature that was asked for last."""

    failed = Signal(object)

    def __init__(
        self,
        session: Session,
        scene: NapariScene,
        live: LiveLoop,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._scene, self._live = session, scene, live
        self._feature: Feature | None = None
        self._plane = ""
        self._layer_key: str | None = None
        self._image_key = ""
        self._limits_for = ""
        self._runner = TaskRunner(self)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self.failed)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._submit)

    def show(self, feature: Feature | None, plane: str) -> None:
        """Show one plane of this feature, or none."""
        self._feature, self._plane = feature, plane
        if feature is not None:
            self._submit()
        else:
            self.stop()
            layer = self._scene.layer(self._layer_key)
            if layer is not None:
                self._scene.viewer.layers.remove(layer)
            self._layer_key = None

    def schedule(self) -> None:
        """Follow the view."""
        if self._feature and self._layer_key:
            self._debounce.start()

    def stop(self) -> None:
        """Stop computing."""
        self._debounce.stop()
        self._runner.drop()

    def _submit(self) -> None:
        image = self._live.image()
        layer = self._scene.layer(image.keys[0]) if image is not None else None
        gone = self._layer_key and self._scene.layer(self._layer_key) is None
        if self._feature is None or image is None or layer is None or gone:
            self._feature = None if gone else self._feature
            self._layer_key = None if gone else self._layer_key
            return
        state = self._session.state
        start, stop = middle_of(*self._scene.visible(layer), image.source.ndim)
        feature, plane = self._feature, self._plane
        units, device = state.features.units, state.device

        def work(job: Job, publish: Callable[[object], None]) -> FeatureView:
            return feature_of(image, feature, plane, units, start, stop, device, job)

        self._runner.submit(work)

    def _on_succeeded(self, view: FeatureView) -> None:
        image = self._scene.layer(view.image_key)
        if image is None or self._feature is None or view.feature != self._plane:
            return
        layer = self._layer(image, view)
        layer.data[view.index] = view.values
        name = f"{image.name} · feature {view.feature}"
        if self._limits_for != name:
            self._limits_for = name
            layer.name = name
            layer.contrast_limits_range = view.limits
            layer.contrast_limits = view.limits
        layer.refresh(extent=False)

    def _layer(self, image: Any, view: FeatureView) -> Any:
        layer = self._scene.layer(self._layer_key)
        fits = self._image_key == view.image_key
        if layer is not None and fits and layer.data.shape == full_shape(image):
            return layer
        if layer is not None:
            self._scene.viewer.layers.remove(layer)
        layer = Image(
            zeros(full_shape(image), np.float32),
            name=f"{image.name} · feature {view.feature}",
            contrast_limits=view.limits,
            metadata={META: {"role": "result", "output": "feature"}},
            **place_of(image),
        )
        self._layer_key, self._image_key, self._limits_for = key_of(layer), view.image_key, ""
        above = self._scene.viewer.layers.index(image) + 1
        layers = self._scene.viewer.layers
        self._scene.add(layer, below=layers[above] if above < len(layers) else None)
        return layer
