"""The cells of a notebook that was saved as a Python script, by whichever program."""

from __future__ import annotations

import ast
import json
import re
import warnings
from itertools import zip_longest
from typing import Any

# VS Code's and jupytext's `# %% [markdown]`, PyCharm's `#%% md`, and nbconvert's `# In[3]:`
MARK = re.compile(
    r"^#[ \t]*(?:%%(?P<keys>[ \t\[].*|md\b.*|)|In[ \t]*\[[ \d*]*\]:[ \t]*)$", re.M
)  # and not jupytext's `# %%time`, which is a magic
TEXT = re.compile(r"(?:^|\[)[ \t]*(markdown|md|raw)\b")
HEAD = re.compile(r"\A(?:#!.*\n)?(?:#.*coding[:=].*\n)?")
NBGRADER = re.compile(r"\bnbgrader=(?=\{)")
KEYS = re.compile(r'\b(answer|check|given|prompt|task)="(\w{1,60})"')
PART = re.compile(r'\bpart="(\w{1,40})"')
FLAGS = {"answer": "solution", "check": "grade", "task": "task"}

Cell = dict[str, Any]


def is_script(text: str) -> bool:
    """Whether a text has marks between cells, as no notebook file has."""
    return not text.lstrip().startswith(("{", "[")) and MARK.search(text) is not None


def script_cells(text: str) -> tuple[list[Cell], str]:
    """Return the cells, in notebook format 4, and what kind of script it is.

    In one without marks, Colab's, texts stand as strings between the code.
    """
    text = HEAD.sub("", text)
    marks = list(MARK.finditer(text))
    if not marks:
        return _strings(text), "script"
    percent = any("%%" in mark[0] for mark in marks)
    code, comments = _comments(text[: marks[0].start()])
    cells = [_code(code)] if code else []
    cells += [] if percent else comments  # a percent script begins with notes of its program
    for mark, below in zip_longest(marks, marks[1:]):
        body = text[mark.end() : below.start() if below else None].strip("\n")
        if "%%" in mark[0]:
            cells.append(_percent(mark["keys"] or "", body))
        else:
            code, comments = _comments(body)
            cells += [_code(code), *comments]
    return cells, "percent script" if percent else "nbconvert's script"


def _code(source: str) -> Cell:
    return {"cell_type": "code", "source": source}


def _strings(text: str) -> list[Cell]:
    """Return the strings that stand alone as text, and what is between them as code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return [_code(text)]
    cells, lines, done = [], text.split("\n"), 0
    for node in body:
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            cells.append(_code("\n".join(lines[done : node.lineno - 1]).strip("\n")))
            cells.append({"cell_type": "markdown", "source": value.value.strip("\n")})
            done = node.end_lineno or node.lineno
    cells.append(_code("\n".join(lines[done:]).strip("\n")))
    return [cell for cell in cells if cell["source"].strip()]


def _percent(keys: str, body: str) -> Cell:
    found = TEXT.search(keys)
    metadata = {"nbgrader": _claims(keys)}
    if not found:
        return _code(body) | {"metadata": metadata}
    type_ = "raw" if found[1] == "raw" else "markdown"
    return {"cell_type": type_, "source": _uncomment(body), "metadata": metadata}


def _claims(keys: str) -> dict[str, Any]:
    """Return nbgrader's metadata: jupytext writes all of it, the course's own keys stand for it."""
    if found := NBGRADER.search(keys):
        try:
            claims, _ = json.JSONDecoder().raw_decode(keys, found.end())
        except ValueError:
            claims = {}
        return claims if isinstance(claims, dict) else {}
    if found := KEYS.search(keys):
        kind, name = found.groups()
        part = PART.search(keys)
        suffix = {"given": "-given", "prompt": "-prompt"}.get(kind, "")
        if kind == "check":
            suffix = f"-{part[1] if part else 'check'}"
        return {"grade_id": name + suffix} | ({FLAGS[kind]: True} if kind in FLAGS else {})
    return {}


def _comments(body: str) -> tuple[str, list[Cell]]:
    """Split the comments off that end a piece of nbconvert's script: they were text cells."""
    blocks = re.split(r"(\n[ \t]*\n\s*)", body.strip("\n"))  # and what stands between them
    cells: list[Cell] = []
    while blocks and all(line.startswith("#") for line in blocks[-1].splitlines()):
        cells.insert(0, {"cell_type": "markdown", "source": _uncomment(blocks.pop())})
        blocks[-1:] = []
    return "".join(blocks), [cell for cell in cells if cell["source"].strip()]


def _uncomment(body: str) -> str:
    if match := re.fullmatch(r'r?"""\n?(.*?)\n?"""\s*', body, re.S):  # jupytext may quote text
        return match[1]
    return "\n".join(re.sub(r"^# ?", "", line) for line in body.splitlines())
