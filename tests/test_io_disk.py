"""Disks that are full, names that are odd, folders that vanish."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from brushwood.errors import OutputError, OutputExistsError
from brushwood.io.atomic import replacing
from brushwood.io.images import create_image, read_image, write_image
from brushwood.io.inputs import list_inputs

#: No file may grow beyond 256 KiB, as on a disk that is full; a chunk of random numbers is larger.
_FULL = """
import resource, sys
import numpy as np
from brushwood.errors import OutputError
from brushwood.io.images import create_image
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))
try:
    with create_image(sys.argv[1], (1000, 1000), "int32", "yx", labels=True) as out:
        out[...] = np.random.default_rng(0).integers(0, 1 << 30, (1000, 1000))
except OutputError as error:
    print(error)
"""
ODD_NAMES = ["a b c", "Zellen äöü µ", "x" * 200, "ü" * 100, "x" * 235]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
@pytest.mark.parametrize("ending", [".tif", ".ome.zarr", ".npy"])
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    run = subprocess.run(
        [sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert f"a{ending}': the disk is full. Free some space" in run.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
def test_odd_and_long_names_are_written_and_read(tmp_path, name, ending):
    path, pixels = tmp_path / f"{name}{ending}", np.arange(80, dtype="uint8").reshape(8, 10)
    write_image(path, pixels, "yx", (0.5, 0.5), "um")
    write_image(path, pixels + 1, "yx", (0.5, 0.5), "um", overwrite=True)
    (ref,) = list_inputs(tmp_path)
    assert ref.name == name
    with ref.open() as image:
        assert image.name == name
        np.testing.assert_array_equal(np.asarray(image.data[...]), pixels + 1)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_name_that_no_file_system_takes_is_refused_with_its_length(tmp_path):
    with pytest.raises(OutputError, match="its name has 404 bytes, but names are limited to"):
        write_image(tmp_path / ("ü" * 200 + ".tif"), np.zeros((4, 4), "uint8"), "yx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".npy"])
def test_a_folder_that_vanishes_while_writing_is_named(tmp_path, ending):
    folder = tmp_path / "share"
    folder.mkdir()
    with (
        pytest.raises(OutputError, match=r"share' vanished. Check that its drive is connected"),
        create_image(folder / f"a{ending}", (600, 600), "uint8", "yx") as out,
    ):
        out[:100] = 1
        shutil.rmtree(folder)
        out[100:] = 1
    assert not folder.exists() or not list(folder.glob("a*"))


def test_two_that_write_one_file_at_once_leave_the_first_whole(tmp_path):
    path = tmp_path / "a.tif"
    with (
        pytest.raises(OutputExistsError),
        create_image(path, (4, 4), "uint8", "yx") as slow,
    ):
        slow[...] = 1
        write_image(path, np.full((4, 4), 2, "uint8"), "yx")
    assert (np.asarray(read_image(path).data) == 2).all()
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_temporary_names_keep_the_ending_that_says_the_kind(tmp_path):
    with replacing(tmp_path / ("x" * 245 + ".tif")) as temporary:
        assert temporary.name.endswith(".tmp")
        assert ".tif." in temporary.name
        assert len(temporary.name) <= 255
        temporary.write_bytes(b"1")
    assert len(list(tmp_path.iterdir())) == 1
