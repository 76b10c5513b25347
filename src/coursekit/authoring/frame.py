"""What the build puts around every notebook: a first cell that installs, a last that sums up."""

from __future__ import annotations

from coursekit.authoring.layout import Course
from coursekit.authoring.source import SourceCell

# A notebook may be all that somebody has: this cell needs nothing but Python.
FIRST = """\
# On Colab this installs the course. Elsewhere it does nothing, if the course is installed.
import importlib.util
import subprocess
import sys


class NotInstalled(ModuleNotFoundError):
    def _render_traceback_(self):
        return [str(self)]


if importlib.util.find_spec("coursekit") is None:
    package = "git+{address}"
    command = [sys.executable, "-m", "pip", "install", "-qq", package]
    if "google.colab" not in sys.modules or subprocess.run(command).returncode:
        todo = f"run `%pip install {{package}}` in a cell, restart the kernel, begin again."
        raise NotInstalled(f"The course is not installed here: {{todo}}")
    importlib.invalidate_caches()
"""
LAST = """\
# Run this last: what passes, what is missing, and how to hand in.
from coursekit import handin

handin.summary(checks={checks})
"""


def framed(cells: list[SourceCell], course: Course, *, challenge: bool) -> list[SourceCell]:
    """Return the cells of a notebook with those that every notebook has.

    Parameters
    ----------
    cells : list of SourceCell
        What the author wrote.
    course : Course
        Whose student repository is what Colab installs.
    challenge : bool
        Whether there are checks to sum up.
    """
    kind = "given" if challenge else "plain"
    at = next((i for i, cell in enumerate(cells) if cell.type == "code"), len(cells))
    line = cells[at].line if at < len(cells) else 0
    first = FIRST.format(address=course.student_repository).rstrip()
    made = [*cells[:at], SourceCell(kind, "install", "code", first, line), *cells[at:]]
    if challenge:
        checks = sum(cell.kind == "check" for cell in cells)
        last = LAST.format(checks=checks).rstrip()
        made.append(SourceCell("given", "summary", "code", last, cells[-1].line))
    return made
