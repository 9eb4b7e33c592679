"""Colour the objects of a labels layer by a column of their table, and restore the colours."""

from collections import defaultdict
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap, ensure_colormap

from brushwood.session.column_colours import STEPS, Coded

#: Colour maps for numbers, the first is the default. All are perceptually uniform.
RAMPS = ("viridis", "magma", "plasma", "inferno", "cividis", "turbo")
#: Objects without a value, and those that the table does not know.
GREY = (0.5, 0.5, 0.5, 1.0)
#: Up to this label a lookup table is used, which needs one byte a label.
_LARGEST_LUT = 1 << 26


class ColumnColormap(DirectLabelColormap):
    """A direct colour map that knows its few colours, so that 100,000 labels are quick.

    napari finds the different colours by comparing all, and maps labels through a dictionary. Both
    are given here; ``color_dict`` alone would give the same picture, slower.
    """

    def set_codes(
        self, labels: npt.NDArray[np.int64], codes: npt.NDArray[np.uint8], palette: Any
    ) -> None:
        """Colour each label by the palette's colour of its code."""
        keep = labels != 0
        labels, codes = labels[keep], codes[keep]
        rows = [np.asarray(row, np.float32) for row in palette]
        self.color_dict.update(zip(labels.tolist(), [rows[c] for c in codes.tolist()], strict=True))
        # 0 stands for labels that are not in the table, 1 for the background.
        texture = {0: self.color_dict[None], 1: self.color_dict[0]}
        texture.update({code + 2: row for code, row in enumerate(rows)})
        steps = codes.astype(np.uint8) + np.uint8(2)
        mapping: dict[int | None, int] = {None: 0, 0: 1}
        mapping.update(zip(labels.tolist(), steps.tolist(), strict=True))
        self.__dict__["_num_unique_colors"] = len(texture)
        self.__dict__["_label_mapping_and_color_dict"] = (mapping, texture)
        object.__setattr__(self, "_brushwood_lut", _Lut(labels, steps))
        object.__setattr__(self, "_brushwood_palette", np.stack(list(texture.values())))

    def _data_to_texture(self, values: Any) -> Any:
        lut = getattr(self, "_brushwood_lut", None)
        quick = isinstance(values, np.ndarray) and values.dtype.itemsize > 2
        if lut is None or not quick or self.use_selection:
            return super()._data_to_texture(values)
        return lut.of(values)

    def map(self, values: Any) -> Any:
        """Map labels to colours."""
        lut = getattr(self, "_brushwood_lut", None)
        if lut is None or not isinstance(values, np.ndarray) or self.use_selection:
            return super().map(values)
        return self._brushwood_palette[lut.of(values)]

    def _map_without_cache(self, values: Any) -> Any:
        if getattr(self, "_brushwood_lut", None) is None:
            return super()._map_without_cache(values)
        return self._brushwood_palette[self._brushwood_lut.of(values)]


class _Lut:
    """Texture steps by label: 1 for the background, 0 for unknown labels."""

    def __init__(self, labels: npt.NDArray[np.int64], steps: npt.NDArray[np.uint8]) -> None:
        order = np.argsort(labels, kind="stable")
        self._labels, self._steps = labels[order], steps[order]
        self._table: npt.NDArray[np.uint8] | None = None
        small = not labels.size or (self._labels[0] > 0 and self._labels[-1] <= _LARGEST_LUT)
        if small:
            largest = int(self._labels[-1]) if labels.size else 0
            self._table = np.zeros(largest + 2, np.uint8)
            self._table[0] = 1
            self._table[labels] = steps

    def of(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        if self._table is not None:
            return np.take(self._table, values, mode="clip")
        at = np.searchsorted(self._labels, values).clip(max=len(self._labels) - 1)
        found = np.where(self._labels[at] == values, self._steps[at], np.uint8(0))
        return np.where(values == 0, np.uint8(1), found)


def palette_of(coded: Coded, ramp: str = RAMPS[0]) -> npt.NDArray[np.float32]:
    """Return one colour a code, the first for what is missing."""
    if coded.is_classes:
        colours = [_rgba(text) for text in coded.colours]
    else:
        colours = list(ensure_colormap(ramp).map(np.linspace(0, 1, STEPS)))
    return np.asarray([GREY, *colours], np.float32)


def _rgba(text: str) -> tuple[float, ...]:
    return (*(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)


_FORMER: WeakKeyDictionary[Labels, Any] = WeakKeyDictionary()


def colour_by(
    layer: Labels, labels: npt.NDArray[np.int64], coded: Coded, ramp: str = RAMPS[0]
) -> None:
    """Give each object the colour of its value, and remember the colours that it had.

    Parameters
    ----------
    labels : array of int
        Object of each row.
    coded : Coded
        The column, one code a row. Objects without a row, or whose value is missing, are grey.
    """
    if not isinstance(layer.colormap, ColumnColormap):
        _FORMER[layer] = layer.colormap
    grey, clear = np.asarray(GREY, np.float32), np.zeros(4, np.float32)
    # A colour that nobody has keeps napari from taking this for its automatic colours.
    colours = ColumnColormap(color_dict=defaultdict(lambda: grey, {None: grey, 0: clear, -1: grey}))
    colours.color_dict.setdefault(None, grey)
    colours.set_codes(labels, coded.codes, palette_of(coded, ramp))
    layer.colormap = colours


def restore_colours(layer: Labels) -> None:
    """Give a layer the colours back that it had before it was coloured by a column."""
    former = _FORMER.pop(layer, None)
    if isinstance(layer.colormap, ColumnColormap) and former is not None:
        layer.colormap = former


def is_coloured(layer: Labels) -> bool:
    """Whether a layer shows a column."""
    return isinstance(layer.colormap, ColumnColormap)
