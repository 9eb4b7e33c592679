"""Samples load, fit together, and their strokes say what the truth says."""

import numpy as np
import pytest

from brushwood import samples
from brushwood.errors import InputError
from brushwood.samples.large import mosaic
from brushwood.samples.sample import CLASS_COLORS
from brushwood.session.classes import OKABE_ITO

KEYS = samples.keys()
SMALL = [key for key in KEYS if key != "large_nuclei"]


@pytest.fixture(scope="module")
def loaded():
    return {key: samples.load(key) for key in KEYS}


@pytest.mark.parametrize("key", KEYS)
def test_a_sample_is_complete(loaded, key):
    sample = loaded[key]
    assert sample.key == key
    assert sample.title and sample.description.endswith(".") and sample.source and sample.licence
    assert sample.image.ndim == len(sample.axes)
    assert sample.ndim == (3 if "Z" in sample.axes else 2)
    assert set(sample.class_colors) == set(sample.class_names)
    if sample.spacing is not None:
        assert len(sample.spacing) == sample.ndim


@pytest.mark.parametrize("key", KEYS)
def test_all_arrays_of_a_sample_have_one_shape(loaded, key):
    sample = loaded[key]
    shape = list(sample.image.shape)
    if sample.channel_axis is not None:
        n_channels = shape.pop(sample.channel_axis)
        assert n_channels == (3 if sample.rgb else len(sample.channel_names))
    assert sample.annotation.shape == tuple(shape)
    for truth in (sample.truth_classes, sample.truth_labels):
        assert truth is None or truth.shape == tuple(shape)


@pytest.mark.parametrize("key", KEYS)
def test_strokes_are_few_and_of_every_class(loaded, key):
    sample = loaded[key]
    ids = set(np.unique(sample.annotation)) - {0}
    assert ids == set(sample.class_names) and len(ids) >= 2
    assert 200 < (sample.annotation > 0).sum() < 0.05 * np.prod(sample.annotation.shape)


@pytest.mark.parametrize("key", [key for key in SMALL if key != "ihc"])
def test_strokes_lie_inside_their_class(loaded, key):
    sample = loaded[key]
    drawn = sample.annotation > 0
    assert np.array_equal(sample.annotation[drawn], sample.truth_classes[drawn])


@pytest.mark.parametrize("key", [key for key in SMALL if key != "ihc"])
def test_objects_and_classes_agree(loaded, key):
    sample = loaded[key]
    objects = sample.truth_classes >= (3 if key == "histology_he" else 2)
    assert np.array_equal(sample.truth_labels > 0, objects)
    assert len(np.unique(sample.truth_labels)) > 15


def test_a_sample_without_truth_says_so(loaded):
    assert loaded["ihc"].truth_classes is None and loaded["ihc"].truth_labels is None
    assert "no truth" in loaded["ihc"].description


def test_each_cell_that_is_not_cut_has_one_nucleus(loaded):
    sample = loaded["two_channel_cells"]
    cells, classes = sample.truth_labels, sample.truth_classes
    cut = np.unique(np.concatenate([cells[0], cells[-1], cells[:, 0], cells[:, -1]]))
    whole = set(np.unique(cells)) - set(cut)
    assert len(whole) > 15
    assert whole <= set(np.unique(cells[classes == 3]))


def test_the_table_tells_the_shape_of_each_blob(loaded):
    sample = loaded["round_and_elongated_blobs"]
    table, labels = sample.truth_table, sample.truth_labels
    assert table["index"] == list(range(1, labels.max() + 1))
    aspect = np.array(table["length"]) / np.array(table["width"])
    elongated = np.array(table["shape_class"]) == "elongated"
    assert elongated.sum() == (~elongated).sum() == 95
    assert aspect[elongated].min() >= 1.9 and aspect[~elongated].max() <= 1.2
    # A row belongs to the label that it names.
    at = np.round([table["y"], table["x"]]).astype(int)
    assert np.array_equal(labels[tuple(at)], table["index"])


def test_a_label_is_one_nucleus_in_all_frames(loaded):
    labels = loaded["nuclei_time"].truth_labels
    inner = np.unique(labels[:, 60:130, 60:130])
    for k in inner[inner > 0]:
        centres = [np.argwhere(frame == k).mean(0) for frame in labels if (frame == k).any()]
        steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
        assert steps.max() < 4


def test_the_large_sample_is_lazy_and_mirrors_its_tile(loaded):
    large, tile = loaded["large_nuclei"].image, loaded["nuclei_2d"].image
    assert large.shape == (8192, 8192) and large.dtype == tile.dtype
    seam = np.asarray(large[500:524, 1020:1028])
    assert np.array_equal(seam[:12], seam[12:][::-1])
    assert np.array_equal(seam[:, :4], seam[:, 4:][:, ::-1])
    assert np.array_equal(mosaic(tile, 2)[:512, :512].compute(), tile)


def test_an_unknown_sample_names_the_known_ones():
    with pytest.raises(InputError, match="nuclei_2d"):
        samples.load("nuclei")


def test_colours_are_those_of_the_window():
    assert OKABE_ITO[: len(CLASS_COLORS)] == CLASS_COLORS


def test_the_samples_together_are_small():
    from brushwood.samples.files import folder

    assert sum(f.stat().st_size for f in folder().rglob("*") if f.is_file()) < 4e6


def test_loaded_arrays_belong_to_the_caller():
    samples.load("coins").annotation[:] = 0
    samples.load("coins").image[:] = 0
    assert samples.load("coins").annotation.any() and samples.load("coins").image.any()
