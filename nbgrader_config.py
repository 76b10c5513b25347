"""Settings for stock nbgrader and formgrader in this repository (see docs/instructor.md)."""

import os
from pathlib import Path

from coursekit.authoring.release import configure

HERE = Path(__file__).resolve().parent

config = get_config()  # type: ignore[name-defined] # noqa: F821 - nbgrader defines it
config.CourseDirectory.root = str(HERE)
configure(config)
# Hidden checks read the data that students never see from here.
os.environ.setdefault("COURSEKIT_HELD_OUT", str(HERE / "course"))
