"""Reading images with their axes and calibration."""

import os

import numpy as np
import pytest
import tifffile
import zarr

from brushwood.errors import ImageFileError
from brushwood.io import tiff
from brushwood.io.images import find_images, read_image
from brushwood.io.lazy import LazyArray

RNG = np.random.default_rng(0)
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def ramp(*shape, dtype="uint16"):
    return (np.arange(int(np.prod(shape))) % 250).reshape(shape).astype(dtype)


def put(group, name, data, chunks):
    """Add an array, also with the oldest zarr that is allowed."""
    array = group.create_array(name, shape=data.shape, dtype=data.dtype, chunks=chunks)
    array[...] = data


@pytest.fixture
def ome_zarr(tmp_path):
    """An OME-Zarr 0.4 image with two levels, as others write it."""
    path = tmp_path / "four.ome.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    data = ramp(1, 2, 4, 32, 30)
    for name, level in (("0", data), ("1", data[..., ::2, ::2])):
        put(group, name, level, (1, 1, 2, 16, 16))
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
        assert isinstance(image.data, LazyArray)
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
    assert isinstance(image.data, LazyArray)
    np.testing.assert_array_equal(image.data[:], data)


def test_a_damaged_part_names_the_file_when_it_is_read(ome_zarr):
    path, _ = ome_zarr
    part = next(file for file in (path / "0").rglob("*") if file.is_file() and file.name[0] != ".")
    part.write_bytes(b"garbage")
    image = read_image(path)
    with pytest.raises(ImageFileError, match=r"four.ome.zarr': a part of it is damaged"):
        np.asarray(image.data)


def test_bioformats_layout_and_plain_arrays(ome_zarr, tmp_path):
    path, data = ome_zarr
    outer = zarr.open_group(str(tmp_path / "outer.zarr"), mode="w", zarr_format=2)
    outer.attrs["bioformats2raw.layout"] = 3
    path.rename(tmp_path / "outer.zarr" / "0")
    np.testing.assert_array_equal(read_image(tmp_path / "outer.zarr").data[:], data)
    zarr.save_array(str(tmp_path / "plain"), ramp(5, 6))
    assert read_image(tmp_path / "plain").axes == "yx"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tif", b"II*\0\xff\xff\xff\x7f", "no valid TIFF|holds no image"),
        ("a.tif", b"", "no valid TIFF"),
        ("a.tif", b"garbage" * 20, "no valid TIFF"),
        ("a.png", b"garbage" * 20, "no picture"),
        ("a.npy", b"garbage" * 20, "no NPY array"),
        ("a.xyz", b"ZISRAW", "not known.*Use one of"),
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
    put(group, "0", ramp(4, 5), (4, 5))
    group.attrs.update(attributes)
    with pytest.raises(ImageFileError, match="Cannot read"):
        read_image(tmp_path / "a.zarr")


def test_odd_axes_in_memory_are_turned(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", ramp(3, 2, 8, 9), ome=True, metadata={"axes": "ZTYX"})
    image = read_image(tmp_path / "a.ome.tif")
    assert image.axes == "tzyx"
    np.testing.assert_array_equal(image.data, ramp(3, 2, 8, 9).transpose(1, 0, 2, 3))


def test_images_of_a_folder(tmp_path, ome_zarr):
    for name in ("b.TIF", "a.png", "notes.txt", ".hidden.tif"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert [p.name for p in find_images(tmp_path)] == ["a.png", "b.TIF", "four.ome.zarr"]
