"""``brushwood recipe``, and a run against the single commands."""

import json

import numpy as np
import pandas as pd
import pytest

import brushwood as bw
from brushwood.batch.steps import MeasureStep, ObjectStep, PixelStep
from brushwood.io.images import read_image
from brushwood.io.tables import read_table
from brushwood.objects.split_params import SplitParams
from cli_files import picture, save

NAMES = ("area", "centroid", "intensity_mean")


@pytest.fixture
def file(folder, tmp_path):
    """A recipe beside a copy of the model."""
    (tmp_path / "m.brushwood").write_bytes((folder / "m.brushwood").read_bytes())
    steps = bw.Recipe(
        PixelStep(tmp_path / "m.brushwood"),
        ObjectStep(SplitParams(method="distance", min_size=4), foreground=(4,)),
        MeasureStep(NAMES),
        outputs=("classes", "objects", "table"),
        name="cells",
    )
    return steps.save(tmp_path / "cells.json")


def test_a_good_recipe_has_nothing_wrong(run, file, folder):
    assert run("recipe", "check", file) == (0, [f"{file}: nothing is wrong"], "")
    code, out, err = run("recipe", "check", file, folder / "image.tif")
    assert (code, len(out), err) == (0, 1, "")


def test_what_is_wrong_is_said_line_by_line(run, file):
    text = file.read_text("utf-8")
    file.write_text(text.replace('"area"', '"aera"').replace('"csv"', '"xls"'), "utf-8")
    code, out, err = run("recipe", "check", file)
    assert code == 3 and not out
    assert err.count("cells.json, line ") == 2
    assert "There is no measurement 'aera'" in err and "table_format must be one of" in err


def test_a_changed_model_is_said(run, file):
    model = file.with_name("m.brushwood")
    model.write_bytes(model.read_bytes() + b"x")
    code, _, err = run("recipe", "check", file)
    assert code == 3 and "not the one that the recipe was made with" in err
    code, out, _ = run("recipe", "show", file)
    assert code == 0 and any("not the one" in line for line in out)
    assert run("recipe", "embed", file, "-o", file.with_name("whole.json"))[0] == 3


def test_a_model_without_hash_is_warned_of(run, file):
    document = json.loads(file.read_text("utf-8"))
    document["pixels"]["model"] = "m.brushwood"
    file.write_text(json.dumps(document))
    code, _, err = run("recipe", "check", file)
    assert code == 0 and "no sha256" in err


def test_images_that_do_not_fit_are_named(run, file, tmp_path):
    (tmp_path / "in").mkdir()
    save(tmp_path / "in" / "good.tif", picture())
    save(tmp_path / "in" / "colours.tif", np.stack([picture()] * 3), "CYX")
    code, _, err = run("recipe", "check", file, tmp_path / "in")
    assert code == 3
    assert "colours.tif: The model was trained on 1 channel" in err
    assert "1 of 2 images do not fit" in err


def test_what_a_recipe_does_is_shown(run, file):
    code, out, _ = run("recipe", "show", file)
    assert code == 0
    assert out[:2] == ["cells", "1. Classify pixels with m.brushwood."]
    assert out[-1].startswith("  SHA-256 ")


def test_an_embedded_recipe_stands_alone(run, file, tmp_path, folder):
    whole = tmp_path / "whole.json"
    assert run("recipe", "embed", file, "-o", whole)[:2] == (0, [str(whole)])
    assert run("recipe", "embed", file, "-o", whole)[0] == 3
    assert run("recipe", "embed", file, "-o", whole, "--overwrite")[0] == 0
    (tmp_path / "m.brushwood").unlink()
    assert run("recipe", "check", whole, folder / "image.tif")[0] == 0
    assert run("recipe", "check", file)[0] == 3


