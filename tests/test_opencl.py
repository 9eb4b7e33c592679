"""Devices, leases, launches and memory, on whatever OpenCL device there is."""

import threading
import time

import numpy as np
import pytest

from brushwood.errors import DeviceError, DeviceMemoryError, InputError, NoDeviceError
from brushwood.opencl import (
    Device,
    Program,
    allocated_bytes,
    budget_bytes,
    choose_device,
    device,
    devices,
    isolated_self_test,
    launch,
    lease,
    no_device_reason,
    self_test,
    selftest,
)

CPU = Device(0, "AMD EPYC", "cpu", 8 << 30, 4 << 30, 2)
GPUS = [
    Device(2, "NVIDIA RTX 1000", "gpu", 8 << 30, 2 << 30, 20),
    Device(1, "NVIDIA RTX 2000", "gpu", 8 << 30, 2 << 30, 40),
]
BUSY = Program("""
__kernel void busy(__global float *a, const int rounds)
{
    const int i = get_global_id(0);
    float v = a[i];
    for (int k = 0; k < rounds; ++k) v = v * 0.9999f + 0.5f;
    a[i] = v;
}
""")


@pytest.fixture
def three(monkeypatch):
    monkeypatch.delenv("BRUSHWOOD_DEVICE", raising=False)
    monkeypatch.setattr(device, "devices", lambda: [*GPUS, CPU])


def test_devices_are_described_and_there_is_no_reason_to_complain():
    found = devices()
    assert found, no_device_reason()
    assert no_device_reason() == ""
    for item in found:
        assert item.name
        assert item.kind in ("cpu", "gpu")
        assert item.memory_bytes >= item.max_buffer_bytes > 1 << 20
        assert item.compute_units >= 1
    assert [d.kind for d in found] == sorted((d.kind for d in found), reverse=True)


def test_listing_devices_leaves_the_device_of_other_plugins_alone():
    cle = device.runtime.load()
    last = len(cle.list_available_devices()) - 1
    before = cle.select_device(last)
    device._native_list.cache_clear()
    devices()
    assert cle.get_device() is before


@pytest.mark.parametrize(
    ("wish", "index"),
    [(None, 2), ("gpu", 2), ("CPU", 0), ("1", 1), ("0", 0), ("rtx 2000", 1), ("EPYC", 0), (" ", 2)],
)
def test_choose_by_kind_index_or_name(three, wish, index):
    # "1" is an index before it is a part of "NVIDIA RTX 1000".
    assert choose_device(wish).index == index


def test_choose_by_environment_and_an_argument_wins(three, monkeypatch):
    monkeypatch.setenv("BRUSHWOOD_DEVICE", "cpu")
    assert choose_device().index == 0
    assert choose_device("gpu").index == 2


def test_an_unknown_wish_lists_what_there_is(three, monkeypatch):
    with pytest.raises(NoDeviceError, match=r"'radeon'.*2: NVIDIA RTX 1000 \(GPU\).*Ask for one"):
        choose_device("radeon")
    monkeypatch.setenv("BRUSHWOOD_DEVICE", "radeon")
    with pytest.raises(NoDeviceError, match="asked for by BRUSHWOOD_DEVICE"):
        choose_device()


def test_vector_width_follows_the_device_or_the_environment(monkeypatch):
    monkeypatch.delenv("BRUSHWOOD_VECTOR_WIDTH", raising=False)
    assert (CPU.vector_width, GPUS[0].vector_width) == (16, 1)
    monkeypatch.setenv("BRUSHWOOD_VECTOR_WIDTH", "4")
    assert (CPU.vector_width, GPUS[0].vector_width) == (4, 4)
    monkeypatch.setenv("BRUSHWOOD_VECTOR_WIDTH", "3")
    with pytest.raises(InputError, match=r"one of \(1, 4, 16\), got '3'"):
        _ = CPU.vector_width


@pytest.mark.parametrize(
    ("text", "size"), [("2G", 2 << 30), ("512M", 512 << 20), ("1.5 GiB", 3 << 29), ("4096", 4096)]
)
def test_budget_from_the_environment(monkeypatch, text, size):
    monkeypatch.setenv("BRUSHWOOD_MEMORY", text)
    assert budget_bytes(CPU) == size


@pytest.mark.parametrize("text", ["much", "-1G", "0", "1e400G"])
def test_a_budget_that_is_no_size_is_refused(monkeypatch, text):
    monkeypatch.setenv("BRUSHWOOD_MEMORY", text)
    with pytest.raises(InputError, match="positive size such as '2G'"):
        budget_bytes(CPU)


def test_budget_is_a_share_of_memory_and_knows_containers(monkeypatch):
    monkeypatch.delenv("BRUSHWOOD_MEMORY", raising=False)
    monkeypatch.setattr(device, "_container_bytes", lambda: 0)
    assert budget_bytes(GPUS[0]) == 4 << 30
    assert budget_bytes(CPU) == 2 << 30
    monkeypatch.setattr(device, "_container_bytes", lambda: 1 << 30)
    assert budget_bytes(CPU) == 1 << 28


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"]
)
def test_upload_and_download_are_exact(dtype):
    data = (np.arange(2 * 3 * 5) * 7 - 30).reshape(2, 3, 5).astype(dtype)
    with lease(choose_device()) as queue:
        back = queue.download(queue.upload(data[:, ::-1]))
    assert back.dtype == data.dtype
    np.testing.assert_array_equal(back, data[:, ::-1].reshape(-1))


