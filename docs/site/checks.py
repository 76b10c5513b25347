"""Check built pages: nothing leaks, links and anchors hold, pictures have alt texts.

Nothing is fetched: addresses elsewhere are held against a pattern.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from coursekit.leaks.gate import gate_files
from coursekit.sources.layout import Course
from coursekit.sources.links import address, on_colab

OUTSIDE = re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}(:\d+)?(/[^\s<>\"{}|^`\\]*)?|mailto:\S+@\S+")
SPEAKS_OF_MARKERS = "CONTRIBUTING"
BLOCKS = {"pre", "script", "style"}  # and the text between them
NAMES = {"alt", "title", "content", "aria-label"}  # attributes that hold words
LOADED = {"img", "script", "link", "iframe", "source", "video", "audio", "embed"}


class Page(HTMLParser):
    """What a page is linked by and links to, loads, and shows without a word about it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.without_alt: list[str] = []
        self.blocks: list[list[str]] = [[]]
        self.feed(text)

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.blocks[-1].append(data)

    def handle_comment(self, data: str) -> None:
        """Keep these words too."""
        self.blocks.append([data])

    def handle_endtag(self, tag: str) -> None:
        """End a block of code."""
        if tag in BLOCKS:
            self.blocks.append([])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        values = {key: value or "" for key, value in attrs}
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        self.blocks += [[value] for key, value in values.items() if key in NAMES]
        if tag in BLOCKS:
            self.blocks.append([])
        target = values.get("href") or values.get("src") or ""
        if tag == "img" and not values.get("alt", "").strip():
            self.without_alt.append(target)
        if tag in LOADED and values.get("rel") not in ("canonical", "search"):
            self.loads.append(target)
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])


def find_leaks(course: Course, folder: Path) -> list[str]:
    """Return what students must not see and the site shows, one sentence each.

    A page goes to the gate block by block, as a notebook goes cell by cell: read as one text, the
    end of one cell and the beginning of the next can look like a hidden test. What Sphinx and the
    theme bring is not looked at.
    """
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".html":
            files[f"{name}.ipynb"] = _as_notebook(Page(path.read_text(encoding="utf-8")))
        elif not name.startswith("_static/") or name.startswith("_static/pictures/"):
            files[name] = path.read_bytes()
    return [
        str(finding)
        for finding in gate_files(course, files)
        if not (finding.rule == "marker" and SPEAKS_OF_MARKERS in finding.path)
    ]


def _as_notebook(page: Page) -> bytes:
    cells = [
        {"cell_type": "code", "id": f"block-{number}", "metadata": {}, "outputs": []}
        | {"execution_count": None, "source": "".join(words)}
        for number, words in enumerate(page.blocks)
        if "".join(words).strip()
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook).encode()


def find_faults(course: Course, folder: Path) -> list[str]:
    """Return what is wrong in the pages below `folder`, one sentence each.

    Parameters
    ----------
    course : Course
        Addresses in its student repository must name a file that is there.
    folder : Path
        The built site.
    """
    paths = sorted(path for path in folder.rglob("*.html") if "_static" not in path.parts)
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in paths}
    faults = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        faults += [
            f"{name}: the picture {source[:60]} has no alt text." for source in page.without_alt
        ]
        for target in dict.fromkeys([*page.links, *page.loads]):
            loaded = target in page.loads
            faults += [f"{name}: {fault}" for fault in _wrong(course, path, target, loaded, pages)]
    return faults


def _wrong(
    course: Course, path: Path, target: str, loaded: bool, pages: dict[Path, Page]
) -> Iterator[str]:
    parts = urlsplit(target)
    if parts.scheme == "data":
        return
    if parts.scheme or parts.netloc:
        if loaded:
            yield f"{target} is loaded from another host: keep a copy in the site."
        elif not OUTSIDE.fullmatch(target):
            yield f"{target} is no https address."
        else:
            yield from _not_in_repository(course, target)
        return
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not file.is_file():
        yield f"{target} leads nowhere."
    elif parts.fragment and file in pages and unquote(parts.fragment) not in pages[file].anchors:
        yield f"{target} names a place that is not there."


def _not_in_repository(course: Course, target: str) -> Iterator[str]:
    for below in (address(course, ""), on_colab(course, "")):
        name = unquote(urlsplit(target.removeprefix(below)).path)
        if target.startswith(below) and not (course.root / name).is_file():
            yield f"{target}: the student repository has no {name}."
