"""Fill the view with the state."""

from typing import Any

from qtpy.QtCore import QObject

from brushwood.gui._scene import full_shape, note_of
from brushwood.gui.object_classifier.objects_section import ObjectsRow
from brushwood.gui.object_classifier.scribbling import paintable
from brushwood.gui.pixel_classifier.keys import CLASS_KEYS
from brushwood.session.freshness import was_measured
from brushwood.session.object_readiness import ObjectReadiness
from brushwood.session.object_sentences import table_text
from brushwood.session.scene import LayerKey
from brushwood.tables import header


class Presenter(QObject):
    """Shows what there is; it changes nothing but the view."""

    def __init__(self, controller: Any) -> None:
        super().__init__(controller)
        self._all = controller
        self._state = controller.state
        self._view = controller.view

    def show(self) -> None:
        """Show everything."""
        ready = self._all.readiness()
        self._show_objects(ready)
        self._show_classes(ready)
        self._show_columns()
        state, view = self._state, self._view
        view.forest.show_params(state.forest)
        view.result.show_outputs(state.outputs, self._all.outcome.columns(self._first()))
        view.actions.show_ready(
            train_reason=ready.train_reason,
            next_reason=ready.next_reason,
            save_reason=ready.save_reason,
            live=state.live,
        )
        self._all.validator.refresh(ready.train_reason)
        self._all.narrator.hint(ready)

    def missing_columns(self) -> dict[LayerKey, tuple[str, ...]]:
        """Return the columns that the model needs and the tables lack, by layer."""
        model, facts = self._state.model, self._all.watch.facts()
        if model is None:
            return {}
        found = {}
        for key in self._state.layers:
            fact = facts.get(key)
            if fact is not None and fact.columns:
                lacking = tuple(n for n in model.columns if n not in fact.columns)
                if lacking:
                    found[key] = lacking
        return found

    def script_facts(self) -> tuple[Any, ...]:
        """Return names of the layers, their unit, scale and dimensions, for a script."""
        layers = [self._all.scene.layer(key) for key in self._state.layers]
        first = self._all.watch.of(self._first()) if self._first() else None
        units = note_of(layers[0]).get("units") or {} if layers and layers[0] is not None else {}
        refs = {ref.key: ref for ref in self._all.scene.objects()}
        ref = refs.get(self._first() or "")
        names = [layer.name for layer in layers if layer is not None]
        with_image = self._first() is not None and bool(self._all.measuring.image_of(self._first()))
        return names, ref, units, first.ndim if first is not None else 2, with_image

    def _first(self) -> LayerKey | None:
        return next(iter(self._state.layers), None)

    def _show_objects(self, ready: ObjectReadiness) -> None:
        state, view, first = self._state, self._view.objects, self._first()
        facts = self._all.watch.facts()
        rows = [ObjectsRow(ref.key, ref.name) for ref in self._all.chooser.candidates()]
        texts = [
            table_text(facts[k].n_rows, len(facts[k].columns)) for k in state.layers if k in facts
        ]
        view.show_objects(rows, state.layers, "; ".join(texts))
        missing = self.missing_columns()
        images = self._all.measuring.images(first)
        image = self._all.measuring.image_of(first) if first is not None else None
        text = self._measure_text(ready, missing)
        running = self._all.measuring.is_running
        view.show_measure(images, image, text, "Measuring …" if running else "")

    def _measure_text(
        self, ready: ObjectReadiness, missing: dict[LayerKey, tuple[str, ...]]
    ) -> str:
        if ready.mark_reason:
            return ""
        if ready.unmeasured:
            facts = self._all.watch.facts()
            again = any(facts[key].is_stale for key in ready.unmeasured if key in facts)
            return "Measure again" if again else "Measure objects"
        if missing:
            n = len(next(iter(missing.values())))
            return f"Measure {n} missing column{'s' if n > 1 else ''}"
        layer = self._all.scene.layer(self._first())
        if layer is not None and not was_measured(note_of(layer)):
            return "Measure objects"  # a table that came with the layer may lack much
        return ""

    def _show_classes(self, ready: ObjectReadiness) -> None:
        state, view = self._state, self._view.classes
        view.show_classes(state.classes, state.current_class, dict(state.counts), CLASS_KEYS)
        view.show_clicking(
            state.clicking, ready.mark_reason, f"Keys {' '.join(CLASS_KEYS)} choose the class."
        )
        view.show_history(bool(self._all.book.done), bool(self._all.book.undone))
        watched = self._all.watch.of(self._first()) if self._first() else None
        layer = watched.layer if watched is not None else None
        fits = full_shape(layer) if layer is not None else None
        layers = [(k, n) for k, n in paintable(self._all.scene, fits) if k not in state.layers]
        columns = watched.facts().class_columns if layer is not None else ()
        view.show_sources(layers, state.annotation, columns, ready.mark_reason)
        offer = self._all.offer()
        take = "" if offer is None else f"Take over {offer[2]:,} marks of {offer[1]}"
        view.show_note(self._all.outcome.text, take)

    def _show_columns(self) -> None:
        known, units = [], {}
        for key in self._state.layers:
            watched = self._all.watch.of(key)
            if watched is not None and watched.facts().columns:
                known.append(watched.facts().columns)
                units |= note_of(watched.layer).get("units") or {}
        shared = [n for n in (known[0] if known else ()) if all(n in names for names in known)]
        columns = [(name, header(name, units.get(name, ""))) for name in shared]
        model = self._state.model
        shares = dict(model.importances) if model is not None else {}
        self._view.columns.show_columns(columns, self._state.columns, shares)
