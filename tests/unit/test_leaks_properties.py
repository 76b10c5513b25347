"""Whatever the solution, and however it is disguised: planted it is found, absent it is not."""

import ast
import base64
import builtins
import html
import json
import keyword
from collections.abc import Callable

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coursekit.leaks.index import Index
from coursekit.leaks.secrets import Public, Secret, cut_regions
from coursekit.leaks.targets import Part, Place, pieces
from coursekit.leaks.words import Text, without_comments

NAMES = st.text("abcdefghijklmnop", min_size=4, max_size=8).filter(
    lambda name: not keyword.iskeyword(name) and name not in dir(builtins)
)
NUMBERS = st.one_of(st.integers(2, 9999), st.floats(0.01, 99)).map(
    lambda number: repr(round(number, 4))
)
METHODS = st.sampled_from(["reshape", "astype", "cumsum", "append", "mean", "clip", "sum"])
CALLS = st.sampled_from(["sum", "len", "max", "sorted", "abs", "float", "zip"])
SIGNS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])


@st.composite
def expressions(draw: st.DrawFn) -> str:
    left, right = draw(NAMES), draw(NUMBERS)
    return f"{draw(CALLS)}({left}.{draw(METHODS)}({right}) {draw(SIGNS)} {draw(NAMES)})"


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Return the body of a small function: assignments, a loop, a return."""
    lines = [f"{draw(NAMES)} = {draw(expressions())}" for _ in range(draw(st.integers(1, 3)))]
    lines.append(f"for {draw(NAMES)} in {draw(expressions())}:")
    lines.append(f"    {draw(NAMES)} += {draw(expressions())}")
    lines.append(f"return {draw(expressions())} {draw(SIGNS)} {draw(expressions())}")
    return "\n".join(lines)


def rename(code: str) -> str:
    """Return code with other names for all its variables."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in dir(builtins):
            node.id = f"other{len(node.id)}_{node.id[::-1]}"
    return ast.unparse(tree)


def spread(code: str) -> str:
    """Return code as a formatter with very short lines might leave it."""
    return code.replace("(", "(\n        ").replace(")", ",\n    )").replace(" + ", "\n        + ")


def notebook(**cell: object) -> bytes:
    full = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "", **cell}
    return json.dumps({"cells": [full], "metadata": {}, "nbformat": 4}).encode()


DISGUISES: list[tuple[str, Callable[[str], bytes]]] = [
    ("a.ipynb", lambda code: notebook(cell_type="code", outputs=[], source=code)),
    ("a.ipynb", lambda code: notebook(cell_type="code", outputs=[], source=spread(code))),
    ("a.ipynb", lambda code: notebook(source=f"So:\n```python\n{code}\n```\nDone.")),
    ("a.ipynb", lambda code: notebook(metadata={"deep": {"er": [1, code]}})),
    ("a.ipynb", lambda code: notebook(source=base64.b64encode(code.encode()).decode())),
    ("a.html", lambda code: f"<p>So</p><pre>{html.escape(code)}</pre>".encode()),
    ("a.html", lambda code: f"<a title='{html.escape(code)}'>a</a>".encode()),
    ("a.py", lambda code: ("# " + code.replace("\n", "\n# ")).encode()),
    ("a.json", lambda code: json.dumps({"cells": json.dumps(code)}).encode()),
]


def found(index: Index, name: str, data: bytes) -> set[str]:
    return {
        match.rule
        for piece in pieces(Place(name), data)
        if isinstance(piece, Part)
        for text in (piece.text, without_comments(piece.text))
        for match in index.search(text)
    }


@settings(deadline=None, max_examples=40)
@given(bodies(), st.sampled_from(DISGUISES), st.booleans())
def test_a_planted_solution_is_found_in_every_disguise(
    code: str, disguise: tuple[str, Callable[[str], bytes]], renamed: bool
) -> None:
    index = Index([Secret("solution", "01_x", "challenge.py", code)], [])
    name, pack = disguise
    assert "statement" in found(index, name, pack(rename(code) if renamed else code))


@settings(deadline=None, max_examples=40)
@given(bodies(), bodies(), st.sampled_from(DISGUISES))
def test_text_that_shares_nothing_raises_no_alarm(
    secret: str, public: str, disguise: tuple[str, Callable[[str], bytes]]
) -> None:
    index = Index([Secret("solution", "01_x", "challenge.py", secret)], [])
    name, pack = disguise
    shared = set(Text.of(secret).views["exact"]) & set(Text.of(public).views["exact"])
    assume(not any(token[0].isdigit() or "_" in token for token in shared))
    assert found(index, name, pack(public)) == set()


@settings(deadline=None, max_examples=30)
@given(bodies())
def test_what_a_lesson_says_is_no_secret(code: str) -> None:
    index = Index(
        [Secret("solution", "01_x", "challenge.py", code)], [Public("lesson", f"# So:\n{code}")]
    )
    assert found(index, "a.py", code.encode()) == set()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.from_regex(r"[a-zA-Z]{2,9}", fullmatch=True), min_size=10, max_size=30),
    st.integers(0, 99),
)
def test_a_mark_scheme_is_found_wrapped_and_in_other_letters(words: list[str], seed: int) -> None:
    index = Index([Secret("scheme", "01_x", "challenge.py", " ".join(words))], [])
    breaks = [" ", "\n", ", ", "\n> ", " *", "\t"]
    text = "".join(w.upper() + breaks[(n * 7 + seed) % 6] for n, w in enumerate(words))
    assert found(index, "a.md", text.encode()) == {"phrase"}


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.ipynb", "a.zip", "a.html", "a.npy", "a.txt"]))
def test_any_bytes_can_be_looked_at(data: bytes, name: str) -> None:
    assert list(pieces(Place(name), data))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    cut = Text.of(text)
    assert len(cut.spans) == len(cut.views["exact"]) == len(cut.views["numbers"])
    assert cut_regions(text)[1] == [] or "BEGIN" in text
