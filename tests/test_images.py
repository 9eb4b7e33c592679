"""Reading and writing images with their axes and calibration."""

import errno
import json
import os
import sys

import numpy as np
import pytest
import tifffile
import zarr

from brushwood.errors import ImageFileError, InputError, OutputError, OutputExistsError
from brushwood.io import atomic, tiff
from brushwood.io.atomic import replacing
from brushwood.io.images import create_image, find_images, read_image, write_image

RNG = np.random.default_rng(0)
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def ramp(*shape, dtype="uint16"):
    return (np.arange(int(np.prod(shape))) % 250).reshape(shape).astype(dtype)


@pytest.fixture
def ome_zarr(tmp_path):
    """An OME-Zarr 0.4 image with two levels, as others write it."""
    path = tmp_path / "four.ome.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    data = ramp(1, 2, 4, 32, 30)
    for name, level in (("0", data), ("1", data[..., ::2, ::2])):
        group.create_array(name, data=level, chunks=(1, 1, 2, 16, 16))
    steps = [{"type": "scale", "scale": [1, 1, 2.0, 0.5, 0.25]}]
    coarse = [{"type": "scale", "scale": [1, 1, 2.0, 1.0, 0.5]}]
    space = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, *space]
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": axes,
            "datasets": [
                {"path": "0", "coordinateTransformations": steps},
                {"path": "1", "coordinateTransformations": coarse},
            ],
        }
    ]
    return path, data


def test_imagej_tiff_with_axes_pixel_size_and_unit(tmp_path):
    data = ramp(3, 5, 2, 16, 17)
    tifffile.imwrite(
        tmp_path / "a.tif", data, imagej=True, resolution=(4, 2),
        metadata={"axes": "TZCYX", "spacing": 2.0, "unit": "micron"},
    )  # fmt: skip
    with read_image(tmp_path / "a.tif") as image:
        assert (image.axes, image.channel_axis, image.ndim) == ("tzcyx", 2, 3)
        assert (image.spacing, image.unit, image.name) == ((2.0, 0.5, 0.25), "um", "a")
        assert isinstance(image.data, np.memmap)
        np.testing.assert_array_equal(image.data, data)
        source = image.source()
    assert (source.frames, source.shape, source.n_channels) == ((3,), (5, 16, 17), 2)
    np.testing.assert_array_equal(source.read((1,), (0, 0, 0), (5, 16, 17))[1], data[1, :, 1])


def test_ome_tiff_with_calibration(tmp_path):
    data = ramp(2, 4, 16, 18)
    tifffile.imwrite(
        tmp_path / "a.ome.tif", data, ome=True, compression="zlib", tile=(16, 16),
        metadata={
            "axes": "CZYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 1.5,
            "PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm", "PhysicalSizeZUnit": "nm",
        },
    )  # fmt: skip
    image = read_image(tmp_path / "a.ome.tif")
    assert (image.axes, image.channel_axis, image.ndim) == ("czyx", 0, 3)
    assert (image.spacing, image.unit, image.name) == ((1.5, 0.5, 0.25), "nm", "a")
    np.testing.assert_array_equal(image.data, data)


def test_a_large_compressed_tiff_is_read_piece_by_piece(tmp_path, monkeypatch):
    data = ramp(64, 80)
    tifffile.imwrite(tmp_path / "a.tif", data, compression="zlib", tile=(16, 16))
    monkeypatch.setattr(tiff, "_SMALL", 100)
    with read_image(tmp_path / "a.tif") as image:
        assert isinstance(image.data, zarr.Array)
        np.testing.assert_array_equal(image.data[10:20, 30:60], data[10:20, 30:60])


