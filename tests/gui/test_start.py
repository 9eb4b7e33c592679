"""The start dock, the demo, and the manifest's widgets."""

import pytest
from qtpy.QtWidgets import QDialog, QTextBrowser

from brushwood import opencl, samples
from brushwood.gui import _docks
from brushwood.gui.demo import open_demo
from brushwood.gui.pixel_classifier import PixelClassifierWidget
from brushwood.gui.start import StartWidget
from brushwood.session.state import ModelInfo, SessionState
from brushwood.session.steps import STEPS, pixel_step_text


def test_every_widget_of_the_manifest_opens(viewer, qtbot):
    for name, kind in (("Pixel classifier", PixelClassifierWidget), ("Start", StartWidget)):
        _, widget = viewer.window.add_plugin_dock_widget(_docks.PLUGIN, name)
        assert isinstance(widget, kind)
    qtbot.wait(50)


def test_the_guide_opens_a_sample_and_the_classifier_once(viewer, qtbot):
    start = StartWidget(viewer)
    viewer.window.add_dock_widget(start, name="Brushwood")
    titles = [action.text() for action in start._samples.menu().actions()]
    assert len(titles) == len(samples.keys())
    start._tour.click()
    dialog = start.findChild(QDialog)
    assert len(dialog.findChild(QTextBrowser).toPlainText()) > 500
    dialog.close()
    start._samples.menu().actions()[0].trigger()
    assert viewer.layers
    first = start._rows[0][1]
    first.click()
    first.click()
    inner = viewer.window.dock_widgets.values()
    assert sum(isinstance(widget, PixelClassifierWidget) for widget in inner) == 1
    qtbot.waitUntil(lambda: bool(start._session.devices or start._session.state.device_problem))
    if opencl.devices():
        start._test.click()
        qtbot.waitUntil(lambda: "passed the self-test" in start._status.text(), timeout=60_000)


def test_every_step_opens_its_widget_and_later_ones_are_honest(viewer, qtbot):
    start = StartWidget(viewer)
    viewer.window.add_dock_widget(start, name="Brushwood")
    for step, button, text in start._rows:
        assert button.isEnabled() == bool(step.widget)
        if step.widget:
            button.click()
            assert any(name.startswith(step.widget) for name in viewer.window.dock_widgets)
        else:
            assert "later version" in button.toolTip()
            assert text.text() == "comes later"
    qtbot.wait(50)


def test_the_guide_follows_what_the_user_does(viewer, qtbot):
    import numpy as np
    import pandas as pd

    start = StartWidget(viewer)
    viewer.window.add_dock_widget(start, name="Brushwood")
    texts = {step.title: text for step, _, text in start._rows}
    assert texts["Measure"].text() == "needs objects"
    labels = np.zeros((9, 9), int)
    labels[2:4, 2:4] = 5
    table = pd.DataFrame({"index": [5], "area": [4.0]})
    viewer.add_labels(labels, name="o", features=table, metadata={"brushwood": {"role": "objects"}})
    qtbot.waitUntil(lambda: texts["Measure"].text() == "1 row, 1 column")
    start._session.comparing.said = "F1 0.50"
    qtbot.waitUntil(lambda: texts["Compare with truth"].text() == "F1 0.50")
    assert len(STEPS) == len(start._rows) == 7


def test_the_state_of_the_step_in_words():
    assert pixel_step_text(SessionState()) == "needs an image"
    assert pixel_step_text(SessionState(images=("i",))) == "ready"
    model = ModelInfo("trained", 2, 1, (1, 2), 1)
    assert pixel_step_text(SessionState(model=model)) == "trained, 2 classes"
    loaded = ModelInfo("m.brushwood", 2, 1, (1, 2, 3), 1)
    assert pixel_step_text(SessionState(model=loaded)) == "loaded m.brushwood, 3 classes"


@pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
def test_the_demo_is_ready_to_paint(viewer, qtbot, monkeypatch):
    import napari

    monkeypatch.setattr(napari, "Viewer", lambda **options: viewer)
    open_demo(block=False)
    widget = _docks.find(viewer, PixelClassifierWidget)
    layer = viewer.layers.selection.active
    assert layer.name.endswith("annotation")
    assert layer.mode == "paint"
    qtbot.waitUntil(lambda: widget.controller.state.model is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not widget.controller.live.is_busy, timeout=60_000)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [320])
def test_everything_fits_a_narrow_dock_and_has_a_tooltip(viewer, qtbot, theme, width):
    from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QTableWidget

    viewer.theme = theme
    widget = PixelClassifierWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Pixel classifier")
    view = widget.view
    for section in (view.image, view.annotate, view.features, view.forest, view.result):
        section.set_open(True)
    view.features._details.setChecked(True)
    qtbot.wait(50)
    assert widget.minimumSizeHint().width() <= width
    content = view.image.parent()
    assert content.minimumSizeHint().width() <= width - 40
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QTableWidget):
        for control in widget.findChildren(kind):
            inner = control.objectName().startswith("qt_") or isinstance(
                control.parent(), QTableWidget
            )
            assert inner or control.toolTip(), (type(control), getattr(control, "text", str)())
