"""Which pages the site has, and what each file looks like before Sphinx reads it.

The pages lie as in the repository, so links from file to file hold as they are.
"""

from __future__ import annotations

import base64
import hashlib
import html
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from coursekit.authoring.publish import PAPERS
from coursekit.sources.layout import Course, CourseError, Unit
from coursekit.sources.links import COLAB, PAGES, address, notebook_path

HOW_TO = ("docs/student.md", "docs/instructor.md", "CONTRIBUTING.md")
MORE = ("docs/sources.md", "data/README.md")
"""What else is for readers. Pages for those who have the instructors' repository stay there."""
SHORT = {"notebooks/README.md": "Contents, with minutes", "notebooks/glossary.md": "Glossary"}
ALIASES = {"README.md": "index.md"}
PICTURES = "_static/pictures"
WIDGET = "application/vnd.jupyter.widget-view+json"

LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^()\s]+)\)")
BADGE = re.compile(rf"!\[([^\]]*)\]\({re.escape(COLAB)}/assets/colab-badge\.svg\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
MERMAID = re.compile(r"^```mermaid\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
BOX = re.compile(r'(\w+)(?:\["([^"]*)"\])?')
HEADING = re.compile(r"^## ((\d\d) [^:\n]*)", re.MULTILINE)
INLINE_PNG = re.compile(r'src="data:image/png;base64,([^"]+)"')


def notebooks(unit: Unit) -> list[str]:
    """Return where a unit's notebooks lie, lectures first, from the repository's root."""
    sources = [*unit.lectures, *([unit.challenge] if unit.challenge else [])]
    return [notebook_path(unit, source) for source in sources]


def texts(course: Course) -> list[str]:
    """Return the Markdown pages that the course has."""
    return [name for name in (*PAGES.values(), *HOW_TO, *MORE) if (course.root / name).is_file()]


def all_pages(course: Course) -> set[str]:
    """Return every page by the name of its file, the front page included."""
    return {
        "index.md",
        *texts(course),
        *(name for unit in course.units for name in notebooks(unit)),
    }


def tables_of_contents(course: Course) -> str:
    """Return what the front page says to Sphinx about the order of all other pages."""
    contents = course.root / "notebooks/README.md"
    named = HEADING.findall(contents.read_text(encoding="utf-8")) if contents.is_file() else []
    titles = {number: title for title, number in named}
    known = texts(course)
    start = [name for name in known if name in PAGES.values()]
    groups = [("Start here", [f"{SHORT[name]} <{name}>" for name in start])]
    groups += [(titles.get(unit.id[:2], unit.id), notebooks(unit)) for unit in course.units]
    groups += [("How to", [name for name in known if name in HOW_TO])]
    groups += [("Behind the course", [name for name in known if name in MORE])]
    return "".join(
        "\n```{toctree}\n:hidden:\n:caption: " + "\n".join([f'"{title}"', "", *names]) + "\n```\n"
        for title, names in groups
        if names
    )


def page_text(course: Course, name: str, text: str) -> str:
    """Return a page's Markdown with its links made to hold on the site.

    Parameters
    ----------
    course : Course
    name : str
        Where the page lies, from the repository's root.
    text : str
        Its Markdown, or that of one of its cells.

    Raises
    ------
    CourseError
        If a link leads nowhere.
    """
    text = MERMAID.sub(lambda match: _path_through(match[1]), BADGE.sub(r"\1", text))
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [_relink(course, name, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _relink(course, name, text[end:])])


def page_notebook(course: Course, name: str, notebook: Any) -> dict[str, bytes]:
    """Make a notebook a page, in place, and return its pictures, name to content.

    Widgets go, since they would need a kernel: what they showed last stays. Pictures become files,
    which a browser loads when they come into view.
    """
    notebook.metadata.pop("widgets", None)
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = page_text(course, name, cell.source)
        elif cell.cell_type == "code":
            cell.outputs = [
                output for output in cell.outputs if WIDGET not in output.get("data", {})
            ]
            for output in cell.outputs:
                pictures |= _take_out_pictures(name, output)
    return pictures


def _take_out_pictures(name: str, output: Any) -> dict[str, bytes]:
    """Put addresses for the pictures that an output's HTML holds, and return the pictures."""
    data = output.get("data", {})
    pictures: dict[str, bytes] = {}

    def address_of(match: re.Match[str]) -> str:
        png = base64.b64decode(match[1])
        path = f"{PICTURES}/{hashlib.sha256(png).hexdigest()[:16]}.png"
        pictures[path] = png
        # Known before the picture is there, so that the text below it does not jump.
        width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        source = posixpath.relpath(path, posixpath.dirname(name))
        return f'src="{source}" width="{width}" height="{height}" loading="lazy"'

    if "text/html" in data:
        data["text/html"] = INLINE_PNG.sub(address_of, "".join(data["text/html"]))
    return pictures


def _relink(course: Course, name: str, text: str) -> str:
    """Return text with links to the site's own pages where they led to the repository's files."""
    pages, below = all_pages(course), address(course, "")

    def site_link(match: re.Match[str]) -> str:
        target, _, anchor = match["target"].partition("#")
        in_students = target.startswith(below)
        if not target or (":" in target and not in_students):
            return match[0]
        path = target.removeprefix(below)
        if not in_students:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        path = ALIASES.get(path, path)
        if path in pages:
            target = posixpath.relpath(path, posixpath.dirname(name) or ".")
        elif not (course.root / path).exists():
            raise CourseError(f"{name}: {match[0]} leads nowhere: mend the link.")
        elif in_students or path in PAPERS:
            target = address(course, path)
        else:  # only instructors have this file
            return match["text"]
        return f"[{match['text']}]({target}{'#' * bool(anchor)}{anchor})"

    return LINK.sub(site_link, text)


def _path_through(flowchart: str) -> str:
    """Return a small Mermaid flowchart as a list of its stages, which needs no program to draw.

    Browsers would need 3 MB of JavaScript for Mermaid; a stage is as far from the start as its
    longest way there.
    """
    labels: dict[str, str] = {}
    after: defaultdict[str, list[str]] = defaultdict(list)
    for left, right in _arrows(flowchart):
        for key, label in (left, right):
            labels[key] = label or labels.get(key, key)
        after[right[0]].append(left[0])
    stages: defaultdict[int, list[str]] = defaultdict(list)
    for key in labels:
        stages[_depth(key, after)].append(_box(labels[key]))
    rows = "".join(f"<li>{''.join(stages[depth])}</li>\n" for depth in sorted(stages))
    return f'<ol class="path-through">\n{rows}</ol>\n'


def _arrows(flowchart: str) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for line in flowchart.splitlines():
        left, arrow, right = line.strip().partition(" --> ")
        if arrow:
            ends = [BOX.fullmatch(end.strip()) for end in (left, right)]
            if None in ends:
                raise CourseError(f'{line.strip()!r}: write an arrow as A["text"] --> B["text"].')
            yield tuple((end[1], end[2] or "") for end in ends if end)  # type: ignore[misc]


def _depth(key: str, after: dict[str, list[str]]) -> int:
    return max((1 + _depth(before, after) for before in after.get(key, [])), default=0)


def _box(label: str) -> str:
    first, *rest = [html.escape(part) for part in re.split(r"<br ?/?>", label)]
    return f"<span><strong>{first}</strong>{''.join(f'<br>{part}' for part in rest)}</span>"
