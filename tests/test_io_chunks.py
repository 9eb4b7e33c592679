"""Chunks of a file that were decoded are kept for their neighbours."""

import pickle
import threading

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.errors import ImageFileError
from brushwood.io import chunks
from brushwood.io.chunks import ChunkCache
from brushwood.io.lazy import LazyArray

DATA = np.arange(40 * 50, dtype="uint16").reshape(40, 50)


class Counting:
    """An array on disk that counts how often each chunk is decoded."""

    def __init__(self, data, size):
        self.data, self.chunks, self.shape = data, size, data.shape
        self.ndim, self.dtype = data.ndim, data.dtype
        self.decoded = {}

    def __getitem__(self, box):
        for y in range(box[0].start // self.chunks[0], -(-box[0].stop // self.chunks[0])):
            for x in range(box[1].start // self.chunks[1], -(-box[1].stop // self.chunks[1])):
                self.decoded[y, x] = self.decoded.get((y, x), 0) + 1
        return self.data[box]


@pytest.fixture(autouse=True)
def shelf(monkeypatch):
    """A shelf of the test's own."""
    found = chunks._Shelf(1 << 20)
    monkeypatch.setattr(chunks, "_SHELF", found)
    return found


@pytest.mark.parametrize("size", [(8, 8), (3, 50), (40, 7), (40, 50)])
@pytest.mark.parametrize("halo", [0, 5])
def test_no_chunk_is_decoded_twice_for_neighbouring_blocks(tmp_path, size, halo):
    counting = Counting(DATA, size)
    array = LazyArray(counting, tmp_path)
    for y in range(0, 40, 10):
        for x in range(0, 50, 10):
            box = (slice(max(0, y - halo), y + 10 + halo), slice(max(0, x - halo), x + 10 + halo))
            np.testing.assert_array_equal(array[box], DATA[box])
    assert set(counting.decoded.values()) == {1}


def test_threads_do_not_decode_what_another_decodes(tmp_path):
    counting = Counting(DATA, (8, 8))
    array = LazyArray(counting, tmp_path)
    threads = [threading.Thread(target=lambda: array[0:40, 0:50]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(counting.decoded.values()) == {1}


def test_memory_is_bounded_and_shared_by_all_files(tmp_path, shelf):
    shelf.most = 600
    arrays = [LazyArray(Counting(DATA, (8, 8)), tmp_path) for _ in range(5)]
    for array in arrays:
        for y in range(0, 40, 8):
            np.testing.assert_array_equal(array[y : y + 3, 3:11], DATA[y : y + 3, 3:11])
            assert shelf._bytes <= 600
            assert shelf._bytes == sum(chunk.nbytes for chunk in shelf._kept.values())


def test_a_chunk_larger_than_the_shelf_is_still_decoded_once(tmp_path, shelf):
    shelf.most = 600
    counting = Counting(DATA, DATA.shape)
    array = LazyArray(counting, tmp_path)
    for y in range(40):
        np.testing.assert_array_equal(array[y], DATA[y])
    assert counting.decoded == {(0, 0): 1}


def test_what_is_read_can_be_written_to_without_changing_what_is_kept(tmp_path):
    array = LazyArray(Counting(DATA, (40, 50)), tmp_path)
    array[:][...] = 0
    np.testing.assert_array_equal(array[:], DATA)


INDEX = st.one_of(
    st.integers(-40, 39),
    st.builds(
        slice,
        st.one_of(st.none(), st.integers(-60, 60)),
        st.one_of(st.none(), st.integers(-60, 60)),
        st.one_of(st.none(), st.integers(-5, 5).filter(bool)),
    ),
    st.just(Ellipsis),
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(INDEX, st.tuples(INDEX), st.tuples(INDEX, st.just(slice(2, 9)))))
def test_any_slice_gives_what_numpy_gives(tmp_path_factory, index):
    array = LazyArray(_zarr(tmp_path_factory), tmp_path_factory.getbasetemp())
    np.testing.assert_array_equal(array[index], DATA[index])


def _zarr(tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "slices.zarr"
    if not path.exists():
        stored = zarr.create_array(str(path), shape=DATA.shape, dtype=DATA.dtype, chunks=(7, 9))
        stored[...] = DATA
    return zarr.open_array(str(path), mode="r")


def test_an_array_travels_to_other_processes_without_what_it_kept(tmp_path, tmp_path_factory):
    array = LazyArray(_zarr(tmp_path_factory), tmp_path)
    np.testing.assert_array_equal(array[3:30, 4:40], DATA[3:30, 4:40])
    sent = pickle.dumps(array)
    assert len(sent) < 20_000
    np.testing.assert_array_equal(pickle.loads(sent)[3:30, 4:40], DATA[3:30, 4:40])
    assert pickle.loads(pickle.dumps(ChunkCache()))._owner != ChunkCache()._owner


@pytest.mark.parametrize("index", [(1, 2, 3), 40, [1, 2], None, True])
def test_other_indices_are_refused(tmp_path, index):
    with pytest.raises(IndexError):
        LazyArray(Counting(DATA, (8, 8)), tmp_path)[index]


def test_an_error_while_decoding_leaves_nothing_half_kept(tmp_path):
    counting = Counting(DATA, (8, 8))
    array = LazyArray(counting, tmp_path / "a.zarr")
    counting.data = None
    with pytest.raises(ImageFileError, match="a part of it is damaged"):
        array[0:10, 0:10]
    counting.data = DATA
    np.testing.assert_array_equal(array[0:10, 0:10], DATA[0:10, 0:10])