@pytest.mark.parametrize(
    ("shape", "options", "axes", "channel_axis", "ndim"),
    [
        ((12, 13), {}, "yx", None, 2),
        ((4, 12, 13), {"photometric": "minisblack"}, "qyx", None, 3),
        ((12, 13, 3), {"photometric": "rgb"}, "yxc", 2, 2),
        ((3, 12, 13), {"photometric": "rgb", "planarconfig": "separate"}, "cyx", 0, 2),
        ((4, 12, 13), {"imagej": True, "metadata": {"axes": "TYX"}}, "tyx", None, 2),
        ((4, 12, 13), {"imagej": True, "metadata": {"axes": "CYX"}}, "cyx", 0, 2),
    ],
)
def test_axes_of_tiff_files(tmp_path, shape, options, axes, channel_axis, ndim):
    data = ramp(*shape, dtype="uint8")
    tifffile.imwrite(tmp_path / "a.tif", data, **options)
    image = read_image(tmp_path / "a.tif")
    assert (image.axes, image.channel_axis, image.ndim) == (axes, channel_axis, ndim)
    assert (image.spacing, image.unit) == (None, None)
    np.testing.assert_array_equal(image.data, data)


def test_png_jpeg_and_npy(tmp_path):
    from skimage.io import imsave

    rgba = ramp(10, 12, 4, dtype="uint8")
    imsave(tmp_path / "a.png", rgba, check_contrast=False)
    image = read_image(tmp_path / "a.png")
    assert (image.axes, image.channel_axis) == ("yxc", 2)
    np.testing.assert_array_equal(image.data, rgba[..., :3])  # transparency is no channel
    imsave(tmp_path / "b.png", ramp(10, 12), check_contrast=False)
    assert read_image(tmp_path / "b.png").data.dtype == np.uint16
    imsave(tmp_path / "c.jpg", rgba[..., :3], check_contrast=False)
    assert read_image(tmp_path / "c.jpg").data.shape == (10, 12, 3)
    np.save(tmp_path / "d.npy", ramp(3, 10, 12))
    image = read_image(tmp_path / "d.npy")
    assert (image.axes, image.ndim, type(image.data)) == ("qyx", 3, np.memmap)


def test_ome_zarr_04_level_zero_with_scale(ome_zarr):
    path, data = ome_zarr
    image = read_image(path)
    assert (image.axes, image.channel_axis, image.ndim) == ("tczyx", 1, 3)
    assert (image.spacing, image.unit, image.name) == ((2.0, 0.5, 0.25), "um", "four")
    assert isinstance(image.data, zarr.Array)
    np.testing.assert_array_equal(image.data[:], data)


def test_bioformats_layout_and_plain_arrays(ome_zarr, tmp_path):
    path, data = ome_zarr
    outer = zarr.open_group(str(tmp_path / "outer.zarr"), mode="w", zarr_format=2)
    outer.attrs["bioformats2raw.layout"] = 3
    path.rename(tmp_path / "outer.zarr" / "0")
    np.testing.assert_array_equal(read_image(tmp_path / "outer.zarr").data[:], data)
    zarr.create_array(str(tmp_path / "plain"), data=ramp(5, 6))
    assert read_image(tmp_path / "plain").axes == "yx"


