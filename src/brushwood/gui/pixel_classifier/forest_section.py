"""Section 4: the forest's options and what surrounds the forest."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from brushwood.forest.params import ForestParams
from brushwood.gui._forest_section import ForestSection as _ForestSection
from brushwood.gui._forms import OptionForm
from brushwood.session.state import Finish


class ForestSection(_ForestSection):
    """Shows how the forest is grown and what surrounds it."""

    finish_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("4  Forest", ForestParams(), parent=parent)
        self.finish = OptionForm(Finish())
        self.box.insertWidget(1, self.finish)
        self.finish.edited.connect(self.finish_edited)

    def show_options(self, params: ForestParams, finish: Finish) -> None:
        """Show the options."""
        self.finish.set_spec(finish)
        self.show_params(params)

    def reset(self) -> None:
        """Go back to the defaults."""
        super().reset()
        self.finish_edited.emit(Finish())
