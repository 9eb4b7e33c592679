"""``brushwood info`` of images, and scenes as inputs of the commands for single steps."""

import json

import numpy as np
import pytest
import tifffile

import brushwood as bw
from brushwood.io.images import read_image, write_image
from ngff_files import write_multiscale, write_plate

PIXELS = np.arange(4 * 30 * 40, dtype="uint16").reshape(4, 30, 40)


def test_axes_channels_time_and_pixel_size(run, tmp_path):
    path = tmp_path / "Zellen ü.ome.tif"
    metadata = {
        "axes": "TCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "TimeIncrement": 2.5,
        "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "TimeIncrementUnit": "s",
    }  # fmt: skip
    tifffile.imwrite(path, PIXELS.reshape(2, 2, 30, 40), ome=True, metadata=metadata)
    code, out, _ = run("info", path)
    text = "\n".join(out)
    assert code == 0
    assert "axes       time 2, channel 2, y 30, x 40" in text
    assert "channels   0 DAPI, 1 GFP" in text
    assert "pixel size y 0.5 µm, x 0.25 µm" in text
    assert "time step  2.5 s" in text
    assert "uint16, 9.4 KiB in memory" in text
    code, out, _ = run("info", path, "--json")
    found = json.loads("\n".join(out))
    assert found["axes"] == [["time", 2], ["channel", 2], ["y", 30], ["x", 40]]
    assert (found["scale"], found["unit"]) == ({"y": 0.5, "x": 0.25}, "um")


def test_scenes_labels_and_missing_chunks(run, tmp_path):
    path = tmp_path / "a.ome.zarr"
    write_multiscale(path, PIXELS, "zyx", [1.5, 0.5, 0.5], missing=[(0, 0, 0)])
    write_image(path / "labels" / "cells", PIXELS.astype("int32"), "zyx")
    code, out, _ = run("info", path)
    text = "\n".join(out)
    assert code == 0
    assert "4 × 16 × 16, 5 of 6 are stored; the others hold the fill value" in text
    assert "labels     labels/cells" in text
    code, out, _ = run("info", f"{path}::labels/cells")
    assert "int32" in "\n".join(out)
    write_plate(tmp_path / "p.zarr", {f"A/{i}/0": PIXELS[0] for i in range(20)})
    code, out, _ = run("info", tmp_path / "p.zarr")
    assert "scenes     20: A/0/0, A/1/0" in "\n".join(out)


def test_a_folder_tells_what_differs(run, tmp_path):
    for name, pixels in (("a", PIXELS[0]), ("b", PIXELS[1]), ("c", PIXELS)):
        write_image(tmp_path / f"{name}.tif", pixels, "zyx"[-pixels.ndim :], (0.5, 0.5), "um")
    (tmp_path / "d.tif").write_text("no image")
    code, out, _ = run("info", tmp_path)
    assert code == 0
    assert out[-1] == "4 images, of 2 kinds"
    assert out[0].endswith("a.tif: 30 × 40 (y x), uint16, y 0.5 µm, x 0.5 µm")
    assert "but text" in out[3]


@pytest.mark.parametrize("name", ["gone.tif", "gone.ome.zarr"])
def test_a_missing_image_is_3(run, tmp_path, name):
    code, _, err = run("info", tmp_path / name)
    assert code == 3
    assert "there is no such file" in err


def test_fields_of_a_plate_are_classified_apart(run, model, tmp_path):
    plate = tmp_path / "plate.ome.zarr"
    rng = np.random.default_rng(0)
    images = {f"A/1/{i}": rng.integers(0, 250, (40, 50)).astype("uint8") for i in range(2)}
    write_plate(plate, images)
    code, out, _ = run("apply", model, plate, "-o", tmp_path / "out")
    assert code == 0
    names = [f"plate-A-1-{i}-classes.tif" for i in range(2)]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == names
    with read_image(tmp_path / "out" / names[0]) as image:
        assert (image.spacing, image.unit) == ((0.5, 0.25), "um")
    code, out, _ = run("apply", model, f"{plate}::A/1/1", "-o", tmp_path / "one")
    assert [p.rsplit("/", 1)[-1] for p in out] == names[1:]
    assert (tmp_path / "one" / names[1]).read_bytes() == (tmp_path / "out" / names[1]).read_bytes()


def test_label_images_within_an_image_are_measured(run, tmp_path):
    path, table = tmp_path / "a.ome.zarr", tmp_path / "t.csv"
    write_multiscale(path, PIXELS[0], "yx", [0.5, 0.5])
    ids = np.zeros((30, 40), "int32")
    ids[2:6, 3:9] = 7
    write_image(path / "labels" / "cells", ids, "yx", (0.5, 0.5), "um")
    code, _, _ = run("measure", f"{path}::labels/cells", "--image", path, "-o", table)
    assert code == 0
    header, row = table.read_text("utf-8").splitlines()
    assert header.startswith("label")
    assert "µm²" in header
    assert row.startswith("7,")


@pytest.mark.parametrize("kind", ["tiff", "ome-zarr"])
def test_classes_are_the_channels_of_probabilities_by_name(run, model, tmp_path, kind):
    named = bw.load(model)
    names = tuple(f"Klasse ü {i}" for i in named.classes_)
    named.set_params(class_names=dict(zip(map(int, named.classes_), names, strict=True)))
    named.save(tmp_path / "named.brushwood")
    image = tmp_path / "a.tif"
    write_image(image, np.random.default_rng(0).integers(0, 250, (40, 50)).astype("uint8"), "yx")
    arguments = ["-o", tmp_path / "out", "--format", kind, "--save", "probabilities"]
    code, (path,), _ = run("apply", tmp_path / "named.brushwood", image, *arguments)
    assert code == 0
    with read_image(path) as found:
        assert found.channel_names == names
    named.set_params(class_names=None).save(tmp_path / "plain.brushwood")
    assert run("apply", tmp_path / "plain.brushwood", image, *arguments, "--overwrite")[0] == 0
    with read_image(path) as found:
        assert found.channel_names == ()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_objects_go_into_an_ome_zarr_image(run, tmp_path, version):
    image = tmp_path / "cells.ome.zarr"
    write_multiscale(image, PIXELS[0], "yx", [0.5, 0.5], version)
    classes = np.ones((30, 40), "uint8")
    classes[3:9, 4:12] = classes[15:20, 20:30] = 2
    write_image(tmp_path / "cells-classes.tif", classes, "yx", (0.5, 0.5), "um")
    code, out, _ = run("objects", tmp_path / "cells-classes.tif", "-o", image / "labels")
    assert code == 0
    assert out == [str(image / "labels" / "cells-objects")]
    with read_image(image, "labels/cells-objects") as found:
        assert (found.spacing, found.unit) == ((0.5, 0.5), "um")
        np.testing.assert_array_equal(found.data[:], bw.split_objects(classes))
    code, out, _ = run("info", image)
    assert "labels     labels/cells-objects" in "\n".join(out)
