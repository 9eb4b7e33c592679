"""What work costs, and the plans of docs/scale.md."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brushwood.batch import scale
from brushwood.batch.cost import Measured, Rates, Work, is_large, measured, run_seconds, seconds_for
from brushwood.batch.scale import Cluster, plan, section, with_section
from house import ROOT
from pixel_scenes import new, picture, strokes

KNOWN = Measured(
    "a machine", cores=2, start=3.0, pair=1.25,
    flat=Rates(0.5, 0.1, 0.01, 0.0001, 0.2, 0.3, 4.0, 1.0),
    deep=Rates(0.5, 0.2, 0.04, 0.0002, 0.4, 0.6, 6.0, 2.0),
)  # fmt: skip
WORK = Work(2, 10, 1000, objects=True, measure=True)


def test_the_rates_of_the_package_are_complete_and_positive():
    known = measured()
    assert known.cores >= 1
    assert known.start > 0
    assert known.pair >= 1
    for rates in (known.flat, known.deep):
        assert min(getattr(rates, name) for name in Rates.__slots__) >= 0
        assert rates.plane > 0
        assert rates.read > 0


def test_the_work_of_a_classifier_is_counted():
    image, discs = picture()
    classifier = new().fit(image, strokes(discs))
    work = Work.of(classifier)
    assert work.planes == len(classifier.feature_names_) == 4
    assert 12 < work.levels <= 12 * 8
    assert (work.ndim, work.objects, work.measure) == (2, False, False)


def test_the_steps_of_a_recipe_are_counted():
    import chain_scenes

    image, classifier = chain_scenes.flat()
    model = chain_scenes.object_model(image, classifier)
    recipe = chain_scenes.recipe(classifier, model)
    work = Work.of(classifier, recipe)
    assert (work.objects, work.measure) == (True, True)


def test_seconds_follow_the_rates(monkeypatch):
    monkeypatch.setattr("brushwood.batch.cost.measured", lambda: KNOWN)
    per_million = 0.1 + 0.01 * 10 + 0.0001 * 1000 + 0.2 + 0.3
    assert WORK.per_million(KNOWN.flat) == pytest.approx(per_million)
    assert seconds_for(3_000_000, WORK, cores=2) == pytest.approx(0.5 + 3 * per_million)
    assert seconds_for(3_000_000, WORK, cores=4) == pytest.approx(0.5 + 1.5 * per_million)
    deep = replace(WORK, ndim=3)
    assert seconds_for(1_000_000, deep, cores=2) == pytest.approx(0.5 + 0.2 + 0.4 + 0.2 + 1.0)


def test_a_run_takes_less_with_more_workers(monkeypatch):
    monkeypatch.setattr("brushwood.batch.cost.measured", lambda: KNOWN)
    assert run_seconds([4.0, 6.0], 1) == 10
    assert run_seconds([4.0, 6.0], 2) == 8, "workers of one machine share its cores"
    assert run_seconds([4.0, 6.0], 2, is_remote=True) == 5
    assert run_seconds([], 3) == 0


@given(st.integers(1, 1 << 34), st.integers(1, 1 << 34), st.booleans())
def test_more_pixels_never_cost_less(a, b, flat):
    work = replace(WORK, ndim=2 if flat else 3)
    small, large = sorted((a, b))
    assert seconds_for(small, work) <= seconds_for(large, work)


def test_what_is_cut():
    mega = 1 << 20
    assert not is_large(100 * mega, 50.0, 100.0, 1), "nobody to share it with"
    assert is_large(100 * mega, 60.0, 100.0, 2), "the other would wait"
    assert not is_large(100 * mega, 40.0, 100.0, 2), "there is enough beside it"
    assert is_large(100 * mega, 40.0, 100.0, 4)
    assert not is_large(mega, 1.0, 1.0, 8), "too small to be worth it"
    assert is_large(1 << 28, 1.0, 100.0, 2), "too large for one"


def test_a_plan_follows_the_rates():
    found = plan(2e12, WORK, Cluster(10, 8, network=1e9, storage=5e9), known=KNOWN)
    assert found.pixels == 1e12
    assert (found.read, found.written) == (4e12, 1e12)
    seconds = 1e6 * WORK.per_million(KNOWN.flat) / (1.25 * 10 * 8 / 2) + 3
    assert found.processors == pytest.approx(seconds / 3600)
    assert found.network == pytest.approx(5e12 / 1e10 / 3600)
    assert found.storage == pytest.approx(5e12 / 5e9 / 3600)
    assert found.hours == found.processors
    assert found.bottleneck == "processors"


def test_the_bottleneck_moves_to_the_storage_where_the_plan_says():
    few = plan(2e12, WORK, Cluster(1, 8, network=1e12, storage=1e9), known=KNOWN)
    limit = few.nodes_until_storage
    at = plan(2e12, WORK, Cluster(limit, 8, network=1e12, storage=1e9), known=KNOWN)
    beyond = plan(2e12, WORK, Cluster(limit + 2, 8, network=1e12, storage=1e9), known=KNOWN)
    assert at.bottleneck == "processors"
    assert beyond.bottleneck == "storage"
    slow = plan(2e12, WORK, Cluster(1, 8, network=1e6, storage=1e9), known=KNOWN)
    assert slow.bottleneck == "network of the nodes"


def test_the_page_shows_what_is_computed_from_what_was_measured():
    page = (ROOT / "docs/scale.md").read_text("utf-8")
    assert section() in page, "run python -m brushwood.batch.scale --page docs/scale.md"
    assert with_section(page) == page


def test_the_section_of_the_page_changes_with_the_rates():
    page = (ROOT / "docs/scale.md").read_text("utf-8")
    other = with_section(page, KNOWN)
    assert "| a feature plane | 0.01 | 0.04 |" in other
    assert other != page
    assert with_section(other) == page


def test_the_command_prints_a_plan_and_writes_a_page(tmp_path, capsys):
    scale.main(["--tb", "1", "--ndim", "2", "--nodes", "2"])
    said = capsys.readouterr().out
    assert said.startswith("0.5 terapixels on 2 nodes with 32 cores: ")
    assert "bottleneck: " in said
    page = tmp_path / "page.md"
    page.write_text(f"before\n{scale.BEGIN}\nold\n{scale.END}\nafter\n", "utf-8")
    scale.main(["--page", str(page)])
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert section() in text
    assert "old" not in text


def test_rates_of_another_version_are_refused():
    values = json.loads((ROOT / "src/brushwood/batch/rates.json").read_text("utf-8"))
    with pytest.raises(TypeError):
        Measured.of(values | {"flat": values["flat"] | {"unknown": 1}})
    with pytest.raises(KeyError):
        Measured.of({key: values[key] for key in values if key != "pair"})


def test_numbers_stay_finite_at_petabytes():
    found = plan(1e18, WORK, Cluster(1000, 128), known=KNOWN)
    assert np.isfinite([found.hours, found.read, found.written]).all()
