"""The face of Measure objects: four sections that fold, buttons and a status line."""

from qtpy.QtWidgets import QVBoxLayout, QWidget

from brushwood.gui._widgets import scrolled
from brushwood.gui.measure.action_bar import ActionBar
from brushwood.gui.measure.catalogue_section import CatalogueSection
from brushwood.gui.measure.image_section import ImageSection
from brushwood.gui.measure.objects_section import ObjectsSection
from brushwood.gui.measure.units_section import UnitsSection


class MeasureView(QWidget):
    """Shows and asks; it knows nothing of layers or tables."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.objects = ObjectsSection()
        self.image = ImageSection()
        self.catalogue = CatalogueSection()
        self.units = UnitsSection()
        self.actions = ActionBar()
        sections = QWidget()
        column = QVBoxLayout(sections)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        for section in (self.objects, self.image, self.catalogue, self.units):
            column.addWidget(section, 1 if section is self.catalogue else 0)
        column.addStretch(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(scrolled(sections), 1)
        layout.addWidget(self.actions)
