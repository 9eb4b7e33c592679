"""Sample images with ready strokes, and with truth where it is known: `keys` and `load`."""

from brushwood.samples.catalog import keys, load
from brushwood.samples.sample import Sample

__all__ = ["Sample", "keys", "load"]
