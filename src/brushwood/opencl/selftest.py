"""Try a device: build a small kernel, run it, compare what comes back."""

import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np

from brushwood.errors import DeviceError
from brushwood.opencl.device import Device, devices
from brushwood.opencl.launch import Program, lease

_SIZE = 4099  # prime, so a work-item beyond the end would show
_SOURCE = """
__kernel void self_test(__global const float *values, __global float *result,
                        const int size, const float factor)
{
    const int i = (int)get_global_id(0) * 4;
    if (i + 4 <= size)
        vstore4(vload4(0, values + i) * factor + (float4)(0.5f), 0, result + i);
    else
        for (int j = i; j < size; ++j) result[j] = values[j] * factor + 0.5f;
}
"""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What came of trying a device.

    Attributes
    ----------
    ok : bool
    message : str
        ``"passed"``, or what failed.
    seconds : float
        Time for building the kernel, running it and reading the result.
    """

    ok: bool
    message: str
    seconds: float


def self_test(device: Device) -> SelfTest:
    """Build and run a small kernel on a device and check its result. Never raises."""
    start = time.perf_counter()
    try:
        message = _try(device)
    except DeviceError as error:
        message = str(error)
    seconds = time.perf_counter() - start
    return SelfTest(message == "passed", message, seconds)


def isolated_self_test(device: Device, *, timeout: float = 120.0) -> SelfTest:
    """Run the self-test in a process of its own, which a broken runtime may crash or hang.

    Parameters
    ----------
    device : Device
    timeout : float
        Seconds to wait.
    """
    start = time.perf_counter()
    script = f"from brushwood.opencl import selftest; selftest.report({device.index})"
    command = [sys.executable, "-c", script]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return SelfTest(False, f"no answer within {timeout:.0f} s", timeout)
    except OSError as error:
        return SelfTest(False, f"the test could not be started: {error}", 0.0)
    verdict, _, rest = done.stdout.partition("\n")
    if verdict not in ("ok", "failed"):
        detail = (done.stderr.strip().splitlines() or ["no message"])[-1]
        seconds = time.perf_counter() - start
        message = f"the runtime crashed (exit status {done.returncode}): {detail}"
        return SelfTest(False, message, seconds)
    seconds_text, _, message = rest.partition("\n")
    return SelfTest(verdict == "ok", message.strip(), float(seconds_text))


def _try(device: Device) -> str:
    values = np.linspace(-3, 7, _SIZE, dtype=np.float32)
    with lease(device) as queue:
        source, result = queue.upload(values), queue.allocate(_SIZE)
        queue.launch(
            Program(_SOURCE),
            "self_test",
            (1, 1, -(-_SIZE // 4)),
            values=source,
            result=result,
            size=_SIZE,
            factor=1.5,
        )
        came = queue.download(result)
    expected = values * np.float32(1.5) + np.float32(0.5)
    wrong = int(np.count_nonzero(np.abs(came - expected) > 1e-5))
    if wrong:
        return f"wrong result: {wrong} of {_SIZE} values differ"
    return "passed"


def report(index: int) -> None:
    """Print the verdict on one device, a line each: verdict, seconds, message."""
    chosen = [device for device in devices() if device.index == index]
    outcome = self_test(chosen[0]) if chosen else SelfTest(False, "the device is gone", 0.0)
    print("ok" if outcome.ok else "failed", f"{outcome.seconds:.6f}", outcome.message, sep="\n")
