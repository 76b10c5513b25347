"""Whether anything of a student's comes to life where it is shown: in a page, in a terminal."""

from __future__ import annotations

import re
from html.parser import HTMLParser

INERT = ("alt", "title")  # attributes that are text
FORMULA = re.compile(r"\\href\s*\{\s*javascript", re.IGNORECASE)  # MathJax makes a link of it,
SAFE = re.compile(r"MathJax[^\"]*/[^\"]*\?config=[^\"]*,Safe\"", re.IGNORECASE)  # but not like this
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def alive_in_page(page: str, mark: str) -> list[str]:
    """Return where a page holds the mark of an attack outside plain text.

    Parameters
    ----------
    page : str
        HTML.
    mark : str
        What stands in all that an attack would have executed, loaded or followed.
    """
    looks = _Looks(mark, safe=SAFE.search(page) is not None)
    looks.feed(page)
    looks.close()
    return looks.found


def alive_in_terminal(text: str) -> list[str]:
    """Return the characters of a text by which a terminal does more than show it."""
    return sorted({ascii(character) for character in CONTROL.findall(text)})


class _Looks(HTMLParser):
    def __init__(self, mark: str, *, safe: bool) -> None:
        super().__init__()
        self.found: list[str] = []
        self._mark, self._safe, self._inside = mark, safe, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if self._mark in f"{name} {value}" and name not in INERT:
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._mark not in data:
            return
        formula = FORMULA.search(data) is not None and not self._safe
        if self._inside in ("script", "style") or formula:
            self.found.append(f"<{self._inside}> {data[:200]}")
