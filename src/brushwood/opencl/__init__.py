"""OpenCL on any machine: find a runtime, choose a device, lease it, launch kernels on it."""

from brushwood.opencl.device import (
    Device,
    budget_bytes,
    choose_device,
    devices,
    no_device_reason,
)
from brushwood.opencl.launch import Buffer, Program, Queue, allocated_bytes, lease
from brushwood.opencl.selftest import SelfTest, isolated_self_test, self_test

__all__ = [
    "Buffer",
    "Device",
    "Program",
    "Queue",
    "SelfTest",
    "allocated_bytes",
    "budget_bytes",
    "choose_device",
    "devices",
    "isolated_self_test",
    "lease",
    "no_device_reason",
    "self_test",
]
