"""Work on many images: what the window does to one, done to folders."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brushwood.batch.planning import plan
    from brushwood.batch.running import run

__all__ = ["plan", "run"]

_HOMES = {"plan": "brushwood.batch.planning", "run": "brushwood.batch.running"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'brushwood.batch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
