"""The dock widget that napari opens: view and controller, started and stopped with its dock."""

from typing import Any

from qtpy.QtCore import QEvent, QSize
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from brushwood.gui.objects.controller import Controller
from brushwood.gui.objects.view import MakeObjectsView


class MakeObjectsWidget(QWidget):
    """Turn classes or probabilities into objects, and see them while choosing how.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari passes it by this name.
    """

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Make objects")
        # napari puts a stretch under widgets that do not claim the height.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.view = MakeObjectsView()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.controller = Controller(napari_viewer, self.view)
        self.controller.start()

    def sizeHint(self) -> QSize:
        """Ask for a dock that is wide enough to read and leaves the canvas large."""
        return QSize(52 * self.fontMetrics().averageCharWidth(), 640)

    def minimumSizeHint(self) -> QSize:
        """Let the user make the dock narrow, where everything wraps or elides, but not so low."""
        font = self.fontMetrics()
        height = self.view.actions.minimumSizeHint().height() + 12 * font.lineSpacing()
        return QSize(46 * font.averageCharWidth(), height)

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
