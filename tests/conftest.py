"""What all tests share: hypothesis settings, and no silent skip of the window's tests."""

import importlib
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

# Kernels compile on first use, which no deadline foresees; a fixed seed keeps a run repeatable.
settings.register_profile(
    "brushwood",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("brushwood")

_REQUIRED = os.environ.get("BRUSHWOOD_REQUIRE_GUI") == "1"


def pytest_configure() -> None:
    """Stop at once where a window is required and cannot be opened."""
    if not _REQUIRED:
        return
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise pytest.UsageError("BRUSHWOOD_REQUIRE_GUI is set, but there is no display.")
    try:
        importlib.import_module("qtpy.QtWidgets")
    except ImportError as error:
        raise pytest.UsageError(f"BRUSHWOOD_REQUIRE_GUI is set, but Qt fails: {error}") from error


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything below ``tests/gui`` as needing a window."""
    for item in items:
        if item.path.parent.name == "gui":
            item.add_marker("gui")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Turn a skipped test of the window into a failure where a window is required."""
    outcome = yield
    report = outcome.get_result()
    if _REQUIRED and report.skipped and item.get_closest_marker("gui"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but a window is required here: {report.longrepr}"
