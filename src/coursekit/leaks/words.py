"""Normal forms of text, so that a copy is seen whatever was done to its looks.

A text is cut into tokens without quotes, brackets, commas, line breaks and comment signs. What is
left is the same before and after a formatter, in a comment, in Markdown and in HTML. Four views of
those tokens are compared:

- ``exact``: names, numbers, operators;
- ``renamed``: every name but keywords, built-ins and attributes is the same name;
- ``words``: words alone, in small letters;
- ``numbers``: numbers without sign, in one spelling; a name between two numbers parts them.
"""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import re
import textwrap
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Window: TypeAlias = tuple[str, ...]

TOKEN = re.compile(
    r"(?P<number>(?<![\w.])(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|//|[=!<>]=|[-+*/%<>=@&|^~])"
)
QUOTING = re.compile(r"^[ \t]*(?:(?:>>>|\.\.\.|>|#+)[ \t]*)+", re.MULTILINE)
COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
KNOWN = {*keyword.kwlist, *dir(builtins)}
VIEWS = ("exact", "renamed", "words", "numbers")
GAP = ""  # in a view: nothing to compare here, and no window reaches across
ANY_NAME = "_"


@dataclass(frozen=True)
class Text:
    """A text as tokens.

    Attributes
    ----------
    text : str
    spans : list of (int, int)
        Where each token stands in `text`.
    views : dict of str to list of str
        The tokens as each view shows them, one to one with `spans`.
    """

    text: str
    spans: list[tuple[int, int]]
    views: dict[str, list[str]]

    @classmethod
    def of(cls, text: str) -> Text:
        """Cut `text` into tokens."""
        text = QUOTING.sub(lambda match: " " * len(match[0]), text)
        spans: list[tuple[int, int]] = []
        views: dict[str, list[str]] = {view: [] for view in VIEWS}
        for match in TOKEN.finditer(text):
            token, kind, start = match[0], match.lastgroup, match.start()
            spans.append(match.span())
            free = kind == "name" and token not in KNOWN and text[max(start - 1, 0)] != "."
            number = plain_number(token) if kind == "number" else GAP
            views["exact"].append(number or token)
            views["renamed"].append(ANY_NAME if free else number or token)
            views["words"].append(number or (token.casefold() if kind == "name" else GAP))
            views["numbers"].append(number)
        return cls(text, spans, views)

    def windows(self, view: str, length: int) -> Iterator[Window]:
        """Yield every window of `length` tokens."""
        tokens = self.views[view]
        for run in self._runs(view):
            for first in range(len(run) - length + 1):
                yield tuple([tokens[n] for n in run[first : first + length]])

    def candidates(
        self, view: str, lengths: Mapping[str, Iterable[int]]
    ) -> Iterator[tuple[Window, int, int]]:
        """Yield (window, where it starts and ends in the text), of the lengths asked for.

        `lengths` says how long windows are of interest, by their first token.
        """
        tokens = self.views[view]
        for run in self._runs(view):
            for first, index in enumerate(run):
                for length in lengths.get(tokens[index], ()):
                    chosen = run[first : first + length]
                    if len(chosen) == length:
                        start, end = self.spans[index][0], self.spans[chosen[-1]][1]
                        yield tuple([tokens[n] for n in chosen]), start, end

    def _runs(self, view: str) -> Iterator[Sequence[int]]:
        """Yield the indices of tokens that count as neighbours in this view."""
        if view in ("exact", "renamed"):
            yield range(len(self.spans))
            return
        # Signs lie between words and numbers without parting them; names part numbers.
        run: list[int] = []
        for index, token in enumerate(self.views[view]):
            if token:
                run.append(index)
            elif view == "numbers" and self.views["words"][index]:
                yield run
                run = []
        yield run


def plain_number(token: str) -> str:
    """Return a number in one spelling: ``1_000`` as ``1000``, ``5e-3`` as ``0.005``."""
    plain = token.replace("_", "")
    return str(int(plain)) if plain.isdigit() else repr(float(plain))


def digits(number: str) -> int:
    """Return how many digits of a plain number mean something."""
    mantissa = number.split("e")[0]
    if mantissa.isdigit():
        return len(mantissa.rstrip("0"))
    return len(mantissa.replace(".", "").removesuffix("0").lstrip("0"))


def without_comments(code: str) -> str:
    """Return Python code as its syntax tree prints it; comments and lone strings are gone.

    Text that is no Python only loses what stands behind ``#``.
    """
    tree = parse(code)
    if tree is None:
        return COMMENT.sub("", code)
    return "\n".join(
        ast.unparse(node)
        for node in tree.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    )


def comments(code: str) -> str:
    """Return the comments of Python code, one a line; all of it if it is no Python."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):
        return code
    return "\n".join(token.string for token in tokens if token.type == tokenize.COMMENT)


def parse(code: str) -> ast.Module | None:
    """Return the syntax tree of code, also of a function's bare body; None if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash in somebody's string
            return ast.parse(textwrap.dedent(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
