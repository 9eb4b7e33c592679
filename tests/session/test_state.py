"""Choices say when they change, and only then; the session imports neither Qt nor napari."""

import subprocess
import sys
from dataclasses import replace

from brushwood.features.spec import Feature, FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.session import features_table, sentences
from brushwood.session.classes import default_classes
from brushwood.session.state import SessionState


def test_an_equal_value_emits_nothing():
    state, seen = SessionState(), []
    state.events.forest.connect(seen.append)
    state.forest = ForestParams()
    assert seen == []
    state.forest = ForestParams(n_trees=7)
    assert len(seen) == 1


def test_no_window_is_imported():
    code = (
        "import sys, brushwood.session.session, brushwood.session.script\n"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "{'napari', 'qtpy', 'PyQt6', 'magicgui', 'pyclesperanto'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_status_sentence_has_numbers_and_units():
    text = sentences.updated(0.184, {1: 1820, 2: 420}, default_classes(), "AMD EPYC (CPU)")
    assert text == "Updated in 0.18 s · background 1,820 px, foreground 420 px · AMD EPYC (CPU)"


def test_times_are_short():
    assert [sentences.duration(s) for s in (0.004, 9.9, 31.4, 200)] == [
        "0.00 s", "9.90 s", "31 s", "3 min 20 s",
    ]  # fmt: skip


def test_device_names_lose_what_says_nothing():
    assert sentences.device_text("Intel(R) Core(TM) i7-8565U CPU @ 1.80GHz (CPU)") == (
        "Intel Core i7-8565U (CPU)"
    )
    assert sentences.device_text("AMD EPYC 7763 64-Core Processor (CPU)") == "AMD EPYC 7763 (CPU)"
    assert sentences.device_text("NVIDIA H200 (GPU)") == "NVIDIA H200 (GPU)"


def test_ticking_and_unticking_gives_the_preset_back():
    medium = FeatureSet.preset("medium")
    more = features_table.with_feature(medium, Feature("gaussian", 7.5), True)
    assert features_table.preset_of(more) is None
    again = features_table.with_feature(more, Feature("gaussian", 7.5), False)
    assert features_table.preset_of(again) == "medium"


def test_the_table_offers_what_is_used():
    apoc = FeatureSet.parse("gaussian_blur=7")
    assert 7.0 in features_table.columns(apoc)
    assert "gaussian_blur" in features_table.rows(apoc)
    assert "gaussian_blur" not in features_table.rows(FeatureSet.preset("medium"))


def test_units_are_part_of_the_features():
    assert replace(FeatureSet.preset("small"), units="world") != FeatureSet.preset("small")
