"""The table of measurements: rows, columns, units, frames, and what is refused."""

import dask.array as da
import numpy as np
import pytest
import zarr

import brushwood as bw
from brushwood.arrays import ChannelStack
from brushwood.errors import InputError, ShapeMismatchError, UnknownMeasurementError
from brushwood.jobs import Cancelled, Job
from brushwood.measure import ManyObjectsWarning, index, runs, slabs
from brushwood.tables import headers, units_of
from measure_scenes import blobs

LABELS = blobs((60, 70), n=25)
IMAGE = np.random.default_rng(0).integers(0, 4000, LABELS.shape).astype(np.uint16)
FAST = ("size", "shape", "position", "intensity")


def test_package_and_function_are_one():
    assert bw.measure(LABELS).equals(bw.measure.measure(LABELS))
    assert "area" in {m.name for m in bw.measure.catalog()}


def test_rows_are_labels_ascending_and_index_is_for_napari():
    table = bw.measure(LABELS)
    assert table["label"].tolist() == np.unique(LABELS)[1:].tolist()
    assert table["index"].equals(table["label"].rename("index"))
    assert list(table)[:3] == ["label", "index", "area"]
    assert table["label"].dtype == np.int64


def test_columns_come_as_asked_for_and_once():
    table = bw.measure(LABELS, names=["centroid-1", "size", "area", "bbox", "centroid"])
    assert list(table)[2:4] == ["centroid-1", "num_pixels"]
    assert list(table)[-5:] == ["bbox-0", "bbox-1", "bbox-2", "bbox-3", "centroid-0"]
    assert table["bbox-3"].dtype == np.int64
    only = bw.measure(LABELS, names="area")
    assert list(only) == ["label", "index", "area"]


def test_a_column_does_not_depend_on_what_else_is_asked_for():
    every = bw.measure(LABELS, IMAGE, names=FAST)
    for name in every.columns[2:]:
        alone = bw.measure(LABELS, IMAGE, names=name)
        assert list(alone) == ["label", "index", name]
        np.testing.assert_array_equal(alone[name], every[name], err_msg=name)


def test_default_names_are_the_columns_of_a_plain_call():
    names = bw.measure.default_names
    assert list(bw.measure(LABELS))[2:] == list(names(2))
    assert list(bw.measure(LABELS, IMAGE))[2:] == list(names(2, image=True))
    two = bw.measure(LABELS, np.stack([IMAGE, IMAGE]), channel_axis=0, channel_names=("A", "B"))
    assert list(two)[2:] == list(names(2, channel_names=("A", "B")))
    volume = bw.measure(LABELS.reshape(6, 10, 70))
    assert list(volume)[2:] == list(names(3))


