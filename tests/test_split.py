"""What becomes an object: masks, seeds, sizes, holes, borders, frames, and refusals."""

import json

import numpy as np
import pytest
from scipy import ndimage

import brushwood as bw
from brushwood import samples
from brushwood.errors import InputError, ShapeMismatchError
from brushwood.jobs import Cancelled, Job


def discs(shape, *places, value=2):
    """Balls of (…place, radius)."""
    grid = np.indices(shape)
    out = np.zeros(shape, np.uint8)
    for *place, radius in places:
        squares = sum((g - p) ** 2 for g, p in zip(grid, place, strict=True))
        out[squares <= radius**2] = value
    return out


TOUCHING = discs((60, 90), (30, 25, 15), (30, 50, 15))


def f1(truth, found):
    """F1 of objects at an overlap (IoU) above one half."""
    pairs, n = np.unique(np.stack([truth.ravel(), found.ravel()]), axis=1, return_counts=True)
    sizes = np.bincount(truth.ravel()), np.bincount(found.ravel())
    both = (pairs > 0).all(axis=0)
    union = sizes[0][pairs[0]] + sizes[1][pairs[1]] - n
    hits = (n[both] / union[both] > 0.5).sum()
    return 2 * hits / sum((s[1:] > 0).sum() for s in sizes)


def test_components_are_scipy_s():
    mask = np.random.default_rng(0).random((50, 60)) < 0.4
    for connectivity, structure in (("full", np.ones((3, 3))), ("faces", None)):
        expected, _ = ndimage.label(mask, structure)
        found = bw.split_objects(mask * np.uint8(2), connectivity=connectivity)
        assert found.dtype == np.int32
        assert np.array_equal(found, expected)


def test_foreground_may_be_one_class_several_or_all():
    classes = np.repeat(np.array([[0, 1, 2, 3, 7]], np.uint8), 4, axis=0)
    assert np.array_equal(bw.split_objects(classes, 3) > 0, classes == 3)
    assert np.array_equal(bw.split_objects(classes, (1, 7)) > 0, np.isin(classes, (1, 7)))
    assert np.array_equal(bw.split_objects(classes, None) > 0, classes > 0)
    assert np.array_equal(bw.split_objects(classes == 3) > 0, classes == 3)
    large = np.array([[2**31 - 1, 2**31 - 2]], np.uint32)
    assert bw.split_objects(large, 2**31 - 1).tolist() == [[1, 0]]


@pytest.mark.parametrize("method", ["distance", "intensity", "probability"])
def test_what_touches_is_parted_at_the_neck(method):
    assert bw.split_objects(TOUCHING).max() == 1
    image = ndimage.distance_transform_edt(TOUCHING) * 1000 + 200
    found = bw.split_objects(TOUCHING, method=method, image=image)
    assert found.max() == 2
    assert np.array_equal(found > 0, TOUCHING > 0)
    assert (found[:, :37][TOUCHING[:, :37] > 0] == 1).all()
    assert (found[:, 39:][TOUCHING[:, 39:] > 0] == 2).all()


def test_seed_controls_part_more_or_less():
    def count(**options):
        return bw.split_objects(TOUCHING, method="distance", **options).max()

    # The neck is 8.3 px wide on a side, the discs 15: a dip of 0.4 of their height.
    assert count(seed_height=0.3) == 2
    assert count(seed_height=0.6) == 1
    assert count(seed_distance=20) == 2
    assert count(seed_distance=30) == 1
    assert count(seed_smoothing=20) == 1
    rough = TOUCHING.copy()
    rough[np.random.default_rng(0).random(rough.shape) < 0.03] = 0
    many = bw.split_objects(rough, method="distance", seed_height=0, seed_smoothing=0).max()
    assert many > 10 > bw.split_objects(rough, method="distance", fill_holes=True).max()


def test_of_seeds_that_are_close_the_highest_stays():
    row = discs((60, 110), (30, 20, 15), (30, 42, 11), (30, 64, 15))
    assert bw.split_objects(row, method="distance").max() == 3
    assert bw.split_objects(row, method="distance", seed_distance=30).max() == 2


