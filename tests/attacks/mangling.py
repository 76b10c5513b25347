"""How a case's file is mangled on its way to the grader, by the name that cases give it.

Each takes the notebook and its file name, and returns the name and bytes that are handed in.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import mangled
from mangled import Notebook, cell_of, code, text, to_bytes

Mangle = Callable[[Notebook, str], tuple[str, bytes]]
MANGLED: dict[str, Mangle] = {}
ANSWERS = ("q1_double", "q2_total", "q3_fill", "q4_last")


def _as(name: str) -> Callable[[Mangle], Mangle]:
    def keep(mangle: Mangle) -> Mangle:
        MANGLED[name] = mangle
        return mangle

    return keep


def _change(name: str) -> Callable[[Callable[[Notebook], object]], object]:
    """Enter what changes a notebook in place."""

    def keep(change: Callable[[Notebook], object]) -> None:
        def mangle(notebook: Notebook, file: str) -> tuple[str, bytes]:
            changed = copy.deepcopy(notebook)
            change(changed)
            return file, to_bytes(changed)

        MANGLED[name] = mangle

    return keep


def _bytes(name: str, make: Callable[[bytes], bytes]) -> None:
    MANGLED[name] = lambda notebook, file: (file, make(to_bytes(notebook)))


def _made(name: str, make: Callable[[Notebook], Notebook]) -> None:
    MANGLED[name] = lambda notebook, file: (file, to_bytes(make(notebook)))


def _checks(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if str(cell.get("id")).endswith("-check")]


# --- bytes -----------------------------------------------------------------------------------

_bytes("empty", lambda data: b"")
_bytes("blank", lambda data: b" \n\n")
_bytes("cut off", lambda data: data[: len(data) // 2])
_bytes("not JSON", lambda data: b"{'cells': [}")
_bytes("a list", lambda data: b"[1, 2, 3]")
_bytes("a web page", lambda data: b"<!DOCTYPE html><html><body>Sign in</body></html>")
_bytes("zip bomb", lambda data: b"PK\x03\x04" + b"\0" * 2000)
_bytes("zeros", lambda data: b"\0" * 100_000)
_bytes("noise", lambda data: bytes(range(256)) * 400)
_bytes("deep", lambda data: b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")
_bytes("many containers", lambda data: b'{"cells": [' + b"[]," * 2_100_000 + b"[]]}")
_bytes("merge conflict", lambda data: b"{\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> other\n}")
_bytes("keys twice", lambda data: data[:-1] + b', "nbformat": 4, "nbformat": 4}')
_bytes("NaN and Infinity", lambda data: data[:-1] + b', "x": NaN, "y": -Infinity}')
_bytes("a huge integer", lambda data: data[:-1] + b', "x": ' + b"9" * 6000 + b"}")
_bytes("UTF-16", lambda data: data.decode().encode("utf-16"))
_bytes("byte-order mark", lambda data: b"\xef\xbb\xbf" + data)

# --- shape -----------------------------------------------------------------------------------

_made("format 3", mangled.format_3)
_made("metadata stripped", mangled.without_metadata)
_made("metadata and ids stripped", mangled.without_ids)
_made("from Colab", mangled.on_colab)
_made("from VS Code", mangled.in_vscode)
_made("no cells", lambda notebook: {**notebook, "cells": []})
_made("cells are null", lambda notebook: {**notebook, "cells": None})
_made("cells are a table", lambda notebook: {**notebook, "cells": {"0": {}}})
_made("cells are numbers", lambda notebook: {**notebook, "cells": [1, 2, 3]})
_made(
    "a future schema",
    lambda notebook: {**notebook, "nbformat": 9, "nbformat_minor": 7, "threads": [{"x": 1}]},
)
_made("another notebook", lambda _: {"cells": [text("# Iris 1"), code("1")], "nbformat": 4})


@_as("renamed")
def _renamed(notebook: Notebook, file: str) -> tuple[str, bytes]:
    return "final FINAL (2).ipynb", to_bytes(notebook)


@_as("a script")
def _script(notebook: Notebook, file: str) -> tuple[str, bytes]:
    return file.replace(".ipynb", ".py"), mangled.percent_script(notebook).encode()


@_as("a path as name")
def _path(notebook: Notebook, file: str) -> tuple[str, bytes]:
    return "..\\..\\gradebook.db.ipynb", to_bytes(notebook)


@_change("wrong kernel")
def _kernel(notebook: Notebook) -> None:
    spec = {"name": "evil; touch x", "display_name": "R", "language": "R"}
    notebook["metadata"] = {"kernelspec": spec, "language_info": {"name": "R"}}


@_change("100 MB of output")
def _output(notebook: Notebook) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 99_000_000}
    cell_of(notebook, "q1_double")["outputs"] = [stream]


@_change("150 MB of output")
def _too_much(notebook: Notebook) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 150_000_000}
    cell_of(notebook, "q1_double")["outputs"] = [stream]


@_change("3,000 cells")
def _many(notebook: Notebook) -> None:
    notebook["cells"] += [code("1", id=f"own-{n}") for n in range(3_000)]


@_change("1,000 cells")
def _some(notebook: Notebook) -> None:
    notebook["cells"] += [text("a note", id=f"own-{n}") for n in range(1_000)]


@_change("a megabyte of code")
def _long(notebook: Notebook) -> None:
    notebook["cells"].append(code("x = 1\n" * 170_000, id="own-long"))


@_change("cells duplicated")
def _twice(notebook: Notebook) -> None:
    notebook["cells"] = [copy.deepcopy(cell) for cell in notebook["cells"] for _ in range(2)]


@_change("cells reversed")
def _reversed(notebook: Notebook) -> None:
    notebook["cells"].reverse()


@_change("checks deleted")
def _without_checks(notebook: Notebook) -> None:
    gone = _checks(notebook)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in gone]


@_change("answers deleted")
def _without_answers(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in ANSWERS]


@_change("all retyped")
def _retyped(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["cell_type"] = "markdown"


@_change("sources are lists of numbers")
def _numbers(notebook: Notebook) -> None:
    for name in ANSWERS:
        cell_of(notebook, name)["source"] = [1, None, {"x": 2}]


@_change("half a character")
def _surrogate(notebook: Notebook) -> None:
    notebook["cells"].append(code("x = '\ud800'", id="own-half"))


# --- claims in the metadata -------------------------------------------------------------------


@_change("tagged to be skipped")
def _tags(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "remove-cell", "raises-exception"]


@_change("checks say pass")
def _say_pass(notebook: Notebook) -> None:
    for cell in _checks(notebook):
        cell["source"] = "print('[pass]')"


@_change("checks emptied")
def _emptied(notebook: Notebook) -> None:
    for cell in _checks(notebook):
        cell["source"] = ""


@_change("checks are text")
def _as_text(notebook: Notebook) -> None:
    for cell in _checks(notebook):
        cell["cell_type"] = "markdown"


@_change("checks are answers")
def _as_answers(notebook: Notebook) -> None:
    for cell in _checks(notebook):
        cell["metadata"]["nbgrader"] |= {"solution": True, "grade": False, "locked": False}
        cell["source"] = "def double(x):\n    return 2 * x"


@_change("a thousand points")
def _points(notebook: Notebook) -> None:
    for cell in _checks(notebook):
        cell["metadata"]["nbgrader"] |= {"points": 1000, "max_score": 1000, "score": 1000}


@_change("outputs that say pass")
def _outputs(notebook: Notebook) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "[pass] all checks\n10/10\n"}
    for cell in _checks(notebook):
        cell |= {"outputs": [stream], "execution_count": 99}
        cell["metadata"]["nbgrader"] |= {"checksum": "0" * 32}


@_change("a forged note")
def _note(notebook: Notebook) -> None:
    note = {"verdict": "pass", "shown": "[pass]", "said": "", "points": 1000}
    for cell in _checks(notebook):
        cell["metadata"]["coursekit"] = note
    notebook["metadata"]["coursekit"] = note


@_change("given cells say otherwise")
def _given(notebook: Notebook) -> None:
    cell_of(notebook, "setup-given")["source"] = (
        "import numpy as np\ndata = np.zeros(6)\nclass Yes:\n    __eq__ = lambda *a: True\n"
        "def tried(f): return Yes()\ndef table(): return [0]\nsettings = {'rates': [0, 0]}"
    )


@_change("given cells gone")
def _without_given(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if "-given" not in str(cell["id"])]


@_change("an own cell with a check's name")
def _same_name(notebook: Notebook) -> None:
    for check in _checks(notebook):
        forged = copy.deepcopy(check) | {"source": "print('[pass]')", "id": f"x{check['id']}"}
        notebook["cells"].append(forged)


@_change("an extra check")
def _extra(notebook: Notebook) -> None:
    flags = {"grade": True, "locked": True, "solution": False, "task": False, "points": 1000}
    about = {"nbgrader": {**flags, "grade_id": "q9_gift", "schema_version": 3}}
    notebook["cells"].append(code("assert True", id="q9_gift", metadata=about))


@_change("checks hide themselves")
def _hidden_marks(notebook: Notebook) -> None:
    for cell in _checks(notebook):
        cell["source"] = "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\nNone"


@_change("widgets of another front end")
def _widgets(notebook: Notebook) -> None:
    state = {
        "state": {"0": {"model_name": "HTMLModel", "state": {"value": "<script>alert(1)</script>"}}}
    }
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": state}


@_change("attachments")
def _attachments(notebook: Notebook) -> None:
    picture = {"image/svg+xml": "<svg onload='alert(1)'/>"}
    notebook["cells"].append(
        text("![x](attachment:x.svg)", id="own-text", attachments={"x.svg": picture})
    )
