import json
from dataclasses import replace

import numpy as np
import pytest

import brushwood as bw
import chain_scenes
from batch_scenes import make_images, make_recipe
from brushwood.batch import events
from brushwood.batch.plan_text import duration, size
from brushwood.batch.steps import EvaluateStep
from brushwood.io.images import write_image


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A recipe and two images."""
    folder = tmp_path_factory.mktemp("desk")
    make_recipe(folder)
    make_images(folder / "in", 2)
    return folder


def test_it_says_files_targets_disk_and_time_and_writes_nothing(desk, tmp_path):
    plan = bw.batch.plan(desk / "recipe.json", desk / "in", tmp_path / "out", workers=2)
    assert plan.can_start
    assert not plan.problems
    first = plan.files[0]
    assert (first.name, first.shape, first.axes) == ("cells 0", (60, 70), "yx")
    assert first.outputs["objects"] == tmp_path / "out" / "cells 0-objects.tif"
    assert first.bytes == 60 * 70 * (1 + 4)
    assert plan.bytes == 2 * first.bytes
    assert plan.free > plan.bytes
    assert 0 < plan.seconds < 2 * first.seconds + 1e-9
    assert first.seconds > 0
    assert not (tmp_path / "out").exists()
    text = plan.text()
    assert text.startswith("2 of 2 images to do; about ")
    assert "with 2 workers." in text
    assert "distance" in text, "the recipe is described"


def test_a_plan_is_one_line_of_json(desk, tmp_path):
    plan = bw.batch.plan(desk / "recipe.json", desk / "in", tmp_path / "out")
    values = json.loads(events.to_json(events.PlanMade(plan)))
    assert values["event"] == "plan"
    assert values["files"][1]["path"] == str(desk / "in" / "cells 1.tif")
    assert values["files"][1]["shape"] == [60, 70]
    assert values["text"] == plan.text()


def test_missing_channels_are_said_of_each_image(desk, tmp_path):
    make_images(tmp_path / "in", 1)
    data = np.zeros((4, 60, 70), np.uint16)
    write_image(tmp_path / "in" / "four.tif", data, "cyx", {"y": 0.5, "x": 0.5}, "um")
    plan = bw.batch.plan(desk / "recipe.json", tmp_path / "in", tmp_path / "out")
    assert plan.can_start
    (problem,) = plan.problems
    assert (problem.path.name, problem.stops) == ("four.tif", False)
    assert "4" in problem.text
    assert [file.is_open for file in plan.files] == [True, False]
    assert "1 that cannot be done" in plan.text()
    assert problem.text in plan.text()


def test_a_channel_asked_for_by_name_is_looked_for(tmp_path):
    data, classifier = chain_scenes.flat()
    recipe = chain_scenes.recipe(classifier, channels=("DAPI",), outputs=("classes",))
    write_image(tmp_path / "a.tif", np.stack([data, data]), "cyx")
    plan = bw.batch.plan(recipe, tmp_path / "a.tif", tmp_path / "out")
    assert "'DAPI'" in plan.files[0].problem
    assert not plan.can_start


def test_images_without_a_truth_are_named(desk, tmp_path):
    truth = tmp_path / "truth"
    make_images(truth, names=["cells 0_mask.tif"])
    recipe = replace(bw.Recipe.load(desk / "recipe.json"), evaluate=EvaluateStep(str(truth)))
    plan = bw.batch.plan(recipe, desk / "in", tmp_path / "out")
    assert plan.can_start
    (problem,) = plan.problems
    assert "1 of 2 images have no truth" in problem.text
    assert "cells 1" in problem.text


def test_a_folder_of_truths_that_is_missing_stops_it(desk, tmp_path):
    recipe = bw.Recipe.load(desk / "recipe.json")
    recipe = replace(recipe, evaluate=EvaluateStep(str(tmp_path / "nowhere")))
    with pytest.raises(bw.errors.InputError, match="There is no folder"):
        bw.batch.plan(recipe, desk / "in", tmp_path / "out")


def test_a_truth_that_changed_makes_results_out_of_date(desk, tmp_path):
    truth = tmp_path / "truth"
    (path, _) = make_images(truth, 2)
    recipe = replace(bw.Recipe.load(desk / "recipe.json"), evaluate=EvaluateStep(str(truth)))
    bw.batch.run(recipe, desk / "in", tmp_path / "out")
    path.touch()
    plan = bw.batch.plan(recipe, desk / "in", tmp_path / "out", overwrite=True)
    assert [file.is_complete for file in plan.files] == [False, True]


def test_an_image_that_would_keep_one_worker_busy_is_done_in_parts(desk, tmp_path):
    (tmp_path / "in").mkdir()
    # Nothing is read: the file is a hole on the disk.
    shape = (2100, 2100)
    np.lib.format.open_memmap(tmp_path / "in" / "large.npy", "w+", np.uint8, shape)
    make_images(tmp_path / "in", 2)
    recipe = replace(
        bw.Recipe.load(desk / "recipe.json"),
        measure=None,
        classify=None,
        outputs=("classes", "objects"),
    )
    alone, shared = (
        bw.batch.plan(recipe, tmp_path / "in", tmp_path / "out", workers=n) for n in (1, 2)
    )
    assert [file.is_large for file in alone.files] == [False, False, False]
    assert [file.is_large for file in shared.files] == [False, False, True]
    assert "In parts, shared by all workers" in shared.text()
    assert "large" in shared.text()


def test_times_and_sizes_are_said_as_people_say_them():
    assert [duration(s) for s in (0.2, 7.4, 60, 200, 3600, 90_000)] == [
        "less than a second", "7 s", "1 min", "3 min 20 s", "1 h", "25 h",
    ]  # fmt: skip
    assert [size(n) for n in (10, 2048, 3 << 20, 5 << 30, 7 << 40)] == [
        "10 B", "2.0 KiB", "3.0 MiB", "5.0 GiB", "7.0 TiB",
    ]  # fmt: skip
