"""Measuring objects that lie in others."""

import numpy as np
import pytest

from brushwood.session.measure_script import measure_script
from brushwood.session.measure_work import MeasureRequest, run_measure
from brushwood.session.measuring import MeasuringState, resolve_measuring
from brushwood.session.scene import LabelsRef


class Scene:
    def __init__(self, *objects):
        self._objects = objects

    def images(self):
        return []

    def objects(self):
        return self._objects

    def results(self):
        return []


NUCLEI, CELLS = LabelsRef("n", "nuclei", (30, 40)), LabelsRef("c", "cells", (30, 40))
OTHER = LabelsRef("o", "elsewhere", (9, 9))


def _cells_and_nuclei():
    cells, nuclei = np.zeros((30, 40), np.int32), np.zeros((30, 40), np.int32)
    cells[2:20, 2:20], cells[2:20, 22:38] = 3, 8
    nuclei[5:9, 5:9], nuclei[12:16, 12:16], nuclei[24:28, 24:28] = 1, 4, 6
    return cells, nuclei


def test_only_layers_of_the_same_size_can_hold_parents():
    state = MeasuringState(objects="n", parents="c")
    ready = resolve_measuring(state, Scene(NUCLEI, CELLS, OTHER))
    assert ready.possible_parents == (CELLS,)
    assert ready.parents == CELLS
    state.parents = "o"
    assert resolve_measuring(state, Scene(NUCLEI, CELLS, OTHER)).parents is None


def test_objects_get_their_parent_and_parents_their_children():
    cells, nuclei = _cells_and_nuclei()
    request = MeasureRequest(
        "n", nuclei, names=("area",), parents=cells, spacing=(0.5, 0.5), unit="µm"
    )
    done = run_measure(request)
    table = done.table.set_index("label")
    assert table["parent"].to_dict() == {1: 3, 4: 3, 6: 0}
    assert done.units["parent_distance"] == "µm"
    assert done.units["area"] == "µm²"
    parents = done.parents.set_index("label")
    assert parents["children_count"].to_dict() == {3: 2, 8: 0}
    assert parents.loc[3, "children_area"] == pytest.approx(32 * 0.25)
    assert run_measure(MeasureRequest("n", nuclei, names=("area",))).parents is None


def test_the_script_relates_as_well(tmp_path, monkeypatch):
    import pandas as pd
    import tifffile

    cells, nuclei = _cells_and_nuclei()
    ready = resolve_measuring(MeasuringState(objects="n", parents="c"), Scene(NUCLEI, CELLS))
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("labels.tif", nuclei)
    tifffile.imwrite("parents.tif", cells)
    exec(compile(measure_script(ready), "script", "exec"), {})
    assert pd.read_csv("objects.csv")["parent"].tolist() == [3, 3, 0]
    assert "children_count" in pd.read_csv("parents.csv").columns
