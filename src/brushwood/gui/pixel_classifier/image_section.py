"""Section 1: which image, which channels, 2-D or 3-D, and what σ is measured in."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from brushwood.gui._widgets import KeyedCombo, Section, layer_box, wrapped_label
from brushwood.session.scene import ImageRef, LayerKey, axes_text, size_text


class ImageSection(Section):
    """Shows the images to choose from, and emits what the user wants."""

    image_chosen = Signal(object)
    channels_chosen = Signal(tuple)
    ndim_chosen = Signal(object)
    units_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("1  Image", "The image to segment.", parent)
        self._images = KeyedCombo("The image layer to segment.")
        self._images.key_chosen.connect(self.image_chosen)
        self._ndim = KeyedCombo(
            "2-D looks at each plane by itself, 3-D also at the planes above and below."
        )
        self._ndim.key_chosen.connect(self.ndim_chosen)
        self._units = KeyedCombo("What filter sizes are measured in.")
        self._units.key_chosen.connect(self.units_chosen)
        self._axes = wrapped_label()
        self._axes.setToolTip("The axes of the image and the type of its pixels.")
        self._channels = QWidget()
        self._channels.setToolTip("Tick every layer that shows the same field in another channel.")
        self._channel_box = QVBoxLayout(self._channels)
        self._channel_box.setContentsMargins(0, 0, 0, 0)
        self._channel_box.setSpacing(2)
        self._boxes: dict[LayerKey, QCheckBox] = {}
        self._choices: tuple[tuple[LayerKey, str], ...] = ()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._ndim)
        row.addWidget(self._units)
        self.box.addWidget(self._images)
        self.box.addWidget(self._axes)
        self.box.addWidget(self._channels)
        self.box.addLayout(row)

    def show_images(
        self, images: Sequence[ImageRef], ticked: Sequence[LayerKey], ndim: int, units: str
    ) -> None:
        """Show the images of the scene and the present choice."""
        chosen = next((im for key in ticked[:1] for im in images if im.key == key), None)
        self._images.set_entries([(im.key, im.name) for im in images], chosen and chosen.key)
        self._images.setPlaceholderText("no image is open" if not images else "choose an image")
        self._images.setEnabled(bool(images))
        self._show_channels(chosen, images, ticked)
        deep = chosen is not None and len(chosen.shape) >= 3
        self._ndim.set_entries([(2, "2-D"), (3, "3-D")] if deep else [(2, "2-D")], ndim)
        self._ndim.setEnabled(deep)
        unit = chosen.unit if chosen else "px"
        world = f"σ in {unit}" if unit != "px" else "σ in layer scale"
        self._units.set_entries([("px", "σ in pixels"), ("world", world)], units)
        self._units.setEnabled(chosen is not None)
        self._axes.setText(axes_text(chosen, ndim) if chosen else "Open an image, or a sample.")
        self.set_summary(_summary(chosen, images, ticked, ndim))

    def _show_channels(
        self, chosen: ImageRef | None, images: Sequence[ImageRef], ticked: Sequence[LayerKey]
    ) -> None:
        alike = [im for im in images if chosen and im.shape == chosen.shape and not im.rgb]
        show = chosen is not None and not chosen.rgb and len(alike) > 1
        choices = tuple((im.key, im.name) for im in alike) if show else ()
        if choices != self._choices:
            self._choices = choices
            self._rebuild_boxes()
        for key, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(key in ticked)
            box.setEnabled(chosen is None or key != chosen.key)
            box.blockSignals(False)
        self._channels.setVisible(bool(choices))

    def _rebuild_boxes(self) -> None:
        for box in self._boxes.values():
            self._channel_box.removeWidget(box)
            box.deleteLater()
        self._boxes = {}
        for key, name in self._choices:
            box = layer_box(name, f"Use {name!r} as a channel.")
            box.toggled.connect(self._on_ticked)
            self._channel_box.addWidget(box)
            self._boxes[key] = box

    def _on_ticked(self) -> None:
        first = self._images.key
        rest = [key for key, box in self._boxes.items() if box.isChecked() and key != first]
        self.channels_chosen.emit((first, *rest))


def _summary(
    chosen: ImageRef | None, images: Sequence[ImageRef], ticked: Sequence[LayerKey], ndim: int
) -> str:
    if chosen is None:
        return "— no image"
    names = [im.name for key in ticked for im in images if im.key == key]
    return f"— {' + '.join(names)}, {size_text(chosen.shape)}, {ndim}-D"
