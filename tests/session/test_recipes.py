"""What of a window becomes a recipe, and what is said about the rest. No layer, no window."""

from dataclasses import replace

import numpy as np
import pytest

from brushwood import opencl
from brushwood.batch.steps import MeasureStep, ObjectStep
from brushwood.io.images import write_image
from brushwood.objects.split_params import SplitParams
from brushwood.session.freshness import MEASURED, fingerprint
from brushwood.session.objects_state import Made
from brushwood.session.recipe_facts import gather_facts
from brushwood.session.recipe_text import copied_text, file_name, saved_text, summary_html
from brushwood.session.recipes import NO_MODEL, recipe_of
from brushwood.session.scene import ImageRef, LabelsRef
from brushwood.session.session import Session
from brushwood.session.state import ModelInfo
from pixel_scenes import new, picture, strokes

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
SHAPE = (60, 70)
LABELS = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE) % 7


class FakeScene:
    """Layers as the session sees them."""

    def __init__(self, images=("dna",), origin="cells.tif"):
        self._images = [ImageRef(name, name, SHAPE) for name in images]
        self.origins = dict.fromkeys(images, origin)
        self.notes = {}

    def images(self):
        return self._images

    def labels(self):
        return ()

    def truths(self):
        return ()

    def results(self):
        return ()

    def objects(self):
        return [LabelsRef(key, f"{key} layer", SHAPE) for key in self.notes]

    def note(self, key):
        return self.notes.get(key, {})

    def pixels(self, key):
        return LABELS

    def origin(self, key):
        return self.origins.get(key, "")


@pytest.fixture(scope="module")
def models():
    pixels, discs = picture(SHAPE)
    marks = strokes(discs)
    one = new().fit(pixels, marks)
    two = new(channel_axis=0).fit(np.stack([pixels, pixels[::-1]]), marks)
    return one, two


@pytest.fixture
def window(models):
    return session_with(models[0], ("dna",)), FakeScene()


def session_with(model, images):
    session = Session()
    session.engine._classifier, session.engine._version = model, 1
    session.state.images = images
    session.state.model = ModelInfo("trained", 2, len(images), (1, 2), 1)
    return session


def made(scene, key="objects", **how):
    note = {"foreground": [2], "ndim": 2, "image": None, "model": 1, "blank": 0.0, "class": 0}
    scene.notes[key] = {
        "made": fingerprint(LABELS),
        "image": scene.images()[0].key,
        "split": SplitParams(min_size=7).to_json(),
        "how": {**note, "output": "classes", **how},
    }
    return scene.notes[key]


def test_nothing_is_said_to_be_nothing():
    draft = recipe_of(Session(), FakeScene())
    assert draft.recipe is None
    assert draft.missing == (NO_MODEL,)
    assert "Nothing to save yet" in summary_html(draft)
    assert copied_text(draft) == NO_MODEL


def test_a_pixel_model_alone_saves_what_is_shown(window):
    session, scene = window
    session.state.outputs = ("classes", "uncertainty")
    draft = recipe_of(session, scene)
    assert draft.recipe.outputs == ("classes", "uncertainty")
    assert draft.recipe.pixels.model.data is not None
    assert (draft.recipe.objects, draft.recipe.measure, draft.recipe.classify) == (None,) * 3
    assert draft.included == ("Pixel classifier, trained here: background, foreground.",)
    assert draft.missing == ()
    assert file_name(draft) == "dna.json"


def test_objects_are_made_as_they_were_made_not_as_is_chosen_now(window):
    session, scene = window
    made(scene)
    session.making.params = SplitParams(min_size=99)
    session.making.made = Made("objects", 6, 10.0, "px", 2, 0.1)
    draft = recipe_of(session, scene)
    assert draft.recipe.objects == ObjectStep(SplitParams(min_size=7), "classes", (2,), None, 2)
    assert "objects" in draft.recipe.outputs
    assert draft.missing == ()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"model": 3}, "did not show the present pixel classifier everywhere"),
        ({"blank": 0.25}, "while 25% of the image was not classified"),
        ({"image": "elsewhere"}, "no channel of the classified one"),
        ({"output": ""}, "not made from this pixel classifier's results"),
    ],
)
def test_doubts_about_objects_are_said(window, how, says):
    session, scene = window
    made(scene, **how)
    draft = recipe_of(session, scene)
    assert any(says in sentence for sentence in draft.missing), draft.missing
    assert (draft.recipe.objects is None) == (how.get("output") == "")


def test_edits_by_hand_other_layers_and_strokes_are_said(window):
    session, scene = window
    made(scene)["made"] = "another"
    made(scene, "second")
    session.making.made = Made("objects", 6, 10.0, "px", 2, 0.1)
    session.state.counts = ((1, 5), (2, 900))
    session.engine._strokes = type("Strokes", (), {"counts": {1: 5, 2: 6}})()
    said = " ".join(recipe_of(session, scene).missing)
    assert "'objects layer' was edited by hand" in said
    assert "Other objects layers" in said
    assert "Strokes painted since the last training" in said
    assert "3 things of this window" in saved_text_of(session, scene)


def saved_text_of(session, scene):
    from pathlib import Path

    return saved_text(Path("a.json"), recipe_of(session, scene))