@pytest.mark.parametrize("ending", [".tif", ".zarr"])
@pytest.mark.parametrize(
    ("shape", "axes", "back"),
    [
        ((20, 30), "yx", "yx"),
        ((4, 20, 30), "zyx", "zyx"),
        ((2, 4, 20, 30), "czyx", None),
        ((2, 3, 4, 20, 30), "ctzyx", None),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int32"])
def test_written_images_come_back_with_their_calibration(
    tmp_path, ending, shape, axes, back, dtype
):
    data = RNG.integers(0, 200, shape).astype(dtype)
    scale = {"z": 1.5, "y": 0.3, "x": 0.3}
    path = tmp_path / f"a{ending}"
    write_image(path, data, axes, scale, "um")
    with read_image(path) as image:
        assert image.unit == "um"
        assert image.spacing == pytest.approx([scale[a] for a in "zyx"[-image.ndim :]], rel=1e-6)
        assert image.data.dtype == dtype
        order = [image.axes.index(letter) for letter in axes]
        np.testing.assert_array_equal(np.asarray(image.data[:]).transpose(order), data)
        assert back in (None, image.axes)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_fiji_s_own_tags_are_in_the_tiff(tmp_path):
    write_image(tmp_path / "a.tif", ramp(2, 3, 8, 9), "czyx", (2, 0.5, 0.25), "um")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.is_imagej
        assert file.series[0].axes == "ZCYX"
        found = file.imagej_metadata
        assert (found["channels"], found["slices"], found["unit"]) == (2, 3, "um")
        assert found["spacing"] == 2
        assert file.pages[0].tags["XResolution"].value == (4, 1)
        assert file.pages[0].tags["YResolution"].value == (2, 1)


def test_ome_zarr_05_has_the_metadata_of_the_specification(tmp_path):
    data = RNG.random((2, 1200, 1300), np.float32)
    write_image(tmp_path / "a.zarr", data, "cyx", {"y": 0.5, "x": 0.5}, "um")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    multiscale = ome["multiscales"][0]
    assert multiscale["axes"] == [
        {"name": "c", "type": "channel"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    scales = [d["coordinateTransformations"][0]["scale"] for d in multiscale["datasets"]]
    assert scales == [[1, 0.5, 0.5], [1, 1.0, 1.0]]
    assert group["0"].metadata.dimension_names == ("c", "y", "x")
    mean = data.reshape(2, 600, 2, 650, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(group["1"][:], mean, rtol=1e-6)


def test_classes_are_not_averaged_in_coarser_levels(tmp_path):
    data = RNG.choice(np.array([1, 7], np.uint8), (1101, 1099))
    write_image(tmp_path / "a.zarr", data, "yx")
    coarse = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")["1"][:]
    np.testing.assert_array_equal(coarse, data[::2, ::2])


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".npy"])
def test_nothing_is_overwritten_unasked_and_replaced_whole_when_asked(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_image(path, ramp(8, 9), "yx")
    with pytest.raises(OutputExistsError, match="exists already and was left as it is"):
        write_image(path, ramp(4, 4), "yx")
    assert read_image(path).data.shape == (8, 9)
    write_image(path, ramp(4, 5), "yx", overwrite=True)
    assert read_image(path).data.shape == (4, 5)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".npy"])
def test_a_failure_half_way_leaves_what_was_there(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_image(path, ramp(8, 9), "yx")
    with (
        pytest.raises(RuntimeError, match="half way"),
        create_image(path, (4, 4), "uint8", "yx", overwrite=True) as out,
    ):
        out[:2] = 1
        raise RuntimeError("half way")
    assert read_image(path).data.shape == (8, 9)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".tif", ".zarr", ".npy"])
def test_images_are_written_piece_by_piece_in_any_order(tmp_path, ending):
    """Channels first, as probabilities come; ImageJ wants them after the planes."""
    data = RNG.random((3, 4, 30, 40), np.float32)
    path = tmp_path / f"a{ending}"
    with create_image(path, data.shape, data.dtype, "czyx") as out:
        assert (out.shape, out.ndim, out.dtype) == (data.shape, 4, data.dtype)
        for y in (16, 0):
            for c in range(3):
                part = (slice(c, c + 1), slice(None), slice(y, y + 16), slice(5, 40))
                out[part] = data[part]
        np.testing.assert_array_equal(out[1:2, :, 3:5, 7:9], data[1:2, :, 3:5, 7:9])
        assert not path.exists()
    image = read_image(path)
    back = np.asarray(image.data[...])
    if ending == ".tif":
        assert image.axes == "zcyx"
        back = back.transpose(1, 0, 2, 3)
    np.testing.assert_array_equal(back[..., 5:], data[..., 5:])
    assert not back[..., :5].any()


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(OutputExistsError), replacing(path) as temporary:
        temporary.write_bytes(b"mine")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_file_systems_without_hard_links_work_too(tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(atomic.os, "link", refuse)
    with replacing(tmp_path / "a") as temporary:
        temporary.write_bytes(b"mine")
    assert (tmp_path / "a").read_bytes() == b"mine"
    with pytest.raises(OutputExistsError), replacing(tmp_path / "b") as temporary:
        temporary.write_bytes(b"mine")
        (tmp_path / "b").write_bytes(b"theirs")
    assert (tmp_path / "b").read_bytes() == b"theirs"


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(OutputError, match=r"does not exist\. Create it"):
        write_image(tmp_path / "no" / "a.tif", ramp(4, 4), "yx")


@pytest.mark.skipif(is_root or sys.platform == "win32", reason="root may write everywhere")
def test_a_read_only_folder_says_so(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="read-only"):
            write_image(tmp_path / "a.tif", ramp(4, 4), "yx")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("code", "message"), [(errno.EROFS, "is read-only"), (errno.ENOSPC, "the disk is full")]
)
def test_the_system_s_refusals_become_advice(tmp_path, monkeypatch, code, message):
    def refuse(*args, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tiff.tifffile, "memmap", refuse)
    with pytest.raises(OutputError, match=message):
        write_image(tmp_path / "a.tif", ramp(4, 4), "yx")
    assert list(tmp_path.iterdir()) == []


def test_a_tiff_that_does_not_fit_is_refused_before_it_is_written(tmp_path):
    with pytest.raises(OutputError, match="but the disk has"):
        write = create_image(tmp_path / "a.tif", (1 << 22, 1 << 22), "float32", "yx")
        write.__enter__()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tif", b"II*\0\xff\xff\xff\x7f", "no valid TIFF|holds no image"),
        ("a.tif", b"", "no valid TIFF"),
        ("a.tif", b"garbage" * 20, "no valid TIFF"),
        ("a.png", b"garbage" * 20, "no picture"),
        ("a.npy", b"garbage" * 20, "no NPY array"),
        ("a.czi", b"ZISRAW", "not known.*Use one of"),
        ("a.zarr", b"", "not known"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageFileError, match=message):
        read_image(tmp_path / name)


def test_truncated_tiff(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", ramp(64, 64), compression="zlib")
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageFileError, match="Cannot read"):
        read_image(tmp_path / "a.tif")


def test_pickled_arrays_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}, None], object), allow_pickle=True)
    with pytest.raises(ImageFileError, match="no NPY array of numbers"):
        read_image(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"multiscales": []},
        {"multiscales": 3},
        {"multiscales": [{"datasets": [{"path": "../../secret"}]}]},
        {"multiscales": [{"datasets": [{"path": "0"}], "axes": ["y"]}]},
        {"multiscales": [{"datasets": [{"path": "0"}], "axes": ["x", "y"]}]},
        {"ome": {"multiscales": [{"axes": 4}]}},
    ],
)
def test_odd_ome_zarr_metadata_is_an_image_file_error(tmp_path, attributes):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    group.create_array("0", data=ramp(4, 5))
    group.attrs.update(attributes)
    with pytest.raises(ImageFileError, match="Cannot read"):
        read_image(tmp_path / "a.zarr")


def test_odd_axes_in_memory_are_turned(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    group.create_array("0", data=ramp(4, 5))
    (tmp_path / "a.zarr" / ".zattrs").write_text(json.dumps({"multiscales": "?"}))
    with pytest.raises(ImageFileError):
        read_image(tmp_path / "a.zarr")
    tifffile.imwrite(tmp_path / "a.ome.tif", ramp(3, 2, 8, 9), ome=True, metadata={"axes": "ZTYX"})
    image = read_image(tmp_path / "a.ome.tif")
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.data, ramp(3, 2, 8, 9).transpose(1, 0, 2, 3))


def test_images_of_a_folder(tmp_path, ome_zarr):
    for name in ("b.TIF", "a.png", "notes.txt", ".hidden.tif"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert [p.name for p in find_images(tmp_path)] == ["a.png", "b.TIF", "four.ome.zarr"]


@pytest.mark.parametrize(("axes", "shape"), [("yx", (2, 3, 4)), ("xy", (3, 4)), ("wyx", (2, 3, 4))])
def test_axes_must_describe_the_array(tmp_path, axes, shape):
    with pytest.raises(InputError, match="do not describe"):
        write_image(tmp_path / "a.tif", ramp(*shape), axes)