def test_a_camera_s_offset_hides_no_dip():
    image = 50_000 + 10 * ndimage.distance_transform_edt(TOUCHING)
    assert bw.split_objects(TOUCHING, method="intensity", image=image).max() == 2


def test_probabilities_are_thresholded_where_they_are_equal_to_the_threshold():
    p = np.array([[0.0, 0.69, 0.7, 0.71, np.nan]], np.float32)
    assert bw.split_objects(p, threshold=0.7).tolist() == [[0, 0, 1, 1, 0]]


def test_smoothing_is_a_gaussian_that_follows_the_spacing():
    p = np.random.default_rng(0).random((12, 40, 50)).astype(np.float32)
    found = bw.split_objects(p, smoothing=2, spacing=(4, 1, 1), ndim=3)
    smooth = ndimage.gaussian_filter(p, (0.5, 2, 2), mode="reflect", truncate=3)
    assert (found > 0).sum() > 1000
    assert np.array_equal(found > 0, smooth >= 0.5)


def test_hysteresis_keeps_areas_with_a_core():
    p = np.array([[0.6, 0.6, 0, 0.6, 0.9, 0.6, 0.9, 0.6]], np.float32)
    assert bw.split_objects(p, method="hysteresis").tolist() == [[0, 0, 0, 1, 1, 1, 1, 1]]
    apart = bw.split_objects(p, method="hysteresis", keep_cores_apart=True, seed_smoothing=0)
    assert apart[0, [4, 6, 7]].tolist() == [1, 2, 2]
    assert (apart > 0).sum() == 5


def test_distances_follow_the_spacing():
    # Two slabs in z, joined by a plate that is thin only if the planes are close together.
    stack = np.zeros((9, 20, 20), np.uint8)
    stack[1:8, 2:18, 2:18] = 2
    stack[4, 2:7] = stack[4, 13:] = stack[4, :, 2:7] = stack[4, :, 13:] = 0
    thin = bw.split_objects(stack, method="distance", ndim=3, spacing=(4, 1, 1))
    thick = bw.split_objects(stack, method="distance", ndim=3, spacing=(0.25, 1, 1))
    assert thin.max() == 2
    assert thick.max() == 1


def test_sizes_are_in_pixels_or_in_the_unit():
    classes = discs((40, 120), (20, 15, 5), (20, 50, 9), (20, 95, 15))
    areas = np.sort(np.bincount(bw.split_objects(classes).ravel())[1:])
    for units, spacing, factor in (("px", (0.5, 0.5), 1), ("world", (0.5, 0.5), 0.25)):
        found = bw.split_objects(
            classes,
            min_size=(areas[0] + 1) * factor,
            max_size=(areas[2] - 1) * factor,
            units=units,
            spacing=spacing,
        )
        assert np.bincount(found.ravel())[1:].tolist() == [areas[1]]
    exact = bw.split_objects(classes, min_size=int(areas[1]), max_size=int(areas[1]))
    assert exact.max() == 1
    volume = bw.split_objects(
        np.full((2, 3, 4), 2, np.uint8), units="world", spacing=(2, 1, 1), ndim=3, min_size=48
    )
    assert volume.max() == 1


def test_border_objects_are_kept_or_removed():
    stack = np.zeros((5, 12, 12), np.uint8)
    stack[0, 5, 5] = stack[2, 0, 3] = stack[2, 6, 6] = stack[4, 8, 2] = stack[2, 9, 11] = 2
    assert bw.split_objects(stack, ndim=3).max() == 5
    assert bw.split_objects(stack, ndim=3, border="remove sides").max() == 3
    inner = bw.split_objects(stack, ndim=3, border="remove")
    assert inner.max() == 1
    assert inner[2, 6, 6] == 1
    # Plane by plane the first and the last plane are no border.
    assert bw.split_objects(stack, ndim=2, border="remove").max() == 3
    # Only the piece that touches the border goes.
    half = TOUCHING[:, 25:]
    assert bw.split_objects(half, method="distance", border="remove").max() == 1


