"""Lets ``python -m brushwood.cli`` stand for the command ``brushwood``."""

import sys

from brushwood.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
