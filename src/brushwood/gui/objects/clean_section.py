"""Section 3: which objects stay, and whether their holes are filled."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from brushwood.gui._forms import OptionForm
from brushwood.gui._widgets import Section
from brushwood.objects.split_params import SplitParams
from brushwood.session.objects_text import number_text, size_unit

_SIZES = ("min_size", "max_size", "max_hole")
_FIELDS = (*_SIZES, "units", "fill_holes", "border")


class CleanSection(Section):
    """Sizes with their unit, holes and the border."""

    params_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("3  Clean", "Which objects stay.", parent)
        self.form = OptionForm(SplitParams(), names=_FIELDS)
        self.form.edited.connect(self.params_edited)
        for name in _SIZES:
            self.form.editor(name).setSpecialValueText("no limit")
        self.box.addWidget(self.form)

    def show_params(self, params: SplitParams, unit: str, ndim: int) -> None:
        """Show the options; without a unit, sizes can be in pixels only."""
        in_pixels = params.units == "px"
        for name in _SIZES:
            self.form.editor(name).setDecimals(0 if in_pixels else 3)
            self.form.editor(name).setSingleStep(5 if in_pixels else 1)
        self.form.set_spec(params)
        rows = set(_FIELDS)
        if unit == "px" and in_pixels:
            rows.discard("units")
        if not params.fill_holes:
            rows.discard("max_hole")
        self.form.show_only(rows)
        units = self.form.editor("units")
        units.setItemText(units.findData("world"), unit)
        written = size_unit(unit if params.units == "world" else "px", ndim)
        for name in _SIZES:
            self.form.editor(name).setSuffix(f" {written}")
        border = self.form.editor("border")
        sides = border.findData("remove sides")
        if ndim == 2 and sides >= 0 and params.border != "remove sides":
            border.removeItem(sides)
        elif ndim == 3 and sides < 0:
            border.addItem("remove at the sides only", "remove sides")
        self.set_summary(f"— {_summary(params, written)}")


def _summary(params: SplitParams, unit: str) -> str:
    low, high = params.min_size, params.max_size
    sizes = "all sizes"
    if low and high:
        sizes = f"{number_text(low)} to {number_text(high)} {unit}"
    elif low or high:
        sizes = f"{'from' if low else 'up to'} {number_text(low or high)} {unit}"
    holes = ""
    if params.fill_holes:
        limit = f" to {number_text(params.max_hole)} {unit}" if params.max_hole else ""
        holes = f", holes filled{limit}"
    border = "" if params.border == "keep" else ", none at the border"
    return f"{sizes}{holes}{border}"
