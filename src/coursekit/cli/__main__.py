"""``python -m coursekit.cli`` is the command ``coursekit``."""

import sys

from coursekit.cli import main

code = main()
exec("")  # Python remembers an interrupt within any ``exec``, answered or not, and would die of it
sys.exit(code)
