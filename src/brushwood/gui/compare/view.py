"""The face of the comparison: what with what, how, and what came out."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from brushwood.evaluate.scores import PixelScores
from brushwood.gui._charts import LINE_COLOURS, Chart, Line
from brushwood.gui._tables import fill_table, text_table
from brushwood.gui._widgets import KeyedCombo, Section, labelled, scrolled, wrapped_label
from brushwood.gui._work_bar import WorkBar, enable
from brushwood.session.compare_text import Rows
from brushwood.session.compare_work import Finding, ObjectsCompared, PixelsCompared
from brushwood.session.comparing import MEANINGS, CompareReadiness, CompareState

#: Findings that are listed; more would not be read.
_MOST_FINDINGS = 500


class LayersSection(Section):
    """Section 1: the truth, what is compared with it, and where."""

    truth_chosen = Signal(object)
    prediction_chosen = Signal(object)
    region_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("1  Layers", "What is compared with what.", parent)
        self._truth = KeyedCombo("The labels layer that is right.")
        self._prediction = KeyedCombo("The labels layer to judge.")
        self._region = KeyedCombo("Compare only inside this layer's shapes or labels.")
        self._truth.key_chosen.connect(self.truth_chosen)
        self._prediction.key_chosen.connect(self.prediction_chosen)
        self._region.key_chosen.connect(self.region_chosen)
        self.box.addLayout(labelled("Truth", self._truth))
        self.box.addLayout(labelled("Compare", self._prediction))
        self.box.addLayout(labelled("Only inside", self._region))

    def show_layers(
        self, ready: CompareReadiness, state: CompareState, regions: Sequence[tuple[str, str]]
    ) -> None:
        """Show the layers to choose from, and the choice."""
        entries = [(layer.key, layer.name) for layer in ready.maps]
        for combo, key in ((self._truth, state.truth), (self._prediction, state.prediction)):
            combo.set_entries(entries, key)
            combo.setPlaceholderText("choose a layer" if entries else "no labels layer is open")
            combo.setEnabled(bool(entries))
        self._region.set_entries([(None, "the whole image"), *regions], state.region)
        names = [layer.name if layer else "…" for layer in (ready.truth, ready.prediction)]
        self.set_summary(f"— {names[1]} against {names[0]}")


class HowSection(Section):
    """Section 2: pixels or objects, and what counts."""

    what_chosen = Signal(object)
    unknown_chosen = Signal(bool)
    class_chosen = Signal(object)
    iou_chosen = Signal(float)
    sparse_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("2  How", "Pixel by pixel, or object by object.", parent)
        self._what = KeyedCombo("Compare class ids pixel by pixel, or match whole objects.")
        self._what.key_chosen.connect(self.what_chosen)
        self._unknown = QCheckBox("0 in the truth means unknown")
        self._unknown.setToolTip("Leave out pixels that nobody annotated; untick if 0 is a class.")
        self._unknown.toggled.connect(self.unknown_chosen)
        self._class = KeyedCombo("The class that is shown in detail.")
        self._class.key_chosen.connect(self.class_chosen)
        self._iou = QDoubleSpinBox(minimum=0.05, maximum=1.0, singleStep=0.05, decimals=2)
        self._iou.setToolTip(
            "Objects match from this overlap on: shared area over the area of both together."
        )
        self._iou.setKeyboardTracking(False)
        self._iou.valueChanged.connect(self.iou_chosen)
        self._sparse = QCheckBox("Only some objects are annotated")
        self._sparse.setToolTip(
            "Judge the annotated objects only; nothing is said about extra ones."
        )
        self._sparse.toggled.connect(self.sparse_chosen)
        self.box.addLayout(labelled("Compare", self._what))
        self._pixels, self._objects = QWidget(), QWidget()
        for panel, rows in (
            (self._pixels, (self._unknown, labelled("Class", self._class))),
            (self._objects, (labelled("Overlap at least", self._iou), self._sparse)),
        ):
            column = QVBoxLayout(panel)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            for row in rows:
                column.addWidget(row) if isinstance(row, QWidget) else column.addLayout(row)
            self.box.addWidget(panel)

    def show_state(self, state: CompareState, classes: Sequence[tuple[int, str]]) -> None:
        """Show the choices."""
        self._what.set_entries(
            [("pixels", "pixels, by class"), ("objects", "objects, by overlap")], state.what
        )
        self._pixels.setVisible(state.what == "pixels")
        self._objects.setVisible(state.what == "objects")
        self._class.set_entries([(None, "the rarest"), *classes], state.class_id)
        for editor, value in (
            (self._unknown, state.zero_is_unknown),
            (self._sparse, state.is_sparse),
        ):
            editor.blockSignals(True)
            editor.setChecked(value)
            editor.blockSignals(False)
        self._iou.blockSignals(True)
        self._iou.setValue(state.min_iou)
        self._iou.blockSignals(False)
        text = "pixels" if state.what == "pixels" else f"objects, IoU ≥ {state.min_iou:g}"
        self.set_summary(f"— {text}")


class ScoresSection(Section):
    """Section 3: scores, a chart, and what to look at."""

    finding_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("3  Scores", "What came out.", parent)
        self._empty = wrapped_label("Nothing is compared yet.")
        self._stale = wrapped_label("The layers changed since: press Compare again.")
        self._scores = text_table("Scores; point at a name to read what it means.")
        self._legend = wrapped_label()
        self._legend.setToolTip("What the colours of the layer of differences mean.")
        self._caption = wrapped_label()
        self.chart = Chart("How the score depends on what is looked at.", lines=13)
        self._matrix_caption = wrapped_label("Share of each true class, by what was predicted:")
        self.matrix = Chart("Which classes are confused.", lines=10)
        self._findings_caption = wrapped_label()
        self._findings = text_table("Double-click takes the camera to the object.")
        self._findings.itemDoubleClicked.connect(self._on_finding)
        self._found: tuple[Finding, ...] = ()
        for widget in (
            self._empty, self._stale, self._legend, self._scores, self._caption, self.chart,
            self._matrix_caption, self.matrix, self._findings_caption, self._findings,
        ):  # fmt: skip
            self.box.addWidget(widget)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Show that nothing was compared yet."""
        for widget in (
            self._stale, self._legend, self._scores, self._caption, self.chart,
            self._matrix_caption, self.matrix, self._findings_caption, self._findings,
        ):  # fmt: skip
            widget.hide()
        self._empty.show()

    def show_stale(self, stale: bool) -> None:
        """Say whether layers changed since the comparison."""
        self._stale.setVisible(stale and not self._scores.isHidden())

    def show_done(self, done: PixelsCompared | ObjectsCompared, rows: Rows) -> None:
        """Show a result."""
        self.show_nothing()
        self._empty.hide()
        values = [(name, value) for name, value, _ in rows]
        fill_table(self._scores, ("score", "value"), values, [tip for *_, tip in rows])
        self._scores.show()
        self._legend.setText(_chips(MEANINGS[done.request.what]))
        self._legend.show()
        if isinstance(done, PixelsCompared):
            self._show_pixels(done)
        else:
            self._show_objects(done)

    def _show_pixels(self, done: PixelsCompared) -> None:
        curve = done.curve
        if curve is not None:
            self.chart.show_lines(
                [
                    Line("accuracy", curve.margin, curve.accuracy, LINE_COLOURS[1]),
                    Line("Jaccard", curve.margin, curve.jaccard, LINE_COLOURS[0]),
                ],
                "background around, pixels",
                "score",
                y_range=(0, 1),
                marks=[(curve.real, "this image")],
            )
            self._caption.setText(
                "The more background is looked at, the better accuracy looks; Jaccard stays:"
            )
            self._caption.show()
            self.chart.show()
        self._show_matrix(done.scores)

    def _show_matrix(self, scores: PixelScores) -> None:
        sizes = scores.confusion.sum(axis=1, keepdims=True)
        share = scores.confusion / sizes.clip(min=1)
        self.matrix.show_matrix(share, [scores.names.get(i, str(i)) for i in scores.ids])
        self._matrix_caption.show()
        self.matrix.show()

    def _show_objects(self, done: ObjectsCompared) -> None:
        if not done.request.is_sparse:
            x = [s.min_iou for s in done.curve]
            self.chart.show_lines(
                [
                    Line("F1", x, [s.f1 for s in done.curve], LINE_COLOURS[0], points=True),
                    Line(
                        "average precision",
                        x,
                        [s.average_precision for s in done.curve],
                        LINE_COLOURS[1],
                        points=True,
                    ),
                ],
                "overlap at least (IoU)",
                "score",
                y_range=(0, 1),
            )
            self._caption.setText("The stricter the overlap, the fewer objects match:")
            self._caption.show()
            self.chart.show()
        self._found = done.findings[:_MOST_FINDINGS]
        more = len(done.findings) - len(self._found)
        also = f", the {len(self._found)} largest listed" if more else ""
        self._findings_caption.setText(
            f"{len(done.findings)} objects to look at{also}; double-click goes there."
            if done.findings
            else "Every object was found, and none is extra."
        )
        self._findings_caption.show()
        rows = [(f.kind, f"{f.label}", f"{f.size:,}", f"{f.iou:.2f}") for f in self._found]
        fill_table(self._findings, ("what", "label", "pixels", "IoU"), rows)
        self._findings.setVisible(bool(rows))

    def _on_finding(self, item: QTableWidgetItem) -> None:
        self.finding_chosen.emit(self._found[item.row()])


