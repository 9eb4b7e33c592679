"""The script makes the files that the repository holds."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "make_samples.py"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs the scripts of a checkout")


def make(keys, out):
    run = [sys.executable, str(SCRIPT), *keys, "--out", str(out)]
    subprocess.run(run, check=True, capture_output=True, timeout=120)


@pytest.mark.parametrize("key", ["nuclei_2d", "round_and_elongated_blobs", "coins", "ihc"])
def test_made_again_the_files_are_equal(tmp_path, key):
    make([key], tmp_path)
    kept = ROOT / "sample_data" / key
    names = {path.name for path in kept.iterdir()}
    assert {path.name for path in (tmp_path / key).iterdir()} == names
    for name in names - {"image.tif", "truth_table.csv"}:
        assert np.array_equal(tifffile.imread(tmp_path / key / name), tifffile.imread(kept / name))
    if "image.tif" in names:
        new = tifffile.imread(tmp_path / key / "image.tif").astype(int)
        old = tifffile.imread(kept / "image.tif").astype(int)
        # Another SciPy may round differently; it must not make another picture.
        assert (new != old).mean() < 1e-3
    if "truth_table.csv" in names:
        table = "truth_table.csv"
        assert (tmp_path / key / table).read_text() == (kept / table).read_text()


def test_equal_files_are_not_written_again(tmp_path):
    make(["ihc"], tmp_path)
    path = tmp_path / "ihc" / "annotation.tif"
    os.utime(path, (0, 0))
    make(["ihc"], tmp_path)
    assert path.stat().st_mtime == 0


def test_files_carry_axes_and_pixel_size():
    with tifffile.TiffFile(ROOT / "sample_data" / "nuclei_3d" / "image.tif") as file:
        assert file.series[0].axes == "ZYX"
        assert 'PhysicalSizeZ="1.0"' in file.ome_metadata
        assert 'PhysicalSizeX="0.25"' in file.ome_metadata


def test_real_images_need_no_download(monkeypatch, tmp_path):
    from brushwood import samples

    def refuse(*args):
        raise AssertionError("a sample asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("SKIMAGE_DATADIR", str(tmp_path))
    assert samples.load("coins").image.shape == (303, 384)
    assert samples.load("ihc").image.shape == (512, 512, 3)
    assert not list(tmp_path.rglob("*.png"))