def test_a_script_goes_to_the_screen_or_a_file(run, file, tmp_path):
    code, out, _ = run("recipe", "script", file)
    assert code == 0 and "import brushwood as bw" in out
    script = tmp_path / "cells.py"
    assert run("recipe", "script", file, "-o", script)[:2] == (0, [str(script)])
    assert '"m.brushwood"' in script.read_text("utf-8")
    assert run("recipe", "script", file, "-o", script)[0] == 3


def test_wrong_use_is_told(run, file):
    assert run("recipe")[0] == 2
    assert run("recipe", "embed", file)[0] == 2
    assert run("recipe", "check", file.with_name("none.json"))[0] == 3


def test_a_run_gives_what_the_single_commands_give(run, file, folder, tmp_path):
    image = folder / "image.tif"
    assert run("run", file, image, "-o", tmp_path / "run")[0] == 0
    model, steps = file.with_name("m.brushwood"), tmp_path / "steps"
    assert run("apply", model, image, "-o", steps)[0] == 0
    options = ("--foreground", "4", "--method", "distance", "--min-size", "4")
    assert run("objects", steps / "image-classes.tif", "-o", steps, *options)[0] == 0
    objects = steps / "image-objects.tif"
    table = steps / "table.csv"
    names = ("--names", ",".join(NAMES))
    assert run("measure", objects, "--image", image, "-o", table, *names)[0] == 0
    for what in ("classes", "objects"):
        with (
            read_image(tmp_path / "run" / f"image-{what}.tif") as mine,
            read_image(steps / f"image-{what}.tif") as theirs,
        ):
            np.testing.assert_array_equal(np.asarray(mine.data), np.asarray(theirs.data))
            assert (mine.axes, mine.scale, mine.unit) == (theirs.axes, theirs.scale, theirs.unit)
    found = read_table(tmp_path / "run" / "image-table.csv")
    assert list(found["image"].unique()) == ["image"]
    expected = read_table(table)
    pd.testing.assert_frame_equal(found.drop(columns="image"), expected, check_exact=True)
    assert len(expected) >= 1


def test_a_recipe_is_made_of_options(run, file, tmp_path, folder):
    model, target = file.with_name("m.brushwood"), tmp_path / "new.json"
    options = (
        "--objects", "--foreground", "4", "--method", "distance", "--min-size", "4",
        "--measure", ",".join(NAMES), "--save", "classes,objects,table", "--name", "cells",
    )  # fmt: skip
    assert run("recipe", "new", model, "-o", target, *options)[:2] == (0, [str(target)])
    assert bw.Recipe.load(target) == bw.Recipe.load(file)
    assert run("recipe", "new", model, "-o", target)[0] == 3
    assert run("recipe", "new", model, "-o", target, "--overwrite", "--embed")[0] == 0
    found = bw.Recipe.load(target)
    assert (found.name, found.outputs, found.objects) == ("m", ("classes",), None)
    assert found.pixels.model.data == model.read_bytes()
    usual = ("--objects", "--foreground", "all", "--measure", "usual", "--channels", "0")
    assert run("recipe", "new", model, "-o", target, "--overwrite", *usual)[0] == 0
    found = bw.Recipe.load(target)
    assert found.measure == MeasureStep() and found.outputs == ("objects", "table")
    assert found.objects.foreground is None and found.pixels.channels == (0,)
    assert run("recipe", "check", target, folder / "image.tif")[0] == 0


def test_options_that_make_no_recipe_are_refused(run, file, tmp_path):
    model, target = file.with_name("m.brushwood"), tmp_path / "new.json"
    assert run("recipe", "new", model, "-o", target, "--min-size", "4")[0] == 2
    code, _, err = run("recipe", "new", model, "-o", target, "--measure", "area")
    assert code == 3 and "measure needs the step objects" in err
    assert run("recipe", "new", tmp_path / "no.brushwood", "-o", target)[0] == 3
    code, _, err = run("recipe", "new", model, "-o", target, "--objects", "--classify", model)
    assert code == 3 and "'pixel-classifier'" in err
    assert not target.exists()
