"""A section of both classifiers that says how good they are on what they were not shown."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from brushwood.evaluate.compare import DecisionRegions
from brushwood.evaluate.learning import LearningCurve, score_title
from brushwood.evaluate.validate import Validation
from brushwood.gui._charts import LINE_COLOURS, Chart, Line
from brushwood.gui._tables import fill_table, text_table
from brushwood.gui._widgets import KeyedCombo, Section, labelled, wrapped_label
from brushwood.session.validating import QUESTIONS, Validated, ValidatingState

#: Ways to hold out: folds, or a share once.
_SPLITS: tuple[tuple[tuple[int, float], str], ...] = (
    ((5, 0.25), "each once, 5 parts"),
    ((10, 0.25), "each once, 10 parts"),
    ((0, 0.1), "10 % once"),
    ((0, 0.25), "25 % once"),
    ((0, 0.5), "50 % once"),
)
_MODELS = (
    "this forest", "decision tree", "random forest", "extra trees", "logistic regression",
    "k nearest neighbours", "gradient boosting", "multilayer perceptron",
)  # fmt: skip


class ValidationSection(Section):
    """Asks and shows; emits what the user wants to know."""

    test_requested = Signal()
    choice_made = Signal(str, object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, "How good the classifier is on what it was not shown.", parent)
        self._question = KeyedCombo("What you want to know.")
        self._by = KeyedCombo("What is held out whole, so that no neighbour gives it away.")
        self._split = KeyedCombo("How much is held out, and how often.")
        self._model = KeyedCombo("Whose decisions are drawn.")
        self._x = KeyedCombo("The feature along the horizontal axis.")
        self._y = KeyedCombo("The feature along the vertical axis.")
        self._run = QPushButton("Test")
        self._run.clicked.connect(self.test_requested)
        self._question.key_chosen.connect(lambda key: self.choice_made.emit("question", key))
        self._by.key_chosen.connect(lambda key: self.choice_made.emit("by", key))
        self._split.key_chosen.connect(self._on_split)
        self._model.key_chosen.connect(lambda key: self.choice_made.emit("model", key))
        for combo in (self._x, self._y):
            combo.key_chosen.connect(self._on_feature)
        self._answer = wrapped_label()
        self._table = text_table("What was measured; point at a number to read it whole.")
        self._caption = wrapped_label()
        self._chart = Chart("The answer as a chart.", lines=14)
        self._matrix_caption = wrapped_label("Held-out pixels or objects, by what was predicted:")
        self._matrix = Chart("Which classes are confused.")
        self._names: tuple[str, ...] = ()
        self._arrange()
        self.show_nothing()

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._question, 1)
        line.addWidget(self._run)
        self.box.addLayout(line)
        self._how, self._draw = QWidget(), QWidget()
        for panel, rows in (
            (self._how, (labelled("Hold out", self._by), labelled("How", self._split))),
            (
                self._draw,
                (labelled("Classifier", self._model), labelled("Features", self._x, self._y)),
            ),
        ):
            column = QVBoxLayout(panel)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            for row in rows:
                column.addLayout(row)
            self.box.addWidget(panel)
        for widget in self._shown():
            self.box.addWidget(widget)

    def _shown(self) -> tuple[QWidget, ...]:
        """Return what an answer is made of."""
        charts = (self._caption, self._chart, self._matrix_caption, self._matrix)
        return (self._answer, self._table, *charts)

    def show_choices(
        self, state: ValidatingState, bys: Sequence[str], reason: str, names: Sequence[str] = ()
    ) -> None:
        """Show the choices, and whether a test can run."""
        self._question.set_entries(list(QUESTIONS.items()), state.question)
        self._by.set_entries([(by, f"whole {by}s") for by in bys], state.by)
        self._split.set_entries(list(_SPLITS), (state.n_folds, state.share))
        self._model.set_entries([(name, name) for name in _MODELS], state.model)
        self._names = tuple(names) or self._names
        entries = [(-1, "the most telling"), *enumerate(self._names)]
        self._x.set_entries(entries, state.features[0])
        self._y.set_entries(entries, state.features[1])
        self._how.setVisible(state.question != "regions")
        self._draw.setVisible(state.question == "regions")
        self._run.setEnabled(not reason)
        self._run.setToolTip(reason or "Find out, in the background; painting goes on.")

    def show_nothing(self) -> None:
        """Show no answer."""
        for widget in self._shown():
            widget.hide()
        self.set_summary("— not tested")

    def show_problem(self, sentence: str) -> None:
        """Say why there is no answer."""
        self.show_nothing()
        self._answer.setText(sentence)
        self._answer.show()

    def show_answer(self, done: Validated, colours: dict[int, str]) -> None:
        """Show an answer."""
        self.show_nothing()
        self._names = done.names or self._names
        self._answer.setText(done.sentence)
        self._answer.show()
        if done.rows:
            fill_table(self._table, done.header, done.rows)
            self._table.show()
        if isinstance(done.found, Validation):
            self._show_test(done, done.found)
        elif isinstance(done.found, LearningCurve):
            self._show_curve(done.found)
        elif isinstance(done.found, DecisionRegions):
            self._show_regions(done, done.found, colours)
        self.set_summary(f"— {done.sentence.split(';')[0].split('. ')[0]}")

    def _show_test(self, done: Validated, found: Validation) -> None:
        scores = found.scores
        share = scores.confusion / scores.confusion.sum(axis=1, keepdims=True).clip(min=1)
        self._matrix.show_matrix(share, [scores.names.get(i, str(i)) for i in scores.ids])
        self._matrix_caption.show()
        self._matrix.show()
        lines = [Line("perfect", [0, 1], [0, 1], "#888888", dashed=True)]
        lines += [
            Line(name, c.predicted, c.observed, LINE_COLOURS[k % len(LINE_COLOURS)], points=True)
            for k, (name, c) in enumerate(done.reliabilities)
        ]
        self._chart.show_lines(lines, "probability predicted", "share that came true")
        self._caption.setText("Do the probabilities mean what they say?")
        self._caption.show()
        self._chart.show()

    def _show_curve(self, found: LearningCurve) -> None:
        n = found.n_units
        self._chart.show_lines(
            [
                Line("held-out", n, _means(found.test), LINE_COLOURS[0], points=True),
                Line("training (optimistic)", n, _means(found.train), LINE_COLOURS[1], dashed=True),
            ],
            f"{found.by}s learned from",
            score_title(found.score),
        )
        self._chart.show()

    def _show_regions(
        self, done: Validated, found: DecisionRegions, colours: dict[int, str]
    ) -> None:
        x, y = (done.names[k] if k < len(done.names) else str(k) for k in done.features)
        self._chart.show_regions(
            found.x, found.y, found.classes, found.confidence, done.points, colours, (x, y)
        )
        self._chart.show()

    def _on_split(self, key: tuple[int, float]) -> None:
        self.choice_made.emit("n_folds", key[0])
        self.choice_made.emit("share", key[1])

    def _on_feature(self, key: object = None) -> None:
        chosen = (self._x.key, self._y.key)
        self.choice_made.emit("features", tuple(-1 if k is None else k for k in chosen))


def _means(values: Any) -> Any:
    known = np.isfinite(values)
    return np.where(
        known.any(axis=1), np.nansum(values, axis=1) / known.sum(axis=1).clip(1), np.nan
    )
