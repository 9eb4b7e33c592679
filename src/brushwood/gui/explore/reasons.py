"""Show what a classifier looks at: of a group, and in the one object that is selected."""

from typing import Any

import numpy as np
from qtpy.QtCore import QObject

from brushwood.session.explore_work import Explained


class Reasons(QObject):
    """Holds the explanation, and follows the selection."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._controller = controller
        self._section = controller.view.why
        self.explained: Explained | None = None
        self._class = 1
        self._section.class_chosen.connect(self.show_class)

    def start(self) -> None:
        """Follow the selection."""
        self._controller.session.selection.events.selected.connect(self.show_selected)

    def stop(self) -> None:
        """Stop following."""
        self._controller.session.selection.events.selected.disconnect(self.show_selected)

    def forget(self) -> None:
        """Drop the explanation."""
        self.explained = None

    def take(self, explained: Explained) -> None:
        """Show an explanation, of the first group."""
        self.explained = explained
        self.show_class(explained.explanation.classes[0])

    def show_class(self, class_id: Any) -> None:
        """Show the reasons for another group."""
        self._class = int(class_id)
        if self.explained is not None:
            self._section.show_explained(self.explained, self._class)
            self.show_selected()

    def show_selected(self, selected: object = None) -> None:
        """Show what spoke for the group in the one object that is selected."""
        rows = self._controller.rows
        if self.explained is None or rows is None:
            return
        chosen = np.flatnonzero(self._controller.plot.selected)
        found = self.explained.explanation
        if len(chosen) == 1 and chosen[0] in found.rows:
            row = int(chosen[0])
            self._section.show_bars(found, row, int(rows.label[row]), self._class)
        else:
            self._section.hide_bars()
