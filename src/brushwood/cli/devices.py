"""``brushwood devices``: which OpenCL devices there are, and whether they work."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import format_bytes, say
from brushwood.jobs import Job

if TYPE_CHECKING:
    from brushwood.opencl import Device, SelfTest

_EPILOG = """\
examples:
  brushwood devices
  brushwood devices --json
  BRUSHWOOD_DEVICE=gpu brushwood devices

The one that is used by default has a star. Choose another by --device or the environment variable
BRUSHWOOD_DEVICE: its index, part of its name, "cpu" or "gpu". BRUSHWOOD_MEMORY=2G limits memory.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "devices",
        help="list OpenCL devices and test them",
        description="List OpenCL devices with kind and memory, and test each with a small kernel.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-test", action="store_true", help="only list, do not test")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Print the devices; 4 if there is none, or none of them works."""
    from brushwood.opencl import choose_device, devices, isolated_self_test, no_device_reason

    found = devices()
    if not found:
        if options.json:
            print(json.dumps({"devices": [], "reason": no_device_reason()}, indent=1))
        say(no_device_reason())
        return 4
    chosen = choose_device()
    tests: dict[int, SelfTest] = {}
    for device in [] if options.no_test else found:
        job.checkpoint()
        tests[device.index] = isolated_self_test(device)
    if options.json:
        entries = [_entry(d, d == chosen, tests.get(d.index)) for d in found]
        print(json.dumps({"devices": entries}, indent=1))
    else:
        for device in found:
            print(_line(device, device == chosen, tests.get(device.index)))
    return 4 if tests and not any(test.ok for test in tests.values()) else 0


def _entry(device: "Device", is_default: bool, test: "SelfTest | None") -> dict[str, Any]:
    from brushwood.opencl import budget_bytes

    return {
        **asdict(device),
        "default": is_default,
        "budget_bytes": budget_bytes(device),
        "self_test": asdict(test) if test else None,
    }


def _line(device: "Device", is_default: bool, test: "SelfTest | None") -> str:
    from brushwood.opencl import budget_bytes

    memory = f"{format_bytes(device.memory_bytes)}, {format_bytes(budget_bytes(device))} used"
    line = f"{'*' if is_default else ' '} {device.index}  {device}  {memory} at most"
    if test is None:
        return line
    verdict = f"passed in {test.seconds:.2f} s" if test.ok else f"FAILED: {test.message}"
    return f"{line}  self-test {verdict}"
