"""The whole way in a window, from a sample to classes of objects, and its image as a file."""

import numpy as np
import tifffile

from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.io.images import write_image
from brushwood.objects.split_params import SplitParams

PATIENCE = 60_000


class RecipeDesk:
    """A viewer with a sample; each step is done with its widget."""

    def __init__(self, viewer, qtbot, key, path=None, annotation=None):
        from brushwood.gui._scene import NapariScene, session_for
        from brushwood.gui.pixel_classifier import PixelClassifierWidget

        self.viewer, self.qtbot, self.key = viewer, qtbot, key
        if path is None:
            viewer.open_sample("napari-brushwood", key)
        else:
            viewer.open(str(path), plugin="napari")
            viewer.add_labels(annotation, name="annotation")
        self.session, self.scene = session_for(viewer), NapariScene(viewer)
        state = self.session.state
        state.features = FeatureSet.parse("original gaussian=1,3 hessian=2")
        state.forest = ForestParams(n_trees=15, max_depth=6)
        self.pixels = self.add(PixelClassifierWidget, "Pixel classifier").controller
        self.wait(lambda: self.session.devices)

    @classmethod
    def on_file(cls, viewer, qtbot, key, path, annotation):
        """Return a desk for a file that napari opens, as it opens it."""
        return cls(viewer, qtbot, key, path, annotation)

    def add(self, kind, name):
        widget = kind(self.viewer)
        self.viewer.window.add_dock_widget(widget, name=name)
        return widget

    def wait(self, condition):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    @property
    def images(self):
        return [layer for layer in self.viewer.layers if layer.name.split(" · ")[-1] in self.own]

    @property
    def own(self):
        return (self.key, "DNA", "actin")

    def find(self, ending):
        return next((x for x in self.viewer.layers if x.name.endswith(ending)), None)

    def classify(self, *outputs, channels=None):
        """Train on the sample's strokes, then classify everything."""
        state, c = self.session.state, self.pixels
        if channels is not None:
            layers = [str(self.find(name).unique_id) for name in channels]
            state.images = tuple(layers)
        state.outputs = ("classes", *outputs)
        self.wait(lambda: state.model is not None and not c.live.is_busy)
        c.view.actions.apply.click()
        self.wait(lambda: not c.whole.is_running and not c.live.is_busy)
        return self

    def make(self, source="· classes", foreground=(2,), ndim=None, **params):
        """Make the objects."""
        from brushwood.gui.objects import MakeObjectsWidget

        c = self.making = self.add(MakeObjectsWidget, "Make objects").controller
        c.state.live = False
        c.state.source = str(self.find(source).unique_id)
        c.state.foreground = foreground
        c.state.params = SplitParams(**{"min_size": 20, "fill_holes": True, **params})
        c.state.ndim = ndim or c.state.ndim
        c.view.actions.make.click()
        self.wait(lambda: c.state.made is not None and not c.maker.is_running)
        return self

    @property
    def objects(self):
        return self.scene.layer(self.session.making.made.layer)

    def measure(self, names=None, *, images=None, probabilities=False):
        """Measure them."""
        from brushwood.gui.measure import MeasureObjectsWidget

        c = self.add(MeasureObjectsWidget, "Measure objects").controller
        c.state.objects = str(self.objects.unique_id)
        if images is not None:
            c.state.images = tuple(str(self.find(name).unique_id) for name in images)
        c.state.names, c.state.probabilities = names, probabilities
        c.measure()
        self.wait(lambda: "area" in self.objects.features and not c.work.is_running)
        return self

    def classify_objects(self, column="area"):
        """Mark the smallest and the largest objects as two classes, and let the rest follow."""
        from brushwood.gui.object_classifier import ObjectClassifierWidget

        widget = self.add(ObjectClassifierWidget, "Object classifier")
        c = widget.controller
        c.state.forest = ForestParams(n_trees=10)
        self.wait(lambda: c.state.layers and not c.measuring.is_running and not c.live.is_busy)
        table = self.objects.features.sort_values(column)
        for class_id, rows in ((1, table[:4]), (2, table[-4:])):
            c.choose_class(class_id)
            for _, row in rows.iterrows():
                self._mark(c, row)
        self.wait(lambda: c.state.model is not None and "class" in self.objects.features)
        self.wait(lambda: not any(p.is_busy for p in (c.marking, c.live, c.results)))
        self.wait(lambda: self.find("· object classes") is not None)
        return self

    def _mark(self, controller, row):
        labels = self.objects.data
        frame = () if "frame" not in row else (int(row["frame"]),)
        where = np.argwhere(labels[frame] == int(row["index"]))
        at = (*frame, *map(int, where[len(where) // 2]))
        key, label = str(self.objects.unique_id), int(row["index"])
        controller.marking.toggle(key, label, at, controller.state.current_class)
        self.wait(lambda: not controller.marking.is_busy)

    def export(self, path, layers=None):
        """Write the image as a user would save it, with its pixel size."""
        first = self.images[0]
        pixels = [layer.data for layer in self.images]
        n = first.data.ndim
        axes = {"nuclei_3d": "zyx", "nuclei_time": "tyx"}.get(self.key, "yx")
        if first.rgb:
            step = 1 / float(first.scale[0])
            tifffile.imwrite(
                path, first.data, imagej=True, resolution=(step, step), metadata={"unit": "um"}
            )
            return path
        if len(pixels) > 1:
            axes, data = f"c{axes}", np.stack(pixels)
        else:
            data = pixels[0]
        known = str(first.units[-1]) != "pixel"
        space = 3 if "z" in axes else 2
        size = tuple(float(s) for s in first.scale[n - space :]) if known else None
        write_image(path, data, axes, size, "um" if known else None)
        return path
