"""The *Brushwood* dock: a guide through the steps that shows where the user is."""

from typing import Any

from qtpy.QtCore import QEvent, Qt, QTimer
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
from brushwood.gui._scene import NapariScene, session_for, unwrapped
from brushwood.gui._widgets import KeyedCombo, labelled, wrapped_label
from brushwood.gui.recipes import RecipeBar
from brushwood.session.sentences import device_text
from brushwood.session.steps import STEPS, Progress, Step, tables_of

#: Changes that come in a burst, as when a sample opens, are shown once.
_SETTLE_MS = 100


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
        self._scene = NapariScene(napari_viewer)
        self._running = False
        self._rows = [(step, self._button(row, step), QLabel()) for row, step in enumerate(STEPS)]
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._show)
        self._devices = Devices(self._session, self)
        self._devices.found.connect(self._show_devices)
        self._devices.tested.connect(self._say)
        self._samples = QPushButton("Open a sample")
        self._samples.setToolTip("Open an image with ready strokes, to try things out.")
        self._samples.setMenu(self._sample_menu())
        self._tour = QPushButton("Open the tour")
        self._tour.setToolTip("Five minutes that show the whole way, step by step.")
        self._tour.clicked.connect(self._on_tour)
        self._device = KeyedCombo("The device that computes; a graphics card is usually faster.")
        self._device.key_chosen.connect(self._on_device)
        self._test = QPushButton("Self-test")
        self._test.setToolTip("Run a small computation on the device and check its result.")
        self._test.clicked.connect(self._on_test)
        self._recipes = RecipeBar(napari_viewer)
        self._recipes.said.connect(self._say)
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
        for row, (step, button, text) in enumerate(self._rows):
            text.setToolTip(step.tooltip)
            text.setEnabled(bool(step.widget))
            steps.addWidget(button, row, 0)
            steps.addWidget(text, row, 1)
        layout.addLayout(steps)
        layout.addWidget(self._recipes)
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
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._running:
            self._settle.start()

    def _start(self) -> None:
        if self._running:
            return
        self._running = True
        for events in self._states():
            events.connect(self._on_changed)
        self._scene.connect_layers(self._on_changed)
        self._devices.look()
        self._show()

    def _stop(self) -> None:
        if not self._running:
            return
        self._running = False
        self._settle.stop()
        self._devices.stop()
        self._recipes.stop()
        for events in self._states():
            events.disconnect(self._on_changed)
        self._scene.disconnect_layers(self._on_changed)

    def _states(self) -> list[Any]:
        """Return what tells that a step has come further."""
        session = self._session
        states = (session.state, session.making, session.measuring, session.comparing)
        more = (session.exploring, session.object_classes.state)
        return [state.events for state in (*states, *more)]

    def _on_changed(self, event: object = None) -> None:
        self._settle.start()

    def _progress(self) -> list[Progress]:
        objects = [self._scene.layer(one.key) for one in self._scene.objects()]
        tables = tables_of(layer.features for layer in objects if layer is not None)
        return [step.progress(self._session, self._scene, tables) for step in STEPS]

    def _show(self) -> None:
        """Show how far every step is, and the devices."""
        if not self._scene.is_alive:
            return
        for (_, button, text), progress in zip(self._rows, self._progress(), strict=True):
            text.setText(progress.text)
            button.setIcon(_dot(button, filled=progress.is_done))
        self._recipes.refresh()
        self._show_devices()

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

    def _button(self, row: int, step: Step) -> QToolButton:
        button = QToolButton(text=f"{row + 1}  {step.title}")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAutoRaise(True)
        button.setToolTip(step.tooltip)
        button.setEnabled(bool(step.widget))
        button.clicked.connect(lambda: _docks.open_named(self._viewer, step.widget))
        return button

    def _on_device(self, name: str) -> None:
        self._session.state.device = name

    def _on_test(self) -> None:
        self._say("Testing the device …")
        self._devices.test(self._session.state.device)


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
