"""Lets ``python -m brushwood.cli`` stand for the command ``brushwood``."""

import sys

from brushwood.cli.main import main

sys.exit(main())
