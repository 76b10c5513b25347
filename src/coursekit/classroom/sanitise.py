"""What a student's code and text left, made harmless: it is shown on the instructor's Jupyter.

Only what is known to be harmless stays. The student's own file is never touched.
"""

from __future__ import annotations

import base64
import binascii
import re
from html.parser import HTMLParser
from typing import Any

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from nbconvert.filters.markdown import markdown2html
from nbformat.v4 import new_output

from coursekit.sources.notebook import Notebook

OUTPUTS, LINES, STEPS = 100, 1000, 100  # of a cell; lines of its streams; steps of a traceback
LONGEST = {"text/html": 2_000_000, "image/png": 4_000_000, "image/jpeg": 4_000_000}
LONGEST_TEXT = 100_000  # characters
# Reading nested HTML takes time that grows with the square of its tags.
MOST_TAGS, ALL_TAGS, ALL_MARKDOWN = 6_000, 20_000, 400_000
CUT = "... Output truncated ..."
NOT_SHOWN = "(An output is not shown here, {}.)"
WORDS = re.compile(r"\w+").findall
TAGS = {
    *WORDS(
        "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
        "figure h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s samp small span strong sub summary "
        "sup table tbody td tfoot th thead tr u ul var"
    )
}
ATTRIBUTES = {*WORDS("alt align border colspan height open rowspan scope style title width")}
LINK = re.compile(r"(https?://|mailto:|#)[^\x00-\x20]*", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
WITH_CONTENT = re.compile(r"<(style|script|template|noscript)\b.*?(</\1\s*>|\Z)", re.I | re.S)
TAG_BEGINS = re.compile(r"<(?=[A-Za-z/!?])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Sanitiser:
    """Makes one notebook harmless; what a notebook may cost in time is limited, too."""

    def __init__(self) -> None:
        self._tags_left, self._markdown_left = ALL_TAGS, ALL_MARKDOWN

    def outputs(self, outputs: list[dict[str, Any]], number: int | None) -> list[Notebook]:
        """Return a code cell's outputs as they may be shown.

        Parameters
        ----------
        outputs : list of dict
            In the form of nbformat; nothing in them is trusted.
        number : int or None
            The cell's execution count.

        Returns
        -------
        list of nbformat.NotebookNode
            Long ones are cut; scripts, widgets and what is unknown are gone.
        """
        made, left = [], LINES
        for output in outputs[:OUTPUTS]:
            kind = output.get("output_type")
            if kind == "stream":
                text, left = _cut(_text(output.get("text")), left)
                name = "stderr" if output.get("name") == "stderr" else "stdout"
                made += [new_output("stream", name=name, text=text)] if text else []
            elif kind == "error":
                parts = (output.get(part) for part in ("ename", "evalue", "traceback"))
                made.append(harmless_error(*parts))
            elif kind in ("display_data", "execute_result"):
                count = {"execution_count": number} if kind == "execute_result" else {}
                data = self._bundle(output.get("data"))
                made.append(new_output(kind, data, metadata=_alt(output), **count))
        if len(outputs) > OUTPUTS:
            made.append(new_output("stream", name="stdout", text=f"{CUT}\n"))
        return made

    def markdown(self, text: str) -> str:
        """Return Markdown that renders to nothing dangerous; what resists becomes a block of code.

        HTML in it is shown as text. Links may lead to the web, pictures may be embedded.
        """
        text = CONTROL.sub("", _text(text))[:LONGEST_TEXT]
        tamed = TAG_BEGINS.sub("&lt;", text)
        self._markdown_left -= len(text)
        try:
            harmless = self._markdown_left >= 0 and _Links(markdown2html(tamed)).are_harmless
        except Exception:  # an attachment that is gone, nesting that is too deep, ...
            harmless = False
        if harmless:
            return tamed
        fence = "`" * (3 + max((len(run) for run in re.findall("`+", text)), default=0))
        return f"{fence}text\n{text}\n{fence}"

    def _bundle(self, data: Any) -> dict[str, str]:
        """Return the parts of a rich output that may be shown; a sentence where there are none."""
        made: dict[str, str] = {}
        found = data if isinstance(data, dict) else {}
        for mime, value in found.items():
            text = _text(value)
            if len(text) > LONGEST.get(mime, LONGEST_TEXT):
                made.setdefault("text/plain", NOT_SHOWN.format(f"{_plain(mime)}: it is too long"))
            elif mime in ("text/plain", "text/latex"):
                made[mime] = text
            elif mime == "text/markdown":
                made[mime] = self.markdown(text)
            elif mime == "text/html":
                self._add_html(text, made)
            elif mime in ("image/png", "image/jpeg"):
                made |= {mime: text.strip()} if _is_base64(text) else {}
            elif mime == "image/svg+xml":  # a picture can neither run scripts nor load anything
                packed = base64.b64encode(text.encode()).decode()
                picture = f'<img alt="" src="data:image/svg+xml;base64,{packed}">'
                made.setdefault("text/html", picture)
        if not made:
            made["text/plain"] = NOT_SHOWN.format(_plain(", ".join(map(str, found))) or "unknown")
        return made

    def _add_html(self, text: str, made: dict[str, str]) -> None:
        tags = text.count("<")
        self._tags_left -= tags
        if tags > MOST_TAGS or self._tags_left < 0 or len(PICTURE.sub("", text)) > LONGEST_TEXT:
            made.setdefault("text/plain", NOT_SHOWN.format("text/html: it is too long"))
        else:
            made["text/html"] = _cleaner().clean(WITH_CONTENT.sub("", text))


def harmless_error(name: Any, message: Any, traceback: Any) -> Notebook:
    """Return an error's output, cut where it is long."""
    steps = [_text(step)[:LONGEST_TEXT] for step in traceback] if _is_list(traceback) else []
    if len(steps) > STEPS:
        half = STEPS // 2
        steps = [*steps[:half], CUT, *steps[-half + 1 :]]
    about = {"ename": _text(name)[:200], "evalue": _text(message)[:LONGEST_TEXT]}
    return new_output("error", **about, traceback=steps)


class _Links(HTMLParser):
    """Looks through a page that a renderer made of text without HTML."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.are_harmless = True
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                allowed = LINK if name == "href" else PICTURE
                self.are_harmless &= bool(allowed.fullmatch(value or ""))


def _cleaner() -> Cleaner:
    return Cleaner(
        tags=TAGS,
        attributes=_may_stay,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        css_sanitizer=CSSSanitizer(),
    )


def _may_stay(tag: str, name: str, value: str) -> bool:
    """Whether an attribute may stay."""
    if name == "href":
        return tag == "a" and LINK.fullmatch(value) is not None
    if name == "src":
        return tag == "img" and PICTURE.fullmatch(value) is not None
    if name == "class":
        return value == "dataframe"
    return name in ATTRIBUTES


def _alt(output: dict[str, Any]) -> dict[str, Any]:
    """Return of an output's metadata the picture's alt text."""
    metadata = output.get("metadata")
    about = metadata.get("image/png") if isinstance(metadata, dict) else None
    alt = about.get("alt") if isinstance(about, dict) else None
    return {"image/png": {"alt": _text(alt)[:LINES]}} if alt else {}


def _cut(text: str, left: int) -> tuple[str, int]:
    """Return what of a stream is shown, and how many lines are left for the next."""
    if left <= 0:
        return "", 0
    lines = text[:LONGEST_TEXT].split("\n")
    if len(lines) > left or len(text) > LONGEST_TEXT:
        lines = [*lines[: left - 1], CUT]
        return "\n".join(lines) + "\n", 0
    return text, left - len(lines)


def _text(value: Any) -> str:
    """Return text that can be written as UTF-8, whatever came."""
    if _is_list(value):
        value = "".join(part for part in value if isinstance(part, str))
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode()


def _plain(name: Any) -> str:
    return re.sub(r"[^\w./+, -]", "", _text(name))[:100]


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
