"""A report as one page of HTML that needs nothing else, and runs nothing.

What students wrote is text: every value is escaped, and characters that turn the direction of
writing or steer a terminal are shown as a mark.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from coursekit.classroom.report import printable
from coursekit.classroom.staging import beside, put, write_file
from coursekit.insight.findings import FEW, LOW, Data

LINE, BLOCK, LINES = 160, 1200, 24  # characters and lines that are shown of what students wrote
SHOWN = 25  # entries of a list
MANY = 0.2  # of a class: more than this many who are stuck are no matter of single students


def unit_page(data: Data, path: Path) -> str:
    """Return a unit's report.

    Parameters
    ----------
    data : dict
        From `coursekit.insight.findings.findings`.
    path : Path
        Where it will lie: links to feedback start there.
    """
    asked = {each["id"]: each for each in data["questions"]}
    bars = data["spread"]["bars"] if data["spread"] else []
    students = [{**each, "page": _link(each["page"], path)} for each in data["students"]]
    gave_up = [each for each in data["stuck"] if len(each["untried"]) > len(each["tried"])]
    return _render(
        "unit.html.j2",
        heading=f"Class report: {data['title'].removeprefix('Challenge: ')}",
        data={**data, "students": students},
        teaching=[asked[name] for name in data["teach"]],
        odd=[each for each in data["questions"] if each["odd"]],
        gave_up=[each["student"] for each in gave_up],
        trying=[each for each in data["stuck"] if each not in gave_up],
        many=len(data["stuck"]) > max(FEW, MANY * data["graded"]),
        highest=max([count for *_, count in bars], default=1),
        shown=SHOWN,
    )


def course_page(data: Data, ending: str = "") -> str:
    """Return the report of all units.

    Parameters
    ----------
    data : dict
        From `coursekit.insight.course.course_findings`.
    ending : str
        Of the units' own pages beside it: ``-anonymous``.
    """
    heading = "Class report: the course"
    return _render("course.html.j2", heading=heading, data=data, ending=ending)


def write_page(path: Path, page: str) -> None:
    """Write a page in one step; it is for its owner's eyes."""
    write_file(beside(path, "new"), page, mode=0o600)
    put(path)


def _render(template: str, **values: Any) -> str:
    environment = Environment(
        loader=PackageLoader("coursekit.insight"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "line": _line,
        "block": _block,
        "percent": lambda value: f"{value:.0%}",
        "points": lambda value: f"{round(value, 2):g}",
    }
    now = datetime.now().astimezone()
    return environment.get_template(template).render(low=LOW, when=f"{now:%d %B %Y}", **values)


def _line(text: str) -> str:
    whole = " ".join(printable(text).split())
    return whole if len(whole) <= LINE else whole[:LINE] + " …"


def _block(text: str) -> str:
    lines = printable(text.expandtabs(4)).strip("\n").split("\n")
    kept = "\n".join(lines[:LINES])[:BLOCK]
    return kept if len(lines) <= LINES and len(kept) < BLOCK else kept + "\n…"


def _link(page: str, path: Path) -> str:
    return quote(os.path.relpath(page, path.resolve().parent)) if page else ""