def test_probabilities_and_measurements(window):
    session, scene = window
    note = made(scene, output="probabilities", foreground=None, **{"class": 2})
    note[MEASURED] = {"names": ["area"], "images": ["dna"], "probabilities": True, "columns": [1]}
    note[MEASURED] |= {"class_names": ["background", "cells"], "channel_names": None}
    note[MEASURED] |= {"parents": "cells"}
    draft = recipe_of(session, scene)
    assert (draft.recipe.objects.source, draft.recipe.objects.foreground) == ("probability", (2,))
    expected = MeasureStep(("area",), True, None, None, ("background", "cells"))
    assert draft.recipe.measure == expected
    assert any("Parents of objects" in sentence for sentence in draft.missing)


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        ({"spacing": [0.5, 0.5]}, "Measuring in the layer's scale"),
        ({"ndim": 3, "spacing": None}, "Measuring in 3-D"),
    ],
)
def test_other_units_and_dimensions_are_said(window, measured, says):
    session, scene = window
    made(scene)[MEASURED] = {"names": ["area"], "images": ["dna"], "columns": [1], **measured}
    assert [says in said for said in recipe_of(session, scene).missing] == [True]


def test_channels_are_found_among_those_of_the_same_file(models):
    session = session_with(models[1], ("actin", "dna"))
    scene = FakeScene(("dna", "dapi", "actin"))
    note = made(scene, image="dapi")
    note["image"] = "dna"
    note[MEASURED] = {"names": ["intensity_mean"], "images": ["dapi", "actin"], "columns": []}
    note[MEASURED] |= {"channel_names": ["dapi", "actin"]}
    recipe = recipe_of(session, scene).recipe
    assert recipe.pixels.channels == (2, 0)
    assert recipe.objects.image_channel == 1
    assert recipe.measure.channels == (1, 2)
    assert recipe.measure.channel_names == ("dapi", "actin")
    scene.origins["actin"] = "other.tif"
    draft = recipe_of(session, scene)
    assert any("opened from different files" in sentence for sentence in draft.missing)


def test_channels_are_found_by_the_names_in_the_file(models, tmp_path):
    path = tmp_path / "cells.ome.tif"
    write_image(path, np.zeros((3, *SHAPE), np.uint8), "cyx", channel_names=("A", "B", "C"))
    session = session_with(models[1], ("cells C", "cells A"))
    scene = FakeScene(("cells A", "cells C"), origin=str(path))
    note = made(scene, image="cells C")
    note[MEASURED] = {"names": ["intensity_mean"], "images": ["cells A"], "columns": []}
    draft = recipe_of(session, scene)
    assert draft.recipe.pixels.channels == (2, 0)
    assert draft.recipe.objects.image_channel == 2
    assert draft.recipe.measure.channels == (0,)
    assert "2 (cells C), 0 (cells A)" in draft.included[0]
    assert draft.missing == ()
    unnamed = FakeScene(("one", "two"), origin=str(path))
    draft = recipe_of(session_with(models[1], ("one", "two")), unnamed)
    assert "has 3 channels, but only 2 of them are layers" in draft.missing[0]


@pytest.mark.parametrize(
    ("spacing", "layer", "says"),
    [
        (
            (0.25, 0.25),
            ((1.0, 1.0), "px"),
            "has pixels of 0.25 × 0.25 µm, but its layer has pixels",
        ),
        ((0.25, 0.25), ((0.25, 0.25), "µm"), ""),
        ((0.25, 0.25), ((0.5, 0.5), "µm"), "but its layer has 0.5 × 0.5 µm"),
        (None, ((0.5, 0.5), "µm"), "does not say how large its pixels are"),
        (None, ((1.0, 1.0), "px"), ""),
    ],
)
def test_a_layer_with_another_pixel_size_than_its_file_is_said(
    models, tmp_path, spacing, layer, says
):
    path = tmp_path / "cells.tif"
    write_image(path, np.zeros(SHAPE, np.uint8), "yx", spacing, "um" if spacing else None)
    scene = FakeScene(origin=str(path))
    scene._images = [replace(scene._images[0], scale=layer[0], unit=layer[1])]
    draft = recipe_of(session_with(models[0], ("dna",)), scene)
    assert (draft.file is not None) == bool(says)
    assert says in " ".join(draft.missing)


def test_layers_without_a_file_are_the_image_as_they_are_ticked(models):
    session = session_with(models[1], ("dna", "actin"))
    draft = recipe_of(session, FakeScene(("dna", "other", "actin"), origin=""))
    assert draft.recipe.pixels.channels is None


def test_the_comparison_needs_a_folder(window, tmp_path):
    session, scene = window
    made(scene)
    state = session.comparing
    state.said, state.what, state.min_iou = "12 of 15", "objects", 0.7
    state.zero_is_unknown, state.is_sparse, state.region = False, True, "region"
    assert any("name the folder" in said for said in recipe_of(session, scene).missing)
    draft = recipe_of(session, scene, truth=tmp_path)
    step = draft.recipe.evaluate
    assert (step.what, step.min_iou, step.ignore) == ("objects", 0.7, None)
    said = " ".join(draft.missing)
    assert "region of the comparison" in said
    assert "only some objects" in said
    facts = gather_facts(session, scene)
    assert replace(facts.compared, what="pixels").what == "pixels"
