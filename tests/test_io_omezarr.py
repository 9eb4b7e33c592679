"""Reading OME-Zarr folders that were written by hand, as the specification says."""

import json
import pickle

import numpy as np
import pytest

from brushwood.errors import ImageFileError
from brushwood.io.images import read_image, write_image
from brushwood.io.inputs import list_inputs
from ngff_files import write_array, write_group, write_multiscale

VERSIONS = ["0.4", "0.5"]
STACK = np.arange(2 * 3 * 4 * 20 * 22, dtype="uint16").reshape(2, 3, 4, 20, 22)
STEPS = [2.5, 1, 1.5, 0.5, 0.25]
CHANNELS = {"omero": {"channels": [{"label": name} for name in ("DAPI", "GFP", "RFP")]}}


@pytest.mark.parametrize(("version", "separator"), [("0.4", "."), ("0.4", "/"), ("0.5", "/")])
def test_axes_channels_time_and_calibration(tmp_path, version, separator):
    path = tmp_path / "a.ome.zarr"
    options = {"chunks": [1, 1, 2, 16, 16], "more": CHANNELS, "separator": separator}
    write_multiscale(path, STACK, "tczyx", STEPS, version, **options)
    with read_image(path) as image:
        assert (image.axes, image.spacing, image.unit) == ("tczyx", (1.5, 0.5, 0.25), "um")
        assert image.channel_names == ("DAPI", "GFP", "RFP")
        assert (image.time_step, image.time_unit) == (2.5, "s")
        np.testing.assert_array_equal(image.data[:], STACK)
        np.testing.assert_array_equal(
            image.data[1, 2, 1:3, 10:18, ::2], STACK[1, 2, 1:3, 10:18, ::2]
        )


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_of_an_image_are_scenes_that_are_not_listed_as_inputs(tmp_path, version):
    path, ids = tmp_path / "a.ome.zarr", STACK[0, 0].astype("int32")
    write_multiscale(path, STACK[0, 0], "zyx", STEPS[2:], version)
    write_group(path / "labels", {"labels": ["cells"]}, version)
    label = {"image-label": {"source": {"image": "../../"}}}
    write_multiscale(path / "labels" / "cells", ids, "zyx", STEPS[2:], version, more=label)
    (ref,) = list_inputs(tmp_path)
    assert ref.scene == ""
    (ref,) = list_inputs(path / "labels" / "cells")
    assert (ref.path, ref.scene, ref.name) == (path, "labels/cells", "a-labels-cells")
    with ref.open() as image:
        assert image.spacing == (1.5, 0.5, 0.25)
        np.testing.assert_array_equal(image.data[:], ids)
    with pytest.raises(ImageFileError, match=r"no scene 'labels/x'.*'labels/cells'"):
        read_image(path, "labels/x")


@pytest.mark.parametrize("version", VERSIONS)
def test_images_side_by_side_are_scenes_in_the_order_that_is_listed(tmp_path, version):
    path = tmp_path / "a.zarr"
    write_group(path, {"bioformats2raw.layout": 3}, version)
    for i in range(3):
        write_multiscale(path / str(i), STACK[0, i, 0], "yx", STEPS[3:], version)
    assert [ref.scene for ref in list_inputs(path)] == ["0", "1", "2"]
    write_group(path / "OME", {"series": ["2", "0"]}, version)
    assert [ref.scene for ref in list_inputs(path)] == ["2", "0"]
    with read_image(path) as image:
        np.testing.assert_array_equal(image.data[:], STACK[0, 2, 0])
    with read_image(path, "1") as image:
        np.testing.assert_array_equal(image.data[:], STACK[0, 1, 0])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_missing_chunk_is_the_fill_value_as_the_format_says(tmp_path, version):
    path = tmp_path / "a.zarr"
    write_multiscale(path, STACK[0, 0, 1], "yx", [1, 1], version, missing=[(0, 1)])
    with read_image(path) as image:
        found = image.data[:]
    assert not found[:16, 16:].any()
    np.testing.assert_array_equal(found[16:], STACK[0, 0, 1, 16:])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_damaged_chunk_is_named_and_others_can_be_read(tmp_path, version):
    path = tmp_path / "a.zarr"
    write_multiscale(path, STACK[0, 0, 1], "yx", [1, 1], version)
    chunk = path / "full" / ("1/1" if version == "0.4" else "c/1/1")
    chunk.write_bytes(chunk.read_bytes()[:100])
    with read_image(path) as image:
        np.testing.assert_array_equal(image.data[:16], STACK[0, 0, 1, :16])
        with pytest.raises(ImageFileError, match=r"a\.zarr': a part of it is damaged"):
            image.data[:]


class _Evil:
    def __reduce__(self):
        return print, ("code of a stranger ran",)


