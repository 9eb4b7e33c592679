"""Section 2: in which images intensities are measured, and whether class probabilities are."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from brushwood.gui._widgets import Section, layer_box, wrapped_label
from brushwood.session.measuring import MeasureReadiness, class_names, image_problem
from brushwood.session.scene import ImageRef, LayerKey


class ImageSection(Section):
    """A check box an image; none is needed for size and shape."""

    images_chosen = Signal(tuple)
    probabilities_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "2  Image", "Where intensities are measured; not needed for size and shape.", parent
        )
        self._order: tuple[LayerKey, ...] = ()
        self.boxes: dict[LayerKey, QCheckBox] = {}
        self._names: tuple[tuple[LayerKey, str], ...] = ()
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self._empty = wrapped_label()
        self._empty.setToolTip("Intensity, texture and weighted centroids need an image.")
        self.probabilities = QCheckBox("Class probabilities")
        self.probabilities.toggled.connect(self.probabilities_chosen)
        self.box.addWidget(self._empty)
        self.box.addLayout(self._list)
        self.box.addWidget(self.probabilities)
        self.set_open(False)

    def show_images(
        self, images: Sequence[ImageRef], ticked: Sequence[LayerKey], ready: MeasureReadiness
    ) -> None:
        """Show the images of the scene, those that do not fit disabled with the reason."""
        self._order = tuple(ticked)
        names = tuple((image.key, image.name) for image in images)
        if names != self._names:
            self._names = names
            self._rebuild()
        for image in images:
            box = self.boxes[image.key]
            problem = "" if ready.objects is None else image_problem(ready.objects, image)
            is_on = image.key in ticked
            box.blockSignals(True)
            box.setChecked(is_on)
            box.setEnabled(is_on or not problem)
            box.blockSignals(False)
            box.setToolTip(problem or f"Measure intensities in {image.name!r}.")
        self._empty.setVisible(not images)
        self._empty.setText("No image is open: size, shape and position are measured.")
        self._show_probabilities(ready)
        self.set_summary(_summary(ready))

    def _show_probabilities(self, ready: MeasureReadiness) -> None:
        names = class_names(ready.probabilities)
        self.probabilities.blockSignals(True)
        self.probabilities.setChecked(ready.with_probabilities)
        self.probabilities.setEnabled(bool(names))
        self.probabilities.blockSignals(False)
        self.probabilities.setToolTip(
            f"Measure how likely the pixels of each object are {', '.join(names)}."
            if names
            else "Tick probabilities under 5 Result of the pixel classifier to measure them."
        )

    def _rebuild(self) -> None:
        for box in self.boxes.values():
            self._list.removeWidget(box)
            box.deleteLater()
        self.boxes = {}
        for key, name in self._names:
            box = layer_box(name, f"Measure the intensities of {name!r}.")
            box.toggled.connect(self._on_box)
            self._list.addWidget(box)
            self.boxes[key] = box

    def _on_box(self) -> None:
        on = [key for key, box in self.boxes.items() if box.isChecked()]
        kept = [key for key in self._order if key in on]
        self.images_chosen.emit((*kept, *(key for key in on if key not in kept)))


def _summary(ready: MeasureReadiness) -> str:
    names = [image.name for image in ready.images]
    if ready.with_probabilities:
        names.append("class probabilities")
    return f"— {' + '.join(names) or 'none'}"
