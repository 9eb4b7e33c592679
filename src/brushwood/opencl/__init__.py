"""OpenCL on any machine: find a runtime, choose a device, lease it, launch kernels on it."""

from brushwood.opencl.device import Device, choose_device, devices
from brushwood.opencl.launch import Buffer, Program, Queue, lease

__all__ = ["Buffer", "Device", "Program", "Queue", "choose_device", "devices", "lease"]
