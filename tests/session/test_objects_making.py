"""Make objects without a window: what can run, previews, steady numbers, sentences, scripts."""

from dataclasses import replace

import numpy as np
import pytest

import brushwood as bw
from brushwood.blocks import Block
from brushwood.jobs import IDLE, Cancelled, Job
from brushwood.objects.split_params import SplitParams
from brushwood.session.freshness import fingerprint
from brushwood.session.objects_compute import (
    blank_share,
    class_values,
    make_whole,
    preview,
    seed_marks,
)
from brushwood.session.objects_readiness import resolve_making, sources_of
from brushwood.session.objects_script import in_units, objects_script
from brushwood.session.objects_stable import stable_ids
from brushwood.session.objects_state import Made, MakingState
from brushwood.session.objects_text import (
    blank_text,
    empty_text,
    made_text,
    number_text,
    objects_step_text,
    preview_text,
)
from brushwood.session.objects_work import MakingRequest, View, view_of
from brushwood.session.scene import ImageRef, LabelsRef, ResultRef


class Table:
    """A scene made of values."""

    def __init__(self, images=(), labels=(), objects=(), results=()):
        self._all = images, labels, objects, results

    def images(self):
        return self._all[0]

    def labels(self):
        return self._all[1]

    def objects(self):
        return self._all[2]

    def results(self):
        return self._all[3]


IMAGE = ImageRef("i", "cells", (40, 50), "uint16", scale=(0.5, 0.5), unit="µm")
CLASSES = ResultRef("c", "cells · classes", (40, 50), "classes", 0, "i", (0.5, 0.5), "µm")
CHANCE = ResultRef("p", "cells · P(x)", (40, 50), "probabilities", 2, "i", (0.5, 0.5), "µm")
LABELS = LabelsRef("l", "mine", (40, 50))
FULL = Table([IMAGE], [LABELS], [], [CLASSES, CHANCE])


def dots():
    """Class 2 in three squares of 16, 36 and 64 pixels on class 1."""
    classes = np.ones((40, 50), np.uint8)
    classes[2:6, 2:6] = classes[10:16, 10:16] = classes[20:28, 30:38] = 2
    return classes


def request(data, **changes):
    values = {
        "key": "c",
        "name": "cells · classes",
        "data": data,
        "image": None,
        "foreground": (2,),
        "ndim": 2,
        "params": SplitParams(),
        "spacing": (0.5, 0.5),
        "unit": "µm",
    }
    return MakingRequest(**{**values, **changes})


def whole_view(data, ndim=2):
    return view_of((0,) * data.ndim, data.shape, data.shape, ndim)


def test_sources_are_results_first_then_floats_and_labels():
    floats = ImageRef("f", "chance", (40, 50), "float32")
    rgb = ImageRef("r", "photo", (40, 50), "float32", rgb=True)
    scene = Table(
        [IMAGE, floats, rgb], [LABELS], [LabelsRef("o", "x", (40, 50))], [CHANCE, CLASSES]
    )
    found = [(s.key, s.kind) for s in sources_of(scene)]
    assert found == [
        ("c", "classes"), ("p", "probability"), ("f", "probability"), ("l", "labels")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "scene", "reason"),
    [
        ({}, FULL, ""),
        ({"source": None}, FULL, "nothing to make objects from"),
        ({"source": "gone"}, FULL, "nothing to make objects from"),
        ({"params": SplitParams(method="hysteresis")}, FULL, "needs a probability map"),
        ({"source": "p", "params": SplitParams(method="hysteresis")}, FULL, ""),
        ({"params": SplitParams(method="intensity")}, FULL, "Choose the image"),
        ({"params": SplitParams(method="intensity"), "image": "i"}, FULL, ""),
        (
            {"source": "l", "params": SplitParams(method="intensity")},
            Table([], [LABELS]),
            "no image",
        ),
        ({"foreground": ()}, FULL, "No class is ticked"),
        ({"source": "p", "foreground": ()}, FULL, ""),
        ({"ndim": 3}, FULL, "2 dimensions"),
        ({"params": SplitParams(min_size=9, max_size=2)}, FULL, "largest size"),
        ({"source": "l"}, Table([], [LabelsRef("l", "none", (0, 5))]), "is empty"),
        ({"source": "l"}, Table([], [LabelsRef("l", "x", (4, 5), scale=(0, 1))]), "scale of 0"),
    ],
)
def test_what_cannot_be_made_says_why(changes, scene, reason):
    state = MakingState(source="c", params=SplitParams())
    for name, value in changes.items():
        setattr(state, name, value)
    found = resolve_making(state, scene).reason
    assert found == "" if reason == "" else reason in found


