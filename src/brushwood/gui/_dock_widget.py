"""A dock widget: a face and its controller, started and stopped with the dock."""

from typing import Protocol

from qtpy.QtCore import QEvent, QSize
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget


class DockController(Protocol):
    """What follows the viewer while a dock is open."""

    def start(self) -> None:
        """Begin to follow. Calling it again does nothing."""
        ...

    def stop(self) -> None:
        """Let everything go. Calling it again does nothing."""
        ...


class DockWidget(QWidget):
    """Base of Brushwood's docks; a subclass hands over its face and controller with `set_up`."""

    controller: DockController
    #: Letters that fit side by side in the narrowest dock.
    narrowest = 36
    _foot: QWidget

    def set_up(self, title: str, face: QWidget, controller: DockController, foot: QWidget) -> None:
        """Show the face, and start the controller. Call once, from ``__init__``.

        Parameters
        ----------
        title : str
        face : QWidget
        controller : DockController
        foot : QWidget
            The part of the face that must never be cut off: its buttons.
        """
        self.setWindowTitle(title)
        # napari puts a stretch under widgets that do not claim the height.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(face)
        self.controller, self._foot = controller, foot
        controller.start()

    def sizeHint(self) -> QSize:
        """Ask for a dock that is wide enough to read and leaves the canvas large."""
        return QSize(52 * self.fontMetrics().averageCharWidth(), 640)

    def minimumSizeHint(self) -> QSize:
        """Let the user make the dock narrow, where everything wraps or elides, but not so low.

        Beside another dock a lower one would have its buttons cut off.
        """
        font = self.fontMetrics()
        height = self._foot.minimumSizeHint().height() + 12 * font.lineSpacing()
        return QSize(self.narrowest * font.averageCharWidth(), height)

    def event(self, event: QEvent) -> bool:
        """Stop when napari takes the widget out of its dock: `closeEvent` never comes then."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.controller.stop()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Go on after the widget was taken out and put back."""
        super().showEvent(event)
        self.controller.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop when the whole window closes; a dock that is only hidden goes on."""
        super().hideEvent(event)
        window = self.window()
        if window is not self and not window.isVisible() and not window.isMinimized():
            self.controller.stop()
