"""What napari opens: results and files of microscopes as layers with calibration."""

import numpy as np
import pytest
from npe2 import PluginManager, PluginManifest

from brushwood.io.images import write_image
from brushwood.io.napari_reader import get_reader
from lif_files import write_lif

IDS = np.zeros((2, 3, 1300, 40), "int32")
IDS[0, 1, 5:9, 6:11] = 70_000


@pytest.fixture
def plugins():
    """A manager that knows this plugin only."""
    manager = PluginManager()
    manager.register(PluginManifest.from_distribution("napari-brushwood"))
    manager.activate("napari-brushwood")
    return manager


def read(path, plugins):
    """Let the plugin's reader open a file, as npe2 finds it."""
    (found,) = plugins.iter_compatible_readers([str(path)])
    assert found.command == "napari-brushwood.read"
    return plugins.commands.execute(found.command, (str(path),))(str(path))


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
def test_objects_open_as_labels_with_calibration(tmp_path, plugins, ending):
    path = tmp_path / f"cells-objects{ending}"
    write_image(
        path, IDS, "tzyx", (1.5, 0.5, 0.25), "um", labels=True, time_step=2.5, time_unit="s"
    )
    ((levels, options, kind),) = read(path, plugins)
    assert kind == "labels"
    assert options["name"] == "cells-objects"
    assert options["scale"] == [2.5, 1.5, 0.5, 0.25]
    assert options["units"] == ["s", "um", "um", "um"]
    assert options["axis_labels"] == ["t", "z", "y", "x"]
    assert len(levels) == (2 if ending == ".ome.zarr" else 1)
    np.testing.assert_array_equal(np.asarray(levels[0]), IDS)


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
def test_probabilities_open_as_a_layer_a_class(tmp_path, plugins, ending):
    data = np.random.default_rng(0).random((2, 3, 20, 30)).astype("float32")
    path = tmp_path / f"cells-probabilities{ending}"
    write_image(path, data, "czyx", (1.5, 0.5, 0.5), "um", channel_names=("background", "cell"))
    layers = read(path, plugins)
    names = [options["name"] for _, options, _ in layers]
    assert names == ["cells-probabilities background", "cells-probabilities cell"]
    for i, (levels, options, kind) in enumerate(layers):
        assert (kind, options["contrast_limits"]) == ("image", (0.0, 1.0))
        assert options["scale"] == [1.5, 0.5, 0.5]
        np.testing.assert_array_equal(np.asarray(levels[0]), data[i])


def test_scenes_and_channels_of_a_microscope_s_file(tmp_path, plugins):
    pytest.importorskip("bioio_lif", reason="needs the extra readers")
    data = np.arange(2 * 20 * 30, dtype="uint16").reshape(2, 20, 30)
    scale = {"y": 0.5, "x": 0.25}
    images = dict.fromkeys(("one", "two"), (data, "cyx", scale, ("DAPI", "GFP")))
    write_lif(tmp_path / "a.lif", images)
    layers = read(tmp_path / "a.lif", plugins)
    names = [options["name"] for _, options, _ in layers]
    assert names == ["a-one DAPI", "a-one GFP", "a-two DAPI", "a-two GFP"]
    assert layers[1][1]["scale"] == [0.5, 0.25]
    np.testing.assert_array_equal(np.asarray(layers[1][0][0]), data[1])


@pytest.mark.parametrize(
    "name", ["cells.tif", "objects.tif", "cells.ome.zarr", "cells-objects.png"]
)
def test_plain_images_are_left_to_napari(plugins, name):
    assert not list(plugins.iter_compatible_readers([name]))
    assert get_reader(["cells-objects.tif", "cells.tif"]) is None


def test_layers_take_what_is_returned(tmp_path):
    layers = pytest.importorskip("napari.layers", exc_type=ImportError)
    write_image(tmp_path / "a-objects.ome.zarr", IDS, "tzyx", (1.5, 0.5, 0.25), "um", labels=True)
    ((levels, options, _),) = get_reader("x-objects.tif")(str(tmp_path / "a-objects.ome.zarr"))
    layer = layers.Labels(levels, **options)
    assert layer.multiscale
    assert layer.scale.tolist() == [1, 1.5, 0.5, 0.25]
    assert str(layer.units[-1]) == "micrometer"