@pytest.mark.parametrize("place", ["compressor", "filters"])
def test_no_codec_that_runs_code_is_ever_used(tmp_path, place, capfd):
    path = tmp_path / "a.zarr"
    write_multiscale(path, STACK[0, 0, 0], "yx", [1, 1], "0.4", chunks=[20, 22])
    file = path / "full" / ".zarray"
    found = json.loads(file.read_text())
    found[place] = {"id": "pickle"} if place == "compressor" else [{"id": "pickle"}]
    file.write_text(json.dumps(found))
    (path / "full" / "0" / "0").write_bytes(pickle.dumps(_Evil()))
    with pytest.raises(ImageFileError, match="compression 'pickle' is not supported"):
        np.asarray(read_image(path).data[:])
    assert "stranger" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("version", "compressor"),
    [
        ("0.4", {"id": "imagecodecs_jetraw"}),
        ("0.5", [{"name": "bytes"}, {"name": "numcodecs.pickle"}]),
        ("0.5", [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [4, 4], "codecs": [{"name": "secret"}], "index_codecs": []}}]),
    ],
)  # fmt: skip
def test_unknown_compression_is_named(tmp_path, version, compressor):
    path = tmp_path / "a.zarr"
    write_multiscale(path, STACK[0, 0, 0], "yx", [1, 1], version, compressor=compressor)
    with pytest.raises(ImageFileError, match=r"its compression '.*' is not supported.*Zstandard"):
        read_image(path)


def _change(path, **values):
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, **values}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dtype": "|O"}, "type '|O', not plain numbers"),
        ({"dtype": [["a", "<u2"]]}, "not plain numbers"),
        ({"dtype": "<c8"}, "not plain numbers"),
        ({"chunks": [1 << 20, 1 << 20]}, "more than 4 GiB in memory"),
        ({"chunks": [16]}, "its shape is"),
        ({"chunks": [16, -16]}, "its shape is"),
        ({"shape": ["20", 22]}, "its shape is"),
        ({"shape": [1 << 60, 22]}, "its shape is"),
        ({"compressor": 7}, "no valid OME-Zarr"),
    ],
)
def test_types_and_sizes_are_checked_before_anything_is_allocated(tmp_path, changes, message):
    path = tmp_path / "a.zarr"
    write_multiscale(path, STACK[0, 0, 0], "yx", [1, 1], "0.4")
    _change(path / "full" / ".zarray", **changes)
    with pytest.raises(ImageFileError, match=message.replace("|", r"\|")):
        read_image(path)


@pytest.mark.parametrize("name", ["../other", "/etc", "a/../../other", "..\\other", "C:/x", ""])
def test_a_group_cannot_name_folders_outside_itself(tmp_path, name):
    write_array(tmp_path / "other", STACK[0, 0, 0], [16, 16], "0.5")
    path = tmp_path / "a.zarr"
    write_group(path, {"multiscales": [{"axes": ["y", "x"], "datasets": [{"path": name}]}]}, "0.5")
    with pytest.raises(ImageFileError, match="it names the path"):
        read_image(path)
    write_group(path, {"plate": {"wells": [{"path": name}]}}, "0.5")
    with pytest.raises(ImageFileError, match="it names the path"):
        read_image(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"attributes": {"ome": 3}}',
        "[" * 100_000,
        '{"attributes": {"ome": {"multiscales": 5}}}',
    ],
)
def test_damaged_attributes_are_named(tmp_path, content):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text(content)
    (ref,) = list_inputs(tmp_path)
    with pytest.raises(ImageFileError, match=r"a\.zarr': it is (no valid OME-Zarr|a Zarr group)"):
        ref.open()


def test_a_plate_whose_field_is_missing_fails_for_that_field_only(tmp_path):
    path = tmp_path / "plate.zarr"
    write_group(path, {"plate": {"wells": [{"path": "A/1"}, {"path": "A/2"}]}}, "0.5")
    for well in ("A/1", "A/2"):
        write_group(path / well, {"well": {"images": [{"path": "0"}]}}, "0.5")
    write_multiscale(path / "A/1/0", STACK[0, 0, 0], "yx", [1, 1])
    good, bad = list_inputs(path)
    good.open().close()
    with pytest.raises(ImageFileError, match="no scene 'A/2/0'"):
        bad.open()


def test_a_scale_of_one_without_a_unit_says_nothing(tmp_path):
    path = tmp_path / "a.zarr"
    write_multiscale(path, STACK[0, :, 0], "cyx", [1, 1, 1])
    _change_axes(path)
    with read_image(path) as image:
        assert (image.axes, image.spacing, image.unit, image.channel_names) == (
            "cyx",
            None,
            None,
            (),
        )


def _change_axes(path):
    file = path / "zarr.json"
    found = json.loads(file.read_text())
    for axis in found["attributes"]["ome"]["multiscales"][0]["axes"]:
        axis.pop("unit", None)
    file.write_text(json.dumps(found))


def test_a_name_with_colons_is_no_address(tmp_path):
    path = tmp_path / "memory::a.zarr"
    write_multiscale(path, STACK[0, 0, 0], "yx", [1, 1])
    with read_image(path) as image:
        np.testing.assert_array_equal(image.data[:], STACK[0, 0, 0])
    write_image(tmp_path / "file::b.zarr", np.ones((2000, 9), "uint8"), "yx")
    with read_image(tmp_path / "file::b.zarr") as image:
        assert image.data[:].all()
    names = [p.name for p in sorted(tmp_path.iterdir())]
    assert names == ["file::b.zarr", "memory::a.zarr"]