def test_a_preview_of_a_small_image_is_the_whole_result():
    classes = dots()
    params = SplitParams(method="distance", min_size=20)
    view = view_of((10, 10), (20, 20), classes.shape, 2)
    assert view.is_whole
    shown = preview(request(classes, params=params), view, None, IDLE)
    expected = bw.split_objects(classes, params=params)
    assert np.array_equal(shown.labels[0], expected)
    assert preview_text(shown).startswith("2 objects, median 12.5 µm² · ")
    assert len(shown.seeds) == 2


def test_a_preview_is_made_again_only_when_something_changed():
    classes = dots()
    asked = request(classes)
    shown = preview(asked, whole_view(classes), None, IDLE)
    assert preview(request(classes), whole_view(classes), shown, IDLE) is None
    other = request(classes, params=SplitParams(min_size=20))
    assert preview(other, whole_view(classes), shown, IDLE) is not None
    classes[0, 0] = 2
    assert preview(asked, whole_view(classes), shown, IDLE) is not None


def test_dask_is_computed_once_for_a_view():
    import dask.array as da

    reads = []

    def counted(part):
        reads.append(part.shape)
        return part

    lazy = da.from_array(dots(), chunks=20).map_blocks(counted, meta=dots()[:0, :0])
    shown = preview(request(lazy), whole_view(lazy), None, IDLE)
    n = len(reads)
    assert n == 6
    other = preview(request(lazy, params=SplitParams(min_size=20)), whole_view(lazy), shown, IDLE)
    assert (len(reads), len(other.sizes)) == (n, 2)
    preview(request(lazy + 0), whole_view(lazy), shown, IDLE)
    assert len(reads) == 2 * n


def test_numbers_stay_while_options_change():
    classes = dots()
    shown = preview(request(classes), whole_view(classes), None, IDLE)
    fewer = request(classes, params=SplitParams(min_size=20))
    second = preview(fewer, whole_view(classes), shown, IDLE)
    assert np.unique(second.labels).tolist() == [0, 2, 3]
    third = preview(request(classes), whole_view(classes), second, IDLE)
    assert third.labels[0, 11, 11] == 2
    assert third.labels[0, 21, 31] == 3
    assert third.labels[0, 3, 3] == 4  # it is new


def test_numbers_follow_the_better_overlap_one_to_one():
    old = np.zeros((1, 4, 10), np.int32)
    old[0, :, :4], old[0, :, 6:] = 5, 9
    new = np.zeros_like(old)
    new[0, :, :3], new[0, :, 3:] = 1, 2  # the second touches both, and is more like 9
    region = Block((0, 0, 0), old.shape)
    numbers, last = stable_ids((old, region), (new, region), 2, 9)
    assert numbers.tolist() == [0, 5, 9]
    assert last == 9
    joined = np.ones_like(old)
    numbers, last = stable_ids((old, region), (joined, region), 1, 9)
    assert numbers[1] in (5, 9)
    apart = Block((0, 0, 20), (1, 4, 30))
    numbers, last = stable_ids((old, region), (new, apart), 2, 9)
    assert numbers.tolist() == [0, 10, 11]
    assert last == 11


def test_numbers_agree_where_views_overlap():
    rng = np.random.default_rng(0)
    labels = bw.split_objects((rng.random((60, 60)) < 0.2).astype(np.uint8), 1)
    first, second = Block((0, 0, 0), (1, 60, 40)), Block((0, 0, 20), (1, 60, 60))
    old = bw.split_objects((labels[:, :40] > 0).astype(np.uint8), 1)[None]
    new = bw.split_objects((labels[:, 20:] > 0).astype(np.uint8), 1)[None]
    numbers, _ = stable_ids((old, first), (new, second), int(new.max()), int(old.max()))
    kept = numbers[new]
    same = (old[0, :, 25:35] > 0) & (kept[0, :, 5:15] == old[0, :, 25:35])
    assert same.sum() / (old[0, :, 25:35] > 0).sum() > 0.9
    assert len(np.unique(numbers)) == len(numbers)


