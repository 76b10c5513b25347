"""What the build puts around every notebook: a first cell that installs, a last that sums up."""

from __future__ import annotations

import textwrap

from coursekit.sources.layout import Course
from coursekit.sources.source import SourceCell

# A notebook may be all that somebody has: this cell needs nothing but Python.
FIRST = """\
# @title On Colab this installs the course; anywhere else it looks whether it is there.
import importlib.util
import subprocess
import sys

COURSE = "{address}"


class NotInstalled(RuntimeError):
    def _render_traceback_(self):
        return [str(self)]


def install():
    if "google.colab" in sys.modules:
        print("Installing the course: about half a minute.")
        pip = [sys.executable, "-m", "pip", "install", "-qq", f"git+{{COURSE}}"]
        if not subprocess.run(pip).returncode:
            importlib.invalidate_caches()
            return print("Done. The next cell loads TensorFlow, which takes some seconds.")
    found = f"The course is not in this kernel's Python, {{sys.executable}}"
    choose = "Installed it already? Choose that Python: Kernel → Change Kernel"
    otherwise = f"Else run `%pip install {{COURSE}}/archive/main.zip` in a cell, \
then this cell again"
    raise NotInstalled(f"{{found}}. {{choose}}. {{otherwise}}.")


if importlib.util.find_spec("coursekit") is None:
    install()
"""
LAST = '''\
# Run this last: what passes, what is missing, and how to hand in.
from coursekit import handin

given = """
{given}
"""
handin.summary("{name}", given=given)
'''


def framed(cells: list[SourceCell], course: Course, *, challenge: str = "") -> list[SourceCell]:
    """Return the cells of a notebook with those that every notebook has.

    Parameters
    ----------
    cells : list of SourceCell
        What the author wrote.
    course : Course
        Whose student repository is what Colab installs.
    challenge : str
        File name of a challenge; empty for a lecture, which has nothing to sum up.
    """
    kind = "given" if challenge else "plain"
    at = next((i for i, cell in enumerate(cells) if cell.type == "code"), len(cells))
    line = cells[at].line if at < len(cells) else 0
    first = FIRST.format(address=course.student_repository).rstrip()
    made = [*cells[:at], SourceCell(kind, "install", "code", first, line, added=True), *cells[at:]]
    if challenge:
        ids = " ".join(cell.grade_id for cell in cells if cell.kind in ("check", "task"))
        last = LAST.format(
            given=textwrap.fill(ids, 80, break_on_hyphens=False), name=challenge
        ).rstrip()
        made.append(SourceCell("given", "summary", "code", last, cells[-1].line, added=True))
    return made
