"""TIFF files of many writers, and files that only claim to be some."""

import logging

import numpy as np
import pytest
import tifffile
from PIL import Image

from brushwood.errors import ImageFileError
from brushwood.io import tiff
from brushwood.io.images import read_image
from brushwood.io.lazy import LazyArray
from brushwood.io.planes import PlaneArray

RNG = np.random.default_rng(0)
STACK = RNG.integers(0, 60_000, (6, 64, 66)).astype("uint16")
WRITERS = {
    "plain": {"photometric": "minisblack"},
    "zip": {"photometric": "minisblack", "compression": "zlib"},
    "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}},
    "ome": {"ome": True, "metadata": {"axes": "ZYX"}},
    "ome tiles": {
        "ome": True,
        "compression": "zlib",
        "tile": (32, 32),
        "metadata": {"axes": "ZYX"},
    },
}


def write(path, kind):
    if kind in WRITERS:
        tifffile.imwrite(path, STACK, **WRITERS[kind])
    else:  # plane by plane, each with its own entry
        with tifffile.TiffWriter(path) as file:
            for plane in STACK:
                file.write(plane, contiguous=False, metadata=None)


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("part", [0.97, 0.7, 0.4, 0.1, 0.01])
@pytest.mark.parametrize("kind", [*WRITERS, "planes"])
def test_a_truncated_file_never_becomes_an_image_with_fewer_planes(
    tmp_path, monkeypatch, kind, part, small, caplog
):
    path = tmp_path / "a b.tif"
    write(path, kind)
    if not small:
        monkeypatch.setattr(tiff, "_SMALL", 0)
    with read_image(path) as image:
        np.testing.assert_array_equal(np.asarray(image.data[...]), STACK)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    wanted = r"a b\.tif'.*(cut off|no valid TIFF|damaged)"
    with pytest.raises(ImageFileError, match=wanted), read_image(path) as image:
        np.asarray(image.data[...])


def test_a_stack_of_imagej_with_one_entry_for_all_planes_that_was_cut_off(tmp_path):
    """Files above 4 GiB have one entry only; its planes are counted in the description."""
    path = tmp_path / "a.tif"
    text = tifffile.imagej_description((6, 64, 66), axes="ZYX")
    with tifffile.TiffWriter(path, byteorder=">") as file:
        file.write(STACK[0], description=text, metadata=None, photometric="minisblack")
    with path.open("ab") as stream:
        stream.write(STACK[1:].astype(">u2").tobytes())
    np.testing.assert_array_equal(read_image(path).data, STACK)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageFileError, match=r"it is cut off after [\d,]+ bytes"):
        read_image(path)


def test_a_plane_taken_out_of_a_stack_with_its_description_is_one_plane(tmp_path):
    text = tifffile.imagej_description((6, 64, 66), axes="ZYX")
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], description=text, metadata=None)
    assert read_image(tmp_path / "a.tif").data.shape == (64, 66)


