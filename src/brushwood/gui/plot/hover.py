"""The card that follows the pointer: the object's picture and its row."""

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

#: Distance from the pointer, pixels.
_GAP = 14


class HoverCard(QFrame):
    """A small frame over the plot; it never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.picture, self.text = QLabel(), QLabel()
        line = QHBoxLayout(self)
        line.setContentsMargins(6, 4, 6, 4)
        line.setSpacing(6)
        line.addWidget(self.picture)
        line.addWidget(self.text)
        self.hide()

    def show_at(self, point: QPoint, text: str, picture: QPixmap | None) -> None:
        """Show text and picture beside the pointer, inside the plot."""
        self.text.setText(text)
        self.picture.setVisible(picture is not None)
        if picture is not None:
            self.picture.setPixmap(picture)
        self.adjustSize()
        room = self.parentWidget().rect()
        x, y = point.x() + _GAP, point.y() + _GAP
        if x + self.width() > room.width():
            x = point.x() - _GAP - self.width()
        if y + self.height() > room.height():
            y = point.y() - _GAP - self.height()
        self.move(max(0, x), max(0, y))
        self.show()
        self.raise_()
