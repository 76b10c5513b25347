"""``python -m coursekit`` is the command ``coursekit``, whichever part of it is installed."""

import sys
from importlib.metadata import entry_points

(command,) = entry_points(group="console_scripts", name="coursekit")
sys.exit(command.load()())
