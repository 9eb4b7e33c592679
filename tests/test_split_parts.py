"""Objects made by many workers are those of one, bit for bit; nobody shares a chunk."""

import pickle
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from brushwood.batch.workers_local import local_workers
from brushwood.errors import InputError, OutputError, ShapeMismatchError
from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.objects.parts import split_in_parts
from brushwood.objects.seeds import in_scan_order
from brushwood.objects.split_params import SplitParams
from brushwood.objects.split_store import FolderShelf, packed, unpacked
from brushwood.objects.splitter import Splitter
from brushwood.workers import IN_TURN

OPTIONS = {
    "components": [{}, {"min_size": 3, "connectivity": "faces"}, {"border": "remove"}],
    "distance": [{"seed_distance": 3.0, "min_size": 6}, {"fill_holes": True, "seed_height": 0.0}],
    "intensity": [{"fill_holes": True, "max_hole": 9.0}, {"max_size": 40.0}],
    "probability": [{"smoothing": 1.1, "connectivity": "faces"}, {"border": "remove sides"}],
    "hysteresis": [{}, {"keep_cores_apart": True}, {"keep_cores_apart": True, "fill_holes": True}],
}


class Post:
    """Two workers elsewhere, the last item first: everything travels as bytes."""

    n, is_remote = 2, True

    def each(self, work, items, job=IDLE, message="", weights=None):
        assert weights is None or len(weights) == len(items)
        packet = pickle.dumps(work)
        for position in reversed(range(len(items))):
            job.checkpoint(0.5, message)
            item = pickle.loads(pickle.dumps(items[position]))
            yield position, pickle.loads(pickle.dumps(pickle.loads(packet)(item, job)))


class Threads:
    """Threads, answers as they come."""

    n, is_remote = 3, False

    def each(self, work, items, job=IDLE, message="", weights=None):
        with ThreadPoolExecutor(self.n) as pool:
            begun = {pool.submit(work, item, job): n for n, item in enumerate(items)}
            for done in as_completed(begun):
                yield begun[done], done.result()


def chances(shape, seed, sigma):
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.random(shape), sigma)
    field -= field.min()
    return (field / (field.max() or 1)).astype(np.float32)


def equal(one, other):
    return (
        np.array_equal(one.sizes, other.sizes)
        and (one.n_found, one.n_above) == (other.n_found, other.n_above)
        and np.array_equal(one.highest, other.highest, equal_nan=True)
    )


def splitter(p, method="distance", ndim=None, **options):
    params = SplitParams(**{"method": method, "core": 0.6, **options})
    return Splitter.of(p, 1, params, image=p, ndim=ndim)


def once(work):
    """All at once, in memory, in one block."""
    shape = (*work.source.frames, *work.source.shape)
    out = np.zeros(shape, np.int32)
    return out, work.run(out, IDLE, work.source.shape)


@given(
    method=st.sampled_from(list(OPTIONS)),
    option=st.integers(0, 5),
    seed=st.integers(0, 2**32 - 1),
    frames=st.sampled_from([(), (), (3,), (2, 2)]),
    shape=st.sampled_from([(31, 37), (1, 50), (6, 13, 15), (9, 1, 20), (3, 24, 9)]),
    block=st.tuples(st.integers(2, 9), st.integers(4, 24), st.integers(4, 24)),
    chunk=st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(3, 30)] * 3),
    classes=st.booleans(),
    workers=st.sampled_from([Post(), Threads(), IN_TURN]),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_parts_give_what_the_whole_gives(
    tmp_path, method, option, seed, frames, shape, block, chunk, classes, workers
):
    ndim = len(shape)
    p = chances((*frames, *shape), seed, (*[0] * len(frames), *[1.2] * ndim))
    data = (p > 0.5).astype(np.uint8) if classes and method != "hysteresis" else p
    choices = OPTIONS[method]
    params = SplitParams(**{"method": method, "core": 0.6, **choices[option % len(choices)]})
    work = Splitter.of(data, 1, params, image=p, ndim=ndim)
    expected, summary = once(work)
    out = zarr.create_array(
        tmp_path / "out.zarr",
        shape=p.shape,
        chunks=tuple(map(min, chunk[-p.ndim :], p.shape)),
        dtype="i4",
        overwrite=True,
    )
    scratch = tmp_path / "scratch"
    found = split_in_parts(work, out, scratch=scratch, workers=workers, block=block[-ndim:])
    assert np.array_equal(out[:], expected)
    assert np.array_equal(np.bincount(expected.ravel())[1:], summary.sizes)
    assert np.array_equal(in_scan_order(expected), expected)
    assert equal(found, summary)
    assert list(scratch.iterdir()) == []


