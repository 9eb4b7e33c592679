"""Areas that are parted together become what each becomes alone, and a cancel is obeyed at once."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from brushwood.jobs import Cancelled, Job
from brushwood.objects.piles import Pile
from brushwood.objects.seeds import SeedRule, distance_landscapes, in_scan_order, part
from brushwood.objects.split import split_objects


def areas_of(mask, full):
    """Each connected area in its box with the background around it, and whether it is cut."""
    structure = ndimage.generate_binary_structure(mask.ndim, mask.ndim if full else 1)
    labels, _ = ndimage.label(mask, structure)
    areas, cut = [], []
    for n, box in enumerate(ndimage.find_objects(labels), start=1):
        wide = tuple(
            slice(max(0, s.start - 1), min(size, s.stop + 1))
            for s, size in zip(box, mask.shape, strict=True)
        )
        areas.append(labels[wide] == n)
        cut.append(any(s.start == 0 or s.stop == m for s, m in zip(box, mask.shape, strict=True)))
    return areas, cut


def by_steps(area, landscape, rule, cores=None):
    """One area, as one writes it by hand."""
    heights = np.where(area, landscape, np.float32(-1))
    everywhere = np.ones((3,) * area.ndim)

    def tops(values):
        found = local_maxima(values, connectivity=area.ndim, allow_borders=True).astype(bool)
        return ndimage.label(found & area, everywhere)

    markers, n = tops(heights) if cores is None else ndimage.label(cores & area, everywhere)
    if cores is None and n > 1 and rule.height:
        lowered = np.where(area, heights * np.float32(1 - rule.height), heights)
        markers, n = tops(reconstruction(lowered, heights, footprint=everywhere))
    if n < 2:
        return None
    connectivity = area.ndim if rule.full else 1
    return in_scan_order(watershed(-heights, markers, connectivity=connectivity, mask=area))


@given(
    seed=st.integers(0, 2**32 - 1),
    density=st.sampled_from([0.4, 0.55, 0.62]),
    shape=st.sampled_from([(40, 44), (9, 16, 14), (3, 20, 21)]),
    smoothing=st.sampled_from([0.0, 0.6, 1.5]),
    height=st.sampled_from([0.0, 0.05, 0.3]),
    full=st.booleans(),
    stretched=st.booleans(),
    with_cores=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_areas_together_are_areas_alone(
    seed, density, shape, smoothing, height, full, stretched, with_cores
):
    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.random(shape), 0.8) < density - 0.05
    areas, cut = areas_of(mask, full)
    if not areas:
        return
    ndim = len(shape)
    spacing = (0.3, 0.1, 0.1)[-ndim:] if stretched else (1.0,) * ndim
    rule = SeedRule(height, 0.0, (smoothing,) * ndim, spacing, full)
    together = distance_landscapes(areas, cut, rule)
    for area, found, is_cut in zip(areas, together, cut, strict=True):
        (alone,) = distance_landscapes([area], [True], rule)
        assert found.dtype == np.float32
        assert np.array_equal(found[area], alone[area]), is_cut
    cores = [area & (rng.random(area.shape) < 0.2) for area in areas] if with_cores else None
    for n, parted in enumerate(part(areas, together, rule, cores)):
        expected = by_steps(areas[n], together[n], rule, None if cores is None else cores[n])
        if expected is None:
            assert parted.labels is None
        else:
            assert np.array_equal(parted.labels, expected)
            assert len(parted.seeds) == expected.max()
        assert all(areas[n][tuple(seed)] for seed in parted.seeds)


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 1.5, 4.0])
def test_the_gaussian_of_a_distance_map_sees_no_neighbour_in_the_pile(smoothing):
    areas = []
    for height, width in ((3, 9), (6, 4), (1, 1), (8, 8)):
        area = np.zeros((height + 2, width + 2), bool)
        area[1:-1, 1:-1] = True
        areas.append(area)
    rule = SeedRule(0.05, 0.0, (smoothing, smoothing), (1.0, 1.0))
    together = distance_landscapes(areas, [False] * 4, rule)
    for area, found in zip(areas, together, strict=True):
        (alone,) = distance_landscapes([area], [True], rule)
        assert np.array_equal(found[area], alone[area])


def test_seeds_are_spread_within_an_area_only():
    bar = np.zeros((5, 30), bool)
    bar[1:-1, 1:-1] = True
    peaks = np.full(bar.shape, 0.1, np.float32)
    peaks[2, [3, 8, 20]] = 1.0, 0.9, 0.8
    rule = SeedRule(0.0, 7.0, (0.0, 0.0), (1.0, 1.0))
    for found in part([bar, bar], [peaks, peaks], rule):
        assert found.seeds.tolist() == [[2, 3], [2, 20]]
        assert found.labels.max() == 2
    close = SeedRule(0.0, 4.0, (0.0, 0.0), (1.0, 1.0))
    assert len(part([bar], [peaks], close)[0].seeds) == 3
    assert part([bar], [peaks], close, seeds=False)[0].seeds.shape == (3, 2)


def test_a_pile_gives_its_boxes_back():
    rng = np.random.default_rng(0)
    boxes = [rng.integers(0, 9, shape) for shape in ((3, 4, 2), (1, 1, 5), (2, 6, 3))]
    pile = Pile.of(boxes, 2)
    assert pile.shape == (10, 6, 5)
    stack = pile.stack(boxes, -7)
    for box, crop in zip(boxes, pile.crops(stack), strict=True):
        assert np.array_equal(box, crop)
    assert (stack == -7).sum() == stack.size - sum(box.size for box in boxes)
    labels = pile.stack([np.array(v).reshape(-1, 1, 1) for v in ([4, 4, 9], [0], [2, 0])], 0)
    small = Pile.of([np.zeros((n, 1, 1)) for n in (3, 1, 2)], 2)
    marks = small.stack([np.array(v).reshape(-1, 1, 1) for v in ([4, 4, 9], [0], [2, 0])], 0)
    assert small.counts(marks).tolist() == [2, 0, 1]
    assert labels.shape == pile.shape


@pytest.mark.parametrize("method", ["distance", "probability"])
def test_cancel_does_not_wait_for_a_large_area(method, monkeypatch):
    """The watershed of one area cannot be interrupted; the caller leaves without it."""
    import brushwood.objects.seeds as seeds

    began, free = threading.Event(), threading.Event()

    def endless(*args, **options):
        began.set()
        assert free.wait(60)
        return watershed(*args, **options)

    monkeypatch.setattr(seeds, "watershed", endless)
    chance = np.zeros((700, 700), np.float32)
    chance[5:-5, 5:-5] = 0.8
    chance[300:400, 340:360] = 0
    chance[95:106, 95:106] = chance[595:606, 595:606] = 1
    job = Job()
    errors = []

    def run():
        try:
            split_objects(chance, method=method, job=job)
        except Cancelled:
            errors.append(time.perf_counter())

    worker = threading.Thread(target=run)
    worker.start()
    assert began.wait(60)
    job.cancel()
    worker.join(30)
    assert errors, "the caller waits for the watershed"
    free.set()
