"""The Python script of a recipe writes the files that the run writes, to the last byte."""

import ast
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import brushwood as bw
from brushwood.batch.model_ref import ModelRef
from brushwood.batch.steps import EvaluateStep, MeasureStep, ObjectStep
from brushwood.errors import OutputExistsError, RecipeError
from brushwood.io.images import write_image
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.split_params import SplitParams
from chain_scenes import PARAMS, coloured, flat, object_model, recipe, series, stack
from pixel_scenes import picture, strokes

KINDS = ("-classes", "-probabilities", "-uncertainty", "-objects", "-object_classes", "-table")


def results(out):
    """The files of single images by name, with their bytes."""
    found = {}
    for path in sorted(out.rglob("*")):
        place = path.relative_to(out)
        if path.is_file() and any(kind in place.as_posix() for kind in KINDS):
            found[place.as_posix()] = path.read_bytes()
    return {name: data for name, data in found.items() if not name.startswith(".brushwood")}


def scripted(script, out, inputs, monkeypatch):
    """Run a script here, as if from a shell."""
    monkeypatch.setattr(sys, "argv", [str(script), str(out), *map(str, inputs)])
    runpy.run_path(str(script), run_name="__main__")
    return results(out)


def compared(steps, inputs, folder, monkeypatch):
    """Run a recipe and its script; return the files of both."""
    done = bw.batch.run(steps, inputs, folder / "run")
    assert not done.failed, [file.why for file in done.failed]
    script, *_ = steps.write_script(folder / "script.py")
    found = scripted(script, folder / "script", inputs, monkeypatch)
    expected = results(folder / "run")
    assert len(expected) >= len(inputs) * len(steps.outputs)
    assert found == expected
    return expected


def images(folder, arrays, axes, ending=".tif", size=None, channels=()):
    folder.mkdir()
    for number, data in enumerate(arrays):
        path = folder / f"größe {number}.v2{ending}"
        scale = dict(zip("zyx"[-len(size) :], size, strict=True)) if size else None
        unit = "um" if size else None
        write_image(path, data, axes, scale, unit, channel_names=channels, time_step=None)
    return [folder]


def test_the_whole_chain(tmp_path, monkeypatch):
    image, classifier = flat()
    model = object_model(image, classifier, spacing=(0.5, 0.5), unit="µm")
    inputs = images(tmp_path / "in", [image, picture(seed=1)[0]], "yx", size=(0.5, 0.5))
    steps = recipe(classifier, model, measure=MeasureStep(None, True))
    found = compared(steps, inputs, tmp_path, monkeypatch)
    assert set(found) >= {f"größe {n}.v2{kind}.tif" for n in (0, 1) for kind in KINDS[:-1]}


def test_a_process_of_its_own(tmp_path):
    image, classifier = flat()
    inputs = images(tmp_path / "in", [image], "yx", size=(0.5, 0.5))
    steps = recipe(classifier, measure=MeasureStep(("area", "centroid")))
    bw.batch.run(steps, inputs, tmp_path / "run")
    script, model = steps.write_script(tmp_path / "it's mine.py")
    assert model.name == "pixel-classifier.brushwood"
    command = [sys.executable, str(script), str(tmp_path / "script"), *map(str, inputs)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert results(tmp_path / "script") == results(tmp_path / "run")


def test_channels_by_name_into_zarr_and_parquet(tmp_path, monkeypatch):
    data, classifier = coloured()
    inputs = images(
        tmp_path / "in", [data], "cyx", ".ome.zarr", (0.5, 0.5), ("DAPI", "GFP", "noise")
    )
    named = MeasureStep(("intensity_mean",), channels=("noise", 0), channel_names=("n", "d"))
    steps = recipe(
        classifier,
        channels=("DAPI", 1),
        objects=ObjectStep(SplitParams(method="intensity"), image_channel="GFP"),
        measure=named,
        image_format="ome-zarr",
        table_format="parquet",
    )
    compared(steps, inputs, tmp_path, monkeypatch)


def test_a_series_with_probability_and_one_channel_to_measure(tmp_path, monkeypatch):
    frames, classifier = series()
    step = ObjectStep(SplitParams(method="hysteresis", core=0.9), "probability", (2,))
    inputs = images(tmp_path / "in", [frames], "tyx")
    steps = recipe(classifier, objects=step, measure=MeasureStep(channels=(0,)))
    compared(steps, inputs, tmp_path, monkeypatch)


def test_stacks_in_units_of_the_image(tmp_path, monkeypatch):
    image, classifier = stack()
    _, discs = picture((8, 40, 50))
    classifier.set_params(features="original gaussian=1 units=world", spacing=(1.0, 1.0, 1.0))
    classifier.fit(image, strokes(discs))
    inputs = images(tmp_path / "in", [image], "zyx", size=(2.0, 0.5, 0.5))
    steps = recipe(classifier, objects=ObjectStep(SplitParams(units="world", min_size=3.0)))
    compared(steps, inputs, tmp_path, monkeypatch)


def test_axes_of_the_training_for_files_that_know_none(tmp_path, monkeypatch):
    data, _ = coloured()
    _, discs = picture()
    classifier = bw.PixelClassifier("original gaussian=1", channel_axis=-1)
    last = np.moveaxis(data, 0, -1)
    classifier.fit(last, strokes(discs))
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "cells.npy", last)
    compared(recipe(classifier), [tmp_path / "in"], tmp_path, monkeypatch)


