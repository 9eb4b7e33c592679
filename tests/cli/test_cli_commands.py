"""Help, usage, and the commands devices, demo and info."""

import json
import os
import subprocess
import sys
import types

import pytest

import brushwood as bw
from cli_files import FEATURES


@pytest.mark.parametrize("command", ["devices", "demo", "train", "apply", "info"])
def test_every_command_has_help_with_examples(run, command):
    code, out, _ = run(command, "--help")
    text = "\n".join(out)
    assert code == 0
    assert "examples:" in text
    assert f"  brushwood {command}" in text


def test_version_and_general_help(run):
    assert run("--version")[:2] == (0, [f"brushwood {bw.__version__}"])
    code, out, _ = run("--help")
    assert code == 0
    assert "exit codes: 0 done, 2 usage, 3 bad input, 4 device, 130 cancelled" in "\n".join(out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["paint"], "invalid choice"),
        (["train", "a.tif", "-o", "m"], "images and annotations come in pairs"),
        (["train", "a.tif", "b.tif"], "required: -o"),
        (["train", "a", "b", "-o", "m", "--class-name", "nuclei"], "must look like 2=nuclei"),
        (["train", "a", "b", "-o", "m", "--class-name", "0=none"], "must look like 2=nuclei"),
        (["train", "a", "b", "-o", "m", "--depth", "deep"], "a whole number or 'unlimited'"),
        (["train", "a", "b", "-o", "m", "--smoothing", "nan"], "number of pixels from 0"),
        (["train", "a", "b", "-o", "m", "--ndim", "4"], "invalid choice"),
        (["train", "a", "b", "-o", "m", "--spacing", "1"], "not a size along y,x or z,y,x"),
        (["apply", "m", "a", "-o", "out", "--save", "objects"], "not a list of classes"),
        (["apply", "m", "a", "-o", "out", "--workers", "0"], "whole number from 1 to 64"),
        (["demo"], "one of the arguments --out --gui is required"),
        (["info"], "required: MODEL"),
    ],
)
def test_wrong_usage_is_2(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


# devices, demo, info


def test_devices_are_listed_with_a_self_test(run):
    code, out, _ = run("devices")
    assert code == 0
    assert len(out) == len(bw.devices())
    assert sum(line.startswith("*") for line in out) == 1
    assert all("self-test passed in" in line and "GiB" in line for line in out)


def test_devices_as_json(run):
    code, out, _ = run("devices", "--json", "--no-test")
    entries = json.loads("\n".join(out))["devices"]
    assert code == 0
    assert [e["name"] for e in entries] == [d.name for d in bw.devices()]
    assert {"index", "kind", "memory_bytes", "budget_bytes", "default"} <= set(entries[0])
    assert entries[0]["self_test"] is None


def test_devices_that_all_fail_are_4(run, monkeypatch):
    from brushwood import opencl

    failed = opencl.SelfTest(False, "the runtime crashed", 0.1)
    monkeypatch.setattr(opencl, "isolated_self_test", lambda device: failed)
    code, out, _ = run("devices")
    assert code == 4
    assert "FAILED: the runtime crashed" in out[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["devices"],
        ["train", "{image}", "{strokes}", "-o", "new"],
        ["apply", "{m}", "{image}", "-o", "o"],
    ],
)
def test_no_device_is_4_with_the_fix_and_no_traceback(folder, tmp_path, arguments):
    names = {"image": "image.tif", "strokes": "strokes.tif", "m": "m.brushwood"}
    paths = {key: str(folder / name) for key, name in names.items()}
    command = [sys.executable, "-m", "brushwood", *(a.format(**paths) for a in arguments)]
    env = os.environ | {"OCL_ICD_VENDORS": "/nonexistent", "OCL_ICD_FILENAMES": ""}
    done = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 4
    assert "No OpenCL device was found: OCL_ICD_VENDORS is set to '/nonexistent'" in done.stderr
    assert "Unset OCL_ICD_VENDORS" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_4(run, folder, tmp_path):
    code, _, err = run(
        "train", folder / "image.tif", folder / "strokes.tif", "-o", tmp_path / "m",
        "--device", "quantum",
    )  # fmt: skip
    assert code == 4
    assert "No OpenCL device matches 'quantum'. There are: 0: " in err


def test_demo_writes_results_and_numbers(run, tmp_path):
    code, out, _ = run("demo", "--out", tmp_path / "new", "--sample", "nuclei_2d")
    assert code == 0
    text = "\n".join(out)
    assert "Jaccard" in text
    assert "device" in text
    names = {p.name for p in (tmp_path / "new").iterdir()}
    assert {f"nuclei_2d-{n}.tif" for n in ("classes", "probabilities", "uncertainty")} <= names
    assert {"nuclei_2d.brushwood", "nuclei_2d-overview.png"} <= names
    code, _, err = run("demo", "--out", tmp_path / "new", "--sample", "nuclei_2d")
    assert code == 3
    assert "exists already" in err


def test_demo_gui_opens_the_window_or_says_what_is_missing(run, monkeypatch):
    opened = []
    module = types.ModuleType("brushwood.gui.demo")
    module.open_demo = lambda: opened.append(True)
    monkeypatch.setitem(sys.modules, "brushwood.gui.demo", module)
    assert run("demo", "--gui")[0] == 0
    assert opened == [True]
    monkeypatch.setitem(sys.modules, "brushwood.gui.demo", None)
    code, _, err = run("demo", "--gui")
    assert code == 1
    assert 'pip install "napari-brushwood[all]"' in err


def test_info_tells_classes_features_and_origin(run, model):
    code, out, _ = run("info", model)
    text = "\n".join(out)
    assert code == 0
    assert FEATURES in text
    for part in ("4  cells, 45 px", "9  debris, without strokes", "12 trees", "2-D, 1 channel"):
        assert part in text
    code, out, _ = run("info", model, "--json")
    found = json.loads("\n".join(out))
    assert (found["n_trees"], found["forest"]["n_trees"], found["ndim"]) == (12, 12, 2)
    assert [c["name"] for c in found["classes"]] == ["background", "cells", "debris"]