class CompareActions(WorkBar):
    """Compare, help, copy; progress and status."""

    compare_requested = Signal()
    help_requested = Signal()
    copy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compare = self.button("Compare", self.compare_requested)
        self._compare.setDefault(True)
        self._copy = self.button("Copy as Python", self.copy_requested)
        self._help = self.button("Help", self.help_requested)
        self._help.setToolTip("Read what the scores mean.")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._compare, 1)
        row.addWidget(self._copy)
        row.addWidget(self._help)
        self.arrange(row)

    def show_ready(self, reason: str) -> None:
        """Enable what can run."""
        enable(self._compare, reason, "Compare the two layers, and show where they differ.")
        enable(self._copy, reason, "Copy a script that computes the same scores.")


class CompareView(QWidget):
    """Shows and asks; it knows nothing of layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers = LayersSection()
        self.how = HowSection()
        self.scores = ScoresSection()
        self.actions = CompareActions()
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for section in (self.layers, self.how, self.scores):
            column.addWidget(section)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)


def _chips(meanings: Sequence[tuple[str, str]]) -> str:
    """Write a legend: a square in each colour, and its name."""
    return " ".join(
        f'<span style="color:{colour}">■</span>&nbsp;{name.replace(" ", "&nbsp;")}'
        for name, colour in meanings
        if colour
    )
