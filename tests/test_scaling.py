"""Intensity constants: robust, the same from any array, and no noise stretched into nuclei."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.arrays import ImageSource
from brushwood.errors import InputError
from brushwood.jobs import Cancelled, Job
from brushwood.pixels import survey as survey_module
from brushwood.pixels.scaling import IntensityRange, Scaling, combined

RNG = np.random.default_rng(0)
DTYPES = ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


def nuclei(shape=(256, 256), noise=0.05, scale=1000.0, dtype="f4"):
    """Discs on a background of a fifth of their brightness."""
    y, x = np.indices(shape)[-2:]
    discs = ((y % 32 - 16) ** 2 + (x % 32 - 16) ** 2 < 80).astype(float)
    image = 0.2 + 0.8 * discs + RNG.normal(0, noise, shape)
    return (image * scale).clip(0).astype(dtype)


def measure(image, **options):
    source_options = {k: options.pop(k) for k in ("channel_axis", "ndim") if k in options}
    reference = options.pop("reference", ())
    return Scaling(**options).measure(ImageSource.of(image, **source_options), reference)


def test_small_images_are_measured_exactly():
    image = nuclei((200, 300))
    found = measure(image, top="high")
    ordered = np.sort(image, axis=None)
    low, high = ordered[round(0.01 * 59999)], ordered[round(0.998 * 59999)]
    assert found.low == (low,)
    assert found.span[0] == pytest.approx(high - low)
    assert found.invalid == 0


def test_large_images_are_sampled_closely():
    image = nuclei((2100, 1900), dtype="u2")
    found = measure(image, top="high")
    expected = np.percentile(image, [1, 99.8])
    assert found.low[0] == pytest.approx(expected[0], rel=0.02)
    assert found.low[0] + found.span[0] == pytest.approx(expected[1], rel=0.02)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 60), st.integers(1, 70)),
    chunks=st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40)),
    ndim=st.sampled_from([2, 3]),
    dtype=st.sampled_from(["u1", "u2", "f4"]),
)
def test_constants_do_not_depend_on_how_pixels_are_stored(shape, chunks, ndim, dtype):
    image = np.random.default_rng(1).gamma(2, 20, shape).clip(0, 255).astype(dtype)
    chunks = tuple(min(c, n) for c, n in zip(chunks, shape, strict=True))
    found = measure(image, ndim=ndim)
    for other in (da.from_array(image, chunks=chunks), zarr.array(image, chunks=chunks)):
        assert measure(other, ndim=ndim) == found
    assert measure(image[..., None], ndim=ndim, channel_axis=-1) == found


def test_sampled_constants_do_not_depend_on_chunks(monkeypatch):
    monkeypatch.setattr(survey_module, "PATCH", 32)
    monkeypatch.setattr(survey_module, "MAX_PATCHES", 20)
    monkeypatch.setattr(survey_module, "MAX_PIXELS", 2000)
    image = nuclei((4, 200, 170), dtype="u2")
    for ndim in (2, 3):
        found = measure(image, ndim=ndim)
        for chunks in [(1, 200, 170), (4, 64, 64), (3, 50, 41)]:
            assert measure(da.from_array(image, chunks=chunks), ndim=ndim) == found
            assert measure(zarr.array(image, chunks=chunks), ndim=ndim) == found
        monkeypatch.setattr(survey_module, "_READ_BYTES", 1)
        assert measure(zarr.array(image, chunks=(2, 64, 64)), ndim=ndim) == found


def test_a_huge_stack_is_not_read_whole():
    read = []

    def plane(block_info):
        read.append(block_info[None]["chunk-location"])
        return np.ones((1, 512, 512), np.uint8)

    stack = da.map_blocks(plane, chunks=((1,) * 2000, (512,), (512,)), dtype=np.uint8)
    measure(stack, ndim=3)
    assert len(set(read)) <= 256


def test_every_channel_has_its_own_constants():
    image = np.stack([nuclei(), nuclei(scale=50), np.zeros((256, 256), "f4")])
    found = measure(image, channel_axis=0, top="high")
    assert found.span[0] == pytest.approx(20 * found.span[1], rel=0.05)
    assert (found.low[2], found.span[2]) == (0, 1)
    scaled = found.apply(image[:, None])
    assert scaled.shape == (3, 1, 256, 256)
    np.testing.assert_allclose(np.percentile(scaled[0], [1, 99.8]), [0, 1], atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scaling_keeps_the_difference_between_neighbouring_values(dtype):
    kind = np.dtype(dtype).kind
    if kind == "b":
        image = RNG.random((40, 40)) > 0.5
    elif kind in "ui":
        # float64 holds 53 bits, which is what is asked of 64-bit integers.
        top = min(np.iinfo(dtype).max, 2**50)
        image = (np.uint64(top) - RNG.integers(0, 100, (40, 40)).astype(np.uint64)).astype(dtype)
    else:
        image = RNG.random((40, 40)).astype(dtype)
    found = measure(image)
    scaled = found.apply(image[None, None])
    assert scaled.dtype == np.float32
    exact = (image.astype(np.longdouble) - found.low[0]) / found.span[0]
    np.testing.assert_allclose(scaled[0, 0], exact.astype(float), atol=1e-4)


def test_the_mean_of_bright_pixels_becomes_one():
    image = nuclei()
    found = measure(image)
    scaled = found.apply(image[None, None])[0, 0]
    assert scaled[image > 600].mean() == pytest.approx(1, abs=0.01)
    assert np.percentile(scaled, 1) == pytest.approx(0, abs=1e-3)
    assert measure(image).contrast == measure(image, top="high").contrast


def test_few_very_bright_objects_change_the_scale_little():
    """As mitotic nuclei among others: the percentile follows them, the mean hardly does."""
    image = nuclei()
    brighter = image.copy()
    brighter[:24, :24] *= 3
    for top, least, most in (("bright", 1.0, 1.1), ("high", 1.5, 3.5)):
        change = measure(brighter, top=top).span[0] / measure(image, top=top).span[0]
        assert least <= change <= most, top


def test_sparse_objects_set_the_scale():
    image = RNG.normal(100, 5, (256, 256))
    image[40:58, 40:58] += 200  # half a per cent
    found = measure(image)
    assert found.low[0] + found.span[0] == pytest.approx(300, rel=0.02)


def test_modes():
    image = nuclei()
    assert measure(image, mode="none") == IntensityRange.identity(1)
    np.testing.assert_array_equal(measure(image, mode="none").apply(image[None, None])[0, 0], image)
    assert measure(image, mode="training") == measure(image)
    assert Scaling.of("none").mode == "none"
    assert Scaling.from_json(Scaling(low=2).to_json()) == Scaling(low=2)


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "auto"},
        {"top": "max"},
        {"low": -1},
        {"low": 99, "high": 98},
        {"blank": 20, "clear": 10},
    ],
)
def test_wrong_parameters(options):
    with pytest.raises(InputError, match=r"Choose one|Correct them"):
        Scaling(**options)


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_a_constant_image_becomes_zero(value, dtype):
    image = np.full((30, 40), value, dtype)
    found = measure(image, reference=(50.0,))
    assert (found.apply(image[None, None]) == 0).all()


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("gain", [1.0, 30.0])
def test_an_empty_image_stays_background(noise, gain):
    """Pure noise must not span more of the scale than it does between the nuclei of training."""
    train = nuclei(noise=noise)
    known = measure(train)
    empty = gain * 1000 * (0.2 + RNG.normal(0, noise, (256, 256)))
    found = measure(empty, reference=known.contrast)
    scaled = found.apply(empty[None, None])
    in_training = known.apply(train[None, None])[0, 0]
    background = np.ptp(in_training[train < 600])
    assert np.percentile(scaled, 99.8) <= 1.2 * background
    assert np.percentile(scaled, 99.8) < 0.75
    # Without the guard it would fill the scale, so this test can fail.
    unguarded = measure(empty, blank=0, clear=0, top="high").apply(empty[None, None])
    assert np.percentile(unguarded, 99.8) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", ["hot pixels", "uneven", "one threshold"])
def test_an_empty_image_stays_background_whatever_the_camera_does(kind):
    known = measure(nuclei(noise=0.02))
    empty = RNG.normal(200, 20, (256, 256))
    options = {}
    if kind == "hot pixels":
        empty.flat[RNG.choice(empty.size, 60, replace=False)] = 60000
    elif kind == "uneven":
        empty += np.linspace(0, 100, 256)
    else:
        options = {"blank": 8, "clear": 8}
    scaled = measure(empty, reference=known.contrast, **options).apply(empty[None, None])
    assert np.percentile(scaled, 99.5) < 0.5
    loud = measure(empty, blank=0, clear=0).apply(empty[None, None])
    assert np.percentile(loud, 99.5) > 0.9


def test_an_image_of_fewer_bits_is_not_taken_for_empty():
    """Without noise, contrast is a matter of bits alone."""
    fine = nuclei(noise=0, scale=60000, dtype="u2")
    coarse = (fine >> 8).astype("u1") // 8
    known = measure(fine)
    scaled = measure(coarse, reference=known.contrast).apply(coarse[None, None])
    np.testing.assert_allclose(scaled, known.apply(fine[None, None]), atol=0.05)


def test_a_dark_8_bit_image_is_not_stretched():
    dark = RNG.poisson(0.05, (256, 256)).astype(np.uint8)
    scaled = measure(dark, reference=(200.0,)).apply(dark[None, None])
    assert scaled.max() < 0.1


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15, 0.3])
@pytest.mark.parametrize("gain", [0.1, 10.0])
def test_exposure_cancels_out_where_there_is_structure(noise, gain):
    first = nuclei(noise=noise)
    second = first * np.float32(gain)
    a = measure(first)
    b = measure(second, reference=a.contrast)
    np.testing.assert_allclose(
        a.apply(first[None, None]), b.apply(second[None, None]), rtol=2e-4, atol=2e-5
    )


def test_a_few_bright_pixels_on_nothing_are_seen():
    image = np.zeros((100, 100), np.uint16)
    image[5, 5:8] = 900
    assert measure(image).apply(image[None, None]).max() == pytest.approx(1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_invalid_pixels_are_the_darkest(bad):
    image = nuclei()
    clean = measure(image)
    image[10:20, 10:20] = bad
    found = measure(image)
    assert found.invalid == pytest.approx(100 / 256**2)
    assert found.span[0] == pytest.approx(clean.span[0], rel=0.02)
    scaled = found.apply(image[None, None])[0, 0]
    assert np.isfinite(scaled).all()
    assert (scaled[10:20, 10:20] == 0).all()
    nothing = np.full((5, 5), bad, np.float32)
    found = measure(nothing)
    assert found.invalid == 1
    assert (found.apply(nothing[None, None]) == 0).all()


def test_values_beyond_float32_do_not_break():
    image = np.full((4, 5), 1e300)
    assert (IntensityRange.identity(1).apply(image[None, None]) == 0).all()


def test_a_training_set_of_several_images():
    ranges = [measure(nuclei(scale=s)) for s in (100, 1000, 5000)]
    together = combined(ranges)
    assert together.span == ranges[1].span
    assert together.contrast[0] == min(r.contrast[0] for r in ranges)
    assert combined(ranges[:1]) is ranges[0]


def test_measuring_can_be_cancelled():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        Scaling().measure(ImageSource.of(nuclei()), job=job)
