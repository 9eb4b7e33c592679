"""What can run, and the sentence that says why not: a table of states."""

from dataclasses import dataclass, field, replace

import pytest

from brushwood.session.classes import ClassInfo
from brushwood.session.readiness import counts_problem, resolve
from brushwood.session.scene import ImageRef, LabelsRef, axes_text, guess_ndim
from brushwood.session.state import ModelInfo, SessionState

IMAGE = ImageRef("i", "nuclei", (64, 64))
LABELS = LabelsRef("a", "strokes", (64, 64))
MODEL = ModelInfo("trained", 2, 1, (1, 2), 1)


@dataclass
class FakeScene:
    """A scene made of lists."""

    image_list: list = field(default_factory=lambda: [IMAGE])
    label_list: list = field(default_factory=lambda: [LABELS])

    def images(self):
        return self.image_list

    def labels(self):
        return self.label_list


def state(**changes):
    base = {
        "images": ("i",),
        "annotation": "a",
        "counts": ((1, 10), (2, 5)),
        "model": MODEL,
    }
    return SessionState(**{**base, **changes})


def test_with_everything_there_everything_can_run():
    ready = resolve(state(), FakeScene())
    assert ready.can_train
    assert ready.can_apply
    assert (ready.save_reason, ready.next_step, ready.note) == ("", "", "")


@dataclass(frozen=True)
class Case:
    """One thing that is wrong, and words of the reason."""

    name: str
    says: str
    state: dict = field(default_factory=dict)
    scene: dict = field(default_factory=dict)


TRAIN = [
    Case("no image", "no image", {"images": ()}),
    Case("image deleted", "no image", {}, {"image_list": []}),
    Case("empty image", "empty", {}, {"image_list": [replace(IMAGE, shape=(0, 64))]}),
    Case("too flat for 3-D", "Choose 2-D", {"ndim": 3}),
    Case("channel axis", "Split Stack", {}, {"image_list": [replace(IMAGE, axes=("c", "x"))]}),
    Case("no annotation", "New annotation layer", {"annotation": None}),
    Case("annotation deleted", "New annotation layer", {}, {"label_list": []}),
    Case(
        "annotation of another shape",
        "32 × 64, but 'nuclei' is 64 × 64",
        {},
        {"label_list": [replace(LABELS, shape=(32, 64))]},
    ),
    Case(
        "multiscale annotation", "multiscale", {}, {"label_list": [replace(LABELS, editable=False)]}
    ),
    Case("no device", "install", {"device_problem": "No device: install a driver."}),
    Case("bad values", "negative", {"annotation_problem": "negative values"}),
    Case("no strokes", "no strokes yet", {"counts": ()}),
    Case("one class", "Only 'background' has strokes. Paint foreground too", {"counts": ((1, 9),)}),
    Case(
        "one class exists",
        "press + Class",
        {"counts": ((1, 9),), "classes": (ClassInfo(1, "background", "#000000"),)},
    ),
]


@pytest.mark.parametrize("case", TRAIN, ids=lambda case: case.name)
def test_training_says_why_not(case):
    ready = resolve(state(**case.state), FakeScene(**case.scene))
    assert case.says in ready.train_reason
    assert not ready.can_train


APPLY = [
    Case("no model", "no model yet", {"model": None}),
    Case(
        "channels", "made for 2 channels, but 1 channel is", {"model": replace(MODEL, n_channels=2)}
    ),
    Case("dimensions", "works in 3-D", {"model": replace(MODEL, ndim=3)}),
    Case("no image", "no image", {"images": ()}),
    Case("no device", "driver", {"device_problem": "driver"}),
]


@pytest.mark.parametrize("case", APPLY, ids=lambda case: case.name)
def test_applying_says_why_not(case):
    ready = resolve(state(**case.state), FakeScene(**case.scene))
    assert case.says in ready.apply_reason


def test_channels_must_have_one_size_and_rgb_stands_alone():
    small = ImageRef("j", "actin", (32, 32))
    two = FakeScene([IMAGE, small])
    assert "32 × 32" in resolve(state(images=("i", "j")), two).annotate_reason
    rgb = FakeScene([IMAGE, replace(IMAGE, key="j", rgb=True)])
    assert "RGB" in resolve(state(images=("i", "j")), rgb).annotate_reason


def test_a_class_without_strokes_is_a_note_not_a_reason():
    three = (*SessionState().classes, ClassInfo(3, "rim", "#000000"))
    ready = resolve(state(classes=three), FakeScene())
    assert ready.can_train
    assert ready.note == "rim has no strokes and will not be found."


def test_stored_pixels_of_a_loaded_model_count_but_strokes_are_needed():
    loaded = replace(MODEL, origin="m.brushwood", stored=((2, 50),))
    assert resolve(state(model=loaded, counts=((1, 3),)), FakeScene()).can_train
    assert "no strokes yet" in resolve(state(model=loaded, counts=()), FakeScene()).train_reason


def test_values_that_are_no_classes():
    assert counts_problem(((1, 4), (255, 1))) == ""
    assert "300" in counts_problem(((1, 4), (300, 1)))


@pytest.mark.parametrize(
    ("shape", "axes", "ndim"),
    [
        ((64, 64), (), 2),
        ((5, 64, 64), (), 3),
        ((5, 64, 64), ("t", "y", "x"), 2),
        ((5, 64, 64), ("z", "y", "x"), 3),
        ((3, 5, 64, 64), ("t", "z", "y", "x"), 3),
        ((1, 64, 64), (), 2),
    ],
)
def test_dimensions_are_guessed_from_names_first(shape, axes, ndim):
    assert guess_ndim(ImageRef("i", "n", shape, axes=axes)) == ndim


def test_axes_are_shown_with_sizes():
    assert axes_text(ImageRef("i", "n", (5, 64, 64), "uint8"), 2) == "t 5 · y 64 · x 64 · uint8"
    named = ImageRef("i", "n", (64, 64), "uint8", True, ("row", "column"))
    assert axes_text(named, 2) == "row 64 · column 64 · RGB · uint8"
