"""Fingerprints of the secrets, less what the authors show themselves, and where a text has them.

| rule | what is compared | no secret if it stands in |
|---|---|---|
| statement | 12 tokens of code, names aside; a shorter statement | lessons (hidden: checks too) |
| fragment | 6 tokens of code | any source |
| phrase | 10 words; 6 words | lessons; any source |
| string | a quoted text | lessons, checks, documents |
| number | a number, or some in a row, of enough digits | lessons, checks, documents |
| identifier | a name of two words | any source |

A long match is no accident, so there a prompt is no excuse.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from coursekit.leaks.secrets import Public, Secret
from coursekit.leaks.words import (
    ANY_NAME,
    VIEWS,
    Text,
    Window,
    comments,
    digits,
    parse,
    without_comments,
)

LONG_CODE, SHORT_CODE, LONG_PHRASE, SHORT_PHRASE = 12, 6, 10, 6
BEGINNING = 300  # characters: more than the longest window takes
COMPOUND = re.compile(r"(?!__)\w*[^\W_](?:_[^\W_]|(?<=[a-z])[A-Z])\w*")
EVERYWHERE = frozenset({"lesson", "check", "prompt", "document"})
NOT_PROMPTS = EVERYWHERE - {"prompt"}
LESSONS = frozenset({"lesson"})
RULES = ("statement", "fragment", "phrase", "string", "number", "identifier")


@dataclass(frozen=True)
class Fingerprint:
    """A window of tokens that gives a secret away.

    Attributes
    ----------
    rule : str
        One of RULES.
    view : str
        The view of the text to look for it in.
    window : tuple of str
    excused : frozenset of str
        The kinds of public text in which it is no secret.
    """

    rule: str
    view: str
    window: Window
    excused: frozenset[str]


@dataclass(frozen=True)
class Match:
    """A run of fingerprints of one secret in a text."""

    rule: str
    secret: Secret
    start: int
    end: int


class Index:
    """Looks for all secrets in a text at once.

    Parameters
    ----------
    secrets : iterable of Secret
        The gravest first: a window that several have counts for the first.
    public : iterable of Public
    """

    def __init__(self, secrets: Iterable[Secret], public: Iterable[Public]) -> None:
        found: _Table = {view: defaultdict(dict) for view in VIEWS}
        for secret in secrets:
            for mark in _fingerprints(secret):
                found[mark.view][mark.window].setdefault(mark.rule, (mark, secret))
        lengths = _lengths(found)
        for passage in public:
            # A lesson's code is compared as the secrets' is, without the comments in between.
            is_code = passage.kind in ("lesson", "check")
            texts = {passage.text, without_comments(passage.text) if is_code else ""}
            # On a page a word may stand right before a cell: it makes no secret of what is shown.
            for text in texts | {f"word\n{text[:BEGINNING]}" for text in texts if is_code}:
                cut = Text.of(text)
                for view, table in found.items():
                    for window, _, _ in cut.candidates(view, lengths[view]):
                        _excuse(table.get(window, {}), passage.kind)
        self._found = {v: {w: marks for w, marks in t.items() if marks} for v, t in found.items()}
        self._lengths = _lengths(self._found)

    def search(self, text: str) -> list[Match]:
        """Return the matches in `text`, stronger rules first; none lies within a stronger one."""
        cut = Text.of(text)
        spans: dict[tuple[str, Secret], list[tuple[int, int]]] = defaultdict(list)
        for view, table in self._found.items():
            for window, start, end in cut.candidates(view, self._lengths[view]):
                for rule, (_, secret) in table.get(window, {}).items():
                    spans[rule, secret].append((start, end))
        kept: list[Match] = []
        for rule in RULES:
            for (of_rule, secret), places in spans.items():
                if of_rule != rule:
                    continue
                for start, end in _merge(places):
                    if not any(m.start <= start and end <= m.end for m in kept):
                        kept.append(Match(rule, secret, start, end))
        return kept


# By rule, since two may share a window.
_Marks: TypeAlias = dict[str, tuple[Fingerprint, Secret]]
_Table: TypeAlias = dict[str, dict[Window, _Marks]]


def _lengths(found: _Table) -> dict[str, dict[str, set[int]]]:
    """Return, by view and first token, how long the windows are that begin with it."""
    lengths: dict[str, dict[str, set[int]]] = {view: defaultdict(set) for view in found}
    for view, table in found.items():
        for window in table:
            lengths[view][window[0]].add(len(window))
    return lengths


def _excuse(marks: _Marks, kind: str) -> None:
    """Take out what public text of that kind may say."""
    for rule in [rule for rule, (mark, _) in marks.items() if kind in mark.excused]:
        del marks[rule]


def _merge(places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start, end = -1, -1
    for a, b in sorted(places):
        if a > end:
            if end >= 0:
                yield start, end
            start, end = a, b
        end = max(end, b)
    if end >= 0:
        yield start, end


def _fingerprints(secret: Secret) -> Iterator[Fingerprint]:
    for make in _MAKERS[secret.kind]:
        yield from make(secret)


def _code(secret: Secret) -> Iterator[Fingerprint]:
    cut = Text.of(without_comments(secret.text))
    excused = LESSONS | {"check"} if secret.kind == "hidden" else LESSONS
    if secret.kind == "variant":
        excused = EVERYWHERE  # a wrong answer may be what the prompt warns of
    for window in cut.windows("renamed", LONG_CODE):
        if _tells(window):
            yield Fingerprint("statement", "renamed", window, excused)
    if secret.kind == "variant":
        return
    for statement in _statements(secret.text):
        window = tuple(Text.of(statement).views["exact"])
        if SHORT_CODE <= len(window) < LONG_CODE and len(set(window)) >= SHORT_CODE - 1:
            known = NOT_PROMPTS if secret.kind == "hidden" else LESSONS
            yield Fingerprint("statement", "exact", window, known)
    for window in cut.windows("exact", SHORT_CODE):
        if len(set(window)) >= SHORT_CODE - 2:
            yield Fingerprint("fragment", "exact", window, EVERYWHERE)


def _tells(window: Window) -> bool:
    """Whether code without its names still says enough to know it again."""
    return len([token for token in window if token != ANY_NAME]) >= 5 and len(set(window)) >= 5


def _statements(code: str) -> Iterator[str]:
    tree = parse(code)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield ast.unparse(node)


def _strings(secret: Secret) -> Iterator[Fingerprint]:
    tree = parse(secret.text)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            cut = Text.of(node.value)
            for window in {tuple(cut.views["exact"]), *_whole(cut)}:
                if len(node.value.strip()) >= 8 and 1 <= len(window) <= 40:
                    view = "words" if window in _whole(cut) else "exact"
                    yield Fingerprint("string", view, window, NOT_PROMPTS)


def _whole(cut: Text) -> list[Window]:
    return [tuple(word for word in cut.views["words"] if word)]


def _identifiers(secret: Secret) -> Iterator[Fingerprint]:
    cut = Text.of(without_comments(secret.text))
    for token in set(cut.views["exact"]):
        if len(token) >= 8 and COMPOUND.fullmatch(token):
            yield Fingerprint("identifier", "exact", (token,), EVERYWHERE)


def _numbers(secret: Secret) -> Iterator[Fingerprint]:
    text = textwrap.dedent(secret.text)
    cut = Text.of(without_comments(text))
    for number in {n for n in cut.views["numbers"] if n}:
        if digits(number) >= (3 if "." in number else 4):
            yield Fingerprint("number", "numbers", (number,), NOT_PROMPTS)
    for length in range(3, 7):
        for window in cut.windows("numbers", length):
            told = [digits(number) for number in window]
            if sum(told) >= 5 > sum(told[:-1]) and len(set(window)) >= 3:
                yield Fingerprint("number", "numbers", window, NOT_PROMPTS)


def _results(secret: Secret) -> Iterator[Fingerprint]:
    for number in {n for n in Text.of(secret.text).views["numbers"] if n}:
        if "." in number and digits(number) >= 5:
            yield Fingerprint("number", "numbers", (number,), EVERYWHERE)


def _phrases(text: str, short: int | None) -> Iterator[Fingerprint]:
    cut = Text.of(text)
    for window in cut.windows("words", LONG_PHRASE):
        yield Fingerprint("phrase", "words", window, LESSONS if short else EVERYWHERE)
    if short:
        for window in cut.windows("words", short):
            yield Fingerprint("phrase", "words", window, EVERYWHERE)


def _comments(secret: Secret) -> Iterator[Fingerprint]:
    for line in comments(textwrap.dedent(secret.text)).splitlines():
        yield from _phrases(line, SHORT_PHRASE)


def _scheme(secret: Secret) -> Iterator[Fingerprint]:
    yield from _phrases(secret.text, SHORT_PHRASE)
    for sentence in re.split(r"[.:;!?]\s|\n\s*\n|\n\s*[-*]\s", secret.text):
        (window,) = _whole(Text.of(sentence))
        if 4 <= len(window) < SHORT_PHRASE:
            yield Fingerprint("phrase", "words", window, EVERYWHERE)


def _teaching(secret: Secret) -> Iterator[Fingerprint]:
    yield from _phrases(secret.text, None)


_MAKERS: dict[str, list[Callable[[Secret], Iterator[Fingerprint]]]] = {
    "solution": [_code, _strings, _numbers, _identifiers, _comments],
    "hidden": [_code, _strings, _numbers, _identifiers, _comments],
    "scheme": [_scheme],
    "variant": [_code],
    "teaching": [_teaching],
    "result": [_results],
}