def test_planes_that_a_description_names_but_no_file_holds_are_not_zeros(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, STACK, ome=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(path) as file:
        text = file.pages[0].description.replace('SizeZ="6"', 'SizeZ="9"')
        text = text.replace('PlaneCount="6"', 'PlaneCount="9"')
    tifffile.tiffcomment(path, text.encode())
    with pytest.raises(ImageFileError, match="3 of the 9 planes that it describes are missing"):
        read_image(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is no valid TIFF, but empty: it has 0 bytes.*Get a fresh copy"),
        ("Plate 3, well B7, 40×\n".encode() * 9, "it is no valid TIFF, but text.*Get the image"),
        (b"%PDF-1.7\n", "but a PDF document"),
        (b"PK\x03\x04" + bytes(60), "but a ZIP archive"),
        (b"\x93NUMPY\x01\x00v", r"but a NumPy array.*Rename it to end in \.npy"),
        (bytes(range(256)), "it is no valid TIFF .*Check that it opens"),
    ],
)
def test_files_that_only_claim_to_be_tiff_say_what_they_are(tmp_path, content, message):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ImageFileError, match=message):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize(("kind", "ending"), [("JPEG", ".jpg"), ("PNG", ".png"), ("BMP", ".bmp")])
def test_a_picture_named_tif_says_how_to_name_it(tmp_path, kind, ending):
    Image.fromarray(np.zeros((9, 9, 3), "uint8")).save(tmp_path / "a.tif", format=kind)
    with pytest.raises(
        ImageFileError, match=rf"but a {kind} picture\. Rename it to end in \{ending}"
    ):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_other_files_named_as_pictures(tmp_path, ending):
    (tmp_path / f"a{ending}").write_bytes(b"")
    with pytest.raises(ImageFileError, match=r"no picture.*empty"):
        read_image(tmp_path / f"a{ending}")


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd", "packbits", "jpeg2000"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_common_compression_is_read_small_and_large(tmp_path, monkeypatch, compression, tile):
    path = tmp_path / "a.tif"
    options = {"rowsperstrip": 8} if tile is None else {"tile": tile}
    tifffile.imwrite(path, STACK[0], compression=compression, **options)
    with read_image(path) as image:
        np.testing.assert_array_equal(image.data, STACK[0])
    monkeypatch.setattr(tiff, "_SMALL", 0)
    with read_image(path) as image:
        assert isinstance(image.data, LazyArray)
        np.testing.assert_array_equal(image.data[5:41, 3:50], STACK[0, 5:41, 3:50])


def test_a_compression_that_nothing_can_decode_is_named(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags["Compression"].overwrite(34712 + 1)
    with pytest.raises(ImageFileError, match=r"a\.tif'"):
        np.asarray(read_image(path).data)


def test_names_time_and_sizes_of_each_image_of_an_ome_tiff(tmp_path):
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        for i, name in enumerate(("left", "right")):
            metadata = {
                "axes": "TCYX", "Name": name, "Channel": {"Name": [f"a{i}", f"b{i}"]},
                "PhysicalSizeX": 0.5 + i, "PhysicalSizeXUnit": "µm",
                "PhysicalSizeY": 0.5 + i, "PhysicalSizeYUnit": "µm",
                "TimeIncrement": 250.0 * (i + 1), "TimeIncrementUnit": "ms",
            }  # fmt: skip
            file.write(STACK.reshape(3, 2, 64, 66) + i, metadata=metadata)
    for i, scene in enumerate(("left", "right")):
        with read_image(path, scene) as image:
            assert (image.axes, image.name) == ("tcyx", f"a-{scene}")
            assert image.channel_names == (f"a{i}", f"b{i}")
            assert (image.spacing, image.unit) == ((0.5 + i, 0.5 + i), "um")
            assert (image.time_step, image.time_unit) == (250.0 * (i + 1), "ms")
            np.testing.assert_array_equal(image.data, STACK.reshape(3, 2, 64, 66) + i)


def test_channel_labels_and_frame_interval_of_imagej(tmp_path):
    data = STACK.reshape(3, 2, 64, 66)
    options = {"axes": "TCYX", "finterval": 2.5, "Labels": ["DAPI", "GFP"] * 3}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata=options)
    with read_image(tmp_path / "a.tif") as image:
        assert image.channel_names == ("DAPI", "GFP")
        assert (image.time_step, image.time_unit) == (2.5, "s")


@pytest.mark.parametrize(
    "labels",
    [
        ["c:1/2 t:1/3 - a", "c:2/2 t:1/3 - a", "c:1/2 t:2/3 - a"] + [""] * 3,
        ["a", "a"] * 3,
        ["", "b"] * 3,
        ["a", "b", "c", "d", "e", "f"],
    ],
)
def test_labels_of_planes_are_no_names_of_channels(tmp_path, labels):
    data = STACK.reshape(3, 2, 64, 66)
    options = {"axes": "TCYX", "Labels": labels}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata=options)
    assert read_image(tmp_path / "a.tif").channel_names == ()


ODD_PIXELS = '<Pixels PhysicalSizeX="far" TimeIncrement="-1"><Channel/></Pixels>'


