"""Recipes of a batch: from a recipe file, a model, a window; with the choices of the batch."""

import json

import pytest

import chain_scenes
from brushwood import opencl
from brushwood.batch.recipe import Recipe
from brushwood.jobs import Cancelled, Job
from brushwood.session.batch_choice import (
    applied,
    choose_file,
    choose_window,
    possible_saves,
    write_recipe,
)
from brushwood.session.batching import BatchState
from brushwood.session.recipe_facts import RecipeFacts
from model_files import good_model


def test_nothing_chosen_says_what_to_do():
    assert choose_file("recipe", "").problem.startswith("No recipe is chosen.")
    assert choose_file("model", "").problem.startswith("No model is chosen.")


def test_a_model_saves_its_classes(tmp_path):
    path, _ = good_model(tmp_path)
    choice = choose_file("model", str(path))
    assert choice.problem == ""
    assert choice.title == "good"
    assert choice.recipe.outputs == ("classes",)
    assert choice.possible == ("classes", "probabilities", "uncertainty")
    assert [(c.id, c.name, c.colour) for c in choice.classes] == [
        (1, "background", "#0072b2"), (3, "Kerne µ 核", "#e69f00"),
    ]  # fmt: skip
    assert choice.recipe.pixels.model.data is not None
    assert len(choice.digest) == 64
    assert "Classify pixels" in choice.steps


def test_a_recipe_keeps_its_choices_and_a_truth_joins_it(tmp_path):
    path, _ = good_model(tmp_path)
    recipe = Recipe.of_model(path)
    file = recipe.save(tmp_path / "r.json")
    assert choose_file("recipe", str(file)).recipe.outputs == recipe.outputs
    (tmp_path / "truth").mkdir()
    choice = choose_file("recipe", str(file), str(tmp_path / "truth"))
    assert choice.recipe.evaluate.truth == str(tmp_path / "truth")
    assert choice.digest != choose_file("recipe", str(file)).digest


def test_what_is_wrong_with_a_file_is_its_problem(tmp_path):
    path, _ = good_model(tmp_path)
    file = Recipe.of_model(path).save(tmp_path / "r.json")
    path.unlink()
    assert "is missing" in choose_file("recipe", str(file)).problem
    document = json.loads(file.read_text())
    document["image_format"], document["save"] = "bmp", []
    file.write_text(json.dumps(document, indent=1))
    problem = choose_file("recipe", str(file)).problem
    assert problem.count("line ") == 2, problem
    assert choose_file("recipe", str(tmp_path / "gone.json")).problem
    (tmp_path / "x.brushwood").write_text("no model")
    assert choose_file("model", str(tmp_path / "x.brushwood")).problem


def test_cancelling_is_no_problem_of_the_file(tmp_path):
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        choose_file("recipe", str(tmp_path), job=job)


def test_a_window_without_a_classifier_says_so():
    facts = RecipeFacts()
    choice = choose_window(facts)
    assert "no pixel classifier yet" in choice.problem
    assert choice.recipe is None
    assert choice.possible == ()


@pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
def test_the_choices_of_the_batch_reach_the_file_that_the_process_reads(tmp_path):
    image, classifier = chain_scenes.flat()
    model = chain_scenes.object_model(image, classifier)
    recipe = chain_scenes.recipe(classifier, model)
    assert possible_saves(recipe) == (
        "classes", "probabilities", "uncertainty", "objects", "object_classes", "table",
    )  # fmt: skip
    state = BatchState(save=("objects", "table"), image_format="ome-zarr", table_format="parquet")
    path = tmp_path / "deep" / "r.json"
    write_recipe(applied(recipe, state), path)
    write_recipe(applied(recipe, state), path)
    found = Recipe.load(path)
    assert found.outputs == ("objects", "table")
    assert (found.image_format, found.table_format) == ("ome-zarr", "parquet")
    assert all(ref.data is not None for ref in found.models)
    assert found.digest() == applied(recipe, state).digest()
