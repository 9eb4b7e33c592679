"""Choices of a batch: what is missing, what the process is asked for, what is said."""

import os

import pytest

from brushwood.session.batch_events import EndTold, PlannedImage, PlanTold
from brushwood.session.batch_script import batch_script, folder_of
from brushwood.session.batch_text import (
    about,
    died_sentence,
    end_sentence,
    end_step_text,
    for_window,
    plan_sentence,
    refused_sentence,
    running_sentence,
    sources_text,
)
from brushwood.session.batching import (
    BatchState,
    RunRequest,
    added,
    arguments,
    batch_step_text,
    missing,
    suggested_out,
)
from brushwood.session.session import Session


def test_what_is_missing_is_said_in_the_order_of_the_sections():
    state = BatchState()
    assert missing(state, "No recipe.") == "No recipe."
    assert "Tick a result" in missing(state, "")
    state.save = ("classes",)
    assert "No images yet" in missing(state, "")
    state.sources = ("/in",)
    assert "folder for the results" in missing(state, "")
    state.out = "/out"
    assert missing(state, "") == ""


def test_the_state_says_what_changed_and_belongs_to_one_session():
    first, second = Session().batching, Session().batching
    heard = []
    first.events.connect(lambda info: heard.append(info.signal.name))
    first.sources = ("/a",)
    first.sources = ("/a",)
    assert heard == ["sources"]
    assert second.sources == ()


@pytest.mark.parametrize(
    ("existing", "flags"),
    [("keep", {"--resume"}), ("renew", {"--resume", "--overwrite"}), ("replace", {"--overwrite"})],
)
def test_arguments_parse_as_the_command_line_does(existing, flags):
    from brushwood.cli.main import build_parser

    state = BatchState(sources=("/in put", "/b.tif"), out="/out", recursive=True, workers=3)
    state.existing, state.processes = existing, True
    words = arguments(RunRequest.of(state, "/r.json"), dry_run=True)
    assert {word for word in words if word in ("--resume", "--overwrite")} == flags
    options = build_parser().parse_args(words)
    assert options.inputs == ["/in put", "/b.tif"]
    assert (options.recipe, options.output, options.workers) == ("/r.json", "/out", 3)
    assert options.dry_run
    assert options.recursive
    assert options.processes
    assert options.progress == "json"


def test_sources_come_once_and_suggest_a_folder_beside_them(tmp_path):
    folder = tmp_path / "plate 1"
    folder.mkdir()
    sources = added((), (str(folder), str(folder / "a.tif"), str(folder), ""))
    assert sources == (str(folder), str(folder / "a.tif"))
    assert suggested_out(sources) == str(tmp_path / "plate 1-results")
    assert suggested_out(sources[1:]) == str(tmp_path / "plate 1-results")
    zarr = tmp_path / "big.zarr"
    zarr.mkdir()
    assert suggested_out((str(zarr),)) == str(tmp_path.with_name(f"{tmp_path.name}-results"))
    assert suggested_out(()) == ""


def test_the_guide_says_how_far_it_is():
    state = BatchState()
    assert batch_step_text(state, has_model=False) == "needs a classifier"
    assert batch_step_text(state, has_model=True) == "ready"
    state.what = "recipe"
    assert batch_step_text(state, has_model=True) == "needs a classifier"
    state.recipe = "/r.json"
    assert batch_step_text(state, has_model=False) == "ready"
    state.said = "48 images done"
    assert batch_step_text(state, has_model=False) == "48 images done"


def _plan(*states, **more):
    files = [PlannedImage(f"/{i}", f"{i}", state) for i, state in enumerate(states)]
    return PlanTold(tuple(files), n_bytes=3 << 20, free=5 << 30, seconds=200, **more)


def test_a_plan_in_a_line():
    plan = _plan("waiting", "waiting", "skipped")
    text = "2 of 3 images to do · 1 done before · needs up to 3.0 MiB, 5.0 GiB free · "
    assert plan_sentence(plan) == text + "about 3 min 20 s"
    assert plan_sentence(_plan("skipped")) == "0 of 1 image to do · 1 done before"
    assert about(0.2) == "less than a second"
    assert sources_text(1, 2048, 2) == "1 image, 2.0 KiB, 2 cannot be read"


def test_a_run_and_its_end_in_a_sentence():
    assert running_sentence({"done": 2, "skipped": 1, "failed": 1}, 9, 61) == (
        "3 of 9 images done, 1 failed · about 1 min 1 s left"
    )
    assert end_sentence(EndTold("done", 3, 0, 2, seconds=9), 5) == (
        "5 images done (2 of them before) in 9 s. Double-click one to look at it."
    )
    assert "Resume does only these" in end_sentence(EndTold("failed", 3, 2), 5)
    assert end_sentence(EndTold("cancelled", 3), 5).startswith("Stopped: 3 of 5 images are done.")
    full = EndTold("failed", problems=("The disk is full.",))
    assert end_sentence(full, 5) == "The disk is full."
    assert end_step_text(EndTold("failed", 3, 2), 5) == "3 done, 2 failed"
    assert end_step_text(EndTold("cancelled", 3), 5) == "3 of 5 done"


def test_a_process_that_ended_without_a_word_is_quoted():
    said = died_sentence(1, ["noise", "Segmentation fault", " "])
    assert "ended with code 1" in said
    assert "Segmentation fault" in said
    assert "stopped by the system" in died_sentence(-1, [])
    assert refused_sentence(3, ["brushwood run: No image was named."]) == "No image was named."
    assert "code 2" in refused_sentence(2, [])


def test_advice_of_the_command_line_is_said_in_the_windows_words():
    for text in (
        "Choose another folder, add --resume to do only what is missing, or add --overwrite.",
        "It was made with another recipe. Choose another folder, or add --overwrite to make it.",
        "Choose another folder, or add --overwrite.",
    ):
        assert "--" not in for_window(text)
        assert "section 3" in for_window(text)


def test_the_script_makes_the_same_run(monkeypatch):
    import brushwood.batch
    from brushwood.batch.recipe import Recipe

    state = BatchState("recipe", "/r.json", sources=("/a 'b'", "/c"), out="/out", workers=2)
    state.save, state.existing, state.recursive = ("classes",), "renew", True
    text = batch_script(state, 'a "name" \\ x')
    called = {}

    def run(recipe, inputs, out, **options):
        called.update(recipe=recipe, inputs=inputs, out=out, **options)
        return type("Report", (), {"failed": (), "report": None})

    monkeypatch.setattr(brushwood.batch, "run", run, raising=False)
    monkeypatch.setattr(Recipe, "load", classmethod(lambda cls, path: _Changed(path)))
    monkeypatch.setattr("dataclasses.replace", lambda recipe, **changes: (recipe, changes))
    exec(compile(text, "script", "exec"), {})
    recipe, changes = called["recipe"]
    assert recipe.path == "/r.json"
    assert changes == {"outputs": ("classes",), "image_format": "tiff", "table_format": "csv"}
    assert called["inputs"] == ["/a 'b'", "/c"]
    assert (called["out"], called["workers"], called["recursive"]) == ("/out", 2, True)
    assert (called["resume"], called["overwrite"]) == (True, True)


class _Changed:
    def __init__(self, path):
        self.path = path


def test_the_folder_of_an_image_in_a_file_with_several(tmp_path):
    (tmp_path / "a::b.tif").write_bytes(b"") if os.name == "posix" else None
    assert folder_of(str(tmp_path / "plate.zarr::A/1/0")) == str(tmp_path)
    assert folder_of(str(tmp_path / "a::b.tif")) == str(tmp_path)
