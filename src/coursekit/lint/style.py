"""Spelling and the style of the code, by codespell and ruff."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from coursekit.lint.page import Page, without_magics
from coursekit.sources.findings import Finding
from coursekit.sources.layout import CourseError, Unit

WORDS = ("vermillion",)  # so Okabe and Ito spell their colour
RUFF = ("--isolated", "--no-cache", "--line-length", "100", "--target-version", "py310")
SELECT = "E,F,W,B,UP,C4,SIM,RET,NPY,PD,PIE"
IGNORE = (
    "E402",  # imports stand where they are first needed, and after setup.start()
    "E501",  # Markdown lines may be long; the formatter sees to the code
    "E703",  # a final `;` silences a notebook's output
    "F811",  # a last cell that needs nothing from above imports again
    "B007",  # a loop variable that only has a name is good to read
    "B018",  # a bare name shows its value
    "B905",  # zip(..., strict=) is noise to a learner
    "C408",  # dict(epochs=5) reads like the call that it becomes
    "NPY002",  # keras.utils.set_random_seed, which the sweep shifts, seeds np.random
    "PD901",  # df is everybody's name for a table
    "SIM115",  # nothing here opens files
)
RULES = ("--output-format", "json", "--select", SELECT, "--ignore", ",".join(IGNORE))
# Variants are wrong on purpose: in them only this counts.
CANNOT_RUN = ("E9", "F63", "F7", "F82", "syntax", "invalid-syntax")
# codespell's `file:line: wrong ==> right`, and where a unified diff begins to differ
MISSPELT = re.compile(r"^(.*?):(\d+): (.+) ==> (.+)$", re.MULTILINE)
CHANGED = re.compile(r"^--- (\S+).*\n\+\+\+ .*\n@@ -(\d+).*\n((?: .*\n)*)", re.MULTILINE)

Report = tuple[str, int, str, str, str]  # file, line, rule, message, the words it is about


def style(unit: Unit, pages: list[Page]) -> Iterator[Finding]:
    """Yield misspelt words, and what ruff says about the unit's code.

    Raises
    ------
    CourseError
        If codespell or ruff is not installed.
    """
    cells = {page.path.name: page.cells for page in pages}
    with tempfile.TemporaryDirectory() as folder:
        for path in [*unit.folder.glob("*.py"), *unit.folder.glob("*.md")]:
            text = path.read_text(encoding="utf-8", errors="replace")
            plain = without_magics(text) if path.suffix == ".py" else text
            (Path(folder) / path.name).write_text(plain, encoding="utf-8")
        for name, line, rule, message, about in _reports(Path(folder)):
            above = [cell for cell in cells.get(name, []) if cell.source.line <= line]
            if above:
                yield above[-1].finding(rule, message, line, about)
            else:
                place = (unit.folder / name).relative_to(unit.course.root).as_posix()
                yield Finding(place, line, "", rule, message, about)


def _reports(folder: Path) -> Iterator[Report]:
    for match in MISSPELT.finditer(_run(folder, "codespell_lib", "-L", ",".join(WORDS), ".")):
        message = f"{match[3]}: write {match[4]}."
        yield Path(match[1]).name, int(match[2]), "spelling", message, match[3]
    for fault in json.loads(_run(folder, "ruff", "check", *RUFF, *RULES) or "[]"):
        name, code = Path(fault["filename"]).name, str(fault["code"] or "syntax")
        if name != "variants.py" or code.startswith(CANNOT_RUN):
            message = f"{code}: {fault['message'].rstrip('.')}."
            yield name, fault["location"]["row"], "ruff", message, code
    for match in CHANGED.finditer(_run(folder, "ruff", "format", "--diff", *RUFF)):
        line = int(match[2]) + match[3].count("\n")
        message = "run `ruff format --isolated --line-length 100` on this file."
        yield match[1], line, "format", message, ""


def _run(folder: Path, module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL
    )
    if "No module named" in done.stderr:
        program = module.removesuffix("_lib")
        raise CourseError(f"{program} is missing: python -m pip install -e '.[grading]'.")
    return done.stdout
