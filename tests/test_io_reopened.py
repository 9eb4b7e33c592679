"""Images that travel by name."""

import os
import pickle
import threading

import numpy as np
import pytest

from brushwood.arrays import ImageSource
from brushwood.errors import ImageFileError
from brushwood.io import reopened
from brushwood.io.images import read_image, write_image
from brushwood.io.reopened import ReopenedArray, close_files

VALUES = np.arange(4 * 30 * 20, dtype=np.uint16).reshape(4, 30, 20)


@pytest.fixture(autouse=True)
def nothing_open():
    yield
    close_files()
    assert not reopened._open_files


def written(folder, ending=".tif", values=VALUES, axes="zyx"):
    path = folder / f"image{ending}"
    write_image(path, values, axes, {"z": 2.0, "y": 0.5, "x": 0.5}, "um")
    return path


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".npy"])
def test_it_is_the_image(ending, tmp_path):
    path = written(tmp_path, ending)
    array = ReopenedArray.of(path)
    with read_image(path) as image:
        assert (array.shape, array.dtype, array.axes) == (VALUES.shape, VALUES.dtype, image.axes)
        assert array == ReopenedArray.of(path, image=image)
    assert (array.ndim, array.size, array.nbytes, len(array)) == (3, 2400, 4800, 4)
    assert np.array_equal(array[1:3, 4:9, ::2], VALUES[1:3, 4:9, ::2])
    assert np.array_equal(np.asarray(array), VALUES)
    assert np.asarray(array, np.float32).dtype == np.float32


def test_it_travels_as_a_few_bytes(tmp_path):
    array = ReopenedArray.of(written(tmp_path))
    data = pickle.dumps(array)
    assert len(data) < 500
    assert np.array_equal(pickle.loads(data)[0], VALUES[0])


def test_the_engine_reads_it_with_its_chunks(tmp_path):
    array = ReopenedArray.of(written(tmp_path, ".zarr"))
    source = ImageSource.of(array, ndim=3)
    assert source.chunks3 == array.chunks
    assert np.array_equal(source.read((), (1, 2, 3), (2, 9, 9))[0], VALUES[1:2, 2:9, 3:9])


def test_a_relative_path_is_that_of_the_maker(tmp_path, monkeypatch):
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    array = ReopenedArray.of("image.tif")
    monkeypatch.chdir("/")
    assert array[0, 0, 1] == 1


def test_files_stay_open_but_not_many(tmp_path):
    arrays = []
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        arrays.append(ReopenedArray.of(written(folder)))
    for array in arrays + arrays:
        assert array[0, 0, 1] == 1
    assert len(reopened._open_files) == reopened._KEPT


def test_many_threads_read_while_files_are_closed(tmp_path):
    array = ReopenedArray.of(written(tmp_path, ".zarr"))
    right = []

    def read():
        for _ in range(20):
            right.append(np.array_equal(array[2], VALUES[2]))  # noqa: PERF401 - as it is read

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        close_files()
    assert right == [True] * 80


def test_a_file_replaced_by_one_of_the_same_kind_is_read_anew(tmp_path):
    array = ReopenedArray.of(written(tmp_path, ".npy"))
    assert array[0, 0, 1] == 1
    path = array.path
    (tmp_path / "new").mkdir()
    os.replace(written(tmp_path / "new", ".npy", VALUES + 7), path)
    stamp = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(stamp, stamp))
    assert array[0, 0, 1] == 8


def test_a_file_that_became_another_is_refused(tmp_path):
    array = ReopenedArray.of(written(tmp_path, ".npy"))
    array.path.unlink()
    written(tmp_path, ".npy", VALUES[:2])
    with pytest.raises(ImageFileError, match="changed while it was worked on"):
        array[0]


def test_a_file_that_is_gone_is_named(tmp_path):
    array = ReopenedArray.of(written(tmp_path))
    array.path.unlink()
    with pytest.raises(ImageFileError, match=r"image\.tif.*any more"):
        array[0]
