"""An image and its results as layers and as thumbnails: place, names, pyramids, tables."""

import numpy as np
import pytest

from brushwood.errors import ImageFileError
from brushwood.io.imagefile import ImageFile
from brushwood.io.images import write_image
from brushwood.io.tables import write_table
from brushwood.session.batch_inputs import size_of, survey
from brushwood.session.batch_layers import limits_of, of_result, open_files, place_of
from brushwood.session.batch_preview import middle_of
from brushwood.session.batch_thumbnails import thumbnail
from brushwood.session.classes import named_classes
from brushwood.tables import with_units

CLASSES = named_classes({1: "background", 2: "nuclei"}, {2: "#e69f00"})


def _image(folder, name="im.tif", shape=(40, 60), axes="yx", **options):
    rng = np.random.default_rng(1)
    data = rng.integers(0, 1000, shape).astype(np.uint16)
    write_image(folder / name, data, axes, **options)
    return str(folder / name), data


def _labels(folder, name="im-objects.tif", shape=(40, 60)):
    labels = np.zeros(shape, np.int32)
    labels[..., 5:15, 5:20], labels[..., 20:30, 30:50] = 1, 4
    write_image(folder / name, labels, "tzyx"[-len(shape) :], {"y": 0.5, "x": 0.25}, "um")
    return str(folder / name), labels


def test_an_image_with_maps_and_a_table(tmp_path):
    import pandas as pd

    path, data = _image(tmp_path, spacing={"y": 0.5, "x": 0.25}, unit="um")
    objects, labels = _labels(tmp_path)
    table = with_units(pd.DataFrame({"label": [1, 4], "area": [5.0, 7.0]}), {"area": "µm²"})
    write_table(table, tmp_path / "t.csv")
    outputs = {"objects": objects, "table": str(tmp_path / "t.csv")}
    opened = open_files(path, outputs, CLASSES)
    assert [(one.what, one.name) for one in opened.layers] == [
        ("image", ""),
        ("objects", "objects"),
    ]
    assert np.array_equal(opened.layers[0].levels[0], data)
    assert np.array_equal(opened.layers[1].levels[0], labels)
    for layer in opened.layers:
        assert layer.place["scale"] == (0.5, 0.25)
        assert layer.place["units"] == ("um", "um")
        assert layer.place["axis_labels"] == ("y", "x")
    assert list(opened.table["index"]) == [1, 4]
    assert opened.units == {"area": "µm²"}
    assert opened.notes == ()


def test_what_is_gone_is_named_and_the_rest_opens(tmp_path):
    path, _ = _image(tmp_path)
    (tmp_path / "bad.tif").write_text("text")
    outputs = {"classes": str(tmp_path / "gone.tif"), "objects": str(tmp_path / "bad.tif")}
    opened = open_files(path, {**outputs, "table": str(tmp_path / "gone.csv")})
    assert len(opened.layers) == 1
    assert len(opened.notes) == 3
    with pytest.raises(ImageFileError):
        open_files(str(tmp_path / "gone.tif"), {})


def test_channels_are_layers_with_their_names_and_probabilities_with_theirs(tmp_path):
    path, data = _image(tmp_path, shape=(2, 40, 60), axes="cyx")
    chances = np.random.default_rng(0).random((2, 40, 60)).astype(np.float32)
    write_image(tmp_path / "p.tif", chances, "cyx")
    opened = open_files(path, {"probabilities": str(tmp_path / "p.tif")}, CLASSES)
    assert [one.name for one in opened.layers] == [
        "channel 0", "channel 1", "P(background)", "P(nuclei)",
    ]  # fmt: skip
    assert np.array_equal(opened.layers[1].levels[0], data[1])
    assert np.array_equal(opened.layers[3].levels[0], chances[1])
    assert opened.layers[3].part == 2
    assert opened.layers[3].limits == (0, 1)
    few = open_files(path, {"probabilities": str(tmp_path / "p.tif")}, CLASSES[:1])
    assert few.layers[-1].name == "P(class 2)"


def test_colour_is_one_layer(tmp_path):
    from PIL import Image

    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "rgb.png")
    (layer,) = open_files(str(tmp_path / "rgb.png"), {}).layers
    assert layer.rgb
    assert layer.place["axis_labels"] == ("y", "x")


def test_time_has_its_own_unit_and_axes_that_repeat_have_names():
    image = ImageFile(
        np.zeros((2, 3, 4, 5)), "tzyx", "a", {"z": 2.0, "y": 0.5, "x": 0.5}, "um",
        time_step=30.0, time_unit="s",
    )  # fmt: skip
    place = place_of(image)
    assert place["scale"] == (30.0, 2.0, 0.5, 0.5)
    assert place["units"] == ("s", "um", "um", "um")
    odd = place_of(ImageFile(np.zeros((2, 3, 4, 5)), "qqyx", "a", unit="furlong"))
    assert odd["axis_labels"] == ("q0", "q1", "y", "x")
    assert set(odd["units"]) == {"pixel"}
    assert odd["scale"] == (1.0,) * 4


def test_large_arrays_stay_on_the_disk(tmp_path, monkeypatch):
    from brushwood.session import batch_layers

    monkeypatch.setattr(batch_layers, "_LARGEST", 100)
    path, data = _image(tmp_path, "im.zarr", shape=(3, 40, 60), axes="zyx")
    (layer,) = open_files(path, {}).layers
    assert hasattr(layer.levels[0], "dask")
    assert np.array_equal(np.asarray(layer.levels[0][1]), data[1])


