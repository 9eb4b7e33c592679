"""The script on the clipboard runs, and makes the same model."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

from brushwood import opencl
from brushwood.features.spec import FeatureSet
from brushwood.forest.params import ForestParams
from brushwood.session.readiness import Readiness
from brushwood.session.scene import ImageRef
from brushwood.session.script import python_script
from brushwood.session.state import SessionState


@pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")
def test_the_script_runs_and_predicts(tmp_path):
    rng = np.random.default_rng(0)
    image = rng.normal(10, 1, (48, 48)).astype(np.float32)
    image[:, 24:] += 20
    marks = np.zeros((48, 48), np.uint8)
    marks[:8, :8], marks[:8, -8:] = 1, 2
    tifffile.imwrite(tmp_path / "image.tif", image)
    tifffile.imwrite(tmp_path / "annotation.tif", marks)
    state = SessionState(
        images=("i",),
        features=FeatureSet.parse("gaussian=1,2"),
        outputs=("classes", "uncertainty"),
        forest=ForestParams(n_trees=9, seed=3),
    )
    script = python_script(state, Readiness(images=(ImageRef("i", "cells", (48, 48)),)))
    assert "n_trees=9, seed=3" in script
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
    classes = tifffile.imread(tmp_path / "classes.tif")
    assert (classes[:, 30:] == 2).all()
    assert (tmp_path / "model.brushwood").is_file()


def test_channels_and_units_are_written():
    two = tuple(ImageRef(k, k, (48, 48), scale=(0.5, 0.5)) for k in "ab")
    state = SessionState(images=("a", "b"), features=FeatureSet.parse("gaussian=1 units=world"))
    script = python_script(state, Readiness(images=two))
    compile(script, "script", "exec")
    assert "np.stack" in script
    assert "channel_axis=0" in script
    assert "spacing=(0.5, 0.5)" in script
    rgb = python_script(state, Readiness(images=(ImageRef("a", "a", (48, 48), rgb=True),)))
    assert "channel_axis=-1" in rgb
