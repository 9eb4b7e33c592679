"""What can be measured, and the sentence that says why not."""

from dataclasses import dataclass, field, replace

import pytest

from brushwood.measure.names import Setting
from brushwood.session import measure_catalog
from brushwood.session.measuring import (
    MeasuringState,
    channel_names,
    choose_images,
    choose_objects,
    class_names,
    image_problem,
    resolve_measuring,
    spacing_of,
    units_text,
)
from brushwood.session.scene import ImageRef, LabelsRef, ResultRef, axes_text

IMAGE = ImageRef("i", "dna", (64, 64), scale=(1, 1))
OBJECTS = LabelsRef("o", "dna · objects", (64, 64), scale=(1, 1))
CHANCES = tuple(
    ResultRef(f"p{i}", f"dna · P({name})", (64, 64), "probabilities", i, "i")
    for i, name in ((1, "sky (blue)"), (2, "cell"))
)


@dataclass
class FakeScene:
    """A scene made of lists."""

    object_list: list = field(default_factory=lambda: [OBJECTS])
    image_list: list = field(default_factory=lambda: [IMAGE])
    result_list: list = field(default_factory=lambda: list(CHANCES))

    def objects(self):
        return self.object_list

    def images(self):
        return self.image_list

    def labels(self):
        return []

    def results(self):
        return self.result_list


def ready(scene=None, **changes):
    state = MeasuringState(**{"objects": "o", "images": ("i",), **changes})
    return resolve_measuring(state, scene or FakeScene())


def test_with_objects_and_an_image_the_defaults_are_measured():
    found = ready()
    assert found.reason == ""
    assert found.names == measure_catalog.default_choice(Setting(2, ("",)))
    assert "area" in found.names
    assert "intensity_mean" in found.names
    assert not any(name.startswith("probability") for name in found.names)


def test_without_an_image_shape_alone_is_measured():
    found = ready(images=())
    assert found.reason == ""
    assert "area" in found.names
    assert not any("intensity" in name for name in found.names)


def test_what_was_chosen_and_cannot_be_measured_is_left_out_and_not_forgotten():
    chosen = ("intensity_mean", "area", "surface_area", "probability_mean")
    assert ready(names=chosen, images=()).names == ("area",)
    assert ready(names=chosen).names == ("area", "intensity_mean")
    assert "probability_mean" in ready(names=chosen, probabilities=True).names


def test_probabilities_are_found_by_their_image():
    others = [replace(r, key=f"x{r.key}", image="other") for r in CHANCES]
    found = ready(FakeScene(result_list=[*CHANCES, *others]), probabilities=True)
    assert [r.key for r in found.probabilities] == ["p1", "p2"]
    assert found.setting.classes == ("-sky (blue)", "-cell")
    assert class_names(found.probabilities) == ("sky (blue)", "cell")
    assert not ready(FakeScene(result_list=[]), probabilities=True).with_probabilities
    wrong = [replace(r, shape=(32, 32)) for r in CHANCES]
    assert ready(FakeScene(result_list=wrong)).probabilities == ()
    twins = [replace(r, name="dna · P(a)") for r in CHANCES]
    assert class_names(twins) == ("a", "a 2")


@pytest.mark.parametrize(
    ("scene", "changes", "says"),
    [
        ({"object_list": []}, {}, "no objects to measure"),
        ({}, {"objects": "gone"}, "Convert to Labels"),
        ({"object_list": [replace(OBJECTS, shape=(0, 64))]}, {}, "is empty"),
        ({}, {"ndim": 3}, "2 dimensions"),
        ({"image_list": [replace(IMAGE, shape=(64, 32))]}, {}, "64 × 32.*64 × 64.*same size"),
        (
            {"image_list": [IMAGE, replace(IMAGE, key="j", rgb=True)]},
            {"images": ("i", "j")},
            "own three channels",
        ),
        ({}, {"names": ()}, "Nothing is ticked"),
        ({}, {"names": ("surface_area",)}, "Nothing is ticked"),
    ],
)
def test_why_not(scene, changes, says):
    import re

    found = ready(FakeScene(**scene), **changes)
    assert re.search(says, found.reason)
    assert not found.can_align


def test_layers_that_do_not_lie_on_each_other_are_not_measured_silently():
    scaled = replace(IMAGE, scale=(0.5, 0.5), unit="µm", transform=(0.5,))
    found = ready(FakeScene(image_list=[scaled]))
    assert "1 × 1 px" in found.reason
    assert "0.5 × 0.5 µm" in found.reason
    assert found.can_align
    moved = replace(IMAGE, transform=("moved",))
    assert "different places" in ready(FakeScene(image_list=[moved])).reason
    assert ready(FakeScene(image_list=[scaled]), images=()).reason == ""


