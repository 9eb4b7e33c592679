"""A large image in a real window: how fast its result fills in, and how quick the window stays.

``xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/bench_window_large.py``

A pyramid in a Zarr file is opened zoomed in, a model is trained there, and *Apply to whole image*
is pressed. The same is then computed without a window, from and to Zarr, in the same run. A timer
that ticks every 5 ms sees how long the window's thread was kept.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import cells, machine, strokes, versions

#: Side of the tile that the image consists of, and of its chunks.
TILE = 1024
#: Bytes of a megabyte.
MB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--objects", action="store_true", help="make and measure objects as well")
    options = parser.parse_args()
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        print("bench_window_large: skipped, there is no display. Run it under xvfb-run.")
        return
    print(machine())
    print(versions("napari", "PyQt6", "zarr", "pyclesperanto"))
    with tempfile.TemporaryDirectory() as folder:
        levels, marks = stored(Path(folder), options.size)
        window = Window(levels, marks)
        report("applied in the window", window.apply(), options.size, window)
        print(f"cancelled within {window.cancel():.2f} s")
        report("without a window", window.alone(Path(folder)), options.size)
        if options.objects:
            report("objects made", window.make(), options.size, window)
            report("measured", window.measure(), options.size, window)
        window.viewer.close()


def stored(folder: Path, size: int) -> tuple[list[Any], np.ndarray]:
    """Write an image and its lower resolutions; return them, and strokes in its corner."""
    import zarr

    tile = cells((TILE, TILE))
    count = size // TILE
    image = np.block(
        [[tile[:: 1 - 2 * (r % 2), :: 1 - 2 * (c % 2)] for c in range(count)] for r in range(count)]
    )
    levels = []
    while True:
        path = folder / f"{len(levels)}.zarr"
        levels.append(zarr.create_array(str(path), data=image, chunks=(TILE, TILE)))
        if max(image.shape) <= TILE:
            break
        image = np.ascontiguousarray(image[::2, ::2])
    marks = np.zeros((size, size), np.uint8)
    marks[:TILE, :TILE] = strokes(tile)
    return levels, marks


def report(what: str, seconds: float, size: int, window: Any = None) -> None:
    line = f"{what}: {seconds:.1f} s, {size * size / 1e6 / seconds:.2f} megapixels/s"
    if window is not None:
        line += f", longest block of the window {1000 * window.longest:.0f} ms"
        line += f", peak memory {window.peak / MB:.0f} MB without files"
    print(line)


def anonymous() -> int:
    """Return the bytes that this process holds in memory and in no file; 0 where unknown."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("RssAnon")]
    return 1024 * int(found[0]) if found else 0


class Window:
    """A napari window with a large image and a trained model."""

    def __init__(self, levels: list[Any], marks: np.ndarray) -> None:
        import napari
        from qtpy.QtCore import QTimer
        from qtpy.QtWidgets import QApplication

        from brushwood.gui.pixel_classifier import PixelClassifierWidget

        self.viewer, self.levels = napari.Viewer(), levels
        self.app = QApplication.instance()
        self.longest, self.peak, self._last = 0.0, 0, time.perf_counter()
        self._beat = QTimer()
        self._beat.timeout.connect(self._tick)
        self.viewer.add_image(levels, multiscale=True, name="field", contrast_limits=(0, 500))
        camera = self.viewer.scene.camera
        camera.center, camera.zoom = (TILE / 2, TILE / 2), 2.0
        self.widget = PixelClassifierWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="Pixel classifier")
        self.controller = self.widget.controller
        self.wait(lambda: self.controller.session.devices)
        self.viewer.add_labels(marks, name="annotation")
        self.wait(lambda: self.controller.state.model is not None)
        self.wait(lambda: not self.controller.live.is_busy)
        self._beat.start(5)
        threading.Thread(target=self._watch, daemon=True).start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, anonymous())
            time.sleep(0.1)

    def wait(self, condition: Callable[[], Any]) -> None:
        """Let the window go on until something holds."""
        while not condition():
            self.app.processEvents()
            time.sleep(0.001)

    def timed(self, start: Callable[[], Any], is_running: Callable[[], Any]) -> float:
        """Return the seconds of some work in the background."""
        self.longest, self.peak, self._last = 0.0, 0, time.perf_counter()
        began = time.perf_counter()
        start()
        self.wait(lambda: not is_running())
        return time.perf_counter() - began

    def apply(self) -> float:
        """Return the seconds of applying the model to everything, with all of it in view."""
        whole = self.controller.whole
        self.viewer.reset_view()
        return self.timed(whole.apply, lambda: whole.is_running)

    def cancel(self) -> float:
        """Return the seconds from a press on *Cancel* until everything has ended."""
        whole, began = self.controller.whole, time.perf_counter()
        whole.apply()
        self.wait(lambda: time.perf_counter() - began > 3)
        return self.timed(whole.cancel, lambda: whole.is_running)

    def alone(self, folder: Path) -> float:
        """Return the seconds of the engine without a window, from file to file."""
        import zarr

        image = self.levels[0]
        options = {"shape": image.shape, "chunks": (TILE, TILE), "dtype": np.uint8}
        out = zarr.create_array(str(folder / "classes.zarr"), **options)
        began = time.perf_counter()
        model = self.controller.session.engine.classifier
        model.predict_maps(image, ("classes",), out={"classes": out})
        return time.perf_counter() - began

    def make(self) -> float:
        """Return the seconds of making objects of the classes."""
        from brushwood.gui.objects import MakeObjectsWidget

        self.timed(self.controller.whole.apply, lambda: self.controller.whole.is_running)
        widget = MakeObjectsWidget(self.viewer)
        self.viewer.window.add_dock_widget(widget, name="Make objects")
        making = widget.controller
        making.state.live = False
        return self.timed(making.view.actions.make.click, lambda: making.maker.is_running)

    def measure(self) -> float:
        """Return the seconds of measuring them."""
        from brushwood.gui.measure import MeasureObjectsWidget

        widget = MeasureObjectsWidget(self.viewer)
        self.viewer.window.add_dock_widget(widget, name="Measure objects")
        work = widget.controller
        seconds = self.timed(work.measure, lambda: work.work.is_running)
        if "Press Measure again" in work.view.actions.status.text():
            seconds = self.timed(work.measure, lambda: work.work.is_running)
        return seconds


if __name__ == "__main__":
    main()
