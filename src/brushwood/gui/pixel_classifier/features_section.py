"""Section 3: features by preset, or filter by filter, with a preview of each."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from brushwood.errors import InputError
from brushwood.features.filters import get_filter
from brushwood.features.presets import DEFAULT_PRESET
from brushwood.features.scale import LARGEST_SIGMA, SMALLEST_SIGMA
from brushwood.features.spec import Feature, FeatureSet
from brushwood.gui._widgets import KeyedCombo, Section, labelled
from brushwood.gui.pixel_classifier.filter_table import FilterTable
from brushwood.session.feature_preview import planes_of
from brushwood.session.features_table import (
    MEANING,
    n_planes,
    preset_of,
    preset_text,
    rows,
    with_feature,
)
from brushwood.session.sentences import duration

_CUSTOM = "custom"


class FeaturesSection(Section):
    """Shows the feature set, and emits another one when the user edits it."""

    features_chosen = Signal(object)
    preview_requested = Signal(object, str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("3  Features", "What the forest knows about each pixel.", parent)
        self._features = FeatureSet.preset(DEFAULT_PRESET)
        self._ndim, self._n_channels, self._cost = 2, 1, ""
        self.preset = KeyedCombo("Features that suit objects of a size, or APOC's sets.")
        self.preset.key_chosen.connect(self._on_preset)
        self._details = QPushButton("Filters", checkable=True)
        self._details.setToolTip("Show every filter and its scales.")
        self._details.toggled.connect(self._on_details)
        self._plain = QHBoxLayout()
        self._plain_boxes: dict[str, QCheckBox] = {}
        self.table = FilterTable()
        self.table.ticked.connect(self._edit)
        self.table.current_changed.connect(self._show_planes)
        self._sigma = QDoubleSpinBox(
            minimum=SMALLEST_SIGMA, maximum=LARGEST_SIGMA, singleStep=0.5, value=2.0
        )
        self._sigma.setToolTip("A scale that the table lacks.")
        self._add = QPushButton("+ σ")
        self._add.setToolTip("Add this scale to the table.")
        self._add.clicked.connect(self._on_add)
        self.plane = KeyedCombo("Which plane of the selected cell is shown.")
        self.plane.key_chosen.connect(self._on_plane)
        self.show_plane = QPushButton("Preview", checkable=True)
        self.show_plane.setToolTip("Show the selected cell's feature of what is in view.")
        self.show_plane.toggled.connect(self._on_plane)
        self._arrange()
        self._on_details(False)
        self.set_open(False)

    def _arrange(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self.preset, 1)
        first.addWidget(self._details)
        self._drawer = QWidget()
        drawer = labelled("Scale σ", self._sigma, self._add)
        drawer.addStretch(1)
        look = QHBoxLayout()
        look.setSpacing(6)
        look.addWidget(self.plane, 1)
        look.addWidget(self.show_plane)
        self.box.addLayout(first)
        self.box.addLayout(self._plain)
        self.box.addWidget(self.table)
        self._drawer.setLayout(drawer)
        drawer.setContentsMargins(0, 0, 0, 0)
        self._look = QWidget()
        self._look.setLayout(look)
        look.setContentsMargins(0, 0, 0, 0)
        self.box.addWidget(self._drawer)
        self.box.addWidget(self._look)

    def show_features(self, features: FeatureSet, ndim: int, n_channels: int) -> None:
        """Show a feature set for an image of this kind."""
        self._features, self._ndim, self._n_channels = features, ndim, n_channels
        chosen = preset_of(features)
        entries = [(name, preset_text(name)) for name in FeatureSet.presets()]
        self.preset.set_entries([*entries, (_CUSTOM, "custom")], chosen or _CUSTOM)
        names = rows(features)
        plain = [name for name in names if not get_filter(name).takes_sigma]
        self._show_plain(plain)
        self.table.show_features(features, [n for n in names if get_filter(n).takes_sigma])
        self._show_planes(self.table.current)
        self._summarise()

    def show_cost(self, seconds: float) -> None:
        """Show the measured time for a megapixel."""
        self._cost = f", {duration(seconds)} a megapixel"
        self._summarise()

    def _summarise(self) -> None:
        n = n_planes(self._features, self._ndim, self._n_channels)
        name = preset_of(self._features)
        text = f"{'1 plane' if n == 1 else f'{n} planes'}{self._cost}"
        self.set_summary(f"— {preset_text(name) if name else 'custom'}, {text}")
        self.preset.setToolTip(f"{text}. Features that suit objects of a size, or APOC's sets.")

    def _show_plain(self, names: list[str]) -> None:
        if list(self._plain_boxes) != names:
            for box in self._plain_boxes.values():
                self._plain.removeWidget(box)
                box.deleteLater()
            self._plain_boxes = {}
            for name in names:
                box = QCheckBox(name)
                box.setToolTip(MEANING.get(name, name))
                box.clicked.connect(lambda on, name=name: self._edit(Feature(name), on))
                box.setVisible(self._details.isChecked())
                self._plain.addWidget(box)
                self._plain_boxes[name] = box
        chosen = {feature.filter for feature in self._features.features}
        for name, box in self._plain_boxes.items():
            box.setChecked(name in chosen)

    def _edit(self, feature: Feature, wanted: bool) -> None:
        try:
            self.features_chosen.emit(with_feature(self._features, feature, wanted))
        except InputError as error:
            self.refused.emit(str(error))
            self.show_features(self._features, self._ndim, self._n_channels)

    def _on_preset(self, name: str) -> None:
        if name == _CUSTOM:
            self._details.setChecked(True)
            self.preset.setCurrentIndex(self.preset.findData(preset_of(self._features) or _CUSTOM))
        else:
            self.features_chosen.emit(FeatureSet.preset(name))

    def _on_details(self, show: bool) -> None:
        for part in (self.table, self._drawer, self._look, *self._plain_boxes.values()):
            part.setVisible(show)

    def _on_add(self) -> None:
        self.table.add_scale(round(self._sigma.value(), 2))
        self.show_features(self._features, self._ndim, self._n_channels)

    def _show_planes(self, feature: Feature | None) -> None:
        names: tuple[str, ...] = ()
        if feature is not None:
            names = planes_of(feature, self._features.units, self._ndim, self._n_channels)
        kept = self.plane.key if self.plane.key in names else next(iter(names), None)
        self.plane.set_entries([(name, name) for name in names], kept)
        self.plane.setPlaceholderText("select a cell")
        self.plane.setEnabled(bool(names))
        self.show_plane.setEnabled(bool(names))
        if self.show_plane.isChecked():
            self._on_plane()

    def _on_plane(self, value: object = None) -> None:
        feature = self.table.current
        if feature is not None and self.show_plane.isChecked():
            self.preview_requested.emit(feature, str(self.plane.key))
        else:
            self.preview_requested.emit(None, "")