@pytest.mark.parametrize(
    ("scale", "unit", "units", "answer"),
    [
        ((1, 1), "px", "world", (None, "")),
        ((2, 0.5, 0.5), "µm", "world", ((0.5, 0.5), "µm")),
        ((1, 1), "µm", "world", ((1, 1), "µm")),
        ((0.5, 0.5), "px", "world", ((0.5, 0.5), "")),
        ((-0.5, 0.5), "µm", "world", ((0.5, 0.5), "µm")),
        ((0.5, 0.5), "µm", "px", (None, "")),
    ],
)
def test_the_size_of_a_pixel(scale, unit, units, answer):
    objects = replace(OBJECTS, scale=scale, unit=unit)
    assert spacing_of(objects, MeasuringState(units=units)) == answer


def test_units_in_words():
    assert units_text(replace(OBJECTS, unit="µm", scale=(2, 0.5, 0.25)), 2) == (
        "µm (0.5 × 0.25 a pixel)"
    )
    assert units_text(OBJECTS, 2) == "pixels"
    assert units_text(replace(OBJECTS, scale=(3, 3)), 2) == "layer scale (3 × 3 a pixel)"


@pytest.mark.parametrize("axes", [(), ("", ""), ("axis -2", "axis -1"), ("-2", "-1")])
def test_axes_that_napari_numbers_have_no_name(axes):
    assert axes_text(replace(OBJECTS, axes=axes), 2) == "y 64 · x 64 · uint8"
    assert axes_text(replace(OBJECTS, axes=("row", "-1")), 2) == "row 64 · -1 64 · uint8"


def test_channels_have_different_names():
    twin = replace(IMAGE, key="j")
    assert channel_names([IMAGE]) is None
    assert channel_names([IMAGE, twin]) == ("dna", "dna 2")
    assert channel_names([replace(IMAGE, rgb=True)]) == ("red", "green", "blue")
    assert image_problem(OBJECTS, IMAGE) == ""


def test_which_objects_are_chosen():
    refs = [replace(OBJECTS, key=key) for key in ("a", "b", "c")]
    state = MeasuringState()
    assert choose_objects(state, refs, {}) == "c"
    assert choose_objects(state, refs, {"a": True, "b": True}) == "b"
    state.objects = "a"
    assert choose_objects(state, refs, {"b": True}) == "a"
    assert choose_objects(state, [], {}) is None


def test_which_images_are_chosen():
    images = [replace(IMAGE, key=key) for key in ("i", "j")]
    images += [replace(IMAGE, key="k", shape=(3, 3)), replace(IMAGE, key="r", rgb=True)]
    assert choose_images(OBJECTS, images, "j", ()) == ("j",)
    assert choose_images(OBJECTS, images, "k", ()) == ("i",)  # does not fit
    assert choose_images(OBJECTS, images, "j", ("i", "j", "k", "r")) == ("i", "j")
    assert choose_images(OBJECTS, images, "r", ("i", "r")) == ("r",)
    assert choose_images(OBJECTS, images[2:3], None, ()) == ()
    assert choose_images(None, images, "i", ()) == ()


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_catalogue_is_whole_and_each_entry_has_a_sentence(ndim):
    from brushwood.measure.catalog import catalog

    groups = measure_catalog.groups_for(Setting(ndim))
    members = [m for group in groups for m in group.members]
    assert {m.name for m in members} == {m.name for m in catalog() if ndim in m.ndim}
    for measurement in members:
        text = measure_catalog.sentence(measurement)
        assert text.endswith(".")
        assert "Cost: " in text
    lacking = {group.name for group in groups if group.lacks}
    assert lacking == {"intensity", "texture", "probability"}


def test_what_columns_mean():
    columns = ["area", "centroid-1", "centroid_weighted-0-dna", "intensity_percentile_95", "mine"]
    found = measure_catalog.meanings(columns)
    assert set(found) == set(columns) - {"mine"}
    assert found["centroid_weighted-0-dna"] != found["centroid-1"]
    assert "percent" in found["intensity_percentile_95"]


def test_a_choice_keeps_the_catalogue_s_order():
    setting = Setting(2)
    assert measure_catalog.possible(("perimeter", "area"), setting) == ("area", "perimeter")