def test_real_processes_give_the_same(tmp_path):
    p = chances((90, 110), 1, 2)
    stored = zarr.create_array(tmp_path / "p.zarr", shape=p.shape, chunks=(32, 32), dtype="f4")
    stored[:] = p
    work = splitter(stored, min_size=4, fill_holes=True)
    expected, summary = once(work)
    assert summary.sizes.size > 20
    assert np.array_equal(in_scan_order(expected), expected)
    out = zarr.create_array(tmp_path / "out.zarr", shape=p.shape, chunks=(32, 32), dtype="i4")
    with local_workers(2, processes=True) as workers:
        found = split_in_parts(work, out, scratch=tmp_path, workers=workers, block=(32, 32))
        # What is in this process's memory is copied on the way, and written here.
        inside = np.zeros(p.shape, np.int32)
        again = split_in_parts(splitter(p, min_size=4, fill_holes=True), inside,
                               scratch=tmp_path, workers=workers, block=(50, 40))  # fmt: skip
    assert np.array_equal(out[:], expected)
    assert np.array_equal(inside, expected)
    assert equal(found, summary)
    assert equal(again, summary)


def test_what_lies_in_this_process_s_memory_is_not_written_elsewhere(tmp_path):
    """A zarr array in memory travels, but as a copy."""
    p = chances((40, 50), 2, 1.5)
    expected, _ = once(splitter(p))
    out = zarr.create_array({}, shape=p.shape, chunks=(16, 16), dtype="i4")
    stored = zarr.create_array({}, shape=p.shape, chunks=(16, 16), dtype="f4")
    stored[:] = p
    split_in_parts(splitter(stored), out, scratch=tmp_path, workers=Post(), block=(16, 16))
    assert np.array_equal(out[:], expected)