def test_channels_end_names():
    image = np.stack([IMAGE, IMAGE // 2], axis=-1)
    names = ("intensity_mean", "centroid_weighted", "intensity_percentile_10")
    table = bw.measure(LABELS, image, names=names, channel_axis=-1, channel_names=("DAPI", "GFP"))
    assert list(table)[2:] == [
        "intensity_mean-DAPI",
        "intensity_mean-GFP",
        "centroid_weighted-0-DAPI",
        "centroid_weighted-0-GFP",
        "centroid_weighted-1-DAPI",
        "centroid_weighted-1-GFP",
        "intensity_percentile_10-DAPI",
        "intensity_percentile_10-GFP",
    ]
    numbered = bw.measure(LABELS, image, names="intensity_mean-1", channel_axis=-1)
    np.testing.assert_array_equal(numbered["intensity_mean-1"], table["intensity_mean-GFP"])
    # Hyphens and digits in a channel's name are not taken for places and numbers.
    odd = bw.measure(LABELS, image, names=FAST, channel_axis=-1, channel_names=("IL-6", "area_5"))
    again = bw.measure(
        LABELS,
        image,
        names=list(odd.columns[2:]),
        channel_axis=-1,
        channel_names=("IL-6", "area_5"),
    )
    assert again.equals(odd)


def test_units_are_noted_and_stand_in_headers():
    names = ("area", "centroid-0", "eccentricity", "orientation", "intensity_mean", "num_pixels")
    in_pixels = bw.measure(LABELS, IMAGE, names=names)
    assert headers(in_pixels)[2:] == [
        "area [px²]",
        "centroid-0 [px]",
        "eccentricity",
        "orientation [rad]",
        "intensity_mean",
        "num_pixels [px]",
    ]
    table = bw.measure(LABELS, IMAGE, names=names, spacing=0.5, unit="µm")
    assert units_of(table) == {
        "area": "µm²",
        "centroid-0": "µm",
        "eccentricity": "",
        "orientation": "rad",
        "num_pixels": "px",
    }
    np.testing.assert_allclose(table["area"], in_pixels["area"] / 4)
    np.testing.assert_allclose(table["centroid-0"], in_pixels["centroid-0"] / 2)
    np.testing.assert_array_equal(table["num_pixels"], in_pixels["num_pixels"])
    assert "area" not in units_of(bw.measure(LABELS, names="area", spacing=2))
    volume = bw.measure(LABELS.reshape(6, 10, 70), names=("area", "euler_number"), unit="nm")
    assert units_of(volume) == {"area": "nm³", "euler_number": ""}


def test_every_number_scales_with_its_unit():
    scaled = {"length": 1, "squared length": 2, "surface": 2}
    for labels in (LABELS, blobs((12, 30, 30), n=8)):
        power = scaled | {"size": labels.ndim}
        image = np.random.default_rng(1).random(labels.shape)
        one = bw.measure(labels, image, names=FAST)
        two = bw.measure(labels, image, names=FAST, spacing=2)
        by_name = {m.name: m for m in bw.measure.catalog()}
        for name in one.columns[2:]:
            stem = name.partition("-")[0]
            entry = by_name.get(stem) or by_name[stem.rpartition("_")[0]]
            factor = 2 ** power.get(entry.dimension, 0)
            np.testing.assert_allclose(two[name], one[name] * factor, 1e-9, err_msg=name)


@pytest.mark.parametrize("shape", [(30, 40), (5, 20, 30)])
def test_no_objects_give_no_rows_and_all_columns(shape):
    some, none = np.zeros(shape, int), np.zeros(shape, int)
    some[..., 3:9, 4:9] = 1
    image = np.ones(shape)
    expected = bw.measure(some, image, names=FAST)
    empty = bw.measure(none, image, names=FAST)
    assert len(empty) == 0
    assert list(empty) == list(expected)
    assert empty.dtypes.equals(expected.dtypes)
    assert units_of(empty) == units_of(expected)


def test_frames_are_measured_one_by_one():
    labels = np.stack([LABELS, np.zeros_like(LABELS), LABELS[::-1]])
    image = np.stack([IMAGE, IMAGE, IMAGE // 2])
    table = bw.measure(labels, image, names=FAST, ndim=2, spacing=0.5, unit="µm")
    assert list(table)[:3] == ["label", "index", "frame"]
    assert table["frame"].unique().tolist() == [0, 2]
    for frame in (0, 2):
        alone = bw.measure(labels[frame], image[frame], names=FAST, spacing=0.5)
        part = table[table["frame"] == frame].drop(columns="frame").reset_index(drop=True)
        assert part.equals(alone)
    channels = bw.measure(labels, image[:, None], ndim=2, channel_axis=1, names="intensity_mean")
    np.testing.assert_array_equal(channels["intensity_mean-0"], table["intensity_mean"])


def _zarr(data, chunks, path):
    array = zarr.create_array(path, shape=data.shape, chunks=chunks, dtype=data.dtype)
    array[...] = data
    return array


@pytest.mark.parametrize("held", [True, False])
def test_chunked_arrays_give_the_same_table(tmp_path, monkeypatch, held):
    labels = blobs((70, 90), n=30, reach=14)
    image = np.random.default_rng(0).integers(0, 4000, (2, *labels.shape)).astype(np.uint16)
    expected = bw.measure(labels, image, names=FAST, channel_axis=0)
    if not held:
        # As if the frame were larger than memory: bands, batches and reads are a few rows each.
        monkeypatch.setattr(index, "_HELD_PIXELS", 0)
        monkeypatch.setattr(runs, "BAND_PIXELS", 500)
        monkeypatch.setattr(slabs, "CACHE_BYTES", 2000)
        monkeypatch.setattr(index, "_BATCH_PIXELS_LAZY", 700)
        monkeypatch.setattr(index, "_READ_PIXELS", 300)
    pairs = {
        "zarr": (
            _zarr(labels, (16, 32), tmp_path / "labels.zarr"),
            _zarr(image, (1, 20, 50), tmp_path / "image.zarr"),
        ),
        "dask": (da.from_array(labels, (13, 90)), da.from_array(image, (2, 70, 31))),
        "stacked": (labels, ChannelStack(list(image))),
        "stacked dask": (labels, ChannelStack([da.from_array(channel, 17) for channel in image])),
    }
    for kind, (lazy_labels, lazy_image) in pairs.items():
        table = bw.measure(lazy_labels, lazy_image, names=FAST, channel_axis=0)
        for name in expected:
            np.testing.assert_allclose(
                table[name], expected[name], rtol=1e-12, err_msg=f"{kind} {name}"
            )


@pytest.mark.parametrize("shape", [(50, 60), (9, 20, 30)])
def test_band_size_does_not_matter(monkeypatch, shape):
    labels = blobs(shape, n=20, seed=4)
    image = np.random.default_rng(0).random(shape)
    expected = bw.measure(labels, image, names=FAST)
    for pixels in (1, 100, 700, 5000):
        monkeypatch.setattr(runs, "BAND_PIXELS", pixels)
        monkeypatch.setattr(index, "_BATCH_PIXELS", pixels)
        table = bw.measure(labels, image, names=FAST)
        for name in expected:
            np.testing.assert_allclose(table[name], expected[name], rtol=1e-12, err_msg=name)


def test_a_job_reports_and_cancels():
    frames = np.stack([LABELS] * 3)
    for labels, image in ((LABELS, IMAGE), (frames, np.stack([IMAGE] * 3))):
        seen = []
        job = Job(lambda fraction, text, seen=seen: seen.append(fraction))
        bw.measure(labels, image, names=FAST, ndim=2, job=job)
        assert seen == sorted(seen)
        assert seen[0] >= 0
        assert 0.5 < seen[-1] <= 1
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        bw.measure(LABELS, job=job)


def test_a_million_one_pixel_objects_are_announced_and_measured():
    side = 1000
    labels = np.zeros((2 * side, 2 * side), np.int32)
    labels[::2, ::2] = np.arange(1, side * side + 1).reshape(side, side)
    work = bw.measure.estimate(labels, names=("area", "centroid", "eccentricity"))
    assert (work.n_objects, work.n_pixels, work.is_long) == (side * side, side * side, True)
    assert 0.05 < work.seconds < 60
    with pytest.warns(ManyObjectsWarning, match=r"1,000,000 objects with 1\.0 pixels"):
        table = bw.measure(labels, names=("area", "centroid", "eccentricity"))
    assert len(table) == side * side
    assert table["area"].eq(1).all() and table["eccentricity"].eq(0).all()
    np.testing.assert_array_equal(table["centroid-0"], 2 * ((table["label"] - 1) // side))
    assert not bw.measure.estimate(LABELS).is_long


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS.astype(float), "must be integers, but float64"),
        (LABELS > 0, "mask of booleans"),
        (-LABELS, "must not be negative"),
        (np.where(LABELS > 0, 2**63, 0).astype(np.uint64), "at most 2⁶³"),
        (np.zeros((0, 5), int), "empty"),
    ],
)
def test_what_cannot_be_labels_is_refused(labels, message):
    with pytest.raises(InputError, match=message):
        bw.measure(labels)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeMismatchError, match=r"\(60, 70\) and the image has \(59, 70\)"):
        bw.measure(LABELS, IMAGE[1:])
    with pytest.raises(ShapeMismatchError, match="probabilities"):
        bw.measure(LABELS, probabilities=np.zeros((2, 60, 71)))
    for spacing in (0, -1, np.nan, (1, 2, 3), (1, np.inf)):
        with pytest.raises(InputError, match="finite numbers above 0"):
            bw.measure(LABELS, spacing=spacing)
    with pytest.raises(InputError, match="2 different channel names"):
        bw.measure(LABELS, np.stack([IMAGE, IMAGE]), channel_axis=0, channel_names=("A", "A"))
    with pytest.raises(InputError, match=r"'intensity_mean' cannot be measured: .*give one"):
        bw.measure(LABELS, names="intensity_mean")
    with pytest.raises(InputError, match="group 'intensity' cannot be measured"):
        bw.measure(LABELS, names="intensity")
    with pytest.raises(InputError, match="in 2-D only, and these labels are 3-D"):
        bw.measure(LABELS.reshape(6, 10, 70), names="perimeter")
    with pytest.raises(InputError, match="takes 0 to 100"):
        bw.measure(LABELS, IMAGE, names="intensity_percentile_101")
    with pytest.raises(InputError, match="whole numbers from 1 to 100"):
        bw.measure(LABELS, IMAGE, names="intensity_mean_ring_2.5")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("aera", "area"),
        ("centroid-2", "centroid-1"),
        ("circularty", "circularity"),
        ("intensity_mean-7", "intensity_mean"),
        ("xyzzy", "catalog"),
    ],
)
def test_an_unknown_name_is_refused_with_similar_ones(name, near):
    with pytest.raises(UnknownMeasurementError, match=f"no measurement {name!r}.*{near}"):
        bw.measure(LABELS, IMAGE, names=["area", name])


def test_an_estimate_grows_with_objects_channels_and_frames():
    estimate = bw.measure.estimate
    names = ("area", "intensity_mean")
    one = estimate(LABELS, IMAGE, names=names)
    assert one.n_objects == np.unique(LABELS).size - 1
    assert one.n_pixels == np.count_nonzero(LABELS)
    assert one.n_bytes == 8 * 5 * one.n_objects
    assert "about a second and a table of" in str(one)
    area = estimate(LABELS, IMAGE, names="area").seconds
    three = estimate(LABELS, np.stack([IMAGE] * 3), names=names, channel_axis=0)
    assert three.seconds - area == pytest.approx(3 * (one.seconds - area))
    frames = estimate(np.stack([LABELS] * 4), np.stack([IMAGE] * 4), names=names, ndim=2)
    assert frames.seconds == pytest.approx(4 * one.seconds)
    assert frames.n_objects == 4 * one.n_objects
