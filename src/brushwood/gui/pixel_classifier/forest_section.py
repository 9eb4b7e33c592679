"""Section 4: the forest's options, folded away."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from brushwood.forest.params import ForestParams
from brushwood.gui._forms import OptionForm
from brushwood.gui._widgets import Section
from brushwood.session.state import Finish

_KINDS = {"extra": "extremely randomised trees", "random": "random forest"}


class ForestSection(Section):
    """Shows how the forest is grown and what surrounds it."""

    params_edited = Signal(object)
    finish_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("4  Forest", "How the forest is grown; the defaults are good.", parent)
        self.params = OptionForm(ForestParams())
        self.finish = OptionForm(Finish())
        self._reset = QPushButton("Defaults")
        self._reset.setToolTip("Set all options of this section back.")
        self.box.addWidget(self.params)
        self.box.addWidget(self.finish)
        self.box.addWidget(self._reset)
        self.params.edited.connect(self.params_edited)
        self.finish.edited.connect(self.finish_edited)
        self._reset.clicked.connect(self._on_reset)
        self.set_open(False)

    def show_options(self, params: ForestParams, finish: Finish) -> None:
        """Show the options."""
        self.params.set_spec(params)
        self.finish.set_spec(finish)
        depth = "any depth" if params.max_depth is None else f"depth {params.max_depth}"
        self.set_summary(f"— {params.n_trees} {_KINDS[params.kind]}, {depth}")

    def _on_reset(self) -> None:
        self.params_edited.emit(ForestParams())
        self.finish_edited.emit(Finish())