def test_bytes_held_are_counted_and_given_back():
    chosen = choose_device()
    before = allocated_bytes(chosen)
    with lease(chosen) as queue:
        buffer = queue.allocate(1000)
        assert allocated_bytes(chosen) == before + 4000
        del buffer
    assert allocated_bytes(chosen) == before


def test_the_memory_limit_is_kept(monkeypatch):
    chosen = choose_device()
    with lease(chosen) as queue:
        monkeypatch.setenv("BRUSHWOOD_MEMORY", str(allocated_bytes(chosen) + 10_000))
        first = queue.allocate(2000)
        with pytest.raises(DeviceMemoryError, match="BRUSHWOOD_MEMORY"):
            queue.allocate(2000)
        del first
        queue.allocate(2000)


def test_a_buffer_larger_than_the_device_is_a_memory_error():
    with (
        lease(choose_device()) as queue,
        pytest.raises(DeviceMemoryError, match="ran out of memory"),
    ):
        queue.allocate(1 << 42, np.uint8)


def test_a_broken_kernel_is_no_memory_error_whatever_its_log_says():
    # The build log holds "-4", "-5" and "-61"; only the OpenCL code (-11) counts.
    broken = Program("__kernel void f(__global float *a) { int x4 = -4 + -5 - -61; undeclared; }")
    with lease(choose_device()) as queue:
        with pytest.raises(DeviceError, match="brushwood devices") as caught:
            queue.launch(broken, "f", (1, 1, 1), a=queue.allocate(4))
        assert not isinstance(caught.value, DeviceMemoryError)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Failed to allocate buffer memory. OpenCL error: CL_INVALID_BUFFER_SIZE (-61)", -61),
        ("OpenCL error: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)", -4),
        ("OpenCL error: CL_BUILD_PROGRAM_FAILURE (-11)\nBuild log: x = -4 (-5) CL_X (-4)", -11),
        ("clGetPlatformIDs failed with error code -1001", -1001),
        ("size -4 of (-5)", None),
    ],
)
def test_error_codes_are_parsed_not_guessed(text, code):
    assert launch.error_code(text) == code


@pytest.mark.parametrize("code", [-4, -5, -6, -61])
def test_each_out_of_memory_code_becomes_a_memory_error(code):
    with pytest.raises(DeviceMemoryError), launch._translated("testing"):
        raise RuntimeError(f"OpenCL error: CL_SOMETHING ({code})")


def test_one_thread_at_a_time_holds_a_device_and_may_hold_it_twice():
    chosen, inside, seen = choose_device(), [], []

    def work(name):
        with lease(chosen), lease(chosen) as queue:
            inside.append(name)
            queue.download(queue.upload(np.ones(10, np.float32)))
            time.sleep(0.005)
            seen.append(tuple(inside))
            inside.remove(name)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [(i,) for i in range(6)]


def test_different_devices_work_side_by_side():
    found = devices()
    results = {}

    def work(index, chosen):
        with lease(chosen) as queue:
            for _ in range(20):
                buffer = queue.upload(np.full(64, index, np.float32))
                queue.launch(BUSY, "busy", (1, 1, 64), a=buffer, rounds=1)
            results[index] = queue.download(buffer)

    threads = [threading.Thread(target=work, args=item) for item in enumerate(found)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in range(len(found)):
        np.testing.assert_allclose(results[index], index * 0.9999 + 0.5, rtol=1e-6)


def test_device_work_leaves_the_gil_to_others():
    chosen, done = choose_device(), threading.Event()
    with lease(chosen) as queue:  # build the kernel and find how many rounds take a while
        buffer, rounds = queue.upload(np.ones(1 << 12, np.float32)), 1 << 12
        while True:
            start = time.perf_counter()
            queue.launch(BUSY, "busy", (1, 1, 1 << 12), a=buffer, rounds=rounds)
            queue.download(buffer)
            if time.perf_counter() - start > 0.5 or rounds >= 1 << 29:
                break
            rounds *= 2

    def work():
        with lease(chosen) as queue:
            queue.launch(BUSY, "busy", (1, 1, 1 << 12), a=buffer, rounds=rounds)
            queue.download(buffer)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    ticks = 0
    while not done.wait(0.002):
        ticks += 1
    thread.join()
    # Held throughout, the GIL would allow a handful of ticks at the start and none after.
    assert ticks >= 8


def test_self_test_passes_on_every_device():
    for item in devices():
        outcome = self_test(item)
        assert outcome.ok, outcome.message
        assert outcome.message == "passed"
        assert outcome.seconds > 0
        assert isolated_self_test(item).ok


def test_self_test_reports_a_runtime_that_builds_nothing(monkeypatch):
    monkeypatch.setattr(selftest, "_SOURCE", "__kernel void self_test() { not_opencl }")
    outcome = self_test(choose_device())
    assert not outcome.ok
    assert "running kernel 'self_test'" in outcome.message


def test_self_test_reports_wrong_numbers(monkeypatch):
    monkeypatch.setattr(selftest, "_SOURCE", selftest._SOURCE.replace("0.5f", "0.25f"))
    assert "wrong result: 4099 of 4099" in self_test(choose_device()).message


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import os; os.abort()", "the runtime crashed"),
        ("import time; time.sleep(60)", "no answer within"),
    ],
)
def test_isolated_self_test_survives_a_crash_and_a_hang(monkeypatch, script, message):
    real = selftest.subprocess.run

    def other(command, **options):
        return real([*command[:2], script], **options)

    monkeypatch.setattr(selftest.subprocess, "run", other)
    outcome = isolated_self_test(CPU, timeout=1.0)
    assert not outcome.ok
    assert message in outcome.message