def test_frames_are_worked_on_by_themselves_with_numbers_of_their_own():
    classes = np.zeros((2, 3, 8, 8), np.uint8)
    classes[..., 1:3, 1:3] = 2
    classes[1, 2, 5:7, 5:7] = 2
    found = bw.split_objects(classes, ndim=2)
    assert np.unique(found).tolist() == list(range(8))
    assert found[1, 2, 5, 5] == 7
    for t in range(2):
        for c in range(3):
            assert len(np.unique(found[t, c])) == (3 if (t, c) == (1, 2) else 2)


def test_numbers_follow_the_first_pixels_after_parting_and_cleaning():
    classes = discs(
        (90, 200), (20, 150, 15), (45, 140, 15), (40, 30, 15), (60, 45, 15), (35, 90, 5)
    )
    classes[2, 2] = 2
    found = bw.split_objects(classes, method="distance", min_size=5)
    _, first = np.unique(found[found > 0], return_index=True)
    assert found.max() == 5
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize(
    ("key", "least"),
    [("nuclei_2d", 0.93), ("round_and_elongated_blobs", 0.98), ("nuclei_3d", 0.99)],
)
def test_the_samples_true_masks_become_their_true_objects(key, least):
    sample = samples.load(key)
    truth = np.asarray(sample.truth_labels)
    found = bw.split_objects(truth > 0, 1, "distance", spacing=sample.spacing, ndim=sample.ndim)
    assert f1(truth, found) >= least
    if key != "round_and_elongated_blobs":
        assert f1(truth, found) > f1(truth, bw.split_objects(truth > 0, 1, ndim=sample.ndim))


def test_nothing_there_is_no_object():
    for empty in (np.zeros((5, 6), np.uint8), np.zeros((5, 6), np.float32)):
        for method in ("components", "distance"):
            assert not bw.split_objects(empty, method=method, fill_holes=True).any()
    full = np.full((5, 6), 2, np.uint8)
    assert (bw.split_objects(full, method="distance", fill_holes=True) == 1).all()


def test_many_objects_of_one_pixel():
    dots = np.zeros((600, 600), np.uint8)
    dots[::2, ::2] = 2
    assert bw.split_objects(dots, method="distance").max() == 300 * 300


def test_params_travel_as_json_and_options_change_them():
    params = bw.SplitParams(method="hysteresis", core=0.9, min_size=np.int64(7), units="world")
    again = bw.SplitParams.from_json(json.loads(json.dumps(params.to_json())))
    assert again == params
    assert bw.SplitParams.from_json({}) == bw.SplitParams()
    small = np.array([[2, 0, 2, 2]], np.uint8)
    params = bw.SplitParams(min_size=2)
    assert bw.split_objects(small, params=params).tolist() == [[0, 0, 1, 1]]
    assert bw.split_objects(small, params=params, min_size=0).max() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "magic"},
        {"threshold": 1.5},
        {"threshold": float("nan")},
        {"min_size": -1},
        {"seed_height": True},
        {"fill_holes": 1},
        {"border": "cut"},
    ],
)
def test_wrong_params_are_refused(wrong):
    with pytest.raises(InputError, match="SplitParams"):
        bw.SplitParams(**wrong)


def test_values_that_do_not_go_together_are_refused_when_used():
    with pytest.raises(InputError, match="largest size 5 is below the smallest 10"):
        bw.split_objects(CLASSES, min_size=10, max_size=5)
    with pytest.raises(InputError, match=r"core threshold 0\.2 is below the threshold 0\.5"):
        bw.split_objects(CLASSES / 2.0, method="hysteresis", core=0.2)
    assert bw.SplitParams(min_size=10, max_size=5).problem  # a form may pass through it


def test_documents_with_unknown_fields_are_refused():
    with pytest.raises(InputError, match="unknown fields: sigma"):
        bw.SplitParams.from_json({"sigma": 1})
    with pytest.raises(InputError, match="a JSON object"):
        bw.SplitParams.from_json([1])