@pytest.mark.parametrize(
    "text",
    ["<OME", "<OME><Image/></OME>", "<a/>", f"<OME><Image>{ODD_PIXELS}</Image></OME>"],
)
def test_odd_descriptions_leave_calibration_unknown(text):
    from brushwood.io.tiff_meta import _ome

    found = _ome(text, 0, "tcyx", 1)
    assert (found.scale, found.channel_names, found.time_step) == ({}, (), None)


def test_what_the_library_logs_about_a_file_is_not_printed(tmp_path, capfd):
    write(tmp_path / "a.tif", "ome")
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[:-300])
    with pytest.raises(ImageFileError):
        read_image(tmp_path / "a.tif")
    assert "tifffile" not in capfd.readouterr().err
    assert not logging.getLogger("tifffile").handlers


def test_tiles_larger_than_memory_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], compression="zlib", tile=(32, 32))
    with tifffile.TiffFile(path, mode="r+b") as file:
        for tag in ("TileWidth", "TileLength"):
            file.pages[0].tags[tag].overwrite(65_520)
    monkeypatch.setattr(tiff, "_SMALL", 0)
    with pytest.raises(ImageFileError, match="tiles or strips takes more than 4 GiB in memory"):
        read_image(path)


RGB = RNG.integers(0, 255, (50, 70, 3)).astype("uint8")


@pytest.mark.parametrize(
    ("pixels", "options", "by_pages"),
    [
        (STACK, {"compression": "zlib", "rowsperstrip": 5, "photometric": "minisblack"}, True),
        (STACK, {"compression": "lzw", "tile": (16, 48), "photometric": "minisblack"}, True),
        (STACK, {"compression": "lzw", "predictor": True, "photometric": "minisblack"}, True),
        (STACK, {"compression": "zlib", "byteorder": ">", "photometric": "minisblack"}, True),
        (STACK.astype("float32"), {"compression": "zlib", "predictor": True}, True),
        (STACK.reshape(3, 2, 64, 66), {"compression": "zlib", "imagej": True}, True),
        (STACK[0], {"tile": (32, 32)}, True),
        (RGB, {"compression": "zlib", "photometric": "rgb", "tile": (32, 32)}, True),
        (RGB, {"compression": "jpeg", "photometric": "rgb", "tile": (32, 32)}, False),
        (RGB.transpose(2, 0, 1), {"compression": "zlib", "photometric": "rgb",
            "planarconfig": "separate"}, False),
    ],
)  # fmt: skip
def test_strips_and_tiles_are_read_as_the_library_reads_them(
    tmp_path, monkeypatch, pixels, options, by_pages
):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, **options)
    monkeypatch.setattr(tiff, "_SMALL", 0)
    wanted = tifffile.imread(path)
    with read_image(path) as image:
        assert isinstance(image.data, LazyArray)
        assert isinstance(image.data.array, PlaneArray) == by_pages
        assert image.data.dtype == wanted.dtype
        for index in (
            ...,
            (..., slice(7, 41), slice(30, 33)),
            (slice(1, 2), ..., slice(None, None, 3)),
            (-1,),
        ):
            np.testing.assert_array_equal(image.data[index], wanted[index])


def test_tiles_that_a_file_leaves_out_are_zero(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tiles = (STACK[0, :32, :32] if i != 1 else None for i in range(4))
    tifffile.imwrite(path, tiles, shape=(64, 64), dtype="uint16", tile=(32, 32), compression="zlib")
    monkeypatch.setattr(tiff, "_SMALL", 0)
    with read_image(path) as image:
        found = image.data[:]
    assert not found[:32, 32:].any()
    np.testing.assert_array_equal(found[32:, 32:], STACK[0, :32, :32])


@pytest.mark.parametrize("kind", ["plain", "zip"])
def test_a_truncated_file_is_refused_before_anything_is_read_of_it(tmp_path, monkeypatch, kind):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], **WRITERS[kind], tile=(32, 32))
    monkeypatch.setattr(tiff, "_SMALL", 0)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 900])
    with pytest.raises(ImageFileError, match="it is cut off after"):
        read_image(path)
