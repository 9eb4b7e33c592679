"""Writing images with their calibration: completely or not at all, never over others unasked."""

import errno
import os
import sys

import numpy as np
import pytest
import tifffile
import zarr

from brushwood.errors import InputError, OutputError, OutputExistsError
from brushwood.io import atomic, tiff
from brushwood.io.atomic import replacing
from brushwood.io.images import create_image, read_image, write_image

RNG = np.random.default_rng(0)
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def ramp(*shape, dtype="uint16"):
    return (np.arange(int(np.prod(shape))) % 250).reshape(shape).astype(dtype)


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


@pytest.mark.parametrize(("axes", "shape"), [("yx", (2, 3, 4)), ("xy", (3, 4)), ("wyx", (2, 3, 4))])
def test_axes_must_describe_the_array(tmp_path, axes, shape):
    with pytest.raises(InputError, match="do not describe"):
        write_image(tmp_path / "a.tif", ramp(*shape), axes)


@pytest.mark.parametrize("dtype", ["uint16", "int32"])
@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
@pytest.mark.parametrize(
    ("unit", "read"), [("µm", "um"), ("micron", "um"), ("Å", "Å"), ("a\ud83d\0b", "ab")]
)
def test_units_may_have_letters_that_are_not_ascii(tmp_path, dtype, ending, unit, read):
    write_image(tmp_path / f"a{ending}", ramp(4, 5).astype(dtype), "yx", (0.5, 0.25), unit)
    with read_image(tmp_path / f"a{ending}") as found:
        assert (found.unit, dict(found.scale)) == (read, {"y": 0.5, "x": 0.25})
