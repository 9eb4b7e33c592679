"""Which images a list of files, folders and plates stands for."""

import pickle
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest
import tifffile

from brushwood.errors import ImageFileError, InputError
from brushwood.io.inputs import InputRef, list_inputs
from ngff_files import write_multiscale, write_plate

PIXELS = np.arange(80, dtype="uint8").reshape(8, 10)


def save(path, pixels=PIXELS):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels)
    return path


def names(refs, root):
    return [
        str(ref.path.relative_to(root)) + (f"::{ref.scene}" if ref.scene else "") for ref in refs
    ]


def names_of(refs):
    return [ref.path.name for ref in refs]


@pytest.fixture
def folder(tmp_path):
    for name in ("b.tif", "a.TIFF", ".hidden.tif", "deep/c.tif", "deep/.secret/d.tif"):
        save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "bad.tif").write_text("no image either")
    return tmp_path


def test_a_folder_s_images_by_name_without_hidden_and_foreign_files(folder):
    assert names(list_inputs(folder), folder) == ["a.TIFF", "b.tif", "bad.tif"]


def test_folders_of_folders_when_asked(folder):
    found = names(list_inputs(folder, recursive=True), folder)
    assert found == ["a.TIFF", "b.tif", "bad.tif", "deep/c.tif"]


def test_links_that_lead_in_circles_are_not_followed(folder):
    (folder / "deep" / "back").symlink_to(folder, target_is_directory=True)
    assert len(list_inputs(folder, recursive=True)) == 4


def test_files_folders_and_patterns_each_once_in_the_order_given(folder):
    found = list_inputs([folder / "b.tif", folder, str(folder / "*.tif"), folder / "b.tif"])
    assert names(found, folder) == ["b.tif", "a.TIFF", "bad.tif"]


def test_a_file_that_is_named_but_missing_is_for_opening_to_tell(tmp_path):
    (ref,) = list_inputs(tmp_path / "gone.tif")
    with pytest.raises(ImageFileError, match="there is no such file"):
        ref.open()


@pytest.mark.parametrize("recursive", [False, True])
def test_an_empty_folder_says_what_was_expected(tmp_path, recursive):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match=r"holds no image\. Name a folder.*\.tif, .*\.czi"):
        list_inputs(tmp_path, recursive=recursive)


def test_nothing_and_patterns_without_matches_are_refused(tmp_path):
    with pytest.raises(InputError, match="No image was named"):
        list_inputs([])
    with pytest.raises(InputError, match="No image matches"):
        list_inputs(str(tmp_path / "*.tif"))


def test_results_beside_their_image_are_left_out_but_named_ones_are_not(tmp_path):
    for name in ("cell.tif", "cell-classes.tif", "cell-objects.tif", "beads-objects.tif"):
        save(tmp_path / name)
    assert names(list_inputs(tmp_path), tmp_path) == ["beads-objects.tif", "cell.tif"]
    assert len(list_inputs(tmp_path, with_results=True)) == 4
    assert len(list_inputs(tmp_path / "cell-classes.tif")) == 1


