"""The sections after the plot: can the groups be trusted, what makes them, and keep them."""

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from brushwood.explore.explain import Explanation
from brushwood.explore.stability import Run, Stability
from brushwood.gui._charts import Chart
from brushwood.gui._forms import OptionForm
from brushwood.gui._tables import fill_table, text_table
from brushwood.gui._widgets import KeyedCombo, Section, labelled, wrapped_label
from brushwood.gui.explore.tree_picture import TreePicture
from brushwood.session.classes import colour_of
from brushwood.session.explore_text import (
    beware_details,
    beware_sentence,
    explained_sentence,
    first_sentence,
)
from brushwood.session.explore_work import Explained, Kept, Trusted, Why

#: Points of a small multiple; more would not be told apart.
_MOST_POINTS = 1500
_COLUMNS = 4
#: Groups whose centres have a column in the ranking.
_MOST_GROUPS = 4


class TrustSection(Section):
    """Section 4: are the groups real? Repetitions, their agreement, small multiples."""

    run_requested = Signal()
    edited = Signal(object)

    def __init__(self, params: object, parent: QWidget | None = None) -> None:
        super().__init__(
            "4  Trust", "Do the groups come back with other seeds and samples?", parent
        )
        self.run = QPushButton()
        self.run.clicked.connect(self.run_requested)
        self.form = OptionForm(params)
        self.form.edited.connect(self.edited)
        self._answer = wrapped_label()
        self._multiples = pg.GraphicsLayoutWidget()
        self._multiples.setBackground(None)
        self._multiples.setToolTip("Every repetition, coloured by its groups.")
        self._multiples.setMinimumWidth(1)
        self._multiples.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for widget in (self.run, self.form, self._answer, self._multiples):
            self.box.addWidget(widget)
        self._multiples.hide()
        self._answer.hide()
        self.set_summary("— not tested")

    def show_params(self, n_runs: int, reason: str) -> None:
        """Show what the button does, and whether it can."""
        self.run.setText(f"Repeat {n_runs} times")
        self.run.setEnabled(not reason)
        self.run.setToolTip(reason or "Repeat layout and groups with other seeds and samples.")

    def show_nothing(self) -> None:
        """Show that the present groups were not tested."""
        self._answer.hide()
        self._multiples.hide()
        self.set_summary("— not tested")

    def show_answer(self, done: Trusted, sentence: str) -> None:
        """Show an answer."""
        self._answer.setText(sentence)
        self._answer.show()
        self._draw(done.stability)
        self.set_summary(f"— {first_sentence(sentence)}")

    def _draw(self, found: Stability) -> None:
        self._multiples.clear()
        for number, run in enumerate(found.runs):
            plot = self._multiples.addPlot(number // _COLUMNS, number % _COLUMNS)
            plot.hideAxis("left")
            plot.hideAxis("bottom")
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setTitle(f"run {number + 1}", size="8pt", color=self._ink())
            self._scatter(plot, run)
        rows = -(-len(found.runs) // _COLUMNS)
        self._multiples.setFixedHeight(rows * 7 * self.fontMetrics().lineSpacing())
        self._multiples.setVisible(bool(found.runs))

    def _scatter(self, plot: pg.PlotItem, run: Run) -> None:
        keep = np.random.default_rng(0).permutation(len(run.ids))[:_MOST_POINTS]
        at, ids = run.positions[keep, :2], run.ids[keep]
        for i in np.unique(ids):
            mine = at[ids == i]
            colour = QColor(colour_of(int(i)) if i else "#888888")
            y = mine[:, 1] if mine.shape[1] > 1 else np.zeros(len(mine))
            plot.addItem(pg.ScatterPlotItem(mine[:, 0], y, size=3, pen=None, brush=colour))

    def _ink(self) -> QColor:
        return self.palette().color(self.foregroundRole())


class WhySection(Section):
    """Section 5: which columns go with the groups, which say the same, what a classifier sees."""

    run_requested = Signal()
    explain_requested = Signal()
    columns_requested = Signal(tuple)
    class_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("5  Why", "Which measurements make the groups.", parent)
        self.run = QPushButton("Rank the columns")
        self.run.clicked.connect(self.run_requested)
        self.explain = QPushButton("Explain (SHAP)")
        self.explain.clicked.connect(self.explain_requested)
        self._use = QPushButton("Explore the small set only")
        self._use.setToolTip("Tick only the suggested columns in section 1; then press Run again.")
        self._use.clicked.connect(lambda: self.columns_requested.emit(self._suggested))
        self._suggested: tuple[str, ...] = ()
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.run, 1)
        line.addWidget(self.explain, 1)
        self._answer = wrapped_label()
        self._caption = wrapped_label(
            "Correlation with the distance to each group's centre, and η², the share of the "
            "variance between groups; ★ the small set:"
        )
        self._table = text_table("Columns, those that go with the groups most first.")
        self._map_caption = wrapped_label("Columns that say the same stand beside each other:")
        self._map = Chart("Correlations of all columns: blue against, red along.", lines=18)
        self._explained, self._beware = wrapped_label(), wrapped_label()
        self._class = KeyedCombo("The group whose reasons are shown.")
        self._class.key_chosen.connect(self.class_chosen)
        self._class_row = QWidget()
        self._class_row.setLayout(labelled("Group", self._class))
        self._class_row.layout().setContentsMargins(0, 0, 0, 0)
        self._swarm = Chart(
            "Each point is an object: right of zero speaks for the group. Orange: a large value, "
            "blue: a small one.",
            lines=20,
        )
        self._bars_caption = wrapped_label()
        self._bars = text_table("What spoke for and against the group in one object.")
        self._importance = text_table("Importance by SHAP, and by shuffling on held-out objects.")
        self.box.addLayout(line)
        for widget in self._parts():
            self.box.addWidget(widget)
        for table in (self._table, self._importance, self._bars):
            table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
            table.setWordWrap(False)
        self.show_nothing()

    def _parts(self) -> tuple[QWidget, ...]:
        return (
            self._answer, self._use, self._caption, self._table, self._map_caption, self._map,
            self._explained, self._beware, self._class_row, self._swarm, self._importance,
            self._bars_caption, self._bars,
        )  # fmt: skip

    def show_ready(self, reason: str, missing: str) -> None:
        """Say what can run; `missing` says what SHAP lacks."""
        self.run.setEnabled(not reason)
        self.run.setToolTip(reason or "Rank the columns by how they go with the groups.")
        self.explain.setEnabled(not (reason or missing))
        self.explain.setToolTip(reason or missing or "Show what a classifier looks at (SHAP).")

    def show_nothing(self) -> None:
        """Show no answer."""
        for widget in self._parts():
            widget.hide()
        self.set_summary("— not asked")

    def show_reasons(self, done: Why, sentence: str) -> None:
        """Show a ranking and the correlations."""
        found = done.ranking
        self._answer.setText(sentence)
        self._suggested = found.suggested
        header = ("column", *(f"to {g}" for g in found.groups[:_MOST_GROUPS]), "η²")
        rows = []
        for name, each, eta in zip(found.columns, found.to_center, found.eta_squared, strict=True):
            numbers = [f"{v:.2f}" for v in (*each[:_MOST_GROUPS], eta)]
            mark = "★ " if name in found.suggested else ""
            rows.append((f"{mark}{name}", *numbers))
        fill_table(self._table, header, rows)
        self._map.show_heat(done.correlations.matrix, done.correlations.columns)
        for widget in self._parts()[:6]:
            widget.show()
        self.set_summary(f"— {', '.join(found.columns[:3])}")

    def show_explained(self, done: Explained, class_id: int) -> None:
        """Show SHAP values of one group, and both importances."""
        found = done.explanation
        self._explained.setText(
            f"{explained_sentence(done)} Orange: large values, blue: small ones."
        )
        self._beware.setText(beware_sentence(done))
        self._beware.setToolTip(beware_details(done))
        self._beware.setVisible(bool(found.warnings))
        self._class.set_entries([(i, found.class_names[i]) for i in found.classes], class_id)
        swarm = found.swarm(class_id)
        names = [str(n) for n in swarm["column"].unique()]
        self._swarm.show_swarm(
            swarm["shap"],
            swarm["y"],
            swarm["color"],
            names,
            f"speaks for {found.class_names[class_id]}",
        )
        at = found.classes.index(class_id)
        rows = [
            (name, f"{found.importance[k, at]:.3f}", f"{found.permutation[k]:.3f}")
            for k, name in enumerate(found.columns)
        ]
        fill_table(self._importance, ("column", "SHAP", "shuffled"), rows)
        for widget in (self._explained, self._class_row, self._swarm, self._importance):
            widget.show()

    def show_bars(self, found: Explanation, row: int, label: int, class_id: int) -> None:
        """Show what spoke for a group in one object."""
        bars = found.bars(row, class_id)
        p = max(0.0, bars.attrs["probability"])  # rounding may give -0.00
        self._bars_caption.setText(
            f"Object {label}: {found.class_names[class_id]} with probability {p:.2f}, because of"
        )
        rows = [
            (str(line.column), f"{line.value:.4g}", f"{line.shap:+.3f}")
            for line in bars.head(8).itertuples()
        ]
        fill_table(self._bars, ("column", "value", "speaks"), rows)
        self._bars_caption.show()
        self._bars.show()

    def hide_bars(self) -> None:
        """Show no single object."""
        self._bars_caption.hide()
        self._bars.hide()


class KeepSection(Section):
    """Section 6: a classifier that makes the grouping repeatable."""

    run_requested = Signal()
    save_requested = Signal()
    apply_requested = Signal()
    edited = Signal(object)

    def __init__(self, params: object, parent: QWidget | None = None) -> None:
        super().__init__("6  Keep", "Make the groups repeatable on other images.", parent)
        self.run = QPushButton("Train a classifier on these groups")
        self.run.clicked.connect(self.run_requested)
        self.form = OptionForm(params)
        self.form.edited.connect(self.edited)
        self._answer = wrapped_label()
        self._tree = TreePicture()
        self.save = QPushButton("Save…")
        self.save.setToolTip("Save the classifier as a model for the object classifier.")
        self.save.clicked.connect(self.save_requested)
        self.apply = QPushButton("Apply to all layers")
        self.apply.setToolTip("Give the objects of every measured layer their group.")
        self.apply.clicked.connect(self.apply_requested)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.apply, 1)
        line.addWidget(self.save, 1)
        for widget in (self.run, self.form, self._answer, self._tree):
            self.box.addWidget(widget)
        self.box.addLayout(line)
        self.show_nothing()

    def show_ready(self, reason: str, has_classifier: bool) -> None:
        """Say what can run."""
        self.run.setEnabled(not reason)
        self.run.setToolTip(reason or "Train on these groups, and test on held-out objects.")
        for button in (self.save, self.apply):
            button.setEnabled(has_classifier)

    def show_nothing(self) -> None:
        """Show no classifier."""
        self._answer.hide()
        self._tree.hide()
        self.set_summary("— no classifier")

    def show_answer(self, done: Kept, sentence: str) -> None:
        """Show agreement, and the tree to read."""
        self._answer.setText(sentence)
        self._tree.show_tree(done.surrogate.tree)
        self._answer.show()
        self._tree.show()
        self.set_summary(f"— {first_sentence(sentence)}")
