"""``python -m coursekit`` is the command ``coursekit``, whichever part of it is installed."""

import sys
from importlib.metadata import entry_points

(command,) = entry_points(group="console_scripts", name="coursekit")
code = command.load()()
exec("")  # Python remembers an interrupt within any ``exec``, answered or not, and would die of it
sys.exit(code)
