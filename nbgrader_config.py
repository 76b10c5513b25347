"""Settings for stock nbgrader and formgrader in this repository (see docs/instructor.md)."""

import os
from pathlib import Path

from coursekit.authoring import release
from coursekit.classroom import settings

HERE = Path(__file__).resolve().parent

config = get_config()  # type: ignore[name-defined] # noqa: F821 - nbgrader defines it
config.CourseDirectory.root = str(HERE)
release.configure(config)
settings.configure(config)
# Hidden checks read the data that students never see from here.
os.environ.setdefault("COURSEKIT_HELD_OUT", str(HERE / "course"))
