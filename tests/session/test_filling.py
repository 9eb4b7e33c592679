"""A result that fills in: same numbers, what is in view first, and a cancelled run goes on."""

import dask.array as da
import numpy as np
import pytest

from brushwood import opencl
from brushwood.arrays import ImageSource
from brushwood.jobs import Cancelled, Job
from brushwood.session import filling
from brushwood.session.filling import Fill
from brushwood.session.pyramid import Planes, Pyramid, picks, renew, write_box
from brushwood.session.resident import relax
from brushwood.session.work import ImageInput, tiles_of
from pixel_scenes import OUTPUTS, new, picture, strokes

pytestmark = pytest.mark.skipif(not opencl.devices(), reason="needs an OpenCL device")


@pytest.fixture(autouse=True)
def small_areas(monkeypatch):
    """Make an area a tile or two, so that a small image has many."""
    monkeypatch.setitem(filling._AREA_PIXELS, "cpu", 1 << 18)
    monkeypatch.setitem(filling._AREA_PIXELS, "gpu", 1 << 18)


@pytest.fixture(scope="module")
def flat():
    pixels, discs = picture((1300, 1600))
    return pixels, new().fit(pixels, strokes(discs, density=0.002))


def levels_of(shape, dtype, n=3):
    return [np.zeros([-(-s // 2**k) for s in shape], dtype) for k in range(n)]


def targets(shape, n_classes=2, n=3):
    out = {name: Pyramid(levels_of(shape, np.float32, n)) for name in ("uncertainty",)}
    out["classes"] = Pyramid(levels_of(shape, np.uint8, n))
    planes = [Pyramid(levels_of(shape, np.float32, n)) for _ in range(n_classes)]
    return {**out, "probabilities": planes}


def run(model, data, out, *, view=None, done=None, job=None, ndim=2):
    source = ImageSource.of(data, ndim=ndim)
    given = {n: Planes(a) if n == "probabilities" else a for n, a in out.items()}
    fill = Fill(model, 3, ImageInput(("key",), ("image",), source), given, done)
    fill.view = view
    fill.run(job or Job())
    return fill


def coarse(finest, level):
    return finest[np.ix_(*(picks(n, m) for n, m in zip(finest.shape, level.shape, strict=True)))]


def assert_equal(out, expected):
    for name, found in out.items():
        pyramids = found if name == "probabilities" else [found]
        wanted = expected[name] if name == "probabilities" else [expected[name]]
        for pyramid, plane in zip(pyramids, wanted, strict=True):
            np.testing.assert_array_equal(pyramid.levels[0], plane)
            for level in pyramid.levels[1:]:
                np.testing.assert_array_equal(level, coarse(plane, level))


@pytest.mark.parametrize("chunks", [300, 1600])
def test_all_levels_equal_the_maps_of_the_whole_image(flat, chunks):
    pixels, model = flat
    out = targets(pixels.shape)
    fill = run(model, da.from_array(pixels, chunks=chunks), out)
    assert fill.fraction == 1.0
    assert_equal(out, model.predict_maps(pixels, OUTPUTS))


def test_what_is_in_view_comes_first_and_a_new_view_is_followed(flat):
    pixels, model = flat
    out = {"classes": Pyramid(levels_of(pixels.shape, np.uint8))}
    order = []
    source = ImageSource.of(pixels, ndim=2)
    fill = Fill(model, 1, ImageInput(("key",), ("image",), source), out)
    fill.view = ((1100, 1550), (1200, 1600))

    def look(fraction, message):
        order.extend(fill.take())
        if len(order) >= 4:
            fill.view = ((0, 0), (100, 100))

    fill.run(Job(look))
    order.extend(fill.take())
    assert order[0].start == (0, 1024, 1536)
    later = [tile.start for tile in order[4:]]
    # Areas that were handed out together are finished before the new view counts.
    assert (0, 0, 0) in later[: filling._GROUP + 1]
    everything = tiles_of((), source.shape3, (0, 0), pixels.shape)
    assert sorted(order) == sorted(everything)


def test_the_coarse_levels_are_never_behind(flat):
    pixels, model = flat
    pyramid = Pyramid(levels_of(pixels.shape, np.uint8))
    seen = []

    def look(fraction, message):
        finest = pyramid.levels[0]
        done = finest > 0
        if done.any() and not done.all():
            seen.append(all((lv == coarse(finest, lv)).all() for lv in pyramid.levels[1:]))

    run(model, pixels, {"classes": pyramid}, job=Job(look), view=((0, 0), (10, 10)))
    assert len(seen) >= 3
    # A look between the levels of one area may see one of them later, never all looks.
    assert sum(seen) >= len(seen) - 2


def test_a_cancelled_run_keeps_what_is_there_and_goes_on(flat):
    pixels, model = flat
    out = targets(pixels.shape)
    job = Job()
    source = ImageSource.of(pixels, ndim=2)
    given = {n: Planes(a) if n == "probabilities" else a for n, a in out.items()}
    image = ImageInput(("key",), ("image",), source)
    fill = Fill(model, 3, image, given)
    job.on_progress = lambda fraction, message: job.cancel() if fill.fraction > 0.3 else None
    with pytest.raises(Cancelled):
        fill.run(job)
    tiles = fill.take()
    assert 0.3 < fill.fraction < 1.0
    expected = model.predict_maps(pixels, OUTPUTS)
    for tile in tiles:
        where = tile.index(2)
        np.testing.assert_array_equal(out["classes"].levels[0][where], expected["classes"][where])
    shown = sum(np.prod(np.subtract(t.stop, t.start)) for t in tiles) / pixels.size
    assert shown == pytest.approx(fill.fraction)
    again = run(model, pixels, out, done=dict.fromkeys(tiles, 3))
    assert not set(again.take()) & set(tiles)
    assert_equal(out, expected)


@pytest.mark.parametrize(
    ("shape", "ndim"), [((3, 600, 700), 2), ((20, 150, 300), 3), ((2, 12, 90, 140), 3)]
)
def test_series_and_stacks(shape, ndim):
    pixels, discs = picture(shape)
    model = new(ndim=ndim).fit(pixels, strokes(discs, density=0.01))
    out = targets(shape, n=2)
    view = (tuple(n // 2 for n in shape), shape)
    fill = run(model, da.from_array(pixels, chunks=64), out, view=view, ndim=ndim)
    if len(shape) > ndim:
        assert fill.take()[0].frame == (shape[0] // 2,)
    assert_equal(out, model.predict_maps(pixels, OUTPUTS))


def test_a_full_disk_is_told_before_anything_is_written(flat):
    pixels, model = flat

    def refuse(n_bytes):
        raise OSError(28, "full")

    pyramid = Pyramid(levels_of(pixels.shape, np.uint8), refuse)
    with pytest.raises(OSError, match="full"):
        run(model, pixels, {"classes": pyramid})
    assert not pyramid.levels[0].any()


def test_boxes_and_renewal_agree_for_odd_shapes():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 255, (7, 101, 67), np.uint8)
    shapes = [(7, 101, 67), (7, 50, 33), (3, 25, 17)]
    boxed = [np.zeros(shape, np.uint8) for shape in shapes]
    for start in (0, 40, 77):
        stop = min(start + 40, 101)
        write_box(boxed, (0, start, 0), (7, stop, 67), values[:, start:stop])
    boxed[0][:, 77:80] = 0
    write_box(boxed, (0, 77, 0), (7, 80, 67), values[:, 77:80])
    renewed = [values, *(np.zeros(shape, np.uint8) for shape in shapes[1:])]
    renew(renewed)
    for one, other in zip(boxed, renewed, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("mode", ["c", "r+", "w+"])
def test_giving_memory_back_loses_nothing(tmp_path, mode):
    path = tmp_path / "labels.dat"
    np.arange(4096 * 40, dtype=np.int32).tofile(path)
    array = np.memmap(path, np.int32, mode, shape=(40, 4096))
    array[3, 5:9] = 77
    expected = np.array(array)
    relax(array)
    relax(array[3:5])
    relax(np.array(array))
    np.testing.assert_array_equal(array, expected)
