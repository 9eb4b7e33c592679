"""Files of microscopes: CZI, LIF and ND2, each written for the test."""

import builtins
import pickle
import sys

import numpy as np
import pytest

from brushwood.errors import ImageFileError, MissingPackageError
from brushwood.io.images import read_image
from brushwood.io.inputs import list_inputs
from brushwood.io.planes import PlaneArray
from lif_files import write_lif
from nd2_files import write_nd2

RNG = np.random.default_rng(0)
STACKS = RNG.integers(0, 4000, (3, 2, 4, 20, 30)).astype("uint16")  # t, c, z, y, x
WHY = (
    "the readers of microscopes' files are an optional extra: pip install napari-brushwood[readers]"
)


def write_czi(path, writes, **metadata):
    """Write planes, given as (pixels, place along T, C and Z, more options)."""
    czi = pytest.importorskip("pylibCZIrw.czi", reason=WHY)
    with czi.create_czi(str(path)) as file:
        for pixels, plane, options in writes:
            file.write(data=pixels[..., None], plane=plane, **options)
        file.write_metadata(document_name="test", **metadata)


@pytest.fixture(params=["czi", "lif", "nd2"])
def stack(request, tmp_path):
    """A file of each kind with the same pixels, axes, channels, times and sizes."""
    path = tmp_path / f"Zellen a ü.{request.param}"
    if request.param == "czi":
        writes = [
            (STACKS[t, c, z], {"T": t, "C": c, "Z": z}, {}) for t, c, z in np.ndindex(3, 2, 4)
        ]
        names = {0: "DAPI", 1: "GFP"}
        size = {"scale_x": 0.25e-6, "scale_y": 0.25e-6, "scale_z": 1.5e-6}
        write_czi(path, writes, channel_names=names, **size)
    elif request.param == "lif":
        pytest.importorskip("bioio_lif", reason=WHY)
        scale = {"t": 2.5, "z": 1.5, "y": 0.25, "x": 0.25}
        write_lif(path, {"one": (STACKS, "tczyx", scale, ("DAPI", "GFP"))})
    else:
        pytest.importorskip("bioio_nd2", reason=WHY)
        frames = np.moveaxis(STACKS, 1, -1)
        write_nd2(path, frames, spacing=0.25, z_step=1.5, period_s=2.5, channels=("DAPI", "GFP"))
    return path


def test_pixels_axes_channels_and_calibration(stack):
    (ref,) = list_inputs(stack.parent)
    with ref.open() as image:
        assert (image.axes, image.name, image.scene) == ("tczyx", "Zellen a ü", "")
        assert (image.spacing, image.unit) == ((1.5, 0.25, 0.25), "um")
        assert image.channel_names == ("DAPI", "GFP")
        if stack.suffix != ".czi":  # the writer for tests keeps no times
            assert (image.time_step, image.time_unit) == (2.5, "s")
        assert (image.data.shape, image.data.dtype) == (STACKS.shape, STACKS.dtype)
        np.testing.assert_array_equal(image.data[...], STACKS)


def test_any_part_is_read_alone(stack):
    with read_image(stack) as image:
        for index in (
            (slice(1, 2), slice(0, 1), slice(2, 4), slice(3, 11), slice(7, 8)),
            (2, ..., slice(None, None, 3), slice(25, 4, -2)),
            (slice(0, 0),),
            (-1, -1, -1),
        ):
            np.testing.assert_array_equal(image.data[index], STACKS[index])


def test_planes_are_read_when_they_are_asked_for(stack, monkeypatch):
    asked = []
    get = PlaneArray.__getitem__
    monkeypatch.setattr(PlaneArray, "__getitem__", lambda a, i: asked.append(i) or get(a, i))
    with read_image(stack) as image:
        assert not asked
        image.data[1, 0, 2]
        (box,) = asked
        assert [s.stop - s.start for s in box[:3]] == [1, 1, 1]
        image.data[1, 0, 2, :5]  # the plane is known by now
        assert len(asked) == 1


def test_the_engine_reads_a_region(stack):
    with read_image(stack) as image:
        source = image.source()
        assert (source.frames, source.shape, source.n_channels) == ((3,), (4, 20, 30), 2)
        found = source.read((2,), (1, 5, 6), (3, 9, 20))
    np.testing.assert_array_equal(found, STACKS[2, :, 1:3, 5:9, 6:20])


def test_a_file_that_was_cut_off_is_named(stack):
    content = stack.read_bytes()
    for part in (0.97, 0.5, 0.1):
        stack.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(ImageFileError, match="Zellen a ü"), read_image(stack) as image:
            np.asarray(image.data[...])


