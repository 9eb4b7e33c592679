"""Devices of worker processes: each a GPU of its own."""

import os
import subprocess
import sys

import pytest

from brushwood.batch import pins
from brushwood.errors import NoDeviceError
from brushwood.opencl.device import DEVICE_VARIABLE, Device
from brushwood.pixels import parts


def gpu(index):
    return Device(index, f"GPU {index}", "gpu", 8 << 30, 2 << 30, 64)


CPU = Device(5, "A processor", "cpu", 8 << 30, 2 << 30, 4)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(pins, "_is_done", False)
    monkeypatch.setattr(pins, "_held", [])
    # Set first, so that what a test sets is gone afterwards.
    monkeypatch.setenv(DEVICE_VARIABLE, "")
    monkeypatch.delenv(DEVICE_VARIABLE)
    yield
    for lock in pins._held:
        lock.close()


def take(folder, gpus):
    """Take a place in another process, and keep it until its input ends."""
    code = f"""
import sys, pathlib
from brushwood.batch.pins import take_place
print(take_place({gpus}, pathlib.Path({str(folder)!r})), flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return process, int(process.stdout.readline())


def test_processes_take_different_gpus_and_free_them_when_they_end(tmp_path):
    taken = [take(tmp_path, [0, 2]) for _ in range(3)]
    assert [gpu for _, gpu in taken] == [0, 2, 0]
    second = taken[1][0]
    second.kill()
    second.communicate()
    again = take(tmp_path, [0, 2])
    assert again[1] == 2
    for process, _ in [taken[0], taken[2], again]:
        process.communicate()


def test_a_worker_is_pinned_once(tmp_path, monkeypatch):
    monkeypatch.setattr(pins, "devices", lambda: [gpu(0), gpu(1), CPU])
    assert pins.pin_device(tmp_path) == "0"
    assert os.environ[DEVICE_VARIABLE] == "0"
    assert pins.pin_device(tmp_path) == "0"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_user_s_device_wins(tmp_path, monkeypatch):
    monkeypatch.setenv(DEVICE_VARIABLE, "cpu")
    monkeypatch.setattr(pins, "devices", lambda: [gpu(0), gpu(1)])
    assert pins.pin_device(tmp_path) == "cpu"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("found", [[], [CPU], [gpu(0), CPU]])
def test_nothing_to_choose(found, tmp_path, monkeypatch):
    monkeypatch.setattr(pins, "devices", lambda: found)
    assert pins.pin_device(tmp_path) is None
    assert DEVICE_VARIABLE not in os.environ


def test_a_folder_that_cannot_be_written_spreads_by_process(tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert pins.take_place([3, 4], file / "folder") == [3, 4][os.getpid() % 2]


def test_a_device_of_the_caller_stands_for_its_kind_on_a_worker(monkeypatch):
    there = {"": gpu(1), "gpu": gpu(0), "cpu": CPU}

    def choose(wish=None):
        if wish == "none":
            raise NoDeviceError("There is none.")
        return there[wish or ""]

    monkeypatch.setattr(parts, "choose_device", choose)
    assert parts.device_here(None) == gpu(1)
    assert parts.device_here("gpu") == gpu(0)
    assert parts.device_here(gpu(7)) == gpu(1)
    assert parts.device_here(CPU) == CPU
    with pytest.raises(NoDeviceError):
        parts.device_here("none")
