"""Reading regions: any kind of array, any axes, and what lies beyond the border."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.arrays import ChannelStack, ImageSource
from brushwood.errors import InputError

RNG = np.random.default_rng(0)


class H5Like:
    """What h5py datasets have: shape, dtype, ndim, chunks and basic slicing, but no more."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.chunks = array.shape
        self.read = []

    def __getitem__(self, index):
        assert all(isinstance(i, slice) for i in index)
        self.read.append(index)
        return self._array[index].copy()


def kinds(array):
    chunks = tuple(max(1, n // 2) for n in array.shape)
    return {
        "numpy": array,
        "fortran": np.asfortranarray(array),
        "dask": da.from_array(array, chunks=chunks),
        "zarr2": zarr.array(array, chunks=chunks, zarr_format=2),
        "zarr3": zarr.array(array, chunks=chunks, zarr_format=3),
        "pyramid": [array, array[..., ::2]],
        "h5": H5Like(array),
    }


@pytest.mark.parametrize("kind", kinds(np.zeros((2, 2, 2))))
@pytest.mark.parametrize(
    ("shape", "axis", "ndim", "frames", "space", "channels"),
    [
        ((7, 9), None, None, (), (7, 9), 1),
        ((4, 7, 9), None, None, (), (4, 7, 9), 1),
        ((4, 7, 9), None, 2, (4,), (7, 9), 1),
        ((7, 9, 3), -1, None, (), (7, 9), 3),
        ((3, 2, 4, 7, 9), 1, 3, (3,), (4, 7, 9), 2),
        ((3, 4, 2, 7, 9), 2, 2, (3, 4), (7, 9), 2),
    ],
)
def test_every_kind_of_array_reads_the_same(kind, shape, axis, ndim, frames, space, channels):
    array = RNG.integers(0, 1000, shape).astype(np.uint16)
    source = ImageSource.of(kinds(array)[kind], channel_axis=axis, ndim=ndim)
    assert (source.frames, source.shape, source.n_channels) == (frames, space, channels)
    moved = array[None] if axis is None else np.moveaxis(array, axis, 0)
    frame = tuple(n - 1 for n in frames)
    whole = moved[(slice(None), *frame)].reshape(channels, *source.shape3)
    stop = source.shape3
    start = (0, 2, 3)
    found = source.read(frame, start, stop)
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, whole[:, :, 2:, 3:])


def test_only_the_region_is_read():
    data = H5Like(np.zeros((50, 40), np.uint8))
    ImageSource.of(data).read_padded((), (0, 10, 10), (1, 20, 20), (0, 3, 4))
    assert data.read == [(slice(7, 23), slice(6, 24))]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    halo=st.tuples(*[st.integers(0, 25)] * 3),
    border=st.sampled_from(["reflect", "nearest"]),
    cut=st.integers(0, 10**6),
)
def test_padding_equals_numpy(shape, halo, border, cut):
    array = RNG.random((2, *shape))
    start = tuple(cut % n for n in shape)
    stop = tuple(a + 1 + (cut // 7) % (n - a) for a, n in zip(start, shape, strict=True))
    source = ImageSource.of(array, channel_axis=0)
    found = source.read_padded((), start, stop, halo, border)
    mode = {"reflect": "symmetric", "nearest": "edge"}[border]
    whole = np.pad(array.astype(np.float32), [(0, 0), *((h, h) for h in halo)], mode=mode)
    part = tuple(slice(a, b + 2 * h) for a, b, h in zip(start, stop, halo, strict=True))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, whole[(slice(None), *part)])


def test_channels_are_chosen_in_any_order():
    array = RNG.integers(0, 255, (6, 7, 4), np.uint8)
    source = ImageSource.of(array, channel_axis=-1, channels=(3, 0, 1))
    np.testing.assert_array_equal(
        source.read((), (0, 0, 0), (1, 6, 7))[:, 0], np.moveaxis(array, -1, 0)[[3, 0, 1]]
    )
    np.testing.assert_array_equal(
        source.read((), (0, 0, 0), (1, 6, 7), channels=[1])[0, 0], array[..., 0]
    )


def test_alpha_is_left_out_of_rgb_only():
    rgba = np.zeros((5, 6, 4), np.uint8)
    assert ImageSource.of(rgba, rgb=True).n_channels == 3
    assert ImageSource.of(rgba, channel_axis=-1).n_channels == 4
    assert ImageSource.of(rgba[..., :3], rgb=True).n_channels == 3


def test_layers_become_channels():
    first = RNG.integers(0, 255, (3, 6, 7), np.uint8)
    stack = ChannelStack([first, da.from_array(first.astype(np.uint16) * 2)])
    source = ImageSource.of(stack, channel_axis=0, ndim=2)
    assert (source.frames, source.n_channels, source.dtype) == ((3,), 2, np.uint16)
    found = source.read((1,), (0, 1, 2), (1, 4, 6))
    np.testing.assert_array_equal(found[:, 0], np.stack([first[1], first[1] * 2.0])[:, 1:4, 2:6])
    with pytest.raises(InputError, match="one shape"):
        ChannelStack([first, first[:2]])


def test_a_level_of_a_pyramid_is_chosen():
    levels = (np.zeros((8, 8)), np.zeros((4, 4)))
    assert ImageSource.of(levels, level=1).shape == (4, 4)
    with pytest.raises(InputError, match="2 levels"):
        ImageSource.of(levels, level=2)


@pytest.mark.parametrize("dtype", ["bool", "u1", "i1", "u2", "i4", "u8", "f2", "f4", "f8"])
def test_types_that_work(dtype):
    found = ImageSource.of(np.ones((4, 5), dtype)).read_padded((), (0, 0, 0), (1, 4, 5), (0, 2, 2))
    assert (found == 1).all()


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.zeros((4, 4), complex), {}, "convert|Convert"),
        (np.array([["a"]]), {}, "Convert"),
        (np.zeros(5), {}, "2 or 3 spatial"),
        (np.zeros((5, 5)), {"channel_axis": 0}, "channel_axis"),
        (np.zeros((5, 5)), {"channel_axis": 4}, "does not exist"),
        (np.zeros((5, 5)), {"ndim": 3}, "ndim"),
        (np.zeros((5, 5, 5)), {"ndim": 1}, "ndim"),
        (np.zeros((5, 0)), {}, "empty"),
        ([], {}, "2 or 3 spatial"),
        (np.zeros((5, 5, 3)), {"channel_axis": 2, "channels": (3,)}, "has 3"),
    ],
)
def test_what_does_not_work_says_why(image, options, message):
    with pytest.raises(InputError, match=message):
        ImageSource.of(image, **options)
