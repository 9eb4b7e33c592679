"""The buttons under the sections of the pixel classifier."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from brushwood.gui._classifier_bar import ClassifierBar
from brushwood.gui._work_bar import enable


class ActionBar(ClassifierBar):
    """Buttons, progress and status; it emits wishes and shows what it is told."""

    apply_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live.setToolTip("Train at every stroke, and update what is in view.")
        self.load.setToolTip("Load a model from a .brushwood file.")
        self.apply = self.button("Apply to whole image", self.apply_requested)
        self.arrange_around(self.apply)

    def show_ready(
        self, *, train_reason: str, apply_reason: str, save_reason: str, live: bool
    ) -> None:
        """Enable what can run; a disabled button says why."""
        self.show_common(save_reason=save_reason, live=live)
        enable(self.train, train_reason, "Train on all strokes, and update what is in view.")
        enable(self.apply, apply_reason, "Compute the results everywhere, not only in view.")
