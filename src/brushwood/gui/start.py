"""The *Brushwood* dock: a guide through the steps that shows where the user is."""

from typing import Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap, QShowEvent
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brushwood.gui import _docks
from brushwood.gui._devices import Devices
from brushwood.gui._help import show_help
from brushwood.gui._scene import session_for, unwrapped
from brushwood.gui._widgets import KeyedCombo, labelled, wrapped_label
from brushwood.session.sentences import device_text
from brushwood.session.state import SessionState

#: The steps after the first, which later versions bring.
_LATER = ("Objects", "Measure", "Explore", "Object classifier", "Compare with truth", "Batch")


class StartWidget(QWidget):
    """A guide, not a gate: each step also opens from napari's menus.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Brushwood")
        self._viewer = napari_viewer
        self._session = session_for(napari_viewer)
        self._running = False
        self._later: list[QToolButton] = []
        self._devices = Devices(self._session, self)
        self._devices.found.connect(self._show_devices)
        self._devices.tested.connect(self._say)
        self._samples = QPushButton("Open a sample")
        self._samples.setToolTip("Open an image with ready strokes, to try things out.")
        self._samples.setMenu(self._sample_menu())
        self._tour = QPushButton("Open the tour")
        self._tour.setToolTip("Five minutes that show the whole way, step by step.")
        self._tour.clicked.connect(self._on_tour)
        self._step = _step_button("1  Pixel classifier")
        self._step.setToolTip("Paint a few strokes, and see the segmentation follow.")
        self._step.clicked.connect(self._on_step)
        self._state = QLabel()
        self._state.setToolTip("Where this step is.")
        self._device = KeyedCombo("The device that computes; a graphics card is usually faster.")
        self._device.key_chosen.connect(self._on_device)
        self._test = QPushButton("Self-test")
        self._test.setToolTip("Run a small computation on the device and check its result.")
        self._test.clicked.connect(self._on_test)
        self._status = wrapped_label()
        self._status.setToolTip("What happened last.")
        self._arrange()
        self._start()

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(6)
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self._samples)
        first.addWidget(self._tour)
        layout.addLayout(first)
        steps = QGridLayout()
        steps.setSpacing(2)
        steps.setColumnStretch(0, 1)
        steps.addWidget(self._step, 0, 0)
        steps.addWidget(self._state, 0, 1)
        for row, name in enumerate(_LATER, start=1):
            button = _step_button(f"{row + 1}  {name}")
            button.setEnabled(False)
            button.setToolTip("This step comes with a later version of Brushwood.")
            later = QLabel("comes later")
            later.setEnabled(False)
            later.setToolTip(button.toolTip())
            self._later.append(button)
            steps.addWidget(button, row, 0)
            steps.addWidget(later, row, 1)
        layout.addLayout(steps)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addLayout(labelled("Device", self._device), 1)
        line.addWidget(self._test)
        layout.addLayout(line)
        layout.addWidget(self._status)
        layout.addStretch(1)

    def _sample_menu(self) -> QMenu:
        menu = QMenu(self)
        for key, title in _docks.samples():
            menu.addAction(title).setData(key)
        menu.triggered.connect(self._on_sample)
        return menu

    def event(self, event: QEvent) -> bool:
        """Stop when napari takes the widget out of its dock."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._stop()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Go on after the widget was taken out and put back."""
        super().showEvent(event)
        self._start()
        self._show_dots()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._running:
            self._show_dots()

    def _start(self) -> None:
        if self._running:
            return
        self._running = True
        for name in ("model", "device", "images"):
            getattr(self._session.state.events, name).connect(self._show)
        self._devices.look()
        self._show()

    def _stop(self) -> None:
        if not self._running:
            return
        self._running = False
        self._devices.stop()
        for name in ("model", "device", "images"):
            getattr(self._session.state.events, name).disconnect(self._show)

    def _show(self, value: object = None) -> None:
        state = self._session.state
        self._state.setText(step_text(state))
        self._show_dots()
        self._show_devices()

    def _show_dots(self) -> None:
        """Draw the dots in the colours of the theme."""
        self._step.setIcon(_dot(self._step, filled=self._session.state.model is not None))
        for button in self._later:
            button.setIcon(_dot(button, filled=False))

    def _show_devices(self) -> None:
        names, state = self._session.devices, self._session.state
        chosen = state.device if state.device in names else next(iter(names), None)
        self._device.set_entries([(name, device_text(name)) for name in names], chosen)
        self._device.setPlaceholderText("no device found" if state.device_problem else "looking …")
        self._device.setEnabled(bool(names))
        self._test.setEnabled(bool(names))
        if state.device_problem:
            self._say(state.device_problem)

    def _say(self, sentence: str) -> None:
        self._status.setText(sentence)

    def _on_sample(self, action: Any) -> None:
        unwrapped(self._viewer).open_sample(_docks.PLUGIN, action.data())

    def _on_tour(self) -> None:
        show_help("tour", self)

    def _on_step(self) -> None:
        from brushwood.gui.pixel_classifier import PixelClassifierWidget

        _docks.open_widget(self._viewer, PixelClassifierWidget, "Pixel classifier")

    def _on_device(self, name: str) -> None:
        self._session.state.device = name

    def _on_test(self) -> None:
        self._say("Testing the device …")
        self._devices.test(self._session.state.device)


def step_text(state: SessionState) -> str:
    """Describe the state of the first step: ``trained, 2 classes``."""
    if state.model is not None:
        n = len(state.model.class_ids)
        origin = f"loaded {state.model.origin}" if state.model.is_loaded else "trained"
        return f"{origin}, {n} classes"
    return "ready" if state.images else "needs an image"


def _step_button(text: str) -> QToolButton:
    button = QToolButton(text=text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setAutoRaise(True)
    return button


def _dot(widget: QWidget, *, filled: bool) -> QIcon:
    """Return a dot in the colour of the text: filled when a step is done."""
    side = max(8, widget.fontMetrics().height())
    pixmap = QPixmap(side, side)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = widget.palette().color(widget.foregroundRole())
    painter.setPen(colour)
    if filled:
        painter.setBrush(colour)
    inset = side // 4
    painter.drawEllipse(inset, inset, side - 2 * inset, side - 2 * inset)
    painter.end()
    return QIcon(pixmap)
