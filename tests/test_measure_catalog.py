"""The catalogue is complete and true: what it says of a measurement is what the table shows."""

import importlib.util

import numpy as np
import pytest

import brushwood as bw
from brushwood.measure import catalog as catalog_of
from brushwood.measure import groups
from brushwood.measure.catalog import calculations
from brushwood.measure.names import Setting, plan_columns
from brushwood.tables import units_of
from house import ROOT
from measure_scenes import blobs

CATALOG = catalog_of()


def test_names_are_there_once_and_facts_are_filled_in():
    assert len({m.name for m in CATALOG}) == len(CATALOG) > 40
    assert groups()[:4] == ("size", "shape", "position", "intensity")
    assert [m.group for m in CATALOG] == sorted((m.group for m in CATALOG), key=groups().index)
    for m in CATALOG:
        assert m.title and m.source, m.name
        assert m.name not in groups()
        assert set(m.ndim) <= {2, 3}
        assert m.cost in ("low", "medium", "high")
        assert m.needs_image == ("channel" in m.along), m.name
        assert m.needs_probabilities == ("class" in m.along), m.name
    assert all(c.seconds_per_object + c.seconds_per_pixel > 0 for c in calculations())


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_measurement_gives_its_columns_with_its_unit(ndim):
    labels = blobs((40, 50) if ndim == 2 else (12, 25, 30), n=12)
    image = np.random.default_rng(0).random((2, *labels.shape))
    names = [m.name for m in CATALOG if ndim in m.ndim]
    table = bw.measure(
        labels,
        image,
        names=names,
        channel_axis=0,
        probabilities=image / image.sum(axis=0),
        unit="µm",
        spacing=(1,) * ndim,
    )
    setting = Setting(ndim, ("-0", "-1"), ("-1", "-2"))
    columns = plan_columns(names, setting)
    assert list(table.columns[2:]) == [column.name for column in columns]
    units = units_of(table)
    for column in columns:
        m = column.measurement
        assert (column.name in units) == (m.dimension != "intensity")
        assert table[column.name].dtype == (np.int64 if m.integer else np.float64)
        if not m.undefined:
            assert table[column.name].notna().all(), column.name


def test_the_page_lists_the_catalogue():
    path = ROOT / "scripts" / "measure_page.py"
    spec = importlib.util.spec_from_file_location("measure_page", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shown = script.PAGE.read_text("utf-8").partition(script.BEGIN)[2].partition(script.END)[0]
    assert shown.strip() == "\n".join(script.lines()).strip(), "run python scripts/measure_page.py"
