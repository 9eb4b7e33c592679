"""The command line: ``brushwood COMMAND …``, one file a command."""

from brushwood.cli.main import main

__all__ = ["main"]
