"""Model files in the window: ours, and APOC's with what gets lost."""

import numpy as np
import pytest

import brushwood as bw
from brushwood import apoc
from brushwood.errors import InputError, ModelFileError
from brushwood.session.classes import named_classes
from brushwood.session.live import LiveEngine
from cl_files import data, results


@pytest.fixture(scope="module")
def known():
    return results()


def test_a_cl_file_becomes_the_present_model(known):
    engine = LiveEngine()
    loaded = engine.load(data("pixels"))
    assert (loaded.ndim, loaded.n_channels, loaded.class_ids) == (2, 1, (1, 2, 3))
    assert loaded.names == {1: "class 1", 2: "class 2", 3: "class 3"}
    assert (loaded.finish.scaling, loaded.finish.smoothing, loaded.notes) == ("none", 0, ())
    assert str(loaded.features).startswith("original gaussian_blur=1 ")
    assert np.array_equal(engine.classifier.predict(known["image"]), known["pixels"])


def test_dimensions_that_a_file_does_not_say_are_those_of_the_window(known):
    engine = LiveEngine()
    loaded = engine.load(data("counts"), None, 2)
    assert "2 are taken" in loaded.notes[0]
    assert np.array_equal(engine.classifier.predict(known["image"]), known["counts"])
    assert engine.load(data("solid"), None, 2).ndim == 3


def test_other_kinds_are_refused_by_name():
    with pytest.raises(ModelFileError, match="ObjectMerger, which does not classify pixels"):
        LiveEngine().load(data("merger"))


def test_a_model_is_saved_for_apoc(known, tmp_path):
    engine = LiveEngine()
    engine.load(data("segmenter"))
    notes = engine.save(tmp_path / "a.cl", named_classes({1: "dark", 2: "nuclei", 3: "x"}))
    assert any("2 = nuclei" in note for note in notes)
    again = apoc.load(tmp_path / "a.cl")
    assert isinstance(again, apoc.ObjectSegmenter)
    assert np.array_equal(again.predict(known["image"]), known["segmenter"])


def test_what_apoc_cannot_compute_is_said(known, tmp_path):
    engine = LiveEngine()
    model = bw.PixelClassifier("original hessian=1", bw.ForestParams(n_trees=3))
    model.fit(known["image"], known["marks"]).save(tmp_path / "m.brushwood")
    engine.load(tmp_path / "m.brushwood")
    with pytest.raises(InputError, match="hessian=1"):
        engine.save(tmp_path / "m.cl", named_classes({1: "a"}))
    assert not (tmp_path / "m.cl").exists()
    assert engine.save(tmp_path / "n.brushwood", named_classes({1: "a"})) == ()


def test_an_old_classifier_of_objects_is_refused_as_what_it_is(tmp_path):
    from cl_files import file

    path = tmp_path / "old.cl"
    path.write_text(file(feature_specification="area", num_ground_truth_dimensions=None))
    with pytest.raises(ModelFileError, match="ObjectClassifier, which does not classify pixels"):
        LiveEngine().load(path, None, 2)