def test_a_pyramid_opens_with_its_levels(tmp_path):
    path, labels = _labels(tmp_path, "big-objects.zarr", (1200, 1300))
    image, _ = _image(tmp_path, shape=(1200, 1300))
    opened = open_files(image, {"objects": path})
    levels = opened.layers[1].levels
    assert np.array_equal(np.asarray(levels[0]), labels)
    sizes = [level.shape for level in levels]
    assert sizes == sorted(sizes, reverse=True)
    drawn = thumbnail(image, {"objects": path})
    assert max(drawn.shape[:2]) <= 2 * 96


def test_contrast_limits_of_anything():
    assert limits_of(np.full((5, 6), 7)) == (7, 8)
    assert limits_of(np.full((5, 6), np.nan)) == (0, 1)
    low, high = limits_of(np.arange(3 * 40 * 50).reshape(3, 40, 50))
    assert 2000 <= low < high <= 4000


def test_a_thumbnail_shows_the_result_over_the_image(tmp_path):
    path, _ = _image(tmp_path, shape=(300, 400))
    objects, labels = _labels(tmp_path, shape=(300, 400))
    plain, drawn = thumbnail(path, {}), thumbnail(path, {"objects": objects})
    assert plain.dtype == np.uint8
    assert plain.shape == drawn.shape == (60, 80, 3)
    assert np.array_equal(drawn[50:], plain[50:])
    changed = (drawn != plain).any(axis=-1)
    assert np.array_equal(changed, labels[::5, ::5] > 0)


def test_a_thumbnail_has_the_colours_of_the_classes(tmp_path):
    path, _ = _image(tmp_path)
    classes = np.ones((40, 60), np.uint8)
    classes[:10] = 2
    write_image(tmp_path / "c.tif", classes, "yx")
    plain = thumbnail(path, {})
    drawn = thumbnail(path, {"classes": str(tmp_path / "c.tif")}, CLASSES)
    assert np.array_equal(drawn[10:], plain[10:]), "the background was painted over"
    ink = np.array([0xE6, 0x9F, 0])
    assert np.array_equal(drawn[:10], (0.5 * ink + 0.5 * plain[:10]).astype(np.uint8))


@pytest.mark.parametrize(
    ("shape", "axes"), [((3, 40, 60), "cyx"), ((2, 5, 40, 60), "tzyx"), ((4, 40, 60), "cyx")]
)
def test_every_kind_of_image_has_a_thumbnail(tmp_path, shape, axes):
    path, _ = _image(tmp_path, shape=shape, axes=axes)
    assert thumbnail(path, {}).shape == (40, 60, 3)


def test_without_an_image_there_is_no_thumbnail_and_without_a_result_a_plain_one(tmp_path):
    path, _ = _image(tmp_path)
    (tmp_path / "bad.tif").write_text("text")
    assert thumbnail(str(tmp_path / "bad.tif"), {}) is None
    assert thumbnail(str(tmp_path / "gone.tif"), {}) is None
    plain = thumbnail(path, {})
    for broken in ("bad.tif", "gone.tif"):
        assert np.array_equal(thumbnail(path, {"objects": str(tmp_path / broken)}), plain)


def test_the_middle_of_a_large_image_lies_in_its_middle(monkeypatch):
    from brushwood.batch.result import Result
    from brushwood.session import batch_preview

    monkeypatch.setattr(batch_preview, "_MOST_PIXELS", 100)
    monkeypatch.setattr(batch_preview, "_SIDE", 8)
    data = np.arange(2 * 3 * 20 * 30).reshape(2, 3, 20, 30)
    image = ImageFile(data, "tcyx", "a", {"y": 0.5, "x": 0.5}, "um")
    part, first = middle_of(image)
    assert part.data.shape == (1, 3, 8, 8)
    assert first == {"t": 0, "c": 0, "y": 6, "x": 11}
    assert np.array_equal(part.data, data[:1, :, 6:14, 11:19])
    labels = np.ones((1, 8, 8), np.int32)
    result = Result(None, None, None, labels, None, None, {}, (), "tyx")
    opened = of_result("/a.tif", part, result, first=first)
    for layer in opened.layers:
        assert layer.place["translate"] == (0.0, 3.0, 5.5)
    small, none = middle_of(ImageFile(data[0, 0, :5, :6], "yx", "a"))
    assert small.data.shape == (5, 6)
    assert none == {}


def test_sources_are_counted_and_problems_named(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    one, _ = _image(tmp_path, "in/one.tif")
    _image(tmp_path, "in/deep/two.tif")
    (tmp_path / "empty").mkdir()
    sources = (str(tmp_path / "in"), one, str(tmp_path / "gone.tif"), str(tmp_path / "empty"))
    found = survey(sources)
    assert [entry.n for entry in found.entries] == [1, 1, 0, 0]
    assert found.n == 1, "an image that is named twice counts once"
    assert found.n_bytes == size_of(tmp_path / "in" / "one.tif") > 0
    assert [bool(entry.problem) for entry in found.entries] == [False, False, True, True]
    assert "no such file" in found.entries[2].problem
    assert found.n_bad == 2
    assert survey(sources[:1], recursive=True).n == 2
    assert survey(()).entries == ()
    zarr, _ = _image(tmp_path, "big.zarr", shape=(64, 64))
    assert survey((zarr,)).n_bytes == size_of(tmp_path / "big.zarr") > 1000


def test_cancelling_stops_the_survey(tmp_path):
    from brushwood.jobs import Cancelled, Job

    path, _ = _image(tmp_path)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        survey((path,), job=job)
