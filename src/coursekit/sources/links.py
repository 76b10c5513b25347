"""Where students find what is built: addresses below that of the student repository."""

from __future__ import annotations

from pathlib import Path

from coursekit.sources.layout import Course, Unit

COLAB = "https://colab.research.google.com"
PAGES = {"contents.md": "notebooks/README.md", "glossary.md": "notebooks/glossary.md"}
"""The pages beside the notebooks: what authors write in ``course/``, and where it is built to."""


def notebook_path(unit: Unit, source: Path) -> str:
    """Return where the built notebook of a source lies for students, from the repository's root."""
    if source == unit.challenge:
        return f"notebooks/{unit.id}/{unit.challenge_notebook}"
    return f"notebooks/lectures/{unit.lecture_notebook(source)}"


def address(course: Course, path: str) -> str:
    """Return the address of a file of the student repository."""
    return f"{course.student_repository}/blob/main/{path}"


def on_colab(course: Course, path: str) -> str:
    """Return the address that opens a notebook of the student repository in Colab."""
    owner_and_name = "/".join(course.student_repository.split("/")[-2:])
    return f"{COLAB}/github/{owner_and_name}/blob/main/{path}"


def links(unit: Unit, source: Path) -> dict[str, str]:
    """Return what the build puts for each ``{{word}}`` in a source's Markdown."""
    course = unit.course
    badge = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]"
    opens = f"{badge}({on_colab(course, notebook_path(unit, source))})"
    made = {"badge": " · ".join([opens, *page_links(course).values()])}
    if unit.challenge:
        path = notebook_path(unit, unit.challenge)
        made["challenge"] = f"[the challenge]({address(course, path)})"
    after = unit.lectures.index(source) + 1 if source in unit.lectures else len(unit.lectures)
    if after < len(unit.lectures):
        path = notebook_path(unit, unit.lectures[after])
        made["next"] = f"[part {after + 1}]({address(course, path)})"
    if unit.lectures:
        path = notebook_path(unit, unit.lectures[0])
        made["lecture"] = f"[the lecture]({address(course, path)})"
    return made


def page_links(course: Course) -> dict[str, str]:
    """Return a link to each page that the course has, by its word: ``contents``, ``glossary``."""
    return {
        (word := Path(source).stem): f"[{word}]({address(course, built)})"
        for source, built in PAGES.items()
        if (course.root / "course" / source).is_file()
    }