def test_numbers_start_again_before_they_run_out():
    labels = np.ones((1, 2, 2), np.int32)
    region = Block((0, 0, 0), labels.shape)
    numbers, last = stable_ids((labels, region), (labels, region), 1, 2**31 - 5)
    assert (numbers.tolist(), last) == ([0, 1], 1)


@pytest.mark.parametrize(
    ("shape", "ndim", "start", "stop"),
    [
        ((9000, 9000), 2, (4000, 100), (4500, 700)),
        ((9000, 9000), 2, (0, 0), (9000, 9000)),
        ((5, 3000, 3000), 2, (3, 0, 0), (4, 3000, 3000)),
        ((60, 2000, 2000), 3, (30, 900, 900), (31, 1100, 1100)),
        ((500, 500, 500), 3, (0, 0, 0), (500, 500, 500)),
        ((4, 20, 30, 40), 3, (2, 7, 0, 0), (3, 8, 30, 40)),
    ],
)
def test_a_view_lies_in_the_image_and_holds_the_middle(shape, ndim, start, stop):
    view = view_of(start, stop, shape, ndim)
    n = len(shape) - ndim
    assert view.frame == tuple(start[:n])
    full = (1,) * (3 - ndim) + shape[n:]
    assert view.region.n_pixels <= 4 << 20
    for axis in range(3):
        low, high = view.region.start[axis], view.region.stop[axis]
        assert 0 <= low < high <= full[axis]
        assert bool(view.open_faces >> (2 * axis) & 1) == (low > 0)
        assert bool(view.open_faces >> (2 * axis + 1) & 1) == (high < full[axis])
        if axis >= 3 - ndim:
            middle = (start[axis - 3] + stop[axis - 3]) // 2
            assert low <= middle <= high
    assert not view.is_whole


def test_objects_at_the_edge_of_the_view_are_not_at_the_border():
    classes = np.ones((3000, 2000), np.uint8)
    classes[:, 100:110] = 2
    view = view_of((1000, 0), (1400, 300), classes.shape, 2)
    asked = request(classes, params=SplitParams(border="remove"))
    assert len(preview(asked, view, None, IDLE).sizes) == 1
    assert "1 object in view" in preview_text(preview(asked, view, None, IDLE))
    assert bw.split_objects(classes, border="remove").max() == 0


def test_seeds_are_drawn_in_the_region_and_in_the_image_s_own_axes():
    stack = np.zeros((2, 9, 30, 30), np.uint8)
    stack[1, 2:7, 5:15, 5:15] = 2
    asked = request(stack, ndim=3, spacing=(2.0, 1.0, 1.0), params=SplitParams(method="distance"))
    view = view_of((1, 4, 0, 0), (2, 5, 30, 30), stack.shape, 3)
    shown = preview(asked, view, None, IDLE)
    assert shown.seeds.shape == (1, 4)
    assert shown.seeds[0, 0] == 1
    assert stack[tuple(shown.seeds[0])] == 2
    marks = seed_marks(shown)
    assert marks.shape == (9, 30, 30)
    assert marks[tuple(shown.seeds[0, 1:])] == 2
    assert 5 < (marks > 0).sum() < 60


def test_the_whole_image_is_split_as_by_the_public_function():
    classes = np.stack([dots(), dots()])
    out = np.zeros(classes.shape, np.int32)
    done = make_whole(request(classes), [out], None, IDLE)
    assert np.array_equal(out, bw.split_objects(classes, ndim=2))
    assert done.sizes.tolist() == [16, 36, 64] * 2
    assert done.fingerprint == fingerprint(out)
    out[0, 0, 0] = 7
    assert done.fingerprint != fingerprint(out)


def test_what_is_not_classified_yet_is_said():
    classes = dots()
    classes[:, 25:] = 0
    done = make_whole(
        request(classes, written=(classes,)), [np.zeros(classes.shape, np.int32)], None, IDLE
    )
    assert done.blank == 0.5
    assert "But 50 % of the image is not classified yet: press Apply" in blank_text(done.blank)
    assert blank_share((classes == 1, classes == 2), IDLE) == 0.5
    assert blank_share((classes, np.ones_like(classes)), IDLE) == 0
    assert blank_share((), IDLE) == 0
    assert blank_text(0) == ""
    assert "less than 1 %" in blank_text(1e-5)


