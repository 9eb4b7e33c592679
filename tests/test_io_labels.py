"""Label images and maps that are written: their kind, type, pyramid and calibration."""

import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import tifffile
import zarr

from brushwood.errors import OutputExistsError
from brushwood.io.images import create_image, read_image, write_image
from brushwood.io.pyramid import build_part
from brushwood.jobs import Cancelled, Job
from brushwood.workers import IN_TURN
from ngff_files import write_multiscale

RNG = np.random.default_rng(0)
IDS = np.kron(RNG.integers(0, 70_000, (33, 41)), np.ones((40, 32), int)).astype("int32")


def attributes(path):
    found = json.loads((path / "zarr.json").read_text())["attributes"]
    return found["ome"]


def _do(work, item):
    return work(item, Job())


@pytest.fixture(scope="module")
def processes():
    """Two other processes."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        yield pool


class Pool:
    """Workers in other processes, as a run has them."""

    n, is_remote = 2, True

    def __init__(self, processes):
        self.processes = processes

    def each(self, work, items, job=None, message="", weights=None):
        futures = [self.processes.submit(_do, work, item) for item in items]
        for position, future in reversed(list(enumerate(futures))):
            yield position, future.result()


def files(path):
    return {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_a_label_image_says_that_it_is_one_and_its_pyramid_holds_ids(tmp_path):
    path = tmp_path / "cells-objects.ome.zarr"
    write_image(path, IDS, "yx", (0.5, 0.25), "um", labels=True)
    found = attributes(path)
    assert found["image-label"] == {"version": "0.5"}
    (multiscale,) = found["multiscales"]
    levels = [zarr.open_array(str(path / d["path"]), mode="r")[:] for d in multiscale["datasets"]]
    assert [level.shape for level in levels] == [(1320, 1312), (660, 656)]
    np.testing.assert_array_equal(levels[0], IDS)
    np.testing.assert_array_equal(levels[1], IDS[::2, ::2])  # never averaged
    with read_image(path) as image:
        assert (image.spacing, image.unit, image.data.dtype) == ((0.5, 0.25), "um", IDS.dtype)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_go_into_an_image_in_its_version_and_are_listed(tmp_path, version):
    image = tmp_path / "cells.ome.zarr"
    write_multiscale(image, IDS[:40, :50].astype("uint16"), "yx", [0.5, 0.25], version)
    before = files(image)
    for name in ("nuclei", "cells"):
        write_image(image / "labels" / name, IDS[:40, :50], "yx", (0.5, 0.25), "um")
    after = files(image)
    assert {name: after[name] for name in before} == before  # the image is as it was
    listing = image / "labels" / (".zattrs" if version == "0.4" else "zarr.json")
    found = json.loads(listing.read_text())
    found = found if version == "0.4" else found["attributes"]["ome"]
    assert found["labels"] == ["nuclei", "cells"]
    with read_image(image, "labels/cells") as labels:
        assert (labels.spacing, labels.unit) == ((0.5, 0.25), "um")
        np.testing.assert_array_equal(labels.data[:], IDS[:40, :50])
    file = image / "labels" / "cells" / (".zattrs" if version == "0.4" else "zarr.json")
    own = json.loads(file.read_text())
    own = own if version == "0.4" else own["attributes"]["ome"]
    assert own["image-label"]["source"] == {"image": "../../"}
    with pytest.raises(OutputExistsError):
        write_image(image / "labels" / "cells", IDS[:40, :50], "yx")
    write_image(image / "labels" / "cells", IDS[:40, :50] + 1, "yx", overwrite=True)
    with read_image(image, "labels/cells") as labels:
        np.testing.assert_array_equal(labels.data[:], IDS[:40, :50] + 1)


def test_a_label_image_that_fails_half_way_is_neither_seen_nor_listed(tmp_path):
    image = tmp_path / "cells.ome.zarr"
    write_multiscale(image, IDS[:40, :50].astype("uint16"), "yx", [1, 1])
    with (
        pytest.raises(RuntimeError, match="half way"),
        create_image(image / "labels" / "cells", (40, 50), "int32", "yx") as out,
    ):
        out[:20] = 1
        raise RuntimeError("half way")
    assert [p.name for p in (image / "labels").iterdir()] == ["zarr.json"]
    assert attributes(image / "labels")["labels"] == []


@pytest.mark.parametrize(
    ("shape", "axes", "dtype"),
    [
        ((2500, 1100), "yx", "int32"),
        ((1101, 4099), "yx", "float32"),
        ((2, 33, 1300, 300), "tzyx", "uint16"),
        ((2, 1030, 2050), "cyx", "float32"),
    ],
)
def test_any_workers_make_the_same_pyramid(tmp_path, processes, shape, axes, dtype):
    data = (RNG.random(shape) * 99).astype(dtype)
    for name, workers in (("one", IN_TURN), ("many", Pool(processes))):
        path = tmp_path / name / "a.ome.zarr"
        path.parent.mkdir()
        with create_image(path, shape, dtype, axes, workers=workers) as out:
            out[...] = data
    assert files(tmp_path / "one") == files(tmp_path / "many")
    levels = attributes(tmp_path / "one" / "a.ome.zarr")["multiscales"][0]["datasets"]
    finer = data
    for level in levels[1:]:
        odd = [(0, 0)] * (finer.ndim - 2) + [(0, n % 2) for n in finer.shape[-2:]]
        if data.dtype.kind == "f":
            even = np.pad(finer, odd, mode="edge").astype(float)
            finer = sum(even[..., y::2, x::2] for y in (0, 1) for x in (0, 1)) / 4
        else:
            finer = finer[..., ::2, ::2]
        found = zarr.open_array(str(tmp_path / "one" / "a.ome.zarr" / level["path"]), mode="r")[:]
        np.testing.assert_allclose(found, finer, rtol=1e-6)


def test_no_chunk_of_the_full_resolution_is_decoded_twice_for_the_pyramid(tmp_path, monkeypatch):
    from brushwood.io import pyramid

    read = []
    real = pyramid._open

    def counted(part, number):
        if number == 0 and part.level == 0:
            read.append((part.start, part.stop))
        return real(part, number)

    monkeypatch.setattr(pyramid, "_open", counted)
    with create_image(tmp_path / "a.zarr", (5000, 3000), "uint8", "yx") as out:
        out[...] = 1
    area = sum((b[0] - a[0]) * (b[1] - a[1]) for a, b in read)
    assert area == 5000 * 3000
    assert all(n % 512 == 0 for start, _ in read for n in start)


def test_cancelling_while_the_pyramid_is_made_leaves_nothing(tmp_path):
    job = Job()
    job.on_progress = lambda fraction, message: job.cancel()
    with (
        pytest.raises(Cancelled),
        create_image(tmp_path / "a.zarr", (3000, 3000), "uint8", "yx", job=job) as out,
    ):
        out[...] = 1
    assert not list(tmp_path.iterdir())


def _fill(array, rows):
    array[rows] = np.arange(rows.start, rows.stop).repeat(600).reshape(-1, 600) % 250


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".npy"])
def test_several_processes_write_one_image(tmp_path, processes, ending):
    path = tmp_path / f"a{ending}"
    with create_image(path, (2048, 600), "uint16", "yx") as out:
        pickle.loads(pickle.dumps(out))[0:1, 0:1] = 0
        parts = [slice(y, y + 512) for y in range(0, 2048, 512)]
        list(processes.map(_fill, [out] * 4, parts))
    with read_image(path) as image:
        wanted = np.broadcast_to(np.arange(2048)[:, None] % 250, (2048, 600))
        np.testing.assert_array_equal(np.asarray(image.data[...]), wanted)


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(0, "uint16"), (65_535, "uint16"), (65_536, "uint32"), (2**31 - 1, "uint32")],
)
@pytest.mark.parametrize(("shape", "axes"), [((30, 40), "yx"), ((2, 3, 30, 40), "tzyx")])
def test_a_label_tiff_has_the_smallest_type_that_fiji_shows(tmp_path, largest, dtype, shape, axes):
    ids = np.zeros(shape, "int32")
    ids[..., -1, -1] = largest
    ids[..., 5, 6] = 3
    path = tmp_path / "a.tif"
    scale = {"z": 1.5, "y": 0.5, "x": 0.25}
    with create_image(
        path, shape, "int32", axes, scale, "um", time_step=2.5, time_unit="s", labels=True
    ) as out:
        assert out.dtype == np.int32
        out[...] = ids
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert file.is_imagej
        assert page.dtype == dtype
        assert page.compression == 1
        assert "Orientation" not in page.tags  # ImageJ would then look for planes elsewhere
        found = file.imagej_metadata
        assert found["unit"] == "um"
        if len(shape) > 2:
            assert (found["images"], found["frames"], found["slices"]) == (6, 2, 3)
            assert (found["spacing"], found["finterval"], found["hyperstack"]) == (1.5, 2.5, True)
        assert page.tags["XResolution"].value == (4, 1)
    with read_image(path) as image:
        assert image.axes == axes
        assert image.spacing == tuple(scale[a] for a in axes if a in scale)
        np.testing.assert_array_equal(image.data, ids)


def test_a_cancelled_label_tiff_leaves_nothing(tmp_path):
    job = Job()
    job.on_progress = lambda fraction, message: job.cancel()
    with (
        pytest.raises(Cancelled),
        create_image(tmp_path / "a.tif", (9, 9), "int32", "yx", labels=True, job=job) as out,
    ):
        out[...] = 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])  # the second goes into an OME-TIFF
def test_channels_time_and_sizes_come_back(tmp_path, ending, dtype):
    data = RNG.random((2, 3, 4, 10, 12)).astype(dtype)
    path = tmp_path / f"a{ending}"
    write_image(
        path, data, "ctzyx", (1.5, 0.5, 0.25), "um",
        channel_names=("background", "Zelle ü"), time_step=250.0, time_unit="ms",
    )  # fmt: skip
    with read_image(path) as image:
        assert image.channel_names == ("background", "Zelle ü")
        factor = {"s": 1.0, "ms": 1e-3}[image.time_unit]
        assert image.time_step * factor == pytest.approx(0.25)
        assert (image.spacing, image.unit) == ((1.5, 0.5, 0.25), "um")
        order = [image.axes.index(letter) for letter in "ctzyx"]
        np.testing.assert_array_equal(np.asarray(image.data[...]).transpose(order), data)


def test_napari_opens_what_was_written(tmp_path):
    """Its own reader takes TIFF; its axes are those of the file."""
    from napari_builtins.io import napari_get_reader

    ids = np.zeros((3, 20, 30), "int32")
    ids[1, 4:9, 5:8] = 7
    write_image(tmp_path / "a.tif", ids, "zyx", (1.5, 0.5, 0.25), "um", labels=True)
    ((found, *_),) = napari_get_reader(str(tmp_path / "a.tif"))(str(tmp_path / "a.tif"))
    np.testing.assert_array_equal(np.asarray(found), ids)


def test_a_part_that_is_made_twice_does_no_harm(tmp_path):
    """A worker may be lost after it wrote, and another does its part again."""
    twice = []

    class Again:
        n, is_remote = 1, False

        def each(self, work, items, job=None, message="", weights=None):
            for position, item in enumerate(items):
                twice.append(item)
                work(item, Job())
                yield position, build_part(item, Job())

    with create_image(tmp_path / "a.zarr", IDS.shape, "int32", "yx", workers=Again()) as out:
        out[...] = IDS
    assert twice
    found = zarr.open_array(str(tmp_path / "a.zarr" / "1"), mode="r")[:]
    np.testing.assert_array_equal(found, IDS[::2, ::2])
