"""nbgrader's release of a unit: the solution without its answers and hidden parts."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

from coursekit.authoring.environment import nbgrader_environment
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.source import unmarked
from coursekit.standing import HIDDEN

BEGIN_HIDDEN = "### BEGIN HIDDEN TESTS"
ERROR = re.compile(r"(?m)^ *((?:\w+\.)*\w+(?:Error|Exception|Entry): .+)$")  # ends a traceback
STUB = 'raise NotImplementedError("not tried yet")'


class PrepareRelease(NbGraderPreprocessor):  # type: ignore[misc]  # it publishes no types
    """Let *Run all* pass over what is not tried yet, and drop what only the build needs.

    nbval and JupyterLab go on after an error in a cell tagged ``raises-exception``. Stored outputs
    do not travel into the release, so neither do the marks that ask for a comparison.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Tag code cells that may meet an unfinished answer; see nbconvert's preprocessors."""
        nb.metadata.pop("coursekit", None)
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            cell.source = "\n".join(_tell_hidden(unmarked(cell.source).splitlines()))
            flags = cell.metadata.get("nbgrader", {})
            given = flags.get("locked") and not flags.get("grade")
            if not given:
                cell.metadata.setdefault("tags", []).append("raises-exception")
        return nb, resources


def _tell_hidden(lines: list[str]) -> list[str]:
    """Put a line that students keep above a hidden region."""
    at = next((i for i, line in enumerate(lines) if BEGIN_HIDDEN in line), len(lines))
    return lines[:at] + [HIDDEN] * (at < len(lines)) + lines[at:]


def configure(config: Config) -> Config:
    """Set in `config` where things lie and how they are released."""
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "notebooks"
    config.ClearSolutions.code_stub = {"python": STUB}
    stock = GenerateAssignment.preprocessors.default()
    config.GenerateAssignment.preprocessors = [PrepareRelease, *stock]
    return config


def release(unit: Unit, solution: bytes) -> dict[str, bytes]:
    """Return the release of a unit's solution, file name to content.

    nbgrader runs as with ``--no-db``: making a gradebook takes longer than all the rest, and the
    instructor's own is filled by ``nbgrader generate_assignment`` or by the grader.

    Raises
    ------
    CourseError
        If nbgrader refuses the notebook.
    """
    with tempfile.TemporaryDirectory() as name, nbgrader_environment(unit.course):
        root = Path(name)
        config = configure(Config())
        config.CourseDirectory.root = name
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        config.NbGraderAPI.log_level = "CRITICAL"
        folder = root / "solutions" / unit.id
        folder.mkdir(parents=True)
        (folder / unit.challenge_notebook).write_bytes(solution)
        outcome = NbGraderAPI(config=config).generate_assignment(unit.id)
        if not outcome["success"]:
            raise CourseError(f"nbgrader refuses {unit.id}: {last_line(outcome)}")
        made = root / "notebooks" / unit.id
        return {f.name: f.read_bytes() for f in sorted(made.iterdir()) if f.is_file()}


def last_line(outcome: dict[str, str]) -> str:
    """Return the cause of a failure in one line: the last error that nbgrader's API tells of."""
    told = "\n".join(outcome.get(key) or "" for key in ("log", "error")).strip()
    causes = [cause for cause in ERROR.findall(told) if "NbGraderException" not in cause]
    return (causes or told.splitlines() or ["no reason given"])[-1].strip()
