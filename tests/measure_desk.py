"""A viewer with objects, for tests of measuring, table and links: words for what tests wait for."""

import numpy as np
import pandas as pd

PATIENCE = 20_000


def blobs():
    """Return a dark image with three bright squares, and labels with gaps for them."""
    labels = np.zeros((120, 160), np.int32)
    labels[10:30, 10:30] = 2
    labels[50:90, 60:100] = 5
    labels[95:115, 130:155] = 9
    image = labels.astype(np.float32) * 10 + 1
    return image, labels


def rows():
    """Return a table of these objects, with a missing area."""
    return pd.DataFrame(
        {
            "label": [2, 5, 9],
            "index": [2, 5, 9],
            "area": [400.0, 1600.0, np.nan],
            "centroid-0": [19.5, 69.5, 104.5],
            "centroid-1": [19.5, 79.5, 142.0],
            "class": [1, 2, 2],
            "name": ["a", "b", "c"],
        }
    )


class MeasureDesk:
    """A viewer with an image and objects; widgets open when they are asked for."""

    def __init__(self, viewer, qtbot, image=None, labels=None, **options):
        from brushwood.gui._linking import link_for
        from brushwood.gui._scene import META, key_of, session_for

        self.viewer, self.qtbot = viewer, qtbot
        self.session = session_for(viewer)
        self.link = link_for(viewer)
        own_image, own_labels = blobs()
        self.image = viewer.add_image(own_image if image is None else image, name="im", **options)
        self.objects = viewer.add_labels(
            own_labels if labels is None else labels,
            name="im · objects",
            metadata={META: {"role": "objects", "image": key_of(self.image)}},
            **options,
        )
        self.key = key_of(self.objects)

    def wait(self, condition, timeout=PATIENCE):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)

    def show(self):
        """Open the window, so that the canvas is drawn and can be clicked."""
        self.viewer.window.show()
        self.qtbot.wait(100)
        return self

    def open_measure(self):
        from brushwood.gui.measure import MeasureObjectsWidget

        self.widget = MeasureObjectsWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="Measure objects")
        self.view, self.controller = self.widget.view, self.widget.controller
        return self.widget

    def open_table(self):
        from brushwood.gui.table import ObjectTableWidget

        self.table = ObjectTableWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.table, name="Object table")
        self.face = self.table.face
        return self.table

    def find_table(self):
        """Take the table that measuring has opened."""
        from brushwood.gui import _docks
        from brushwood.gui.table import ObjectTableWidget

        self.table = _docks.find(self.viewer, ObjectTableWidget)
        self.face = self.table.face
        return self.table

    @property
    def status(self):
        return self.view.actions.status.text()

    @property
    def features(self):
        return self.objects.features

    def measure(self):
        """Press Measure and wait."""
        self.view.actions.measure.click()
        self.wait(lambda: not self.controller.work.is_running)
        self.qtbot.wait(20)
        if self.table_is_open():
            self.find_table()

    def table_is_open(self):
        from brushwood.gui import _docks
        from brushwood.gui.table import ObjectTableWidget

        return _docks.find(self.viewer, ObjectTableWidget) is not None

    def select(self, *labels, current=0):
        self.session.selection.select(self.key, frozenset(labels), current)

    @property
    def selected(self):
        return self.session.selection.selected

    @property
    def outlines(self):
        """The layer of outlines, or None."""
        return self.link.highlight.layer

    def chosen_labels(self):
        """Return the labels of the rows that the table shows as selected."""
        store = self.face.model.store
        return store.labels[self.face.rows.chosen].tolist()

    def click(self, world, *modifiers, drag=0):
        """Click on the canvas at a place in the world, as the mouse does."""
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        native = self.viewer.window._qt_viewer.canvas.native
        if not native.isVisible():
            self.show()
        self.qtbot.wait(30)
        start = QPointF(*self.to_screen(world))
        keys = Qt.KeyboardModifier.NoModifier
        for key in modifiers:
            keys |= getattr(Qt.KeyboardModifier, f"{key}Modifier")
        none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton

        def send(kind, at, which, held):
            event = QMouseEvent(kind, at, native.mapToGlobal(at), which, held, keys)
            QApplication.sendEvent(native, event)

        send(QEvent.Type.MouseMove, start, none, none)
        send(QEvent.Type.MouseButtonPress, start, left, left)
        end = start + QPointF(drag, 0)
        if drag:
            for part in (0.2, 0.4, 0.6, 0.8, 1.0):
                self.qtbot.wait(30)
                send(QEvent.Type.MouseMove, start + QPointF(part * drag, 0), none, left)
        send(QEvent.Type.MouseButtonRelease, end, left, none)
        self.qtbot.wait(30)

    def to_screen(self, world):
        """Return where a place in the world is drawn, in pixels of the canvas."""
        from brushwood.gui._camera import camera_of

        native = self.viewer.window._qt_viewer.canvas.native
        camera = camera_of(self.viewer)
        center, zoom = np.asarray(camera.center)[-2:], camera.zoom
        y, x = (np.asarray(world)[-2:] - center) * zoom
        return x + native.width() / 2, y + native.height() / 2