def test_work_is_cancelled():
    job = Job()
    job.cancel()
    for work in (
        lambda: preview(request(dots()), whole_view(dots()), None, job),
        lambda: make_whole(request(dots()), [np.zeros((40, 50), np.int32)], None, job),
        lambda: class_values(dots(), job),
    ):
        with pytest.raises(Cancelled):
            work()


def test_classes_in_a_layer_are_listed_unless_there_are_many():
    assert class_values(np.array([[0, 7, 2, -3]]), IDLE) == (2, 7)
    assert class_values(np.zeros((3, 3), int), IDLE) == ()
    assert class_values(np.arange(100).reshape(10, 10), IDLE) is None


def test_nothing_says_what_to_do():
    def said(data, **params):
        asked = request(data, params=SplitParams(**params))
        return empty_text(preview(asked, whole_view(data), None, IDLE))

    assert "has no pixel of the ticked classes" in said(np.ones((9, 9), np.uint8))
    low = np.full((9, 9), 0.43, np.float32)
    assert "reaches the threshold 0.5; the highest probability is 0.43" in said(low)
    assert "core threshold 0.8; the highest probability is 0.43" in said(
        low, method="hysteresis", threshold=0.2
    )
    assert "the sizes leave none" in said(dots(), min_size=1000)
    assert "touch the border" in said(np.full((9, 9), 2, np.uint8), border="remove")


def test_numbers_and_ends_are_sentences():
    assert [number_text(v) for v in (143.4, 12345.6, 1.234, 20, 0.0123)] == [
        "143", "12,346", "1.23", "20", "0.0123"
    ]  # fmt: skip
    made = Made("o", 61, 143.2, "µm", 3, 0.8)
    assert made_text(made, "x · objects") == (
        "61 objects, median 143 µm³, in 0.80 s. They are in 'x · objects'."
    )


def test_the_guide_says_where_this_step_is():
    state = MakingState()
    assert objects_step_text(state, Table()) == "needs classes"
    assert objects_step_text(state, FULL) == "ready"
    state.made = Made("o", 61, 1.0, "px", 2, 0.1)
    assert objects_step_text(state, Table(objects=[LabelsRef("o", "x", (4, 5))])) == "61 objects"
    assert objects_step_text(state, FULL) == "ready"  # its layer was deleted


@pytest.mark.parametrize("source", ["c", "p"])
def test_the_script_makes_the_same_objects(source, tmp_path, monkeypatch):
    import tifffile

    state = MakingState(source=source, image="i")
    state.params = SplitParams(method="intensity", min_size=2, units="world", fill_holes=True)
    data = dots() if source == "c" else (dots() - 1).astype(np.float32) * 0.7
    image = np.random.default_rng(0).random(data.shape)
    script = objects_script(state, resolve_making(state, FULL))
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("classes.tif" if source == "c" else "probability.tif", data)
    tifffile.imwrite("image.tif", image)
    exec(compile(script, "script", "exec"), {})
    expected = bw.split_objects(data, params=state.params, image=image, spacing=(0.5, 0.5))
    assert expected.max() > 1
    assert np.array_equal(tifffile.imread("objects.tif"), expected)


def test_other_units_mean_the_same_sizes():
    params = SplitParams(method="distance", min_size=20, seed_distance=4, seed_smoothing=2)
    world = in_units(params, "world", 0.5, 0.25)
    assert (world.min_size, world.seed_distance, world.seed_smoothing) == (5, 2, 1)
    assert in_units(world, "px", 0.5, 0.25) == replace(params, units="px")
    classes = dots()
    options = {"spacing": (0.5, 0.5)}
    assert np.array_equal(
        bw.split_objects(classes, params=params, **options),
        bw.split_objects(classes, params=world, **options),
    )


def test_a_view_knows_its_first_pixel():
    view = View((3,), Block((0, 5, 6), (1, 9, 9)), False, 0)
    assert view.start(2) == (3, 5, 6)
