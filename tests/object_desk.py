"""A viewer with objects and the object classifier, and words for what tests do in it."""

import numpy as np
from qtpy.QtCore import QPoint, Qt

from object_scenes import LONG, ROUND

PATIENCE = 30_000


class ObjectDesk:
    """A viewer with a widget; `wait` and `idle` wait for work, `click` clicks into the canvas."""

    def __init__(self, viewer, qtbot):
        self.viewer, self.qtbot = viewer, qtbot
        self.widget = self.controller = self.view = self.state = None

    def open(self):
        """Open the widget, which takes over the layers that are there."""
        from brushwood.gui.object_classifier import ObjectClassifierWidget

        self.widget = ObjectClassifierWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="Object classifier")
        self.controller, self.view = self.widget.controller, self.widget.view
        self.state = self.controller.state
        self.idle()
        return self

    @property
    def status(self):
        return self.view.actions.status.text()

    @property
    def objects(self):
        return self.controller.scene.layer(self.state.layers[0])

    def wait(self, condition, timeout=PATIENCE):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)

    def idle(self):
        """Wait until nothing is scheduled or running; edits of labels are noticed later."""
        c = self.controller

        def quiet():
            running = c.measuring.is_running or c.files.is_running
            return not running and not any(p.is_busy for p in (c.marking, c.live, c.results))

        for _ in range(2):  # the end of one work may be the beginning of the next
            self.qtbot.wait(5)
            self.wait(quiet)

    def pixel(self, layer, at):
        """Return where a position in a layer's pixels lies on the canvas."""
        canvas = self.viewer.window._qt_viewer.canvas
        view = canvas.view

        def world(x, y):
            return np.asarray(canvas._map_canvas2world((x, y), view), float)

        shown = list(self.viewer.dims.displayed)
        origin, right, down = (world(*p)[shown] for p in ((0, 0), (100, 0), (0, 100)))
        matrix = np.stack([right - origin, down - origin], axis=1) / 100
        target = np.asarray(layer.data_to_world(at), float)
        target = np.r_[np.zeros(self.viewer.dims.ndim - len(target)), target][shown]
        x, y = np.linalg.solve(matrix, target - origin)
        return QPoint(round(float(x)), round(float(y)))

    def click(self, label, *, layer=None, button=Qt.MouseButton.LeftButton, drag=0):
        """Click on an object, with the mouse, in the canvas."""
        layer = layer or self.objects
        step = self.viewer.dims.current_step[: layer.data.ndim - 2]
        where = np.argwhere(layer.data[tuple(step)] == label)
        middle = where[np.argmin(((where - where.mean(0)) ** 2).sum(1))]
        self.click_at((*step, *middle), layer=layer, button=button, drag=drag)

    def click_at(self, at, *, layer=None, button=Qt.MouseButton.LeftButton, drag=0):
        """Click at a pixel of a layer."""
        canvas = self.viewer.window._qt_viewer.canvas.native
        place = self.pixel(layer or self.objects, at)
        self.qtbot.mouseMove(canvas, place)
        self.qtbot.mousePress(canvas, button, pos=place)
        if drag:
            for k in range(1, 5):
                self.qtbot.mouseMove(canvas, place + QPoint(k * drag // 4, 0))
        self.qtbot.mouseRelease(canvas, button, pos=place + QPoint(drag, 0))
        self.idle()

    def press(self, key):
        """Press a key as if the pointer were over the canvas."""
        from napari.utils.key_bindings import KeymapHandler

        handler = KeymapHandler()
        active = self.viewer.layers.selection.active
        handler.keymap_providers = [active, self.viewer] if active is not None else [self.viewer]
        handler.press_key(key)
        self.idle()

    def find(self, ending):
        """Return the layer whose name ends so, or None."""
        return next((x for x in self.viewer.layers if x.name.endswith(ending)), None)

    def classes_of(self, layer=None):
        """Return the class of each object as its table says."""
        table = (layer or self.objects).features
        return dict(zip(table["index"].tolist(), table["class"].tolist(), strict=True))


def add_objects(viewer, labels, name="shapes", image=None, **place):
    """Add a layer as *Make objects* does."""
    note = {"role": "objects"}
    if image is not None:
        note["image"] = str(image.unique_id)
    return viewer.add_labels(
        labels, name=f"{name} · objects", metadata={"brushwood": note}, **place
    )


def mark(desk, rounds=(1, 2), bars=(5, 6), layer=None):
    """Click objects of both classes."""
    if not desk.state.clicking:
        desk.view.classes.clicking.click()
    for class_id, labels in ((ROUND, rounds), (LONG, bars)):
        for label in labels:
            desk.controller.choose_class(class_id)
            desk.click(label, layer=layer)
    return desk
