"""What the window's tests share: a display, the plugin, and a viewer with a widget in it."""

import importlib.util
import os
import sys

import numpy as np
import pytest

from brushwood import opencl
from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams
from house import ROOT

os.environ.setdefault("QT_API", "pyqt6")

PLUGIN = "napari-brushwood"
#: Longest time that a test waits for work, ms: kernels are built when they are first used.
PATIENCE = 60_000


def missing():
    """Say why no window can be opened here, "" if one can. Qt is imported only after this."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        return "needs a display: run under xvfb-run"
    if not all(importlib.util.find_spec(name) for name in ("qtpy", "napari", "PyQt6")):
        return "needs napari with PyQt6: pip install 'napari-brushwood[all]'"
    return ""


class SkippedModule(pytest.Module):
    """A file of tests that is skipped before it is imported."""

    def collect(self):
        pytest.skip(missing(), allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip each file with a reason where there is no window; tests/conftest.py may forbid that."""
    if missing():
        return SkippedModule.from_parent(parent, path=module_path)
    return None


@pytest.fixture
def viewer(make_napari_viewer, monkeypatch):
    """Return a viewer with the plugin, also where it is not installed but only importable."""
    import threading

    from brushwood.explore import manifold

    # An open exploration compiles UMAP, which takes longer than all tests of the window together.
    compiled = threading.Event()
    compiled.set()
    monkeypatch.setattr(manifold, "_warm", compiled)
    from npe2 import PluginManager, PluginManifest
    from qtpy.QtCore import QThreadPool

    manager = PluginManager.instance()
    if PLUGIN not in manager:
        manager.register(PluginManifest.from_file(ROOT / "napari.yaml"))
    viewer = make_napari_viewer()
    yield viewer
    assert QThreadPool.globalInstance().waitForDone(5000), "a thread was left behind"


@pytest.fixture
def two_halves():
    """Return an image, dark left and bright right, and strokes on both halves."""
    rng = np.random.default_rng(3)
    pixels = rng.normal(20, 3, (120, 100)).astype(np.float32)
    pixels[:, 50:] += 60
    marks = np.zeros((120, 100), np.uint8)
    marks[10:20, 5:25] = 1
    marks[10:20, 60:80] = 2
    return pixels, marks


class Desk:
    """A viewer with an image and the widget, and words for what tests wait for."""

    def __init__(self, viewer, qtbot, pixels, **options):
        from brushwood.gui._scene import session_for
        from brushwood.gui.pixel_classifier import PixelClassifierWidget

        self.viewer, self.qtbot = viewer, qtbot
        self.state = session_for(viewer).state
        self.state.features = FeatureSet.parse("original gaussian=1")
        self.state.forest = ForestParams(n_trees=10)
        self.image = viewer.add_image(pixels, name="halves", **options)
        self.widget = PixelClassifierWidget(viewer)
        viewer.window.add_dock_widget(self.widget, name="Pixel classifier")
        self.controller, self.view = self.widget.controller, self.widget.view
        self.wait(lambda: self.controller.session.devices or self.state.device_problem)

    @property
    def status(self):
        return self.view.actions.status.text()

    def wait(self, condition, timeout=PATIENCE):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)

    def idle(self):
        """Wait until nothing is scheduled or running."""
        live, others = self.controller.live, (self.controller.whole, self.controller.files)
        self.qtbot.wait(80)
        self.wait(lambda: not live.is_busy and not any(part.is_running for part in others))
        self.qtbot.wait(20)

    def annotate(self, marks):
        """Make an annotation as the user does, and paint on it as one undo step."""
        self.view.annotate.new.click()
        layer = self.annotation
        with layer.block_history():
            for value in np.unique(marks[marks > 0]):
                layer.data_setitem(np.nonzero(marks == value), int(value))
        return layer

    @property
    def annotation(self):
        return self.controller.annotating.layer

    def find(self, ending):
        """Return the layer whose name ends so, or None."""
        return next((x for x in self.viewer.layers if x.name.endswith(ending)), None)

    def trained(self, marks):
        """Annotate and wait for the first result."""
        self.annotate(marks)
        self.wait(lambda: self.state.model is not None and self.find("· classes"))
        self.idle()
        return self.find("· classes")


@pytest.fixture
def desk(viewer, qtbot, two_halves):
    """Return a desk with the two halves."""
    if not opencl.devices():
        pytest.skip("needs an OpenCL device")
    return Desk(viewer, qtbot, two_halves[0], scale=(0.5, 0.25), translate=(3, 4))


@pytest.fixture
def new_desk(viewer, qtbot):
    """Return a function that makes a desk for other pixels."""
    if not opencl.devices():
        pytest.skip("needs an OpenCL device")
    return lambda pixels, **options: Desk(viewer, qtbot, pixels, **options)


@pytest.fixture
def object_desk(viewer, qtbot):
    """Return a desk with discs and bars in µm; the object classifier is not open yet."""
    from brushwood.gui._scene import session_for
    from object_desk import ObjectDesk, add_objects
    from object_scenes import SMALL, field

    desk = ObjectDesk(viewer, qtbot)
    labels, desk.truth = field()
    image = (labels > 0) * np.float32(100) + 20
    place = {"scale": (0.5, 0.5), "translate": (3, 4), "units": ("um", "um")}
    desk.image = viewer.add_image(image, name="shapes", **place)
    add_objects(viewer, labels, image=desk.image, **place)
    session_for(viewer).object_classes.state.forest = SMALL
    return desk


@pytest.fixture
def measured_desk(object_desk):
    """Return the same desk, open, with the objects measured."""
    desk = object_desk.open()
    desk.controller.measuring.measure(desk.state.layers, ("area", "eccentricity"))
    desk.wait(lambda: "area" in desk.objects.features)
    desk.idle()
    return desk
