"""Join the choices, the plan, the run and the view of the batch."""

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QObject

from brushwood.gui._docks import open_named
from brushwood.gui._help import show_help
from brushwood.gui._scene import NapariScene, session_for
from brushwood.gui.batch.choosing import Choosing
from brushwood.gui.batch.counting import Counting
from brushwood.gui.batch.exporting import Exporting
from brushwood.gui.batch.intents import Intents
from brushwood.gui.batch.listing import Listing
from brushwood.gui.batch.opening import Opening
from brushwood.gui.batch.planning import Planning
from brushwood.gui.batch.previewing import Previewing
from brushwood.gui.batch.resuming import Resuming
from brushwood.gui.batch.running import Running
from brushwood.gui.batch.view import BatchView
from brushwood.session.batch_board import Row
from brushwood.session.batch_choice import Choice
from brushwood.session.batch_events import EndTold, OverallTold, PlanTold
from brushwood.session.batch_record import Unfinished
from brushwood.session.batch_text import (
    count,
    end_sentence,
    end_step_text,
    for_window,
    plan_sentence,
    running_sentence,
)
from brushwood.session.batching import CHOICES, RunRequest

#: Choices that decide what is done, and which images there are.
_STEPS, _SOURCES = {"what", "recipe", "model", "truth"}, {"sources", "recursive", "out"}