def test_folders_of_results_are_passed_over(tmp_path):
    save(tmp_path / "cell.tif")
    save(tmp_path / "out" / "other.tif")
    save(tmp_path / "run" / "cell-classes.tif")
    save(tmp_path / "run" / "sheet.tif")
    (tmp_path / "run" / ".brushwood").mkdir()
    found = list_inputs(tmp_path, recursive=True, exclude=tmp_path / "out")
    assert names(found, tmp_path) == ["cell.tif"]
    # A folder that is itself named holds inputs too.
    found = list_inputs(tmp_path / "run", exclude=[tmp_path / "run"])
    assert names(found, tmp_path) == ["run/sheet.tif"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plate_is_its_fields_and_a_well_too(tmp_path, version):
    images = {path: PIXELS + i for i, path in enumerate(("A/1/0", "A/1/1", "B/12/0"))}
    plate = tmp_path / "plate.ome.zarr"
    write_plate(plate, images, version)
    refs = list_inputs(tmp_path)
    assert [ref.scene for ref in refs] == list(images)
    assert [ref.name for ref in refs] == ["plate-A-1-0", "plate-A-1-1", "plate-B-12-0"]
    for ref in refs:
        with ref.open() as image:
            assert (image.path, image.scene, image.name) == (plate, ref.scene, ref.name)
            assert (image.spacing, image.unit) == ((0.5, 0.25), "um")
            np.testing.assert_array_equal(image.data[:], images[ref.scene])
    assert [r.scene for r in list_inputs(f"{plate}::A/1")] == ["A/1/0", "A/1/1"]
    # A path into the plate means the same as its scene.
    assert list_inputs(plate / "A" / "1") == list_inputs(f"{plate}::A/1")
    assert list_inputs(plate / "B" / "12" / "0") == [InputRef(plate, "B/12/0")]


def test_an_ome_tiff_s_series_are_its_scenes(tmp_path):
    path = tmp_path / "many.ome.tif"
    with tifffile.TiffWriter(path) as file:
        for i, name in enumerate(("left", "right")):
            file.write(PIXELS + i, metadata={"axes": "YX", "Name": name})
    refs = list_inputs(tmp_path)
    assert [ref.scene for ref in refs] == ["left", "right"]
    assert [ref.name for ref in refs] == ["many-left", "many-right"]
    for i, ref in enumerate(refs):
        with ref.open() as image:
            np.testing.assert_array_equal(image.data, PIXELS + i)
    with pytest.raises(ImageFileError, match=r"no scene 'up'.*It holds 'left', 'right'"):
        InputRef(path, "up").open()


def test_series_without_names_of_their_own_are_numbered(tmp_path):
    path = tmp_path / "many.ome.tif"
    with tifffile.TiffWriter(path) as file:
        for i in range(2):
            file.write(PIXELS + i, metadata={"axes": "YX", "Name": "same"})
    assert [ref.scene for ref in list_inputs(path)] == ["0", "1"]
    with InputRef(path, "1").open() as image:
        np.testing.assert_array_equal(image.data, PIXELS + 1)


def test_parts_of_one_ome_tiff_data_set_are_one_input(tmp_path):
    """Each part names the others, and opening it opens them all."""
    names = ["well A&B_t0.ome.tif", "well A&B_t1.ome.tif"]
    data = "".join(
        f'<TiffData FirstT="{t}" FirstC="0" FirstZ="0" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{escape(name)}">urn:uuid:{t}</UUID></TiffData>'
        for t, name in enumerate(names)
    )
    for t, name in enumerate(names):
        text = (
            '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{t}"><Image ID="Image:0"><Pixels ID="Pixels:0" '
            'DimensionOrder="XYZCT" Type="uint8" SizeX="10" SizeY="8" SizeZ="1" SizeC="1" '
            f'SizeT="2"><Channel ID="Channel:0:0"/>{data}</Pixels></Image></OME>'
        )
        tifffile.imwrite(tmp_path / name, PIXELS + t, description=text, metadata=None)
    save(tmp_path / "z.tif")
    refs = list_inputs(tmp_path)
    assert names_of(refs) == [names[0], "z.tif"]
    with refs[0].open() as image:
        assert image.axes == "tyx"
        np.testing.assert_array_equal(image.data, np.stack([PIXELS, PIXELS + 1]))
    assert names_of(list_inputs([tmp_path / name for name in names])) == names  # as asked for
    (tmp_path / names[1]).unlink()
    with pytest.raises(ImageFileError, match="1 of the 2 planes that it describes are missing"):
        list_inputs(tmp_path)[0].open()


def test_text_and_back(tmp_path):
    plain, odd = InputRef(Path("a b.tif")), save(tmp_path / "with::colons.tif")
    scene = InputRef(Path("plate.zarr"), "A/1/0")
    for ref in (plain, scene, InputRef(odd)):
        assert InputRef.of(str(ref)) == ref
        assert InputRef.of(ref) == ref
        assert pickle.loads(pickle.dumps(ref)) == ref


@pytest.mark.parametrize(
    "name", ["a b c.tif", "Zellen_äöü_µ.tif", "x" * 200 + ".tif", "dotted.v2.tif"]
)
def test_names_with_spaces_umlauts_dots_and_200_characters(tmp_path, name):
    path = save(tmp_path / name)
    (ref,) = list_inputs(tmp_path)
    assert (ref.path, ref.name) == (path, name.removesuffix(".tif"))
    with ref.open() as image:
        np.testing.assert_array_equal(image.data, PIXELS)


def test_scenes_that_no_file_could_be_named_after_still_give_names():
    assert InputRef(Path("a.lif"), "Projekt/Serie: 1*?").name == "a-Projekt-Serie-1"
    assert InputRef(Path("a.lif"), "../..").name == "a"


def test_a_scene_of_a_file_with_one_image_is_refused(tmp_path):
    save(tmp_path / "a.tif")
    np.save(tmp_path / "a.npy", PIXELS)
    write_multiscale(tmp_path / "a.zarr", PIXELS, "yx", [1, 1])
    for name in ("a.tif", "a.npy", "a.zarr"):
        with pytest.raises(ImageFileError, match="no scene 'other'"):
            InputRef(tmp_path / name, "other").open()
