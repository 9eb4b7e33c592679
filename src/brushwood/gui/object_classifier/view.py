"""The face of the object classifier: six sections that fold, buttons and a status line."""

from qtpy.QtWidgets import QVBoxLayout, QWidget

from brushwood.gui._forest_section import ForestSection
from brushwood.gui._validation_section import ValidationSection
from brushwood.gui._widgets import scrolled
from brushwood.gui.object_classifier.action_bar import ActionBar
from brushwood.gui.object_classifier.classes_section import ClassesSection
from brushwood.gui.object_classifier.columns_section import ColumnsSection
from brushwood.gui.object_classifier.objects_section import ObjectsSection
from brushwood.gui.object_classifier.result_section import ResultSection
from brushwood.session.object_state import ObjectState

#: What the forest's options are called where its rows are objects.
_WORDS = {
    "min_leaf": (
        "Objects in a leaf",
        "A larger number resists wrong marks and blurs fine classes.",
    ),
    "max_features": (
        "Columns a split",
        "How many columns each split tries: sqrt, log2, all, or a fraction.",
    ),
    "balance": ("Balance classes", "A class with few marks counts as much as others."),
    "seed": ("Seed", "Same marks and same seed, same result."),
    "max_rows": (
        "Most training objects",
        "Beyond this number, a random sample of the marked objects is used.",
    ),
}


class ObjectClassifierView(QWidget):
    """Shows and asks; it knows nothing of layers or models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.objects = ObjectsSection()
        self.classes = ClassesSection()
        self.columns = ColumnsSection()
        self.forest = ForestSection("4  Forest", ObjectState().forest, _WORDS)
        self.result = ResultSection()
        self.quality = ValidationSection("6  How good is it?")
        self.quality.set_open(False)
        self.actions = ActionBar()
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for section in (
            self.objects, self.classes, self.columns, self.forest, self.result, self.quality
        ):  # fmt: skip
            column.addWidget(section)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)
