"""The face of the pixel classifier: six sections that fold, buttons and a status line."""

from qtpy.QtWidgets import QVBoxLayout, QWidget

from brushwood.gui._validation_section import ValidationSection
from brushwood.gui._widgets import scrolled
from brushwood.gui.pixel_classifier.action_bar import ActionBar
from brushwood.gui.pixel_classifier.annotate_section import AnnotateSection
from brushwood.gui.pixel_classifier.features_section import FeaturesSection
from brushwood.gui.pixel_classifier.forest_section import ForestSection
from brushwood.gui.pixel_classifier.image_section import ImageSection
from brushwood.gui.pixel_classifier.result_section import ResultSection


class PixelClassifierView(QWidget):
    """Shows and asks; it knows nothing of layers or models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = ImageSection()
        self.annotate = AnnotateSection()
        self.features = FeaturesSection()
        self.forest = ForestSection()
        self.result = ResultSection()
        self.quality = ValidationSection("6  How good is it?")
        self.quality.set_open(False)
        self.actions = ActionBar()
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for section in (
            self.image, self.annotate, self.features, self.forest, self.result, self.quality
        ):  # fmt: skip
            column.addWidget(section)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)