def test_a_classifier_alone_asks_for_its_columns(tmp_path, monkeypatch):
    data, classifier = coloured()
    objects = bw.split_objects(classifier.predict(data[:2]), 2, params=PARAMS)
    named = {"channel_axis": 0, "channel_names": ("a", "b", "c")}
    chances = classifier.predict_proba(data[:2])
    table = bw.measure(
        objects,
        data,
        names=("intensity_mean", "probability_mean"),
        probabilities=chances,
        class_names=("back", "disc"),
        **named,
    )
    model = ObjectClassifier().fit(table, np.where(np.arange(len(table)) % 2, 300, 1))
    inputs = images(tmp_path / "in", [data], "cyx")
    for number, step in enumerate((None, MeasureStep(), MeasureStep(channels=(2, 1, 0)))):
        (folder := tmp_path / str(number)).mkdir()
        steps = recipe(classifier, model, measure=step, channels=(0, 1))
        compared(replace(steps, outputs=("table", "object_classes")), inputs, folder, monkeypatch)


def test_models_are_named_from_where_the_script_stands(tmp_path):
    _, classifier = flat()
    (tmp_path / "models").mkdir()
    classifier.save(tmp_path / "models" / "mine.brushwood")
    steps = bw.Recipe.of_model(tmp_path / "models" / "mine.brushwood")
    assert steps.write_script(tmp_path / "script.py") == (tmp_path / "script.py",)
    assert '"models/mine.brushwood"' in (tmp_path / "script.py").read_text("utf-8")
    assert str(tmp_path.as_posix()) in steps.to_script()
    assert "Scores" not in steps.to_script()
    scored = replace(steps, evaluate=EvaluateStep(str(tmp_path)))
    assert "Scores against the truth stand in the report" in ast.get_docstring(
        ast.parse(scored.to_script())
    )
    with pytest.raises(OutputExistsError):
        steps.write_script(tmp_path / "script.py")
    (tmp_path / "models" / "mine.brushwood").write_bytes(b"other")
    with pytest.raises(RecipeError, match="not the one"):
        steps.to_script()


def test_a_stranger_puts_no_code_into_the_script():
    _, classifier = flat()
    evil = '"""\nimport os\nos.system("x")\n"""\\\'{steps}'
    data = ModelRef.of(classifier).data
    steps = recipe(
        ModelRef.embedding(data, evil + "/../../up.brushwood"),
        channels=(evil,),
        objects=ObjectStep(SplitParams(method="intensity"), image_channel=evil),
        measure=MeasureStep(("area",), True, (evil, 1), (evil, evil + "2"), (evil, "b")),
        name=evil,
    )
    tree = ast.parse(steps.to_script())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert "os" not in modules
    calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    assert not any("system" in call for call in calls)
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    assert evil in texts
    assert Path("pixel-classifier.brushwood").name in texts
