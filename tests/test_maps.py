"""From probabilities to maps: equal to SciPy, the same from any blocks, ties to the lowest id."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brushwood.errors import InputError
from brushwood.forest import maps, reference
from brushwood.opencl import Device, Queue, lease
from forest_stacks import all_devices, name_of

pytestmark = pytest.mark.skipif(not all_devices(), reason="no OpenCL device")
on_every_device = pytest.mark.parametrize("device", all_devices(), ids=name_of)
RNG = np.random.default_rng(0)


def planes_of(n_classes: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Return random probabilities (class, Z, Y, X) that sum to one."""
    planes = RNG.random((n_classes, *shape)).astype(np.float32) ** 3
    return (planes / planes.sum(axis=0)).astype(np.float32)


def upload(queue: Queue, planes: np.ndarray) -> tuple[object, int]:
    """Upload planes with NaN behind each row's end; return buffer and pitch."""
    pitch = -(-planes.shape[-1] // 16) * 16
    host = np.full((*planes.shape[:-1], pitch), np.nan, np.float32)
    host[..., : planes.shape[-1]] = planes
    return queue.upload(host), pitch


def finish(
    device: Device,
    planes: np.ndarray,
    classes: np.ndarray,
    sigma: tuple[float, float, float] = (0, 0, 0),
    core: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None,
) -> dict[str, np.ndarray]:
    """Cut the block that `core` needs out of the image's planes, and finish it."""
    shape = planes.shape[1:]
    first, stop = core or ((0, 0, 0), shape)
    reach = maps.margin(sigma)
    a = tuple(max(0, f - r) for f, r in zip(first, reach, strict=True))
    b = tuple(min(n, s + r) for n, s, r in zip(shape, stop, reach, strict=True))
    block = planes[:, a[0] : b[0], a[1] : b[1], a[2] : b[2]]
    with lease(device) as queue:
        buffer, pitch = upload(queue, block)
        before = queue.download(buffer).copy()
        window = maps.Window(
            start=a,
            shape=block.shape[1:],
            pitch=pitch,
            image_shape=shape,
            core_start=first,
            core_stop=stop,
        )
        found = maps.finish(queue, buffer, classes, window, sigma=sigma, outputs=maps.OUTPUTS)
        assert np.array_equal(before, queue.download(buffer), equal_nan=True)
    return found


@on_every_device
@pytest.mark.parametrize("shape", [(1, 20, 37), (5, 9, 40), (1, 1, 1), (3, 1, 2), (2, 70, 16)])
@pytest.mark.parametrize("sigma", [(0, 0, 0), (0, 1, 1), (0.7, 1.5, 3), (4, 0, 0.5)])
def test_maps_equal_the_reference(
    device: Device, shape: tuple[int, int, int], sigma: tuple[float, float, float]
) -> None:
    classes = np.array([2, 5, 300], np.int32)
    planes = planes_of(3, shape)
    found = finish(device, planes, classes, sigma)
    expected = reference.smooth(planes, sigma)
    assert found["probabilities"].shape == planes.shape
    assert found["probabilities"].dtype == found["uncertainty"].dtype == np.float32
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-6)
    np.testing.assert_allclose(found["probabilities"].sum(axis=0), 1, atol=1e-6)
    assert found["classes"].dtype == np.uint16
    best = reference.classify(found["probabilities"], classes)
    assert np.array_equal(found["classes"], best)
    np.testing.assert_allclose(found["uncertainty"], reference.uncertainty(expected), atol=1e-5)


@on_every_device
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_a_core_is_the_crop_of_the_whole(device: Device, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.integers(1, n)) for n in (4, 40, 60))
    sigma = tuple(data.draw(st.sampled_from([0.0, 0.5, 1.0, 2.5])) for _ in range(3))
    start = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    stop = tuple(data.draw(st.integers(a + 1, n)) for a, n in zip(start, shape, strict=True))
    planes = planes_of(data.draw(st.integers(1, 4)), shape)
    classes = np.arange(1, len(planes) + 1, dtype=np.int32)
    whole = finish(device, planes, classes, sigma)
    part = finish(device, planes, classes, sigma, (start, stop))
    cut = (..., *(slice(a, b) for a, b in zip(start, stop, strict=True)))
    for name in maps.OUTPUTS:
        assert np.array_equal(part[name], whole[name][cut]), name


@on_every_device
def test_ties_go_to_the_lowest_id_and_nan_never_wins(device: Device) -> None:
    classes = np.array([3, 4, 9], np.int32)
    columns = [[0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [1 / 3] * 3, [np.nan, 0.1, 0.2], [np.nan] * 3]
    planes = np.array(columns, np.float32).T.reshape(3, 1, 1, 5)
    found = finish(device, planes, classes)["classes"]
    assert found.dtype == np.uint8
    assert found.ravel().tolist() == [3, 4, 3, 9, 3]
    assert np.array_equal(found, reference.classify(planes, classes))


@on_every_device
def test_uncertainty_is_zero_when_sure_and_one_when_equal(device: Device) -> None:
    for n in (1, 2, 5, 255):
        planes = np.zeros((n, 1, 2, 3), np.float32)
        planes[0, :, 0], planes[:, :, 1] = 1, 1 / n
        found = finish(device, planes, np.arange(1, n + 1, dtype=np.int32))["uncertainty"]
        assert (found[:, 0] == 0).all()
        np.testing.assert_allclose(found[:, 1], 0 if n == 1 else 1, atol=2e-6)


@on_every_device
def test_only_what_was_asked_for_comes_back(device: Device) -> None:
    with lease(device) as queue:
        buffer, pitch = upload(queue, planes_of(2, (1, 4, 5)))
        window = maps.Window(start=(0, 0, 0), shape=(1, 4, 5), pitch=pitch, image_shape=(1, 4, 5))
        classes = np.array([1, 2], np.int32)
        assert set(maps.finish(queue, buffer, classes, window)) == {"classes"}
        with pytest.raises(InputError, match="entropy"):
            maps.finish(queue, buffer, classes, window, outputs=["entropy"])
        outside = maps.Window(
            start=(0, 0, 0),
            shape=(1, 4, 5),
            pitch=pitch,
            image_shape=(1, 9, 9),
            core_start=(0, 2, 2),
            core_stop=(1, 5, 5),
        )
        with pytest.raises(InputError, match="does not lie in the block"):
            maps.finish(queue, buffer, classes, outside)
