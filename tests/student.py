"""What a student has: the published folder, and an environment that knows nothing of this one."""

import os
import sys
from pathlib import Path

from coursekit.authoring.publish import student_repository
from coursekit.sources.layout import Course


def write_student_folder(course: Course, folder: Path) -> None:
    """Write the files of ``coursekit publish``, which would first search them for leaks."""
    for name, content in student_repository(course).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def student_environment(home: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a student whose home is `home`: nothing of the user's is read.

    Kernels import the published package, not the instructors' one.
    """
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    programs = str(Path(sys.executable).parent)
    return own | {
        "PATH": os.pathsep.join([programs, own["PATH"]]),
        "HOME": str(home),
        "PYTHONPATH": str(folder / "src"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
