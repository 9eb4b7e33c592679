"""What File > Open Sample puts into napari."""

import subprocess
import sys

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from brushwood import samples
from brushwood.samples import napari_layers


def opened(key):
    viewer = ViewerModel()
    for data in getattr(napari_layers, key)():
        viewer.add_layer(Layer.create(*data))
    return viewer


@pytest.mark.parametrize("key", samples.keys())
def test_every_sample_opens(key):
    sample, viewer = samples.load(key), opened(key)
    annotation = viewer.layers[-1]
    assert annotation.name == f"{key} · annotation" and annotation.visible and annotation.editable
    note = annotation.metadata["brushwood"]
    assert note["role"] == "annotation" and note["class_names"] == sample.class_names
    images = [layer for layer in viewer.layers if layer._type_string == "image"]
    assert len(images) == max(1, len(sample.channel_names))
    for layer in images:
        assert layer.visible and layer.rgb == sample.rgb
        size = layer.data[0].shape if layer.multiscale else layer.data.shape
        assert size[: annotation.data.ndim] == annotation.data.shape
        assert np.array_equal(layer.scale, annotation.scale)
        assert layer.units == annotation.units
    hidden = [layer for layer in viewer.layers if "truth" in layer.name]
    truths = [sample.truth_classes, sample.truth_labels]
    assert len(hidden) == sum(truth is not None for truth in truths)
    assert not any(layer.visible for layer in hidden)


def test_strokes_have_the_colours_of_their_classes():
    layer = opened("two_channel_cells").layers[-1]
    for class_id, colour in samples.load("two_channel_cells").class_colors.items():
        wanted = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        assert np.allclose(layer.get_color(class_id)[:3], wanted, atol=0.01)


def test_pixel_sizes_reach_napari():
    layer = opened("nuclei_3d").layers[0]
    assert tuple(layer.scale) == (1.0, 0.25, 0.25)
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 3
    assert tuple(opened("nuclei_time").layers[0].scale) == (1.0, 0.32, 0.32)


def test_shape_classes_are_features_of_the_labels():
    viewer = opened("round_and_elongated_blobs")
    table = viewer.layers["round_and_elongated_blobs · objects (truth)"].features
    assert set(table["shape_class"]) == {"round", "elongated"}


def test_the_large_sample_is_multiscale():
    layer = opened("large_nuclei").layers[0]
    assert layer.multiscale and layer.data[0].shape == (8192, 8192)


def test_samples_load_without_napari_and_qt():
    code = (
        "import sys; from brushwood.samples import napari_layers as n; n.coins(); n.nuclei_2d();"
        "bad = {'napari', 'qtpy', 'PyQt6', 'pyclesperanto', 'dask'} & set(sys.modules);"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
