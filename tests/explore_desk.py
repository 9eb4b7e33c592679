"""A viewer with measured objects and the exploration, for tests: words for what they wait for."""

import numpy as np
import pandas as pd

PATIENCE = 30_000
#: Objects of a layer: rows and columns of squares.
GRID = (5, 12)
SIDE = 10


def squares(frames=0):
    """Return labels of a grid of squares with gaps in the numbers; with frames, unique over all."""
    if frames:
        stack = np.stack([squares()] * frames)
        for k in range(1, frames):
            stack[k][stack[k] > 0] += k * 1000
        return stack
    labels = np.zeros((GRID[0] * SIDE, GRID[1] * SIDE), np.int32)
    for k in range(GRID[0] * GRID[1]):
        y, x = SIDE * (k // GRID[1]), SIDE * (k % GRID[1])
        labels[y + 2 : y + 8, x + 2 : x + 8] = 2 * k + 3
    return labels


def measured(labels, seed=0):
    """Return a table of these objects: two groups far apart, the small labels and the others."""
    rng = np.random.default_rng(seed)
    planes = labels if labels.ndim == 3 else labels[None]
    parts = []
    for frame, plane in enumerate(planes):
        ids = np.unique(plane[plane > 0])
        n = len(ids)
        truth = np.arange(n) * 2 // n
        columns = {"label": ids, "index": ids}
        if labels.ndim == 3:
            columns["frame"] = np.full(n, frame)
        where = [np.argwhere(plane == i).mean(axis=0) for i in ids]
        columns |= {f"centroid-{d}": [at[d] for at in where] for d in range(2)}
        columns["area"] = 36.0 + 20 * truth + rng.normal(size=n)
        columns["perimeter"] = columns["area"] * 2 + 0.1 * rng.normal(size=n)
        columns["solidity"] = 1 - 0.2 * truth + 0.01 * rng.normal(size=n)
        columns["noise"] = rng.normal(size=n)
        columns["gene"] = ["a", "b"] * (n // 2)
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def truth_of(table):
    """Return the group of each row of `measured`, 0 or 1."""
    return (table["area"] > 46).to_numpy().astype(int)


class ExploreDesk:
    """A viewer, layers of measured squares, and the exploration by PCA."""

    def __init__(self, viewer, qtbot):
        from brushwood.gui._scene import session_for

        self.viewer, self.qtbot = viewer, qtbot
        self.session = session_for(viewer)
        self.state = self.session.exploring

    def add(self, name="cells", table=None, labels=None, **options):
        """Add an image and its measured objects."""
        from brushwood.gui._scene import META, key_of

        labels = squares() if labels is None else labels
        table = measured(labels) if table is None else table
        image = self.viewer.add_image((labels > 0) * np.float32(100), name=name, **options)
        note = {"role": "objects", "image": key_of(image), "units": {"area": "px²"}}
        return self.viewer.add_labels(
            labels, name=f"{name} · objects", features=table, metadata={META: note}, **options
        )

    def open(self):
        """Open the widget with choices that are quick."""
        from brushwood.explore.embed import EmbedParams
        from brushwood.explore.stability import StabilityParams
        from brushwood.explore.surrogate import SurrogateParams
        from brushwood.gui.explore import ExploreWidget

        if self.state.embed == EmbedParams():
            self.state.embed = EmbedParams(method="pca")
            self.state.stability = StabilityParams(n_runs=3, n_controls=1)
            self.state.surrogate = SurrogateParams(n_trees=10, n_folds=2)
        self.widget = ExploreWidget(self.viewer)
        self.dock = self.viewer.window.add_dock_widget(self.widget, name="Explore objects")
        self.controller, self.view = self.widget.controller, self.widget.view
        self.plot, self.canvas = self.controller.plot, self.controller.plot.canvas
        return self

    def close(self):
        self.viewer.window.remove_dock_widget(self.dock)
        self.qtbot.wait(20)

    def wait(self, condition, timeout=PATIENCE):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)

    def idle(self):
        """Wait until nothing runs, and tables that changed were read."""
        c = self.controller
        self.wait(lambda: not (c._runner.is_busy or c.keeping._runner.is_busy))
        self.qtbot.wait(160)

    def ask(self, button):
        """Press a button and wait for the answer."""
        assert button.isEnabled(), button.toolTip()
        button.click()
        self.idle()

    def run(self):
        self.ask(self.view.actions.run)
        return self

    @property
    def status(self):
        return self.view.actions.status.text()

    @property
    def selected(self):
        return self.session.selection.selected

    def gate(self, low, high, name=None):
        """Draw a rectangle over a range of the horizontal axis, and name it."""
        from brushwood.explore.gates import Rectangle

        cloud = self.canvas.cloud
        everything = (-np.inf, np.inf)
        self.canvas.gate_drawn.emit(Rectangle(cloud.x_name, cloud.y_name, (low, high), everything))
        if name is not None:
            self.plot.name_pending(name)
        self.qtbot.wait(160)
