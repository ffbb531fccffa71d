"""`python -m hpstudy`."""

from __future__ import annotations

import sys

from hpstudy.cli import main

if __name__ == "__main__":
    sys.exit(main())
