import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import brushwood as bw
from batch_scenes import leftovers, make_images, make_recipe, status, tree, without_charts
from brushwood.batch import events, progress, staging, survey
from brushwood.errors import InputError, OutputError, OutputExistsError
from brushwood.io.images import read_image
from brushwood.io.tables import read_table
from brushwood.jobs import Cancelled, Job


@pytest.fixture(scope="module", autouse=True)
def quick_reports():
    with without_charts():
        yield


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A recipe and three images."""
    folder = tmp_path_factory.mktemp("desk")
    make_recipe(folder)
    make_images(folder / "in")
    return folder


@pytest.fixture(scope="module")
def undisturbed(desk):
    """The bytes of a run that nothing happened to."""
    report = bw.batch.run(desk / "recipe.json", desk / "in", desk / "undisturbed")
    assert (report.state, report.exit_code) == ("done", 0)
    return tree(desk / "undisturbed")


def test_each_input_has_its_results_and_a_row(desk, undisturbed):
    out = desk / "undisturbed"
    rows = status(out)
    assert list(rows) == ["cells 0", "cells 1", "cells 2"]
    assert {row["state"] for row in rows.values()} == {"done"}
    assert rows["cells 1"]["outputs"].startswith("cells 1-classes.tif; cells 1-objects.tif; ")
    assert not leftovers(out)
    with read_image(out / "cells 1-objects.tif") as objects:
        assert (objects.scale["x"], objects.unit) == (0.5, "um")
        n = len(np.unique(objects.data)) - 1
    table = read_table(out / "cells 1-table.csv")
    assert set(table["image"]) == {"cells 1"}
    assert len(table) == n > 3


def test_results_are_those_of_the_recipe_in_memory(desk, undisturbed):
    recipe = bw.Recipe.load(desk / "recipe.json")
    with read_image(desk / "in" / "cells 2.tif") as image:
        expected = recipe.run(image)
    with read_image(desk / "undisturbed" / "cells 2-classes.tif") as found:
        np.testing.assert_array_equal(found.data, expected.classes)
    with read_image(desk / "undisturbed" / "cells 2-objects.tif") as found:
        np.testing.assert_array_equal(found.data, expected.objects)


@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": 2, "processes": True}], ids=str)
def test_workers_change_no_byte(desk, undisturbed, tmp_path, options):
    report = bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out", **options)
    assert report.state == "done"
    assert tree(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("image_format", ["tiff", "ome-zarr"])
def test_a_large_image_is_done_in_parts_and_gives_the_same_bytes(
    desk, tmp_path, monkeypatch, image_format
):
    recipe = replace(bw.Recipe.load(desk / "recipe.json"), image_format=image_format)
    assert bw.batch.run(recipe, desk / "in", tmp_path / "whole").state == "done"
    monkeypatch.setattr(survey, "is_large", lambda *_: True)
    monkeypatch.setattr(staging, "_WHOLE_BYTES", 0)
    monkeypatch.setattr(progress, "_FILE_PAUSE", 0)
    seen = set()
    report = bw.batch.run(
        recipe, desk / "in", tmp_path / "parts", workers=2,
        on_event=lambda event: seen.add(getattr(event, "message", "")),
    )  # fmt: skip
    assert all(file.is_complete for file in report.files)
    assert tree(tmp_path / "parts") == tree(tmp_path / "whole")
    assert len(seen) > 2, "a large image says what is being done"


def test_events_tell_the_plan_each_file_and_the_end(desk, tmp_path):
    seen = []
    report = bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out", on_event=seen.append)
    assert isinstance(seen[0], events.PlanMade)
    assert [file.name for file in seen[0].plan.files] == ["cells 0", "cells 1", "cells 2"]
    ended = [e.record.name for e in seen if getattr(e, "fraction", 0) == 1 and hasattr(e, "record")]
    assert set(ended) == {"cells 0", "cells 1", "cells 2"}
    fractions = [event.fraction for event in seen if isinstance(event, events.OverallChanged)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert seen[-1].report == report
    assert all(events.to_json(event).count("\n") == 0 for event in seen)


def test_progress_goes_to_the_job(desk, tmp_path):
    seen = []
    job = Job(lambda fraction, message: seen.append(fraction))
    bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out", job=job)
    assert max(seen) > 0.3


def test_existing_results_are_refused_then_resumed_or_replaced(desk, undisturbed, tmp_path):
    images = make_images(tmp_path / "in", 2)
    out = tmp_path / "out"
    run = {"recipe": desk / "recipe.json", "inputs": tmp_path / "in", "out": out}
    bw.batch.run(**run, resume=False)
    before = tree(out)
    with pytest.raises(OutputExistsError, match="--resume"):
        bw.batch.run(**run, resume=False)
    assert tree(out) == before
    make_images(tmp_path / "in", 1, first=2)
    report = bw.batch.run(**run)
    assert [file.state for file in report.files] == ["skipped", "skipped", "done"]
    assert report.files[0].counts == report.files[0].counts != {}
    assert set(status(out)["cells 0"]["outputs"].split("; ")) >= {"cells 0-classes.tif"}
    (out / "cells 0-classes.tif").write_bytes(b"damaged")
    images[1].touch()
    report = bw.batch.run(**run)
    assert [file.state for file in report.files] == ["failed", "failed", "skipped"]
    assert "was changed since it was made" in report.files[0].why
    assert "the input was changed since" in report.files[1].why
    report = bw.batch.run(**run, overwrite=True)
    assert [file.state for file in report.files] == ["done", "done", "skipped"]
    # The third image is in what describes the run as a whole.
    whole = {"summary.csv", "objects.csv", "report.html"}
    shown = {k: v for k, v in tree(out, hidden=False).items() if k in before.keys() - whole}
    assert shown == {k: v for k, v in before.items() if not k.startswith(".") and k not in whole}


def test_what_is_left_of_lost_results_is_made_again(desk, undisturbed, tmp_path):
    shutil.copytree(desk / "undisturbed", tmp_path / "out")
    (tmp_path / "out" / "cells 1-objects.tif").unlink()
    report = bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out")
    assert [file.state for file in report.files] == ["skipped", "done", "skipped"]
    assert tree(tmp_path / "out") == undisturbed


def test_another_recipe_never_mixes_with_results_of_the_first(desk, tmp_path):
    images = make_images(tmp_path / "in", 2)
    other = make_recipe(tmp_path, outputs=("classes",))
    bw.batch.run(desk / "recipe.json", images[0], tmp_path / "out")
    report = bw.batch.run(other, images, tmp_path / "out")
    assert [file.state for file in report.files] == ["failed", "done"]
    assert "another recipe" in report.files[0].why


def test_foreign_files_are_never_replaced(desk, tmp_path):
    images = make_images(tmp_path / "in", 1)
    out = tmp_path / "out"
    out.mkdir()
    (out / "cells 0-table.csv").write_text("mine")
    with pytest.raises(OutputExistsError, match="cells 0-table"):
        bw.batch.run(desk / "recipe.json", images, out)
    assert [path.name for path in out.iterdir()] == ["cells 0-table.csv"]
    assert (out / "cells 0-table.csv").read_text() == "mine"


def test_a_result_never_replaces_an_input(desk, tmp_path):
    (first,) = make_images(tmp_path, names=["a.tif"])
    second = shutil.copy(first, tmp_path / "a-classes.tif")
    with pytest.raises(OutputExistsError, match="is an input"):
        bw.batch.run(desk / "recipe.json", [first, second], tmp_path, overwrite=True)


def test_results_within_the_inputs_are_no_inputs_of_the_next_run(desk, tmp_path):
    make_images(tmp_path / "in", 2)
    for out in (tmp_path / "in" / "results", tmp_path / "in"):
        for resume in (False, True):
            report = bw.batch.run(
                desk / "recipe.json", tmp_path / "in", out, resume=resume, recursive=True
            )
            assert [file.path.name for file in report.files] == ["cells 0.tif", "cells 1.tif"]


def test_inputs_of_one_name_in_several_folders_keep_their_folders(desk, tmp_path):
    for folder in ("day 1", "day 2"):
        make_images(tmp_path / folder, names=["cells.tif"])
    report = bw.batch.run(desk / "recipe.json", tmp_path, tmp_path / "out", recursive=True)
    assert [file.name for file in report.files] == ["day 1/cells", "day 2/cells"]
    assert (tmp_path / "out" / "day 2" / "cells-objects.tif").is_file()
    assert set(read_table(tmp_path / "out" / "day 2" / "cells-table.csv")["image"]) == {
        "day 2/cells"
    }


class Stopped:
    """A job that is cancelled when an image comes to a state."""

    def __init__(self, step):
        self.job = Job()
        self._step = step

    def __call__(self, event):
        record = getattr(event, "record", None)
        if record is not None and (record.name, record.state) == ("cells 1", self._step):
            self.job.cancel()


@pytest.mark.parametrize("options", [{}, {"workers": 2, "processes": True}], ids=str)
def test_cancelled_it_keeps_what_is_complete_and_goes_on_later(
    desk, undisturbed, tmp_path, monkeypatch, options
):
    order = {"recipe": desk / "recipe.json", "inputs": desk / "in", "out": tmp_path / "out"}
    stop = Stopped("running" if options else "done")
    report = bw.batch.run(**order, **options, job=stop.job, on_event=stop)
    assert (report.state, report.exit_code) == ("cancelled", 130)
    states = [file.state for file in report.files]
    assert set(states) <= {"done", "cancelled", "waiting"}
    assert states != ["done"] * 3
    assert not leftovers(tmp_path / "out")
    assert [row["state"] for row in status(tmp_path / "out").values()] == states
    n_done = states.count("done")
    report = bw.batch.run(**order)
    assert len(report.skipped) == n_done
    assert tree(tmp_path / "out") == undisturbed


def test_cancelled_before_the_start_nothing_is_made(desk, tmp_path):
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        bw.batch.run(desk / "recipe.json", desk / "in", tmp_path / "out", job=job)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_vanishes_ends_the_run_and_is_not_made_again(desk, tmp_path, monkeypatch):
    out, real = tmp_path / "out", staging.run_chain

    def chain(*arguments, name, **options):
        found = real(*arguments, name=name, **options)
        if name == "cells 1":
            out.rename(tmp_path / "unmounted")
        return found

    monkeypatch.setattr(staging, "run_chain", chain)
    report = bw.batch.run(desk / "recipe.json", desk / "in", out)
    assert not out.exists()
    assert (report.state, report.exit_code) == ("failed", 3)
    assert [file.state for file in report.files] == ["done", "failed", "waiting"]
    assert "vanished" in report.problems[0]
    assert "vanished" in report.files[1].why


def test_two_runs_do_not_share_a_folder(desk, tmp_path):
    order = {"recipe": desk / "recipe.json", "inputs": desk / "in", "out": tmp_path / "out"}
    caught = []

    def second(event):
        if isinstance(event, events.FileChanged) and not caught:
            with pytest.raises(OutputError, match="Another run"):
                bw.batch.run(**order)
            caught.append(True)

    assert bw.batch.run(**order, on_event=second).state == "done"
    assert caught


def test_a_model_alone_saves_classes(desk, tmp_path):
    import chain_scenes

    _, classifier = chain_scenes.flat()
    report = bw.batch.run(classifier, desk / "in", tmp_path / "out")
    assert [set(file.outputs) for file in report.files] == [{"classes"}] * 3


def test_the_calling_thread_hears_of_everything(desk, tmp_path):
    threads = set()
    bw.batch.run(
        desk / "recipe.json", desk / "in", tmp_path / "out", workers=2,
        on_event=lambda event: threads.add(threading.current_thread()),
    )  # fmt: skip
    assert threads == {threading.current_thread()}


def test_a_cluster_and_processes_are_not_asked_for_at_once(desk, tmp_path):
    with pytest.raises(InputError, match="Choose one"):
        bw.batch.run(
            desk / "recipe.json", desk / "in", tmp_path / "out", client=object(), processes=True
        )


def test_no_folder_is_made_for_a_run_that_cannot_start(desk, tmp_path):
    with pytest.raises(InputError, match="No image can be done"):
        bw.batch.run(desk / "recipe.json", Path("nowhere.tif"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
