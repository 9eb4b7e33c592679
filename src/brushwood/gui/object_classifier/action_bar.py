"""The buttons under the sections of the object classifier."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from brushwood.gui._classifier_bar import ClassifierBar
from brushwood.gui._work_bar import enable


class ActionBar(ClassifierBar):
    """Buttons, progress and status; it emits wishes and shows what it is told."""

    next_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live.setToolTip("Train and classify after every mark.")
        self.load.setToolTip("Load an object model from a .brushwood file.")
        self.next = self.button("Next uncertain object", self.next_requested)
        self.arrange_around(self.next)

    def show_ready(
        self, *, train_reason: str, next_reason: str, save_reason: str, live: bool
    ) -> None:
        """Enable what can run; a disabled button says why."""
        self.show_common(save_reason=save_reason, live=live)
        enable(self.train, train_reason, "Train on all marks, and classify every object.")
        enable(self.next, next_reason, "Go to the object that the forest is least sure about.")