CLASSES = np.ones((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((CLASSES.astype(float) * 3,), InputError, "probabilities from 0 to 1"),
        ((CLASSES, 2, "hysteresis"), InputError, "needs a probability map"),
        ((CLASSES, 2, "intensity"), InputError, "needs an image"),
        ((CLASSES, 2, "probability"), InputError, "needs an image"),
        ((CLASSES, "two"), InputError, "foreground must be"),
        ((CLASSES, ()), InputError, "foreground must be"),
        ((CLASSES.astype(complex),), InputError, "complex"),
    ],
)
def test_wrong_input_is_refused_with_a_sentence(arguments, error, match):
    with pytest.raises(error, match=match):
        bw.split_objects(*arguments)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"image": CLASSES[1:], "method": "intensity"}, ShapeMismatchError, r"image has the shape"),
        ({"out": np.zeros((4, 4), int)}, ShapeMismatchError, r"out has the shape"),
        ({"out": np.zeros((4, 5))}, InputError, "whole numbers"),
        ({"spacing": (1, 0)}, InputError, "positive numbers"),
        ({"spacing": (1, 1, 1)}, InputError, "positive numbers"),
        ({"units": "world"}, InputError, "no spacing was"),
        ({"block": (0, 4)}, InputError, "block must be"),
        ({"block": (4,)}, InputError, "block must be"),
        ({"ndim": 3}, InputError, "dimensions"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, error, match):
    with pytest.raises(error, match=match):
        bw.split_objects(CLASSES, **options)


def test_labels_that_cannot_number_all_objects_are_refused_before_writing():
    dots = np.zeros((60, 60), np.uint8)
    dots[::2, ::2] = 2
    out = np.full((60, 60), 9, np.uint8)
    with pytest.raises(InputError, match="900 objects, more than uint8"):
        bw.split_objects(dots, out=out)
    assert (out == 9).all()


def test_an_area_too_large_to_be_parted_is_said(monkeypatch):
    monkeypatch.setenv("BRUSHWOOD_OBJECT_MEMORY", "100K")
    with pytest.raises(InputError, match=r"spans 33 × 58 pixels.*BRUSHWOOD_OBJECT_MEMORY"):
        bw.split_objects(TOUCHING, method="distance")
    assert bw.split_objects(TOUCHING).max() == 1
    monkeypatch.setenv("BRUSHWOOD_OBJECT_MEMORY", "1G")
    assert bw.split_objects(TOUCHING, method="distance").max() == 2
    monkeypatch.setenv("BRUSHWOOD_OBJECT_MEMORY", "much")
    with pytest.raises(InputError, match="must be a size"):
        bw.split_objects(TOUCHING, method="distance")


def test_cancel_leaves_out_as_it_was():
    out = np.full(TOUCHING.shape, 5, np.int32)
    seen = []

    def stop(fraction, message):
        seen.append(fraction)
        if len(seen) == 30:
            job.cancel()

    job = Job(stop)
    with pytest.raises(Cancelled):
        bw.split_objects(TOUCHING, method="distance", block=(8, 8), out=out, job=job)
    assert (out == 5).all()
    assert seen == sorted(seen)


def test_progress_goes_from_nothing_to_all():
    seen = []
    job = Job(lambda fraction, message: seen.append((fraction, message)))
    bw.split_objects(np.stack([TOUCHING] * 3), method="distance", ndim=2, block=(20, 20), job=job)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.05
    assert 0.9 < fractions[-1] <= 1
    assert all(message for _, message in seen)


def test_only_holes_up_to_a_size_are_filled():
    classes = np.zeros((20, 30), np.uint8)
    classes[2:18, 2:28] = 2
    classes[5, 5] = classes[8:12, 8:12] = 0
    for limit, holes in ((0, 0), (1, 16), (15, 16), (16, 0)):
        found = bw.split_objects(classes, fill_holes=True, max_hole=limit)
        assert (found[2:18, 2:28] == 0).sum() == holes
    kept = bw.split_objects(
        classes, fill_holes=True, max_hole=0.25, units="world", spacing=(0.5, 0.5)
    )
    assert (kept[2:18, 2:28] == 0).sum() == 16
