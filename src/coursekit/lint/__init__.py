"""Say what a unit's sources lack, or do that they should not."""

from __future__ import annotations

from collections.abc import Iterator

from coursekit.lint.checks import checks
from coursekit.lint.code import code
from coursekit.lint.figures import figures
from coursekit.lint.page import Page
from coursekit.lint.prose import prose
from coursekit.lint.questions import challenge
from coursekit.lint.spine import across, lecture
from coursekit.lint.style import style
from coursekit.sources.findings import Finding, apply_exceptions
from coursekit.sources.layout import Unit
from coursekit.sources.source import SourceError


def lint(unit: Unit) -> list[Finding]:
    """Check the sources of a unit; nothing is executed or written.

    Parameters
    ----------
    unit : Unit
        It may be unfinished.

    Returns
    -------
    list of Finding
        In the order of files and lines, less what the unit's ``exceptions.toml`` allows.

    Raises
    ------
    CourseError
        If ``exceptions.toml`` or the course's settings cannot be read, or ruff or codespell is
        not installed.
    """
    found = apply_exceptions(unit.folder, "lint", _findings(unit))
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.rule))


def _findings(unit: Unit) -> Iterator[Finding]:
    pages = []
    for path in [*unit.lectures, *([unit.challenge] if unit.challenge else [])]:
        try:
            pages.append(Page.read(unit, path))
        except SourceError as error:
            name = path.relative_to(unit.course.root).as_posix()
            message = str(error).removeprefix(f"{path}:{error.line}: ")
            yield Finding(name, error.line, "", "source", message)
    for page in pages:
        for rules in (challenge if page.is_challenge else lecture, code, prose, figures, checks):
            yield from rules(page)
    lectures = [page for page in pages if not page.is_challenge]
    if lectures and len(lectures) == len(unit.lectures):
        yield from across(lectures)
    yield from style(unit, pages)
