"""A line on top that offers to go on with a run that did not end."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from brushwood.gui._widgets import rule, wrapped_label


class ResumeBar(QWidget):
    """Hidden unless there is such a run."""

    go_on_requested = Signal()
    forget_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = wrapped_label()
        self.go_on = QPushButton("Go on")
        self.go_on.setToolTip("Take over the choices of that run, and do what is not done yet.")
        self.go_on.clicked.connect(self.go_on_requested)
        self.forget = QPushButton("Forget it")
        self.forget.setToolTip("Do not offer this run again; its files stay as they are.")
        self.forget.clicked.connect(self.forget_requested)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.go_on, 1)
        row.addWidget(self.forget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self._text)
        layout.addLayout(row)
        layout.addWidget(rule())
        self.hide()

    def show_run(self, text: str, tooltip: str = "") -> None:
        """Offer a run; "" hides the line."""
        self._text.setText(text)
        self._text.setToolTip(tooltip)
        self.setVisible(bool(text))
