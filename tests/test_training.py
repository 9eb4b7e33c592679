"""The training set: only what is new is computed, and rows do not depend on how they came."""

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.arrays import ImageSource
from brushwood.blocks import Block, iter_blocks
from brushwood.errors import AnnotationError, FeatureMismatchError, ShapeMismatchError
from brushwood.features.spec import FeatureSet
from brushwood.jobs import Cancelled, Job
from brushwood.opencl import choose_device
from brushwood.pixels.scaling import Scaling
from brushwood.pixels.stacks import FeatureCache, StackMaker, View
from brushwood.pixels.strokes import Strokes
from brushwood.pixels.training import TrainingSet

FEATURES = FeatureSet.parse("original gaussian=1 gradient=1")
RNG = np.random.default_rng(0)
IMAGE = RNG.normal(100, 30, (60, 90)).astype(np.float32)


class CountingMaker(StackMaker):
    """Counts the pixels that features are computed for."""

    pixels = 0

    def compute(self, queue, padded, view, block):
        self.pixels += block.n_pixels
        return super().compute(queue, padded, view, block)


def training(ndim=2, n_channels=1, mode="none", tile=(1, 20, 30)):
    maker = CountingMaker(FEATURES, ndim, n_channels, None, choose_device())
    return TrainingSet(maker, Scaling(mode=mode), tile)


def source(image=IMAGE, **options):
    return ImageSource.of(image, **options)


def annotation(n=200, seed=0, shape=IMAGE.shape):
    rng = np.random.default_rng(seed)
    painted = np.zeros(shape, np.uint8)
    painted.reshape(-1)[rng.permutation(painted.size)[:n]] = rng.integers(1, 4, n)
    return painted


