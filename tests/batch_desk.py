"""A viewer with the batch, and words for what tests wait for."""

import json
from pathlib import Path

FAKE = Path(__file__).with_name("batch_fake.py")
PATIENCE = 120_000


def planned(name, **more):
    """Return what a plan says of an image."""
    return {"path": f"/data/{name}.tif", "name": name, "state": "waiting", "outputs": {}} | more


def told(name, state, **more):
    """Return what a run says of an image."""
    return {"event": "file", "path": f"/data/{name}.tif", "state": state, "fraction": 0.5} | more


def ended(done, failed=0, state="done", **more):
    """Return the last words of a run."""
    return {"event": "end", "state": state, "done": done, "failed": failed, "skipped": 0} | more


class BatchDesk:
    """A viewer with the widget."""

    def __init__(self, viewer, qtbot, folder):
        from brushwood.gui.batch import BatchWidget

        self.viewer, self.qtbot, self.folder = viewer, qtbot, folder
        self.widget = BatchWidget(viewer)
        viewer.window.add_dock_widget(self.widget, name="Batch")
        self.controller, self.view = self.widget.controller, self.widget.view
        self.state = self.controller.state
        self.board = self.controller.listing.board

    @property
    def status(self):
        return self.view.actions.status.text()

    @property
    def start(self):
        return self.view.actions._start

    def states(self):
        return [row.state for row in self.board.rows]

    def wait(self, condition):
        def holds():
            assert condition(), self.status

        self.qtbot.waitUntil(holds, timeout=PATIENCE)

    def planned(self):
        """Wait until what was chosen is planned."""
        part = self.controller
        self.qtbot.wait(20)
        self.wait(lambda: not (part.choosing.is_busy or part.planning.is_busy))
        self.wait(lambda: not part.counting.is_busy)
        self.qtbot.wait(20)

    def choose(self, recipe, *sources, out=None):
        """Choose as a user does, and wait for the plan."""
        self.view.what.file_chosen.emit("recipe", str(recipe))
        self.state.out = str(out or self.folder / "results")
        self.view.paths_dropped.emit(tuple(map(str, sources)))
        self.planned()

    def run(self):
        """Start, and wait for the end."""
        self.start.click()
        self.wait(lambda: not self.controller.running.is_busy)
        self.controller.listing.flush()


def fake_process(monkeypatch, folder, **script):
    """Let a stand-in answer instead of ``brushwood``; return a function that changes its script."""
    from brushwood.gui.batch import process

    path = folder / "script.json"

    def write(**more):
        script.update(more)
        path.write_text(json.dumps({"files": [], "lines": []} | script), "utf-8")

    write()
    monkeypatch.setattr(
        process, "command_line", lambda words: [str(FAKE), str(path), *map(str, words)]
    )
    return write


def words_of_runs(folder):
    """Return the arguments with which the stand-in was called."""
    log = folder / "script.log"
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]
