"""Section 2: how what touches is told apart."""

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from brushwood.gui._forms import OptionForm
from brushwood.gui._widgets import KeyedCombo, Section, labelled
from brushwood.objects.split_params import SplitParams
from brushwood.session.objects_readiness import SourceRef
from brushwood.session.scene import ImageRef

_PROBABILITY = ("smoothing", "threshold", "core", "keep_cores_apart")
_SEEDS = ("seed_height", "seed_smoothing", "seed_distance")
_LENGTHS = ("smoothing", "seed_smoothing", "seed_distance")
_FIELDS = ("method", *_PROBABILITY, *_SEEDS, "connectivity")
_WORDS = {
    "components": "what touches is one object",
    "distance": "parted where they are narrow",
    "intensity": "parted where the image is darker",
    "probability": "parted where the probability is lower",
    "hysteresis": "grown from certain cores",
}


class SplitSection(Section):
    """A form whose rows follow the method and the input."""

    params_edited = Signal(object)
    image_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("2  Split", "How objects that touch are told apart.", parent)
        self.form = OptionForm(SplitParams(), names=_FIELDS)
        self.form.edited.connect(self.params_edited)
        for name in _LENGTHS:
            self.form.editor(name).setSpecialValueText("off")
        self.images = KeyedCombo("The image whose dark lines part objects.")
        self.images.key_chosen.connect(self.image_chosen)
        self._image = QWidget()
        row = labelled("Image", self.images)
        row.setContentsMargins(0, 0, 0, 0)
        self._image.setLayout(row)
        self.box.addWidget(self.form)
        self.box.addWidget(self._image)

    def show_params(
        self,
        params: SplitParams,
        source: SourceRef | None,
        images: Sequence[ImageRef],
        image: ImageRef | None,
        unit: str,
    ) -> None:
        """Show the options that matter."""
        self.form.set_spec(params)
        rows = {"method", "connectivity"}
        if source is not None and source.kind == "probability":
            rows |= {"smoothing", "threshold"}
        if params.method == "hysteresis":
            rows |= {"core", "keep_cores_apart"}
        if params.uses_seeds and params.method == "hysteresis":
            rows |= {"seed_smoothing"}
        elif params.uses_seeds:
            rows |= set(_SEEDS)
        self.form.show_only(rows)
        suffix = f" {unit if params.units == 'world' else 'px'}"
        for name in _LENGTHS:
            self.form.editor(name).setSuffix(suffix)
        self.images.set_entries([(i.key, i.name) for i in images], image and image.key)
        self.images.setPlaceholderText("no image of this size")
        self._image.setVisible(params.method == "intensity")
        self.set_summary(f"— {_WORDS[params.method]}")
