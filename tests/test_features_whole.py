"""Features of whole images: channels, frames, kinds of array, cancelling, and bad input."""

import dask.array as da
import numpy as np
import pytest
import zarr

from brushwood.errors import InputError
from brushwood.features import FeatureSet
from brushwood.jobs import Cancelled, Job

FEATURES = FeatureSet.parse("original gaussian=1 log=2")


def noise(shape):
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_channels_are_computed_one_after_the_other():
    image = noise((30, 20, 3))
    found = FEATURES.compute(image, channel_axis=-1)
    assert found.shape == (9, 30, 20)
    for c in range(3):
        np.testing.assert_array_equal(found[3 * c : 3 * c + 3], FEATURES.compute(image[..., c]))
    assert len(FEATURES.names(2, 3)) == 9


def test_channels_of_two_borders():
    features = FeatureSet.parse("gaussian=1 gaussian_blur=1 original")
    image = noise((2, 25, 30))
    found = features.compute(image, channel_axis=0)
    np.testing.assert_array_equal(found[3:], features.compute(image[1]))


def test_leading_axes_are_frames():
    image = noise((2, 4, 21, 18))
    found = FEATURES.compute(image, ndim=2)
    assert found.shape == (3, 2, 4, 21, 18)
    np.testing.assert_array_equal(found[:, 1, 2], FEATURES.compute(image[1, 2]))
    volumes = FEATURES.compute(image)
    assert volumes.shape == (3, 2, 4, 21, 18)
    np.testing.assert_array_equal(volumes[:, 1], FEATURES.compute(image[1]))


def test_dask_and_zarr_images_give_the_same(tmp_path):
    image = noise((50, 61))
    wanted = FEATURES.compute(image)
    lazy = da.from_array(image, chunks=(17, 20))
    stored = zarr.create_array(str(tmp_path / "a.zarr"), data=image, chunks=(16, 16))
    np.testing.assert_array_equal(FEATURES.compute(lazy, block=(20, 16)), wanted)
    np.testing.assert_array_equal(FEATURES.compute(stored), wanted)
    np.testing.assert_array_equal(FEATURES.compute([image, image[::2, ::2]]), wanted)


def test_neither_order_nor_sign_of_strides_matters():
    image = noise((30, 40))
    wanted = FEATURES.compute(image)
    np.testing.assert_array_equal(FEATURES.compute(np.asfortranarray(image)), wanted)
    np.testing.assert_array_equal(FEATURES.compute(image[::-1, ::-1])[:, ::-1, ::-1][0], wanted[0])
    np.testing.assert_array_equal(FEATURES.compute(image.astype(">f4")), wanted)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(bad):
    image = noise((20, 20))
    image[3, 4] = bad
    with pytest.raises(InputError, match="nan_to_num"):
        FEATURES.compute(image)


def test_values_beyond_float32_are_refused():
    with pytest.raises(InputError, match="too large"):
        FEATURES.compute(np.full((9, 9), 1e300))


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (np.zeros((0, 5)), {}),
        (np.zeros(5), {}),
        (np.zeros((5, 5), complex), {}),
        (np.zeros((5, 5)), {"ndim": 3}),
        (np.zeros((5, 5)), {"block": (5,)}),
        (np.zeros((5, 5)), {"block": (0, 5)}),
        (np.zeros((5, 5)), {"spacing": (1.0,)}),
        (np.zeros((5, 5)), {"channel_axis": 2}),
    ],
)
def test_images_that_cannot_be_worked_with_are_refused(image, options):
    with pytest.raises(InputError):
        FEATURES.compute(image, **options)


def test_progress_and_cancel():
    seen = []
    job = Job(lambda fraction, message: seen.append(fraction))
    FEATURES.compute(noise((40, 40)), block=(20, 20), job=job)
    assert seen == [0.0, 0.25, 0.5, 0.75]
    job.cancel()
    with pytest.raises(Cancelled):
        FEATURES.compute(noise((40, 40)), job=job)