def test_rows_are_the_features_of_the_pixels_under_strokes():
    painted = annotation()
    data = training()
    data.put("a", source(), Strokes.of(painted))
    rows = data.rows(10_000)
    where = painted > 0
    # `compute` takes the image's level off before filtering, so the last digits differ.
    expected = FEATURES.compute(IMAGE)[:, where].T
    np.testing.assert_allclose(rows.features, expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(rows.classes, painted[where])
    assert data.left_out == 0


def test_only_touched_tiles_are_computed_and_only_once():
    data = training()
    painted = np.zeros(IMAGE.shape, np.uint8)
    painted[3, 4:9] = 1
    painted[10, 10:14] = 2
    data.put("a", source(), Strokes.of(painted))
    data.rows(1000)
    assert data.maker.pixels == 8 * 10
    more = painted.copy()
    more[45:47, 65] = 1
    for erased_or_undone in (more, painted, more):
        data.put("a", source(), Strokes.of(erased_or_undone))
        assert len(data.rows(1000)) == np.count_nonzero(erased_or_undone)
        assert data.maker.pixels == 80 + 2


@settings(max_examples=15)
@given(
    tile=st.tuples(st.integers(1, 3), st.integers(5, 70), st.integers(5, 70)),
    seed=st.integers(0, 99),
    steps=st.integers(1, 4),
    ndim=st.sampled_from([2, 3]),
)
def test_rows_do_not_depend_on_tiles_or_the_order_of_strokes(tile, seed, steps, ndim):
    image = IMAGE if ndim == 2 else IMAGE.reshape(4, 15, 90)
    final = annotation(60, seed, image.shape)
    once = training(ndim)
    once.put("a", source(image), Strokes.of(final))
    expected = once.rows(10_000)
    data = training(ndim, tile=tile if ndim == 3 else (1, *tile[1:]))
    rng = np.random.default_rng(seed)
    for step in range(steps):
        some = np.where(rng.random(final.shape) < 0.6, final, 0)
        some.reshape(-1)[:2] = 1, 2
        if step == steps - 1:
            some = final
        data.put("a", source(image), Strokes.of(some))
        rows = data.rows(10_000)
    np.testing.assert_array_equal(rows.features, expected.features)
    np.testing.assert_array_equal(rows.classes, expected.classes)


def test_stacks_in_view_are_used_for_rows():
    data = training()
    cache = FeatureCache(1 << 30)
    image = source()
    range_ = Scaling(mode="none").measure(image)
    data.maker.stack(View(image, range_), Block((0, 0, 0), (1, 60, 90)), cache)
    before = data.maker.pixels
    data.put("a", image, Strokes.of(annotation()))
    cached = data.rows(1000, cache=cache)
    assert data.maker.pixels == before
    fresh = training()
    fresh.put("a", image, Strokes.of(annotation()))
    np.testing.assert_array_equal(cached.features, fresh.rows(1000).features)


def test_a_lazy_image_is_read_under_strokes_only():
    seen = set()

    def chunk(block_info):
        seen.add(block_info[None]["chunk-location"])
        return np.ones((100, 100), np.uint8)

    lazy = da.map_blocks(chunk, chunks=((100,) * 20, (100,) * 20), dtype=np.uint8)
    painted = np.zeros((2000, 2000), np.uint8)
    painted[1050, 540:560] = 1
    painted[1060, 540:560] = 2
    data = training()
    data.put("a", source(lazy), Strokes.of(painted))
    data.rows(1000)
    assert seen == {(10, 5)}


def test_frames_and_channels():
    image = RNG.normal(0, 1, (2, 3, 30, 40)).astype(np.float32)
    painted = annotation(50, shape=(3, 30, 40))
    data = training(2, 2)
    data.put("a", source(image, channel_axis=0, ndim=2), Strokes.of(painted))
    rows = data.rows(1000)
    expected = [
        FEATURES.compute(image[:, f], channel_axis=0)[:, painted[f] > 0].T for f in range(3)
    ]
    np.testing.assert_allclose(rows.features, np.concatenate(expected), rtol=1e-5, atol=1e-6)


def test_several_images_each_scaled_by_itself():
    data = training(mode="image")
    for key, gain in (("a", 1.0), ("b", 10.0)):
        data.put(key, source(IMAGE * np.float32(gain)), Strokes.of(annotation()))
    rows = data.rows(1000)
    np.testing.assert_allclose(rows.features[:200], rows.features[200:], atol=1e-3)
    assert data.counts == {
        int(k): 2 * int(n)
        for k, n in zip(*np.unique(annotation()[annotation() > 0], return_counts=True), strict=True)
    }
    data.remove("a")
    assert len(data.rows(1000)) == 200
    np.testing.assert_array_equal(data.rows(1000).features, rows.features[200:])


def test_constants_of_the_training_set_follow_it():
    data = training(mode="training")
    data.put("a", source(), Strokes.of(annotation()))
    alone = data.rows(1000)
    data.put("b", source(IMAGE * np.float32(3)), Strokes.of(annotation()))
    both = data.rows(1000)
    range_ = data.range()
    assert range_.span[0] == pytest.approx(2 * Scaling().measure(source()).span[0], rel=0.01)
    assert np.ptp(both.features[:200, 0]) == pytest.approx(
        np.ptp(alone.features[:, 0]) / 2, rel=0.01
    )


def test_the_cap_draws_the_same_rows_whatever_came_before():
    first = training()
    first.put("a", source(), Strokes.of(annotation(1000)))
    expected = first.rows(100, seed=3)
    assert 95 <= len(expected) <= 100
    assert first.left_out == 1000 - len(expected)
    second = training(tile=(1, 60, 90))
    second.put("a", source(), Strokes.of(annotation(50)))
    second.rows(100, seed=3)
    second.put("a", source(), Strokes.of(annotation(1000)))
    rows = second.rows(100, seed=3)
    np.testing.assert_array_equal(rows.features, expected.features)
    assert not np.array_equal(first.rows(100, seed=4).features, expected.features)


def test_many_erased_rows_are_dropped(monkeypatch):
    monkeypatch.setattr("brushwood.pixels.training._SPARE_ROWS", 100)
    data = training()
    for seed in range(5):
        data.put("a", source(), Strokes.of(annotation(200, seed)))
        rows = data.rows(1000)
    image = next(iter(data._images.values()))
    assert sum(tile.index.size for tile in image.tiles.values()) <= 300
    fresh = training()
    fresh.put("a", source(), Strokes.of(annotation(200, 4)))
    np.testing.assert_array_equal(rows.features, fresh.rows(1000).features)


def test_other_pixels_under_the_same_name_are_computed_anew():
    data = training()
    data.put("a", source(), Strokes.of(annotation()))
    before = data.rows(1000)
    data.put("a", source(IMAGE + 1), Strokes.of(annotation()))
    np.testing.assert_allclose(data.rows(1000).features[:, 0], before.features[:, 0] + 1)


def test_what_cannot_be_trained_on():
    data = training()
    with pytest.raises(AnnotationError, match="Paint a stroke for each class"):
        data.rows(100)
    with pytest.raises(ShapeMismatchError):
        data.put("a", source(), Strokes.of(np.ones((3, 3), int)))
    with pytest.raises(FeatureMismatchError, match="1 channels was expected"):
        data.put("a", source(np.zeros((60, 90, 2)), channel_axis=-1), Strokes.of(annotation()))


def test_it_can_be_cancelled():
    data = training()
    data.put("a", source(), Strokes.of(annotation()))
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        data.rows(1000, job=job)


def test_the_cache_drops_what_was_used_longest_ago():
    maker = CountingMaker(FEATURES, 2, 1, None, choose_device())
    image = source()
    view = View(image, Scaling(mode="none").measure(image))
    blocks = list(iter_blocks(image.shape3, (1, 20, 90)))
    stacks = [maker.stack(view, block) for block in blocks]
    size = 4 * stacks[0].n_planes * stacks[0].plane
    cache = FeatureCache(2 * size)
    for block in (0, 1, 0, 2):
        maker.stack(view, blocks[block], cache)
    origin = maker.origin(view)
    assert [cache.get(origin, block) is not None for block in blocks] == [True, False, True]
    assert cache.bytes_held == 2 * size <= cache.budget_bytes
    assert cache.covering(origin, blocks[1]) is None
    assert cache.covering(maker.origin(View(source(IMAGE + 1), view.range_)), blocks[0]) is None
    cache.clear()
    assert (len(cache), cache.bytes_held) == (0, 0)
