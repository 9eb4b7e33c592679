"""The section with the forest's options, folded away because the defaults are good."""

from collections.abc import Mapping

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from brushwood.forest.params import ForestParams
from brushwood.gui._forms import OptionForm
from brushwood.gui._widgets import Section

_KINDS = {"extra": "extremely randomised trees", "random": "trees of a random forest"}


class ForestSection(Section):
    """Shows how the forest is grown.

    Parameters
    ----------
    title : str
    defaults : ForestParams
        What *Defaults* goes back to.
    words : mapping of field to (label, tooltip), optional
        What to call fields that are about pixels elsewhere.
    """

    params_edited = Signal(object)

    def __init__(
        self,
        title: str,
        defaults: ForestParams,
        words: Mapping[str, tuple[str, str]] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, "How the forest is grown; the defaults are good.", parent)
        self._defaults = defaults
        self.params = OptionForm(defaults, words=words)
        self._reset = QPushButton("Defaults")
        self._reset.setToolTip("Set all options of this section back.")
        self.box.addWidget(self.params)
        self.box.addWidget(self._reset)
        self.params.edited.connect(self.params_edited)
        self._reset.clicked.connect(self.reset)
        self.set_open(False)

    def show_params(self, params: ForestParams) -> None:
        """Show the options."""
        self.params.set_spec(params)
        depth = "any depth" if params.max_depth is None else f"depth {params.max_depth}"
        self.set_summary(f"— {params.n_trees} {_KINDS[params.kind]}, {depth}")

    def reset(self) -> None:
        """Go back to the defaults."""
        self.params_edited.emit(self._defaults)
