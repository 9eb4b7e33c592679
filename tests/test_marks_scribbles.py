"""Classes of objects from strokes painted over them."""

import dask.array as da
import numpy as np
import pytest
import zarr

from brushwood.errors import AnnotationError, ShapeMismatchError
from brushwood.objects.marks import Marks
from brushwood.objects.scribbles import scribbled


@pytest.fixture
def labels():
    labels = np.zeros((40, 60), np.int32)
    labels[5:15, 5:15], labels[5:15, 20:30], labels[5:15, 35:45] = 3, 4, 70_000
    return labels


def test_every_object_under_a_stroke_gets_its_class(labels):
    strokes = np.zeros(labels.shape, np.uint8)
    strokes[8, 3:28] = 2
    read = scribbled(labels, strokes)
    assert read.by_frame == {(0, 3): 2, (0, 4): 2}
    assert (read.mixed, read.ties, read.text()) == ({}, (), "")
    assert read.n_beside == 25 - 10 - 8
    assert Marks.from_scribbles(labels, strokes).attach(labels).classes == {3: 2, 4: 2}


def test_the_majority_decides_and_not_the_larger_id(labels):
    strokes = np.zeros(labels.shape, np.int64)
    strokes[8, 5:12], strokes[9, 5:8] = 1, 7
    read = scribbled(labels, strokes)
    assert read.by_frame == {(0, 3): 1} and read.mixed == {(0, 3): {1: 7, 7: 3}}
    assert read.text() == "1 object lies under strokes of several classes; the larger part decided."


def test_a_tie_is_reported_and_gives_no_class(labels):
    strokes = np.zeros(labels.shape, np.uint8)
    strokes[8, 5:10], strokes[9, 5:10], strokes[8, 20:23] = 1, 2, 2
    read = scribbled(labels, strokes)
    assert read.ties == ((0, 3),) and read.by_frame == {(0, 4): 2}
    assert "1 object has as many pixels of two classes and got none" in read.text()
    assert Marks.from_scribbles(labels, strokes).attach(labels).classes == {4: 2}


def test_blocks_frames_and_lazy_arrays_do_not_matter(labels, monkeypatch):
    movie = np.stack([labels, labels[:, ::-1]])
    strokes = np.random.default_rng(0).integers(0, 3, movie.shape) * (movie > 0)
    whole = scribbled(movie, strokes, ndim=2)
    monkeypatch.setattr("brushwood.objects.footprints._BLOCK", 50)
    lazy = [da.from_array(a, chunks=(1, 7, 9)) for a in (movie, strokes)]
    assert scribbled(*lazy, ndim=2) == whole
    assert {*whole.by_frame, *whole.ties} == {(t, k) for t in (0, 1) for k in (3, 4, 70_000)}
    assert Marks.from_scribbles(*lazy, ndim=2) == Marks.from_scribbles(movie, strokes, ndim=2)


def test_what_cannot_be_strokes_is_refused(labels):
    with pytest.raises(ShapeMismatchError, match="layer of the same size"):
        scribbled(labels, np.zeros((4, 4), int))
    with pytest.raises(AnnotationError, match="whole numbers"):
        scribbled(labels, labels.astype(float))
    with pytest.raises(AnnotationError, match="from 1 to 65535"):
        scribbled(labels, -labels)


def test_pyramids_and_zarr_arrays_are_read(labels, tmp_path):
    strokes = np.where(labels == 4, 2, 0).astype(np.uint8)
    stored = zarr.create_array(
        str(tmp_path / "labels.zarr"), shape=labels.shape, chunks=(16, 16), dtype=labels.dtype
    )
    stored[...] = labels
    for kind in (stored, [labels, labels[::2, ::2]], [stored, stored]):
        marks = Marks.from_scribbles(kind, strokes)
        assert marks.attach(kind).classes == {4: 2}
        assert Marks().add(kind, 3, 1, at=(8, 8)).attach(kind).classes == {3: 1}


def test_no_strokes_no_marks(labels):
    assert len(Marks.from_scribbles(labels, np.zeros_like(labels))) == 0
