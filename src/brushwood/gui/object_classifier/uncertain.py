"""Take the user to the objects that the forest is least sure about."""

from collections.abc import Callable

import numpy as np
from qtpy.QtCore import QObject, Signal

from brushwood.gui._camera import look_at
from brushwood.gui._scene import NapariScene, full_data, note_of
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.object_classifier.results import ObjectLayers
from brushwood.gui.object_classifier.watching import Watch
from brushwood.jobs import Job
from brushwood.session import object_sentences
from brushwood.session.classes import find_class
from brushwood.session.freshness import MEASURED
from brushwood.session.locating import Place, find_label, place_from_row
from brushwood.session.object_state import ObjectState
from brushwood.session.scene import LayerKey
from brushwood.session.selection import SelectionState

#: An object: layer, frame and label.
Spot = tuple[LayerKey, int, int]


class NextUncertain(QObject):
    """Goes through the objects without a mark, the least certain first."""

    said = Signal(str)

    def __init__(
        self,
        state: ObjectState,
        selection: SelectionState,
        scene: NapariScene,
        results: ObjectLayers,
        watch: Watch,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._selection, self._scene = state, selection, scene
        self._results, self._watch = results, watch
        self._marked: dict[LayerKey, frozenset[tuple[int, int]]] = {}
        self._seen: set[Spot] = set()
        self._finder = TaskRunner(self)
        self._finder.succeeded.connect(self._on_found)

    def marked(self, key: LayerKey, objects: frozenset[tuple[int, int]]) -> None:
        """Note which objects, as (frame, label), have a mark: they are not asked for."""
        self._marked[key] = objects

    def ranking(self) -> list[tuple[float, Spot]]:
        """Return the objects without a mark, by uncertainty from 1 down to 0."""
        found = []
        for key in self._state.layers:
            done = self._results.latest(key)
            if done is None:
                continue
            marked = self._marked.get(key, frozenset())
            order = np.argsort(-done.uncertainty, kind="stable")
            order = order[done.labels[order] > 0]
            rows = zip(
                done.uncertainty[order].tolist(),
                done.frames[order].tolist(),
                done.labels[order].tolist(),
                strict=True,
            )
            found += [(u, (key, f, label)) for u, f, label in rows if (f, label) not in marked]
        return sorted(found, key=lambda pair: -pair[0]) if len(self._state.layers) > 1 else found

    def go(self) -> None:
        """Go to the next one."""
        ranking = self.ranking()
        if not ranking:
            self.said.emit("Every object has a mark: there is nothing to ask.")
            return
        rest = [(rank, spot) for rank, (_, spot) in enumerate(ranking, 1) if spot not in self._seen]
        if not rest:  # all were looked at: begin again
            self._seen.clear()
            rest = [(rank, spot) for rank, (_, spot) in enumerate(ranking, 1)]
        rank, spot = rest[0]
        self._seen.add(spot)
        self._select(spot)
        self._move(spot)
        self.said.emit(self._sentence(spot, rank, len(ranking)))

    def stop(self) -> None:
        """Stop looking."""
        self._finder.drop()

    def _select(self, spot: Spot) -> None:
        key, _, label = spot
        self._selection.select(key, frozenset({label}), label)

    def _move(self, spot: Spot) -> None:
        key, frame, label = spot
        layer, watched = self._scene.layer(key), self._watch.of(key)
        done = self._results.latest(key)
        if layer is None or watched is None or done is None:
            return
        data = full_data(layer)
        ndim = watched.ndim
        lead = tuple(int(n) for n in data.shape[: data.ndim - ndim])
        at = tuple(int(i) for i in np.unravel_index(frame, lead)) if lead else ()
        spacing = note_of(layer).get(MEASURED, {}).get("spacing")
        place = place_from_row(self._row(spot), layer.ndim, spacing, at)
        if place is not None:
            look_at(self._scene.viewer, layer, place)
            return

        def work(job: Job, publish: Callable[[object], None]) -> tuple[LayerKey, Place | None]:
            return key, find_label(data, label, at if done.has_frames else (), job)

        self._finder.submit(work)

    def _row(self, spot: Spot) -> dict[str, object]:
        key, frame, label = spot
        done, watched = self._results.latest(key), self._watch.of(key)
        table = watched.table()
        here = np.flatnonzero((done.labels == label) & (done.frames == frame))
        if not here.size or len(table) != len(done.labels):
            return {}
        names = [
            n
            for n in map(str, table.columns)
            if n.startswith(("centroid-", "bbox-")) or n == "area"
        ]
        return {name: table[name].iloc[int(here[0])] for name in names}

    def _sentence(self, spot: Spot, rank: int, total: int) -> str:
        key, frame, label = spot
        done = self._results.latest(key)
        row = int(np.flatnonzero((done.labels == label) & (done.frames == frame))[0])
        class_id = int(done.classes[row])
        info = find_class(self._state.classes, class_id)
        share = float(done.probabilities[row].max())
        name = info.name if info else f"class {class_id}"
        shown = frame if done.has_frames else None
        return object_sentences.uncertain(label, name, share, rank, total, shown)

    def _on_found(self, found: tuple[LayerKey, Place | None]) -> None:
        key, place = found
        layer = self._scene.layer(key)
        if layer is not None and place is not None:
            look_at(self._scene.viewer, layer, place)