class BatchController(QObject):
    """Keeps the view and the process in step with the state."""

    def __init__(self, viewer: Any, view: BatchView) -> None:
        super().__init__(view)
        self.session = session_for(viewer)
        self.state = self.session.batching
        self.scene = NapariScene(viewer)
        self.view = view
        self.plan: PlanTold | None = None
        self._said = ""
        self._is_live = False
        self._refused = ""
        self._left: float | None = None
        self._report = self._folder = ""
        self._preview_path = ""
        self._digest, self._taken = "", ()
        self._goes_on = self._is_mine = self._is_outdated = False
        self.intents = Intents(self.state, view, self)
        self.choosing = Choosing(self.session, self.scene, self)
        self.counting = Counting(self)
        self.planning = Planning(self)
        self.running = Running(self)
        self.resuming = Resuming(view.resume, self)
        self.opening = Opening(self.scene, self)
        self.previewing = Previewing(self.scene, self)
        self.exporting = Exporting(self.state, self.choosing, view, self)
        self.listing = Listing(view.files, self)
        self._connect_parts()
        self._connect_view()

    def _connect_parts(self) -> None:
        self.choosing.chosen.connect(self._on_choice_made)
        self.counting.surveyed.connect(self.view.images.show_survey)
        self.planning.planned.connect(self._on_planned)
        self.planning.refused.connect(self._on_refused)
        running = self.running
        running.planned.connect(self._on_run_planned)
        running.file_changed.connect(self.listing.take)
        running.overall.connect(self._on_overall)
        running.ended.connect(self._on_ended)
        running.refused.connect(self._on_run_refused)
        running.busy_changed.connect(self._on_busy)
        self.resuming.wanted.connect(self._on_go_on)
        for part in (self.opening, self.previewing, self.listing, self.exporting):
            part.said.connect(self.say)
        self.previewing.busy_changed.connect(self._on_busy)
        self.previewing.progressed.connect(self.view.actions.show_progress)

    def _connect_view(self) -> None:
        view = self.view
        view.seen.connect(self.choosing.watch)
        view.what.train_requested.connect(lambda: open_named(self.scene.viewer, "Pixel classifier"))
        view.plan.look_requested.connect(self._on_look)
        view.plan.preview_requested.connect(self._on_preview)
        view.plan.image_chosen.connect(self._on_preview_image)
        self.listing.opened.connect(self._on_open)
        self.listing.preview_requested.connect(self._on_preview_row)
        view.files.report_requested.connect(lambda: self.exporting.open(self._report))
        view.files.folder_requested.connect(lambda: self.exporting.open(self._folder))
        actions = view.actions
        actions.start_requested.connect(self.start_run)
        actions.cancel_requested.connect(self.cancel)
        actions.help_requested.connect(lambda: show_help("batch-window", view))

    def start(self) -> None:
        """Follow viewer and state. Calling it again does nothing."""
        if self._is_live or not self.scene.is_alive:
            return
        self._is_live = True
        self._digest = ""  # what was being planned when the dock was closed is planned again
        self.state.events.connect(self._on_changed)
        self.resuming.look()
        self.choosing.start()
        self.counting.count(self.state)
        self.refresh()

    def stop(self) -> None:
        """Let everything go; a run is stopped and can be resumed. Again does nothing."""
        if not self._is_live:
            return
        self._is_live = False
        self.state.events.disconnect(self._on_changed)
        for part in (
            self.choosing, self.counting, self.planning, self.running, self.opening,
            self.previewing, self.listing, self.exporting,
        ):  # fmt: skip
            part.stop()
        self.view.actions.show_busy(False)

    @property
    def is_busy(self) -> bool:
        """Whether a run or a preview goes on."""
        return self.running.is_busy or self.previewing.is_busy

    def say(self, sentence: str) -> None:
        """Show a sentence until something else happens."""
        self._said = sentence
        self.view.actions.show_status(sentence)

    def reason(self) -> str:
        """Say why nothing can be started now; "" if it can."""
        if self.running.is_busy:
            return "A run goes on. Cancel stops it; what is done is kept."
        if self.previewing.is_busy:
            return "A preview is being made. Wait for it, or cancel it."
        lacking = self.choosing.lacking
        if lacking:
            return lacking
        if self._refused:
            return self._refused
        if self.plan is None:
            return "Looking at the images …"
        stops = [for_window(problem.text) for problem in self.plan.problems if problem.stops]
        if stops:
            return stops[0]
        if not any(file.state == "waiting" for file in self.plan.files):
            return "All images are done already. Choose to make everything anew to repeat them."
        return ""

    def refresh(self) -> None:
        """Show the state."""
        view, state, choice = self.view, self.state, self.choosing.choice
        view.what.show_choice(state)
        view.images.show_sources(state.sources, recursive=state.recursive)
        view.results.show_state(state, choice.possible)
        view.what.show_save(choice.problem or ("" if state.save else self.choosing.lacking))
        self._show_images()
        reason = self.reason()
        resumes = state.existing != "replace" and _is_begun(self.plan)
        view.actions.show_ready(reason, self.choosing.lacking, resumes=resumes)
        view.files.show_outcome(self._report, self._folder)
        if not self.is_busy:
            ready = plan_sentence(self.plan) if self.plan is not None else ""
            view.actions.show_status(self._said or reason or f"Ready: {ready}.")

    def start_run(self) -> None:
        """Start, or go on."""
        recipe = self.choosing.recipe
        if self.reason() or recipe is None or self.plan is None:
            self.refresh()
            return
        self.resuming.hide()
        self.planning.stop()
        self._report, self._left = "", None
        request = RunRequest.of(self.state, "")
        self._is_outdated = False
        self.running.start(recipe, request, self.choosing.choice.title, self._environment())
        if self.state.existing == "replace":  # an interrupted run goes on where it was
            self._is_mine = True
            self.state.existing = "renew"
            self._is_mine = False
        view = self.view
        for section in (view.what, view.images, view.results, view.plan):
            section.set_open(False)
        self.view.files.set_open(True)

    def cancel(self) -> None:
        """Stop the run or the preview."""
        self.previewing.cancel()
        if self.running.is_busy:
            self.view.actions.show_stopping()
            self.running.cancel()

    def _environment(self) -> dict[str, str]:
        device = self.session.state.device
        return {"BRUSHWOOD_DEVICE": device} if device else {}

    def _on_changed(self, info: Any) -> None:
        """A choice changed."""
        name = info.signal.name
        if name not in CHOICES:
            return
        self._said = ""
        self._goes_on = self._goes_on and self._is_mine
        if name in _STEPS:
            self._digest = ""
            self.choosing.look()
        if name in _SOURCES:
            self.view.images.show_sources(self.state.sources, recursive=self.state.recursive)
            self.view.images.show_counting()
            self.counting.count(self.state)
        if self.choosing.is_looking:  # the plan follows when the recipe is known
            self._digest = ""
            self.refresh()
        else:
            self._plan()

    def _plan(self) -> None:
        """Plan anew, if there is enough to plan."""
        self._refused = ""
        if self.running.is_busy:
            self._is_outdated |= not self._is_mine
            self.refresh()
            return
        self.plan = None
        lacking, recipe = self.choosing.lacking, self.choosing.recipe
        if recipe is None:
            self.planning.stop()
            self.listing.clear()
            self.view.plan.show_missing(lacking)
        else:
            self.view.plan.show_planning()
            self.planning.ask(recipe, RunRequest.of(self.state, ""), self._environment())
        self.refresh()

    def _on_look(self) -> None:
        """Look at everything again: files may have changed."""
        self._digest = ""
        self.counting.count(self.state)
        self.choosing.look()

    def _on_choice_made(self, choice: Choice) -> None:
        """The recipe is known: its own choices are taken over when it is another one."""
        self.view.what.show_steps(choice.title, choice.steps, choice.missing, choice.problem)
        recipe, before, self._taken = choice.recipe, self._taken, self._origin(choice)
        if recipe is not None and self._taken != before:
            self._is_mine = True
            self.state.save = recipe.outputs
            self.state.image_format = recipe.image_format
            self.state.table_format = recipe.table_format
            self._is_mine = False
        if choice.digest != self._digest or not choice.digest:
            self._digest = choice.digest
            self._plan()

    def _origin(self, choice: Choice) -> tuple[object, ...]:
        """Return what makes a recipe another one, whose own choices are taken over."""
        state = self.state
        return state.what, state.recipe, state.model, choice.possible

    def _on_planned(self, plan: PlanTold) -> None:
        self.plan, self._report = plan, ""
        self._folder = self.state.out if _is_begun(plan) else ""
        self.view.plan.show_plan(plan)
        self.listing.show_plan(plan, self.choosing.choice)
        self.refresh()
        if self._goes_on:
            self._goes_on = False
            self.start_run()

    def _on_refused(self, reason: str) -> None:
        self._refused, self._goes_on = reason, False
        self.listing.clear()
        self.view.plan.show_refused(reason)
        self.refresh()

    def _on_run_planned(self, plan: PlanTold) -> None:
        """A run tells its own plan, which is the one that counts."""
        self.plan, self._folder = plan, self.state.out
        self.view.files.show_outcome("", self._folder)
        self.view.plan.show_plan(plan)
        self.listing.show_plan(plan, self.choosing.choice)

    def _on_overall(self, told: OverallTold) -> None:
        self._left = told.left
        board = self.listing.board
        said = running_sentence(board.counts, len(board.rows), told.left)
        if not self.running.process.is_stopping:
            self.view.actions.show_run_progress(told.fraction, said)
        self.state.said = f"{board.n_over:,} of {count(len(board.rows), 'image')}"

    def _on_ended(self, end: EndTold | None, died: str) -> None:
        self.listing.end()
        n = len(self.listing.board.rows)
        if end is None:
            self.state.said = "stopped"
            self.say(died)
        else:
            self._report = end.report
            self.state.said = end_step_text(end, n)
            self.say(end_sentence(end, n))
        self.plan = _after(self.plan, self.listing.board.rows)
        if self._is_outdated:  # the choices were changed meanwhile
            self._plan()
        else:
            self.refresh()

    def _on_run_refused(self, reason: str) -> None:
        self.say(reason)

    def _on_busy(self, _: bool) -> None:
        self.view.actions.show_busy(self.is_busy)
        self.refresh()

    def _on_go_on(self, run: Unfinished) -> None:
        """Take over the choices of a run that did not end, and start it once it is planned."""
        request, state = run.request, self.state
        self._goes_on = self._is_mine = True
        state.what, state.recipe = "recipe", request.recipe
        state.sources, state.out, state.recursive = request.sources, request.out, request.recursive
        state.workers, state.processes = request.workers, request.processes
        state.existing = request.existing
        self._is_mine = False
        self._digest = ""
        self.choosing.look()

    def _show_images(self) -> None:
        files = self.plan.files if self.plan is not None else ()
        good = [(file.path, file.name) for file in files if not file.problem]
        if self._preview_path not in {path for path, _ in good}:
            self._preview_path = good[0][0] if good else ""
        busy = "A run or a preview goes on." if self.is_busy else ""
        none = "" if self._preview_path else (self.reason() or "There is no image to look at.")
        self.view.plan.show_images(good, self._preview_path, busy or none)

    def _on_preview_image(self, path: str) -> None:
        self._preview_path = path

    def _on_preview_row(self, path: str) -> None:
        self._preview_path = path
        self._on_preview()

    def _on_preview(self) -> None:
        choice, recipe = self.choosing.choice, self.choosing.recipe
        if recipe is not None and self._preview_path and not self.is_busy:
            device = self.session.state.device
            self.previewing.make(self._preview_path, replace(choice, recipe=recipe), device)

    def _on_open(self, row: Row) -> None:
        self.opening.open(row, self.choosing.choice)


def _is_begun(plan: PlanTold | None) -> bool:
    """Whether an earlier run has done something of a plan."""
    return plan is not None and any(file.state == "skipped" for file in plan.files)


def _after(plan: PlanTold | None, rows: list[Row]) -> PlanTold | None:
    """Return a plan with what a run has done of it, so that the button says *Resume* or not."""
    if plan is None:
        return None
    done = {row.path for row in rows if row.has_results}
    files = [
        replace(file, state="skipped" if file.path in done else "waiting") for file in plan.files
    ]
    return replace(plan, files=tuple(files))
