"""The pixel classifier's own test, and the next place to annotate, in a window."""

import numpy as np
import pytest

PATIENCE = 60_000


def _image():
    rng = np.random.default_rng(3)
    pixels = rng.normal(20, 3, (160, 200)).astype(np.float32)
    pixels[:, 100:] += 60
    marks = np.zeros((160, 200), np.uint8)
    for row in (10, 50, 90, 130):
        marks[row : row + 8, 5:25] = 1
        marks[row : row + 8, 160:180] = 2
    return pixels, marks


@pytest.fixture
def trained(viewer, qtbot):
    """Return a viewer, the widget after training, and its controller."""
    from brushwood.features.spec import FeatureSet
    from brushwood.forest.params import ForestParams
    from brushwood.gui._scene import session_for
    from brushwood.gui.pixel_classifier import PixelClassifierWidget

    state = session_for(viewer).state
    state.features = FeatureSet.parse("original gaussian=1")
    state.forest = ForestParams(n_trees=10)
    pixels, marks = _image()
    viewer.add_image(pixels, name="two halves")
    viewer.add_labels(marks, name="annotation")
    widget = PixelClassifierWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: state.model is not None, timeout=PATIENCE)
    yield viewer, widget, widget.controller
    widget.controller.stop()


def _wait(qtbot, part):
    qtbot.waitUntil(lambda: not part.is_running, timeout=PATIENCE)


def test_the_classifier_is_tested_on_held_out_strokes(trained, qtbot):
    _, widget, controller = trained
    assert widget.view.quality.summary == "— not tested"
    widget.view.quality._run.click()
    _wait(qtbot, controller.validator)
    assert "8 held-out strokes in 4 folds" in widget.view.quality._answer.text()
    assert widget.view.actions.status.text().startswith("Accuracy 1.00")
    assert widget.view.quality._table.rowCount() == 9
    assert "Accuracy 1.00" in widget.view.quality.summary


@pytest.mark.parametrize("question", ["curve", "regions"])
def test_other_questions_are_answered(trained, qtbot, question):
    _, widget, controller = trained
    widget.view.quality.choice_made.emit("question", question)
    assert controller.session.pixel_test.question == question
    widget.view.quality._run.click()
    _wait(qtbot, controller.validator)
    assert controller.validator.done.question == question
    assert not widget.view.quality._chart.isHidden()


def test_too_few_strokes_are_a_sentence(trained, qtbot):
    viewer, widget, controller = trained
    marks = np.zeros((160, 200), np.uint8)
    marks[10, 5:25], marks[10, 160:180] = 1, 2
    viewer.layers["annotation"].data = marks
    qtbot.waitUntil(lambda: dict(controller.state.counts).get(1) == 20, timeout=PATIENCE)
    qtbot.wait(80)  # the live update says something, too
    qtbot.waitUntil(lambda: not controller.live.is_busy, timeout=PATIENCE)
    qtbot.wait(20)
    widget.view.quality._run.click()
    _wait(qtbot, controller.validator)
    assert "at least two separate strokes" in widget.view.quality._answer.text()
    assert controller.validator.done is None


def test_a_test_can_be_cancelled_and_painting_goes_on(trained, qtbot):
    viewer, widget, controller = trained
    controller.session.pixel_test.question = "models"
    controller.validator.run()
    viewer.layers["annotation"].paint((100, 100), 2)
    widget.view.actions.cancel_requested.emit()
    _wait(qtbot, controller.validator)
    assert controller.validator.done is None


def test_the_next_place_is_marked_and_never_shown_twice(trained, qtbot):
    from brushwood.gui._camera import camera_of

    viewer, widget, controller = trained
    places = []
    active = viewer.layers.selection.active
    for _ in range(3):
        widget.view.annotate._next.click()
        _wait(qtbot, controller.next_place)
        (layer,) = [one for one in viewer.layers if "next place" in one.name]
        places.append(tuple(layer.data[0]))
        np.testing.assert_allclose(camera_of(viewer).center[-2:], layer.data[0], atol=1e-6)
        assert "Annotate here" in widget.view.annotate._why.text()
    assert len(set(places)) == 3
    marks = viewer.layers["annotation"].data
    assert all(marks[int(y), int(x)] == 0 for y, x in places)
    assert viewer.layers.selection.active is active


def test_without_a_model_the_next_place_says_what_to_do(viewer, qtbot):
    from brushwood.gui.pixel_classifier import PixelClassifierWidget

    widget = PixelClassifierWidget(viewer)
    qtbot.addWidget(widget)
    assert not widget.view.annotate._next.isEnabled()
    widget.controller.next_place.find("uncertainty")
    assert "no model yet" in widget.view.actions.status.text()
    widget.controller.stop()


def test_the_object_classifier_is_tested_on_held_out_objects(viewer, qtbot):
    from brushwood.gui.object_classifier import ObjectClassifierWidget
    from brushwood.measure.table import measure
    from brushwood.objects.marks import Marks

    labels = np.zeros((60, 160), np.int32)
    for k in range(10):
        y, x = 5 + 30 * (k // 5), 5 + 30 * (k % 5)
        labels[y : y + 8, x : x + (8 if k % 2 else 24)] = k + 1
    viewer.add_labels(labels, name="things", features=measure(labels, names=("size", "shape")))
    widget = ObjectClassifierWidget(viewer)
    qtbot.addWidget(widget)
    controller = widget.controller
    key = controller.state.layers[0]
    assert not widget.view.quality._run.isEnabled()
    marks = Marks().add_many(labels, {k + 1: 1 + k % 2 for k in range(10)})
    controller.book.adopt(key, marks)
    qtbot.waitUntil(lambda: controller.state.model is not None, timeout=PATIENCE)
    qtbot.waitUntil(widget.view.quality._run.isEnabled, timeout=PATIENCE)
    widget.view.quality._run.click()
    _wait(qtbot, controller.validator)
    assert "10 held-out objects in 5 folds" in widget.view.quality._answer.text()
    assert "out of bag, optimistic" in widget.view.quality._answer.text()
    controller.stop()
