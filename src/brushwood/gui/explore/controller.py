"""Join the choices, the tables, the plot and the questions of the exploration."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QObject
from qtpy.QtGui import QGuiApplication

from brushwood.errors import BrushwoodError
from brushwood.explore.embed import EmbedParams
from brushwood.explore.optional import is_there
from brushwood.explore.prepare import usable_columns
from brushwood.gui import _docks
from brushwood.gui._help import show_help
from brushwood.gui._scene import NapariScene, key_of, session_for
from brushwood.gui._tasks import TaskRunner
from brushwood.gui.explore.adding import Adding
from brushwood.gui.explore.arrived import Answer, Arrived, explored_of
from brushwood.gui.explore.keeping import Keeping
from brushwood.gui.explore.plot_link import PlotLink
from brushwood.gui.explore.reasons import Reasons
from brushwood.gui.explore.source import MeasuredLayers
from brushwood.gui.explore.view import ExploreView
from brushwood.gui.explore.warming import Warming
from brushwood.jobs import Job
from brushwood.session.explore_script import explore_script
from brushwood.session.explore_text import (
    cluster_summary,
    embed_summary,
    explained_sentence,
    explored_sentence,
    first_sentence,
    kept_sentence,
    laid_out_sentence,
    suggested_sentence,
    trusted_sentence,
    why_sentence,
)
from brushwood.session.explore_work import (
    Explained,
    ExplainRequest,
    Explored,
    ExploreRequest,
    KeepRequest,
    Kept,
    TableSource,
    Trusted,
    TrustRequest,
    Why,
    WhyRequest,
    run_explain,
    run_explore,
    run_keep,
    run_trust,
    run_why,
)
from brushwood.session.exploring import ObjectRows
from brushwood.session.freshness import fingerprint
from brushwood.tables import header, units_of

_NO_TABLE = "Tick a layer in section 1. Measure objects first if there is none."
_NO_GROUPS = "There are no groups yet. Press Run first."
_CHANGED = (
    "The objects of {names} changed while this was computed, so the answer was dropped: it belongs "
    "to objects that are no more. Measure them again, then repeat."
)
_OTHER_TABLE = (
    "The table changed while this was computed, so the answer was dropped. Press Run again."
)
_NO_SHAP = "SHAP is not installed: pip install 'napari-brushwood[explore]'."


class ExploreController(QObject):
    """Asks one question at a time in a worker; answers become columns, sections and points."""

    def __init__(self, viewer: Any, view: ExploreView) -> None:
        super().__init__(view)
        self.viewer, self.view = viewer, view
        self.session = session_for(viewer)
        self.state = self.session.exploring
        self.scene = NapariScene(viewer)
        self.source = MeasuredLayers(self.scene, self)
        self.plot = PlotLink(viewer, view.plot, self)
        self.keeping = Keeping(self)
        self.reasons = Reasons(self)
        self.warming = Warming(self)
        self.adding = Adding(self.scene, self)
        self.rows: ObjectRows | None = None
        self.explored: Explored | None = None
        self._said = ""
        self._running = False
        self._chosen_once = False
        self._runner = TaskRunner(self, announced=True)
        self._runner.succeeded.connect(self._on_arrived)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(lambda: self.say("Cancelled. Nothing was changed."))
        self._runner.busy_changed.connect(view.actions.show_busy)
        self._runner.progressed.connect(view.actions.show_progress)
        self.source.changed.connect(self._on_tables)
        self.plot.said.connect(self.say)
        self.plot.populations_changed.connect(self._on_populations)
        for part in (self.keeping, self.warming, self.adding):
            part.said.connect(self.say)
        self._connect_view(view)

    def _connect_view(self, view: ExploreView) -> None:
        view.table.layers_chosen.connect(lambda keys: self._set("layers", keys))
        view.table.columns_chosen.connect(lambda names: self._set("columns", names))
        view.table.prepare_edited.connect(lambda params: self._set("prepare", params))
        view.table.measure_requested.connect(
            lambda: _docks.open_named(self.viewer, "Measure objects")
        )
        view.reduce.edited.connect(self._on_embed)
        view.group.edited.connect(lambda params: self._set("clusters", params))
        view.group.on_layout_chosen.connect(lambda on: self._set("on_layout", on))
        view.group.run_requested.connect(self.run)
        view.group.take_requested.connect(self._on_take)
        view.trust.edited.connect(lambda params: self._set("stability", params))
        view.trust.run_requested.connect(self.repeat)
        view.why.run_requested.connect(self.rank)
        view.why.explain_requested.connect(self.explain)
        view.why.columns_requested.connect(lambda names: self._set("columns", names))
        view.keep.edited.connect(lambda params: self._set("surrogate", params))
        view.keep.run_requested.connect(self.keep)
        view.table.file_requested.connect(lambda: self.adding.ask(view, self.state.layers))
        view.keep.save_requested.connect(self.keeping.ask_save)
        view.keep.apply_requested.connect(self.keeping.apply)
        view.actions.run_requested.connect(self.run)
        view.actions.cancel_requested.connect(self._on_cancel)
        view.actions.copy_requested.connect(self._on_copy)
        view.actions.help_requested.connect(lambda: show_help("explore", view))

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._running or not self.scene.is_alive:
            return
        self._running = True
        self.source.start()
        self.plot.start()
        self.reasons.start()
        self._on_tables()
        if self.state.embed.method == "umap":
            self.warming.begin()

    def stop(self) -> None:
        """Let everything go. Calling it again does nothing."""
        if not self._running:
            return
        self._running = False
        self._runner.drop()
        for part in (self.reasons, self.warming, self.keeping, self.adding, self.plot, self.source):
            part.stop()

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._said = sentence
        self.view.actions.show_status(sentence)

    def run(self) -> None:
        """Lay the rows out and group them."""
        if self.rows is None or not len(self.rows):
            self.say(_NO_TABLE)
            return
        request = self._request()
        self._ask(run_explore, request, request.sources)

    def _request(self) -> ExploreRequest:
        state = self.state
        return ExploreRequest(
            self.source.sources(state.layers),
            state.columns,
            state.prepare,
            state.embed if state.on_layout else None,
            state.clusters,
            suggest=True,
        )

    def repeat(self) -> None:
        """Test whether the groups come back."""
        if self._has_groups():
            self._ask(run_trust, TrustRequest(self.explored, self.state.stability))

    def rank(self) -> None:
        """Ask which columns go with the groups."""
        if self._has_groups():
            self._ask(run_why, WhyRequest(self.explored))

    def keep(self) -> None:
        """Teach a classifier the groups."""
        if self._has_groups():
            request = KeepRequest(self.explored, params=self.state.surrogate)
            self._ask(run_keep, request)

    def explain(self) -> None:
        """Ask what the classifier looks at; train it first if it was not."""
        if not self._has_groups():
            return
        kept = self.keeping.kept
        request = KeepRequest(self.explored, params=self.state.surrogate)

        def both(given: KeepRequest, job: Job) -> Explained:
            found = kept if kept is not None else run_keep(given, job.part(0.0, 0.4))
            return run_explain(ExplainRequest(found), job.part(0.4, 1.0))

        self._ask(both, request)

    def refresh(self) -> None:
        """Show the state."""
        state, view, rows = self.state, self.view, self.rows
        layers = [(key_of(layer), layer.name) for layer in self.source.layers()]
        view.table.show_layers(layers, state.layers)
        columns = usable_columns(rows.table) if rows is not None and len(rows) else []
        units = units_of(rows.table) if rows is not None else {}
        ticked = columns if state.columns is None else state.columns
        view.table.show_columns([(n, header(n, units.get(n, ""))) for n in columns], ticked, state)
        n_rows = len(rows) if rows is not None else 0
        notes = " ".join(self.explored.notes()) if self.explored is not None else ""
        view.table.show_summary(n_rows, len([n for n in columns if n in ticked]), notes)
        view.reduce.show_params(state.embed, embed_summary(state.embed))
        view.group.show_params(state.clusters, cluster_summary(state.clusters))
        view.group.show_group(state.on_layout, self._suggested() is not None)
        reason = "" if n_rows else _NO_TABLE
        has_groups = self.explored is not None and self.explored.clusters is not None
        grouped = reason or ("" if has_groups else _NO_GROUPS)
        view.trust.show_params(state.stability.n_runs, grouped)
        view.why.show_ready(grouped, "" if is_there("shap") else _NO_SHAP)
        view.keep.show_ready(grouped, self.keeping.classifier is not None)
        view.actions.show_ready(reason)
        view.actions.show_status(self._said or reason or "Press Run.")

    def _set(self, name: str, value: Any) -> None:
        setattr(self.state, name, value)
        if name == "layers":
            self._on_tables()
        self.refresh()

    def _has_groups(self) -> bool:
        if self.explored is None or self.explored.clusters is None:
            self.say(_NO_GROUPS)
            return False
        return True

    def _ask(
        self,
        run: Callable[[Any, Job], Answer],
        request: Any,
        sources: tuple[TableSource, ...] | None = None,
    ) -> None:
        """Answer in a worker, which looks at the labels again when it is done."""
        sources = sources if sources is not None else self.explored.request.sources
        revisions = dict(self.source.revisions)

        def work(job: Job, publish: Callable[[object], None]) -> Arrived:
            answer = run(request, job.part(0.0, 0.98))
            now = tuple("" if s.labels is None else fingerprint(s.labels, job) for s in sources)
            return Arrived(answer, sources, now, revisions)

        self.warming.stop()
        self._runner.submit(work)

    def _on_tables(self) -> None:
        """Layers or their tables changed."""
        keys = tuple(key_of(layer) for layer in self.source.layers())
        ticked = tuple(key for key in self.state.layers if key in keys)
        if not ticked and keys and not self._chosen_once:
            ticked = keys[-1:]
        self._chosen_once = self._chosen_once or bool(ticked)
        self.state.layers = ticked
        try:
            rows = self.source.rows(ticked)
        except BrushwoodError as error:
            self.say(str(error))
            rows = None
        if self.explored is not None and not self._is_same(rows):
            self._forget()
        if self._said == _NO_TABLE and rows is not None and len(rows):
            self._said = ""
        self.rows = rows
        self.plot.show_rows(rows)
        self.refresh()

    def _is_same(self, rows: ObjectRows | None) -> bool:
        """Whether rows are still the objects that were explored."""
        return rows is not None and self.rows is not None and rows.same_objects(self.rows)

    def _forget(self) -> None:
        """Take away answers that belong to other objects or groups."""
        self.explored = None
        self.reasons.forget()
        self.keeping.forget()
        self.state.said = ""
        for section in (self.view.trust, self.view.why, self.view.keep):
            section.show_nothing()
        self.view.reduce.show_note("")
        self.view.group.show_note("")

    def _on_arrived(self, arrived: Arrived) -> None:
        answer = arrived.answer
        if not isinstance(answer, Explored) and explored_of(answer) is not self.explored:
            self.say(_OTHER_TABLE)  # the table changed, and with it the groups went
            return
        changed = [
            s.name
            for s in arrived.sources
            if self.source.revisions.get(s.key, 0) != arrived.revisions.get(s.key, 0)
            or self.scene.layer(s.key) is None
        ]
        if changed:
            self.say(_CHANGED.format(names=", ".join(changed)))
        elif isinstance(answer, Explored):
            self._on_explored(answer, arrived)
        elif isinstance(answer, Trusted):
            self.state.colour = answer.stability.name
            dropped = self._land(answer.columns(), arrived)
            self.view.trust.show_answer(answer, trusted_sentence(answer))
            said = first_sentence(answer.stability.verdict.sentence)
            self.say(" ".join(x for x in (said, dropped) if x))
        elif isinstance(answer, Why):
            self.view.why.show_reasons(answer, why_sentence(answer))
            self.say(first_sentence(why_sentence(answer)))
        elif isinstance(answer, Kept):
            self.keeping.take(answer)
            self.view.keep.show_answer(answer, kept_sentence(answer))
            self.say(first_sentence(kept_sentence(answer)))
        elif isinstance(answer, Explained):
            self.reasons.take(answer)
            self.say(explained_sentence(answer))
        self.refresh()

    def _land(self, columns: dict[str, Any], arrived: Arrived) -> str:
        before = self.explored.fingerprints
        return self.source.land(arrived.sources, columns, before, arrived.now)

    def _on_explored(self, done: Explored, arrived: Arrived) -> None:
        self._forget()
        self.explored = done
        if done.embedding is not None and len(done.embedding.names) > 1:
            self.state.x, self.state.y = done.embedding.names[:2]
        if done.clusters is not None:
            self.state.colour = done.clusters.name
            self.state.said = f"{done.clusters.n_clusters} groups"
        dropped = self._land(done.columns(), arrived)
        self.view.reduce.show_note(laid_out_sentence(done))
        self.view.group.show_note(suggested_sentence(done))
        for section in (self.view.table, self.view.reduce):
            section.set_open(False)  # their summaries stay, and the plot comes into view
        self.say(" ".join(x for x in (explored_sentence(done), dropped) if x))

    def _on_populations(self) -> None:
        """Write the populations as columns of yes and no."""
        rows = self.rows
        if rows is None or not len(rows):
            return
        columns = {p.name: self.plot.inside(p) for p in self.state.populations}
        known = {name: mask for name, mask in columns.items() if mask is not None}
        gone = tuple(self.plot.former_names - set(columns))
        self.source.write(rows, known, gone)

    def _on_embed(self, params: EmbedParams) -> None:
        self._set("embed", params)
        if params.method == "umap":
            self.warming.begin()
        elif self.warming.is_running:
            self.warming.stop()
            self.say("")
            self.refresh()

    def _suggested(self) -> int | None:
        found = self.explored.suggestion if self.explored is not None else None
        if found is None or found.n_clusters == self.state.clusters.n_clusters:
            return None
        return int(found.n_clusters)

    def _on_take(self) -> None:
        number = self._suggested()
        if number is not None:
            self._set("clusters", replace(self.state.clusters, n_clusters=number))
            self.run()

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BrushwoodError | OSError | MemoryError):
            self.say(str(error) or type(error).__name__)
        else:
            self.say(f"Something unexpected went wrong: {type(error).__name__}: {error}")

    def _on_cancel(self) -> None:
        self._runner.cancel()
        self.warming.stop()

    def _on_copy(self) -> None:
        request = self._request()
        if not request.sources:
            self.say(_NO_TABLE)
            return
        QGuiApplication.clipboard().setText(explore_script(request, self.state.stability))
        self.say(
            "A script that explores the table in the same way is on the clipboard. It reads the "
            "table from a file: export it in the object table."
        )
