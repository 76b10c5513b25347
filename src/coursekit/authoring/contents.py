"""The contents page and the glossary, which stand beside the notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coursekit.sources.layout import Course, CourseError, Unit
from coursekit.sources.links import PAGES, notebook_path, on_colab, page_links
from coursekit.sources.source import read_source

MINUTES = re.compile(r"\b(\d+) minutes\b")
POINTS = re.compile(r"\b(\d+) points\b")
WORD = re.compile(r"\{\{([a-z0-9_]+)\}\}")
HEAD = "| notebook | minutes | on Colab, points |\n|---|--:|---|\n"


def pages(course: Course) -> dict[Path, bytes]:
    """Return the built contents page and glossary of a course, path to content.

    Parameters
    ----------
    course : Course

    Returns
    -------
    dict of Path to bytes
        ``notebooks/README.md`` and ``notebooks/glossary.md``, each if ``course/`` has its source.
        In the contents page ``{{01_regression}}`` becomes a table of that unit's notebooks.

    Raises
    ------
    CourseError
        If a page asks for an unknown word, or the contents page forgets a unit.
    """
    made = {}
    for source, name in PAGES.items():
        path = course.root / "course" / source
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        words = page_links(course)
        if source == "contents.md":
            words |= {unit.id: _table(unit) for unit in course.units}
            if forgotten := [unit.id for unit in course.units if f"{{{{{unit.id}}}}}" not in text]:
                raise CourseError(
                    f"{path}: {forgotten[0]} is missing: write {{{{{forgotten[0]}}}}} where the "
                    "table of its notebooks belongs."
                )
        if unknown := [word for word in WORD.findall(text) if word not in words]:
            raise CourseError(f"{path}: nothing is known to put for {{{{{unknown[0]}}}}}.")
        for word, filling in words.items():
            text = text.replace(f"{{{{{word}}}}}", filling)
        made[course.root / name] = text.encode()
    return made


def rows(unit: Unit) -> Iterator[dict[str, str]]:
    """Yield what a table says of each notebook of a unit; title and minutes are its own.

    Yields
    ------
    dict of str to str
        unit, title, path (from the repository's root), colab (address), minutes, points; the last
        two are empty where the source does not say.
    """
    for source in [*unit.lectures, *filter(None, [unit.challenge])]:
        first = "\n".join(cell.text for cell in read_source(source)[:3])
        path = notebook_path(unit, source)
        title = re.search(r"^# (.+)$", first, re.MULTILINE)
        minutes, points = MINUTES.search(first), POINTS.search(first)
        yield {
            "unit": unit.id,
            "title": title[1] if title else path,
            "path": path,
            "colab": on_colab(unit.course, path),
            "minutes": minutes[1] if minutes else "",
            "points": points[1] if points else "",
        }


def _table(unit: Unit) -> str:
    lines = []
    for row in rows(unit):
        link = f"[{row['title']}]({row['path'].removeprefix('notebooks/')})"
        points = f", {row['points']} points" if row["points"] else ""
        # A list of links that all read "Colab" would tell a screen reader's user nothing.
        opens = f"[Colab: {row['title'].removeprefix('Challenge: ').split(':')[0]}]({row['colab']})"
        lines.append(f"| {link} | {row['minutes']} | {opens}{points} |\n")
    return HEAD + "".join(lines).rstrip("\n")
