"""Forms generated from the options of a frozen dataclass: one description, one form."""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from types import UnionType
from typing import Any, get_args, get_type_hints

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QWidget,
)
from superqt import QLabeledDoubleSlider

#: Largest number that a spin box holds.
_INT_MAX = 2**31 - 1


class OptionForm(QWidget):
    """One row a field of a frozen dataclass whose fields carry label, tooltip and range.

    Parameters
    ----------
    spec : dataclass instance
        The values shown at first. `edited` carries a new instance at each change.
    words : mapping of field to (label, tooltip), optional
        What to call a field here, where its own words do not fit.
    names : collection of str, optional
        Fields that the form shows. Default: all.
    """

    edited = Signal(object)

    def __init__(
        self,
        spec: Any,
        parent: QWidget | None = None,
        *,
        words: Mapping[str, tuple[str, str]] | None = None,
        names: Collection[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._spec = spec
        self._editors: dict[str, QWidget] = {}
        self._labels: dict[str, QWidget] = {}
        self._quiet = False
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        hints = get_type_hints(type(spec))
        for f in fields(spec):
            if names is not None and f.name not in names:
                continue
            editor = self._editor(f.name, hints[f.name], dict(f.metadata))
            own = (f.metadata["label"], f.metadata["tooltip"])
            label, tooltip = (words or {}).get(f.name, own)
            editor.setToolTip(tooltip)
            editor.setAccessibleName(label)
            layout.addRow(label, editor)
            self._editors[f.name] = editor
            self._labels[f.name] = layout.labelForField(editor)
            self._labels[f.name].setToolTip(tooltip)
        self.set_spec(spec)

    @property
    def spec(self) -> Any:
        """The values shown."""
        return self._spec

    def editor(self, name: str) -> QWidget:
        """Return the editor of a field."""
        return self._editors[name]

    def show_only(self, names: Collection[str]) -> None:
        """Hide the rows of all other fields."""
        for name, editor in self._editors.items():
            editor.setVisible(name in names)
            self._labels[name].setVisible(name in names)

    def set_spec(self, spec: Any) -> None:
        """Show other values, without a signal."""
        self._quiet = True
        self._spec = spec
        for name, editor in self._editors.items():
            _show(editor, getattr(spec, name))
        self._quiet = False

    def _editor(self, name: str, hint: Any, meta: dict[str, Any]) -> QWidget:
        kinds = set(get_args(hint)) if isinstance(hint, UnionType) else {hint}
        if "choices" in meta:
            return self._combo(name, meta)
        if bool in kinds:
            box = QCheckBox()
            box.toggled.connect(lambda value: self._edit(name, value))
            return box
        if meta.get("slider"):
            slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
            slider.setRange(meta["min"], meta["max"])
            slider.setSingleStep(meta["slider"])
            slider.valueChanged.connect(lambda value: self._edit(name, round(value, 6)))
            return slider
        if float in kinds:
            spin = QDoubleSpinBox(minimum=meta["min"], maximum=meta["max"], singleStep=0.5)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(lambda value: self._edit(name, value))
            return spin
        whole = QSpinBox(minimum=meta["min"], maximum=min(meta["max"], _INT_MAX))
        whole.setKeyboardTracking(False)
        if type(None) in kinds:  # one step below the minimum stands for None
            whole.setMinimum(meta["min"] - 1)
            whole.setSpecialValueText("no limit")
            whole.setProperty("none_at", meta["min"] - 1)
        whole.valueChanged.connect(lambda value: self._edit(name, _number(whole, value)))
        return whole

    def _combo(self, name: str, meta: dict[str, Any]) -> QComboBox:
        combo = QComboBox()
        for choice in meta["choices"]:
            combo.addItem(meta.get("texts", {}).get(choice, str(choice)), choice)
        if "min" in meta:  # a number is possible as well
            for fraction in (0.1, 0.25, 0.5, 0.75):
                combo.addItem(f"{fraction:.0%}", fraction)
        combo.activated.connect(lambda index: self._edit(name, combo.itemData(index)))
        return combo

    def _edit(self, name: str, value: Any) -> None:
        if not self._quiet and getattr(self._spec, name) != value:
            self._spec = replace(self._spec, **{name: value})
            self.edited.emit(self._spec)


def _number(spin: QSpinBox, value: int) -> int | None:
    return None if spin.property("none_at") == value else value


def _show(editor: QWidget, value: Any) -> None:
    if isinstance(editor, QCheckBox):
        editor.setChecked(value)
    elif isinstance(editor, QComboBox):
        index = editor.findData(value)
        if index < 0:
            editor.addItem(f"{value:.0%}" if isinstance(value, float) else str(value), value)
            index = editor.count() - 1
        editor.setCurrentIndex(index)
    elif value is None:
        editor.setValue(editor.property("none_at"))
    else:
        editor.setValue(value)
