"""The command line: ``brushwood devices | demo | train | apply | info``."""

from brushwood.cli.main import main

__all__ = ["main"]
