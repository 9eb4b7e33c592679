"""Maps of one image in parts are those of the whole, bit for bit."""

import contextlib
import os
import signal
import threading
import warnings

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import worker_items
from brushwood.arrays import ImageSource
from brushwood.batch.workers_local import LocalThreads, local_workers
from brushwood.errors import FeatureMismatchError, InputError
from brushwood.io.images import create_image, write_image
from brushwood.io.reopened import ReopenedArray
from brushwood.jobs import Cancelled, Job
from brushwood.pixels import parts as module
from brushwood.pixels.outputs import Sink
from brushwood.pixels.parts import parts_of, pixels_in_parts
from pixel_scenes import OUTPUTS, new, picture, strokes


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of a few thousand pixels, so that small images have many."""
    monkeypatch.setattr(module, "_LEAST", 1 << 10)
    monkeypatch.setattr(module, "_MOST", 1 << 12)


@pytest.fixture(scope="module")
def pair():
    with local_workers(2, processes=True) as workers:
        yield workers


def scene(kind):
    """An image of a kind, a classifier trained on it, and the axes of its file."""
    image, discs = picture((90, 110))
    marks = strokes(discs)
    if kind == "plane":
        return image, new().fit(image, marks), "yx"
    if kind == "no smoothing, training's scale":
        return image, new(smoothing=0.0, scaling="training").fit(image, marks), "yx"
    if kind == "stack":
        image, discs = picture((12, 50, 60))
        image += np.arange(12, dtype=np.float32)[:, None, None]
        return image, new(ndim=3).fit(image, strokes(discs)), "zyx"
    if kind == "frames":
        image = np.stack([image, 2 * image, image + 50])
        return image, new(ndim=2).fit(image, np.stack([marks] * 3)), "tyx"
    if kind == "channels":
        image = np.stack([image, image[::-1]])
        return image, new(channel_axis=0, ndim=2).fit(image, marks), "cyx"
    raise ValueError(kind)


KINDS = ["plane", "no smoothing, training's scale", "stack", "frames", "channels"]


def shapes(image, classifier, axes):
    shape = tuple(n for n, axis in zip(image.shape, axes, strict=True) if axis != "c")
    lead = {"probabilities": (len(classifier.classes_),)}
    return {name: lead.get(name, ()) + shape for name in OUTPUTS}


def zarrs(folder, image, classifier, axes, chunk=32):
    return {
        name: zarr.create_array(
            str(folder / f"{name}.zarr"),
            shape=shape,
            dtype="u1" if name == "classes" else "f4",
            chunks=tuple(1 if n < 10 else min(chunk, n) for n in shape),
        )
        for name, shape in shapes(image, classifier, axes).items()
    }


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        assert np.array_equal(np.asarray(found[name][...]), values), name


@pytest.mark.parametrize("kind", KINDS)
def test_threads_fill_arrays_in_memory(kind):
    image, classifier, _ = scene(kind)
    expected = classifier.predict_maps(image)
    out = {name: np.zeros_like(values) for name, values in expected.items()}
    found = pixels_in_parts(classifier, image, out, workers=LocalThreads(3))
    assert all(found[name] is out[name] for name in OUTPUTS)
    assert_same(found, expected)


@pytest.mark.parametrize("ending", [".tif", ".zarr"])
@pytest.mark.parametrize("kind", KINDS)
def test_processes_fill_files(kind, ending, tmp_path, pair):
    image, classifier, axes = scene(kind)
    expected = classifier.predict_maps(image)
    write_image(tmp_path / f"image{ending}", image, axes)
    source = ReopenedArray.of(tmp_path / f"image{ending}")
    with contextlib.ExitStack() as stack:
        out = {
            name: stack.enter_context(
                create_image(
                    tmp_path / f"{name}{ending}",
                    shape,
                    expected[name].dtype,
                    ("c" if name == "probabilities" else "") + axes.replace("c", ""),
                )
            )
            for name, shape in shapes(image, classifier, axes).items()
        }
        assert_same(pixels_in_parts(classifier, source, out, workers=pair), expected)


def test_processes_and_chunks_of_their_own(tmp_path, pair):
    image, classifier, axes = scene("plane")
    stored = zarr.create_array(str(tmp_path / "image.zarr"), data=image, chunks=(40, 50))
    out = zarrs(tmp_path, image, classifier, axes)
    found = pixels_in_parts(classifier, stored, out, workers=pair)
    assert_same(found, classifier.predict_maps(image))


def test_processes_read_dask_arrays_of_files(tmp_path, pair):
    import dask.array as da

    image, classifier, axes = scene("plane")
    zarr.create_array(str(tmp_path / "image.zarr"), data=image, chunks=(40, 50))
    lazy = da.from_zarr(str(tmp_path / "image.zarr"))[::-1]
    out = zarrs(tmp_path, image, classifier, axes)
    found = pixels_in_parts(classifier, lazy, out, workers=pair)
    assert_same(found, classifier.predict_maps(image[::-1]))


def test_some_outputs_only_and_class_ids_beyond_a_byte(tmp_path, pair):
    image, discs = picture((90, 110))
    classifier = new().fit(image, strokes(discs, ids=(7, 300)))
    out = {"classes": zarr.create_array(str(tmp_path / "c"), shape=image.shape, dtype="u2")}
    np.save(tmp_path / "image.npy", image)
    source = ReopenedArray.of(tmp_path / "image.npy")
    found = pixels_in_parts(classifier, source, out, workers=pair)
    assert set(found) == {"classes"}
    assert np.array_equal(found["classes"][...], classifier.predict(image))


def test_invalid_pixels_are_warned_of_once(tmp_path, pair):
    image, classifier, axes = scene("plane")
    image[10:30, 10:30] = np.nan
    np.save(tmp_path / "image.npy", image)
    with pytest.warns(UserWarning, match="NaN or infinite") as expected_warnings:
        expected = classifier.predict_maps(image)
    for workers, source in ((LocalThreads(2), image), (pair, None)):
        folder = tmp_path / str(workers.is_remote)
        folder.mkdir()
        given = ReopenedArray.of(tmp_path / "image.npy") if source is None else source
        with pytest.warns(UserWarning, match="NaN or infinite") as warned:
            found = pixels_in_parts(
                classifier, given, zarrs(folder, image, classifier, axes), workers=workers
            )
        assert [str(w.message) for w in warned] == [str(w.message) for w in expected_warnings]
        assert_same(found, expected)


def test_arrays_in_memory_cannot_be_reached_by_processes(pair):
    image, classifier, _ = scene("plane")
    out = {"classes": np.zeros(image.shape, np.uint8)}
    with pytest.raises(InputError, match="but image, classes came as such"):
        pixels_in_parts(classifier, image, out, workers=pair)


def test_an_image_with_other_channels_is_refused(pair):
    image, classifier, _ = scene("channels")
    out = {"classes": np.zeros(image.shape[1:], np.uint8)}
    with pytest.raises(FeatureMismatchError):
        pixels_in_parts(classifier, image[:1], out, workers=LocalThreads(2))


def test_cancel_stops_parts(pair, tmp_path):
    image, classifier, axes = scene("plane")
    np.save(tmp_path / "image.npy", image)
    job = Job()
    job.on_progress = lambda fraction, message: job.cancel() if fraction > 0.1 else None
    with pytest.raises(Cancelled):
        pixels_in_parts(
            classifier,
            ReopenedArray.of(tmp_path / "image.npy"),
            zarrs(tmp_path, image, classifier, axes),
            workers=pair,
            job=job,
        )


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize("kind", ["local", "cluster"])
def test_a_worker_killed_in_the_middle_leaves_the_same_bytes(kind, tmp_path, monkeypatch):
    image, classifier, axes = scene("stack")
    np.save(tmp_path / "image.npy", image)
    source = ReopenedArray.of(tmp_path / "image.npy")
    expected = classifier.predict_maps(image)
    flag = tmp_path / "flag"
    flag.mkdir()
    real = module.PixelWork.of

    def of(*args, **options):
        return Slow(real(*args, **options), flag)

    monkeypatch.setattr(module.PixelWork, "of", of)

    def kill_one():
        worker_items.wait_for(lambda: len(list(flag.glob("pid-*"))) == 2)
        victim = next(flag.glob("pid-*"))
        os.kill(int(victim.name.removeprefix("pid-")), signal.SIGKILL)
        worker_items.wait_for(lambda: len(list(flag.glob("pid-*"))) == 3)
        (flag / "go").touch()

    killer = threading.Thread(target=kill_one)
    with two_workers(kind) as workers:
        killer.start()
        out = zarrs(tmp_path, image, classifier, axes, chunk=16)
        found = pixels_in_parts(classifier, source, out, workers=workers)
    killer.join()
    assert_same(found, expected)


class Slow:
    """Classifies parts once a file says so; says in which process it is."""

    def __init__(self, work, folder):
        self.work, self.folder = work, folder

    def __call__(self, part, job):
        (self.folder / f"pid-{os.getpid()}").touch()
        while not (self.folder / "go").exists():
            job.checkpoint(0.1, "waiting")
        return self.work(part, job)


@contextlib.contextmanager
def two_workers(kind):
    if kind == "local":
        with local_workers(2, processes=True) as workers:
            yield workers
        return
    distributed = pytest.importorskip("distributed")
    from brushwood.batch.workers_cluster import ClusterWorkers, connect

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )
    with cluster, connect(cluster.scheduler_address) as client:
        yield ClusterWorkers(client)


@settings(max_examples=60)
@given(st.data())
def test_parts_cover_all_and_share_no_chunk(data):
    ndim = data.draw(st.sampled_from([2, 3]))
    frames = data.draw(st.lists(st.integers(1, 5), max_size=2))
    space = data.draw(st.lists(st.integers(1, 70), min_size=ndim, max_size=ndim))
    shape = (*frames, *space)
    arrays = {}
    for name in data.draw(st.sets(st.sampled_from(OUTPUTS), min_size=1)):
        lead = (2,) if name == "probabilities" else ()
        chunks = tuple(data.draw(st.integers(1, 40)) for _ in (*lead, *shape))
        arrays[name] = Chunked(lead + shape, chunks)
    source = ImageSource.of(np.zeros(shape, np.uint8), ndim=ndim)
    sink = Sink(arrays, ndim)
    covered = np.zeros(shape, np.int64)
    parts = parts_of(source, sink, data.draw(st.integers(1, 4)))
    for number, part in enumerate(parts, 1):
        for frame in part.frames:
            covered[(*frame, *part.box.slices[-ndim:])] += number
            assert (covered[(*frame, *part.box.slices[-ndim:])] == number).all()
    assert (covered > 0).all()
    for name, array in arrays.items():
        chunks = array.chunks[1:] if name == "probabilities" else array.chunks
        for corner in np.ndindex(*(-(-n // c) for n, c in zip(shape, chunks, strict=True))):
            box = tuple(slice(i * c, (i + 1) * c) for i, c in zip(corner, chunks, strict=True))
            assert np.unique(covered[box]).size == 1


class Chunked:
    """The shape and the chunks of an array, and nothing else."""

    def __init__(self, shape, chunks):
        self.shape, self.chunks = shape, chunks
        self.dtype = np.dtype(np.float32)


def test_parts_of_a_large_image_are_many_but_not_tiny(monkeypatch):
    monkeypatch.undo()
    source = ImageSource.of(np.broadcast_to(np.uint8(0), (20000, 20000)))
    sink = Sink({"classes": Chunked((20000, 20000), (512, 512))}, 2)
    parts = parts_of(source, sink, 4)
    sizes = [part.n_pixels for part in parts]
    assert 4 * 4 <= len(parts) <= 200
    assert max(sizes) <= 1 << 24
