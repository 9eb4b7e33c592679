"""``python -m brushwood`` is the command line."""

import sys

from brushwood.cli import main

if __name__ == "__main__":
    sys.exit(main())