class Chunked:
    """Notes which threads write which chunks, and that no write cuts one."""

    def __init__(self, shape, chunks):
        self.values = np.zeros(shape, np.int32)
        self.shape, self.dtype, self.chunks = shape, self.values.dtype, chunks
        self.writers = {}
        self._lock = threading.Lock()

    def __setitem__(self, index, values):
        self.values[index] = values
        spans = [
            (i, i + 1) if isinstance(i, int) else i.indices(n)[:2]
            for i, n in zip(index, self.shape, strict=True)
        ]
        cells = [range(a // c, -(-b // c)) for (a, b), c in zip(spans, self.chunks, strict=True)]
        with self._lock:
            for cell in np.ndindex(*map(len, cells)):
                key = tuple(r[i] for r, i in zip(cells, cell, strict=True))
                self.writers.setdefault(key, set()).add(threading.get_ident())
        for axis in range(-2, 0):
            (a, b), c, n = spans[axis], self.chunks[axis], self.shape[axis]
            assert a % c == 0
            assert b % c == 0 or b == n


@pytest.mark.parametrize("chunks", [(7, 40, 13), (1, 9, 100), (2, 16, 16)])
@pytest.mark.parametrize("small", [True, False])
def test_no_two_workers_write_one_chunk(tmp_path, monkeypatch, chunks, small):
    import brushwood.objects.parts as parts

    if not small:
        monkeypatch.setattr(parts, "_SMALL_FRAME", 0)
    p = chances((5, 60, 70), 3, (0, 2, 2))
    work = splitter(p, ndim=2)
    expected, _ = once(work)
    out = Chunked(p.shape, chunks)
    split_in_parts(work, out, scratch=tmp_path, workers=Threads(), block=(17, 11))
    assert np.array_equal(out.values, expected)
    if small:
        assert all(len(threads) == 1 for threads in out.writers.values())


def test_an_area_too_large_is_the_same_error_before_anything_is_written(tmp_path, monkeypatch):
    mask = np.zeros((60, 60), np.uint8)
    mask[2:58, 2:58] = 1
    work = splitter(mask)
    monkeypatch.setenv("BRUSHWOOD_OBJECT_MEMORY", "300K")
    messages = []
    for run in (
        lambda out: work.run(out, IDLE, (16, 16)),
        lambda out: split_in_parts(work, out, scratch=tmp_path, workers=Post(), block=(16, 16)),
    ):
        out = np.full(mask.shape, 7, np.int32)
        with pytest.raises(InputError, match="One connected area spans 58 × 58") as error:
            run(out)
        messages.append(str(error.value))
        assert (out == 7).all()
    assert messages[0] == messages[1]
    assert list(tmp_path.iterdir()) == []


class Counting(Post):
    """How many areas that need half of the memory are begun at once."""

    def __init__(self):
        self.calls = []

    def each(self, work, items, job=IDLE, message="", weights=None):
        if message.startswith("Parting"):
            self.calls.append(len(items))
        return super().each(work, items, job, message, weights)


def test_areas_that_need_much_memory_are_parted_one_after_the_other(tmp_path, monkeypatch):
    mask = np.zeros((200, 60), np.uint8)
    for row in (2, 62, 122):
        mask[row : row + 50, 2:52] = 1
    mask[180:184, 5:9] = 1
    work = splitter(mask)
    expected, _ = once(work)
    workers, out = Counting(), np.zeros(mask.shape, np.int32)
    monkeypatch.setenv("BRUSHWOOD_OBJECT_MEMORY", "400K")
    split_in_parts(work, out, scratch=tmp_path, workers=workers, block=(16, 16))
    assert workers.calls == [1, 1, 1, 1]
    assert np.array_equal(out, expected)


def test_bad_outputs_and_lost_files_are_said(tmp_path):
    p = chances((40, 50), 2, 1.5)
    with pytest.raises(ShapeMismatchError):
        split_in_parts(splitter(p), np.zeros((40, 49), np.int32), scratch=tmp_path)
    with pytest.raises(InputError, match="whole numbers"):
        split_in_parts(splitter(p), np.zeros((40, 50)), scratch=tmp_path)
    many = np.zeros((64, 64), np.uint8)
    many[::3, ::3] = 1
    out = np.zeros(many.shape, np.uint8)
    with pytest.raises(InputError, match="more than uint8 can number"):
        split_in_parts(splitter(many, "components"), out, scratch=tmp_path, workers=Threads())
    assert not out.any()

    class Losing(Threads):
        def each(self, work, items, job=IDLE, message="", weights=None):
            if message == "Writing":
                for path in tmp_path.rglob("names/*"):
                    path.unlink()
            return super().each(work, items, job, message, weights)

    with pytest.raises(OutputError, match="cannot be read"):
        split_in_parts(splitter(p), np.zeros((40, 50), np.int32), scratch=tmp_path,
                       workers=Losing(), block=(16, 16))  # fmt: skip


def test_cancel_leaves_nothing_behind(tmp_path):
    p = chances((60, 70), 3, 2)
    job = Job(lambda fraction, message: job.cancel() if "Parting" in message else None)
    out = np.zeros(p.shape, np.int32)
    with pytest.raises(Cancelled):
        split_in_parts(
            splitter(p), out, scratch=tmp_path, workers=Threads(), block=(16, 16), job=job
        )
    assert list(tmp_path.iterdir()) == []
    assert not out.any()


def test_a_worker_left_to_itself_makes_no_folder_anew(tmp_path):
    own = tmp_path / "gone"
    own.mkdir()
    shelf = FolderShelf(own)
    shelf.put("a/b", np.ones((2, 3), np.int32))
    shutil.rmtree(own)
    for keep in (shelf.put, shelf.table):
        with pytest.raises(FileNotFoundError):
            keep("a/b", np.ones((2, 3), np.int32))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("most", [1, 200, 70_000, 2**31 - 1])
def test_numbers_are_packed_in_as_few_bytes_as_they_need(most, tmp_path):
    rng = np.random.default_rng(0)
    values = rng.integers(0, most, (3, 40, 50), np.int32, endpoint=True)
    values.flat[0] = most
    for array in (values, values > most // 2, np.zeros((0, 4), np.int32)):
        again = unpacked(packed(array), array.shape, array.dtype)
        assert again.dtype == array.dtype
        assert np.array_equal(again, array)
    shelf = FolderShelf(tmp_path)
    shelf.put("a/b", values)
    assert np.array_equal(shelf.get("a/b", values.shape, np.int32), values)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    (tmp_path / "a" / "b").write_bytes(b"Hxx")
    with pytest.raises(OutputError, match="cannot be read"):
        shelf.get("a/b", values.shape, np.int32)
