"""A viewer with an image, its class map and *Make objects*, for tests of the window."""

from dataclasses import replace

import numpy as np

PATIENCE = 60_000


def field(shape=(120, 160)):
    """Two touching discs, one alone, a speck, as class 2 on 1."""
    y, x = np.indices(shape)
    classes = np.ones(shape, np.uint8)
    for row, column, radius in ((40, 40, 15), (40, 66, 15), (90, 120, 12)):
        classes[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = 2
    classes[5, 5] = 2
    return classes


class Bench:
    """A viewer with an image, its class map, and the widget."""

    def __init__(self, viewer, qtbot, data, *, output="classes", **options):
        from brushwood.gui._scene import META, key_of, session_for
        from brushwood.gui.objects import MakeObjectsWidget

        self.viewer, self.qtbot = viewer, qtbot
        session = session_for(viewer)
        self.session, self.state = session, session.making
        base = data[0] if isinstance(data, list) else data
        pixels = [np.asarray(d) for d in data] if isinstance(data, list) else np.asarray(base)
        self.image = viewer.add_image(pixels, name="cells", **options)
        note = {"role": "result", "output": output, "class": 2, "image": key_of(self.image)}
        add = viewer.add_labels if output == "classes" else viewer.add_image
        self.source = add(data, name=f"cells · {output}", metadata={META: note}, **options)
        self.widget = MakeObjectsWidget(viewer)
        viewer.window.add_dock_widget(self.widget, name="Make objects")
        self.controller, self.view = self.widget.controller, self.widget.view
        self.idle()

    @property
    def status(self):
        return self.view.actions.status.toolTip()

    def find(self, ending):
        return next((x for x in self.viewer.layers if x.name.endswith(ending)), None)

    def wait(self, condition):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def idle(self):
        parts = self.controller
        self.qtbot.wait(90)
        self.wait(
            lambda: not (parts.preview.is_busy or parts.maker.is_running or parts.looker.is_running)
        )
        self.qtbot.wait(20)

    def set(self, **changes):
        self.state.params = replace(self.state.params, **changes)
        self.idle()

    def make(self):
        self.view.actions.make.click()
        self.idle()
        return self.find("· objects")