@pytest.mark.parametrize("content", [b"", b"text, no image", b"\x89PNG\r\n\x1a\n" + bytes(500)])
def test_other_files_with_such_an_ending_are_named(stack, content):
    stack.write_bytes(content)
    with pytest.raises(
        ImageFileError, match=r"it is no valid (CZI|LIF|ND2), but (empty|text|a PNG)"
    ):
        read_image(stack)


def test_a_missing_package_is_named_with_what_to_do(stack, monkeypatch):
    package = {"czi": "pylibCZIrw", "lif": "bioio_lif", "nd2": "bioio_nd2"}[stack.suffix[1:]]
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == package:
            raise ImportError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setitem(sys.modules, package, None)
    installed = package.replace("_", "-")
    with pytest.raises(MissingPackageError, match=rf"pip install {installed}`.*\[readers\]"):
        read_image(stack)
    (ref,) = list_inputs(stack)  # listing does not stop the others
    assert ref.path == stack


def test_a_mosaic_in_a_czi_file_is_one_image_and_scenes_are_apart(tmp_path):
    tiles = [STACKS[0, 0, i] for i in range(4)]
    writes = [
        (
            tiles[2 * s + i],
            {"T": 0, "C": 0, "Z": 0},
            {"scene": s, "location": (200 * s + 30 * i, 0)},
        )
        for s in range(2)
        for i in range(2)
    ]
    write_czi(tmp_path / "mosaic.czi", writes)
    refs = list_inputs(tmp_path / "mosaic.czi")
    assert [ref.name for ref in refs] == ["mosaic-0", "mosaic-1"]
    for s, ref in enumerate(refs):
        with ref.open() as image:
            assert (image.axes, image.spacing) == ("yx", None)
            np.testing.assert_array_equal(image.data[:], np.hstack(tiles[2 * s : 2 * s + 2]))
            np.testing.assert_array_equal(image.data[3:5, 28:33], image.data[:][3:5, 28:33])


def test_colours_of_a_czi_file_come_as_red_green_blue(tmp_path):
    czi = pytest.importorskip("pylibCZIrw.czi", reason=WHY)
    colours = RNG.integers(0, 255, (12, 14, 3)).astype("uint8")
    with czi.create_czi(str(tmp_path / "rgb.czi")) as file:
        file.write(data=np.ascontiguousarray(colours[..., ::-1]), plane={"T": 0, "C": 0, "Z": 0})
    with read_image(tmp_path / "rgb.czi") as image:
        assert (image.axes, image.channel_axis) == ("yxc", 2)
        np.testing.assert_array_equal(image.data[:], colours)
        np.testing.assert_array_equal(image.data[2:4, 5:9, 1:2], colours[2:4, 5:9, 1:2])


def test_images_of_a_lif_file_and_positions_of_an_nd2_file_are_scenes(tmp_path):
    pytest.importorskip("bioio_lif", reason=WHY)
    pytest.importorskip("bioio_nd2", reason=WHY)
    other = RNG.integers(0, 255, (25, 31)).astype("uint8")
    scale = {"t": 1.0, "z": 1.0, "y": 0.5, "x": 0.5}
    write_lif(
        tmp_path / "a.lif",
        {"first": (STACKS, "tczyx", scale, ("a", "b")), "Überblick": (other, "yx", scale, ("c",))},
    )
    write_nd2(
        tmp_path / "b.nd2", np.moveaxis(np.stack([STACKS, STACKS + 1]), 2, -1),
        spacing=0.5, z_step=1.0, period_s=1.0, channels=("a", "b"), positions=("left", "right"),
    )  # fmt: skip
    refs = list_inputs(tmp_path)
    assert [ref.name for ref in refs] == ["a-first", "a-Überblick", "b-left", "b-right"]
    wanted = [STACKS, other, STACKS, STACKS + 1]
    for ref, pixels in zip(refs, wanted, strict=True):
        with ref.open() as image:
            np.testing.assert_array_equal(image.data[...], pixels)
    assert refs[1].open().channel_names == ("c",)
    with pytest.raises(ImageFileError, match=r"no scene 'third'.*It holds 'first', 'Überblick'"):
        read_image(tmp_path / "a.lif", "third")


def test_names_that_a_library_would_take_for_addresses_are_refused(tmp_path):
    pytest.importorskip("bioio_lif", reason=WHY)
    path = tmp_path / "memory::other.lif"
    write_lif(path, {"one": (STACKS[0, 0, 0], "yx", {"y": 1, "x": 1}, ("a",))})
    with pytest.raises(ImageFileError, match=r"cannot be in its name.*Rename it"):
        read_image(path)


def test_an_error_of_a_missing_package_survives_its_way_from_another_process():
    error = MissingPackageError("run pip")
    assert str(pickle.loads(pickle.dumps(error))) == "run pip"
