"""What becomes of a right answer between download and hand-in, kind by kind of public report.

Each entry takes the released notebook of `samples.CHALLENGE`, answered rightly, and returns a
file's name and bytes. All but `REFUSED` are worth every point that the code has.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

from mangled import Notebook, cell_of, code, on_colab, text, to_bytes

NAME = "small_challenge.ipynb"
ANSWER = "def double(x):\n    return 2 * x"
Change = Callable[[Notebook], Any]


def answered(released: bytes, answer: str = ANSWER) -> Notebook:
    """Return the released notebook with its question answered."""
    notebook: Notebook = json.loads(released)
    cell_of(notebook, "q1_double")["source"] = answer
    cell_of(notebook, "q2_why-answer")["source"] = "Because doubling is adding a number to itself."
    return notebook


def insert(notebook: Notebook, below: str, *cells: dict[str, Any]) -> None:
    at = notebook["cells"].index(cell_of(notebook, below)) + 1
    notebook["cells"][at:at] = cells


def copied(id_: str, new: str = "copy") -> Change:
    """A cell was copied with its metadata, as Jupyter does."""

    def change(notebook: Notebook) -> None:
        insert(notebook, id_, {**copy.deepcopy(cell_of(notebook, id_)), "id": new})

    return change


def with_answer(source: str) -> Change:
    return lambda notebook: cell_of(notebook, "q1_double").update(source=source)


def with_own(**cell: Any) -> Change:
    """An own cell that some program wrote without what a cell must have, or with null there."""
    return lambda notebook: insert(notebook, "setup-given", {"id": "own", **cell})


def typed(id_: str, kind: str) -> Change:
    return lambda notebook: cell_of(notebook, id_).update(cell_type=kind)


def lose(*ids: str) -> Change:
    """The metadata of some cells, or of all, is lost."""

    def change(notebook: Notebook) -> None:
        for cell in notebook["cells"]:
            if not ids or cell["id"] in ids:
                cell["metadata"] = {}

    return change


def split(*sources: str) -> Change:
    """An answer was split: all its parts keep the grade id."""

    def change(notebook: Notebook) -> None:
        whole = cell_of(notebook, "q1_double")
        parts = [
            {**copy.deepcopy(whole), "id": f"p{n}", "source": s} for n, s in enumerate(sources)
        ]
        insert(notebook, "q1_double", *parts[1:])
        whole["source"] = sources[0]

    return change


def run_text(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell |= {"outputs": [], "execution_count": None}


def old_minor(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 2


def umlaut(notebook: Notebook) -> None:
    insert(notebook, "setup-given", text("# Übung für Jürgen – „fertig“", id="own"))


CELLS: dict[str, Change] = {
    "00 nothing odd": lambda notebook: None,
    "04 Markdown cells with outputs": run_text,
    "04 raw cell with outputs": with_own(cell_type="raw", metadata={}, source="x", outputs=[]),
    "04 ids in an old minor version": old_minor,
    "04 a cell of no known type": with_own(cell_type="heading", metadata={}, source="x", level=2),
    "10 answer split in two": split(ANSWER, "double(21)"),
    "10 answer split in three": split("import math", ANSWER, "double(21)"),
    "10 answer copied": copied("q1_double"),
    "10 answer copied with its id": copied("q1_double", "q1_double"),
    "12 check as Markdown": typed("q1_double-small", "markdown"),
    "12 check as raw": typed("q1_double-large", "raw"),
    "12 answer as Markdown": typed("q1_double", "markdown"),
    "12 both checks as Markdown": lambda notebook: [
        typed(f"q1_double-{part}", "markdown")(notebook) for part in ("small", "large")
    ],
    "14 all metadata lost": lose(),
    "14 the answer's metadata lost": lose("q1_double"),
    "15 the checks' metadata lost": lose("q1_double-small", "q1_double-large"),
    "15 the prompt's metadata lost": lose("q1_double-prompt"),
    "20 without source": with_own(cell_type="code", metadata={}, outputs=[]),
    "20 without outputs": with_own(cell_type="code", metadata={}, source="1 + 1"),
    "20 without metadata": with_own(cell_type="code", source="1 + 1", outputs=[]),
    "20 without type": with_own(source="# text"),
    "25 a warning": with_answer(
        "import warnings\ndef double(x):\n    warnings.warn('careful')\n    return 2 * x"
    ),
    "26 a progress bar": with_answer(
        "import sys\ndef double(x):\n    print('50 %', file=sys.stderr)\n    return 2 * x"
    ),
    "28 prompt copied": copied("q1_double-prompt"),
    "28 given cell copied": copied("setup-given"),
    "28 summary copied": copied("summary-given"),
    "28 first text copied": lambda notebook: notebook["cells"].insert(
        0, copy.deepcopy(notebook["cells"][0])
    ),
    "33 nbgrader is null": with_own(
        cell_type="code", metadata={"nbgrader": None}, source="1", outputs=[]
    ),
    "33 nbgrader is a list": with_own(
        cell_type="code", metadata={"nbgrader": []}, source="1", outputs=[]
    ),
    "33 nbgrader is empty": with_own(
        cell_type="code", metadata={"nbgrader": {}}, source="1", outputs=[]
    ),
    "33 an old schema": with_own(
        cell_type="code",
        metadata={"nbgrader": {"grade_id": "mine", "schema_version": 1}},
        source="1",
        outputs=[],
    ),
    "54 a log": with_answer(
        "import logging\ndef double(x):\n    logging.warning('careful')\n    return 2 * x"
    ),
    "54 input below the answer": with_answer(f"{ANSWER}\nprint(double(int(input())))"),
    "68 source is null": with_own(cell_type="code", metadata={}, source=None, outputs=[]),
    "68 metadata is null": with_own(cell_type="code", metadata=None, source="1", outputs=[]),
    "68 outputs are null": with_own(cell_type="code", metadata={}, source="1", outputs=None),
}
REFUSED = ("31", "32")
NAMES = {
    "43 a number in the name": "small_challenge (1).ipynb",
    "43 a blank and an umlaut": "Übung 1 [Müller].ipynb",
    "43 another name": "final_FINAL.IPYNB",
    "44 .txt": "small_challenge.ipynb.txt",
    "44 .json": "small_challenge.ipynb.json",
    "44 .json alone": "small_challenge.json",
}


def files(released: bytes) -> dict[str, tuple[str, bytes]]:
    """Return each file's name and bytes, by what was done to it."""
    good = answered(released)
    made = {}
    for what, change in CELLS.items():
        notebook = copy.deepcopy(good)
        change(notebook)
        made[what] = NAME, to_bytes(notebook)
    made["14 Colab"] = NAME, to_bytes(on_colab(good))
    plain = copy.deepcopy(good)
    umlaut(plain)
    whole = json.dumps(plain, ensure_ascii=False)
    made["01 byte-order mark"] = NAME, b"\xef\xbb\xbf" + whole.encode()
    made["01 two byte-order marks"] = NAME, b"\xef\xbb\xbf" * 2 + whole.encode()
    made["01 UTF-16"] = NAME, whole.encode("utf-16")
    made["01 UTF-32"] = NAME, whole.encode("utf-32")
    made["02 Windows' code page"] = NAME, whole.encode("cp1252", "replace")
    made["02 Latin-1"] = NAME, whole.encode("latin-1", "replace")
    made["02 half of it in UTF-8"] = NAME, whole.encode().replace("ü".encode(), b"\xfc", 1)
    made["02 Windows' ends of lines"] = (
        NAME,
        json.dumps(plain, indent=1).replace("\n", "\r\n").encode(),
    )
    made |= {what: (name, to_bytes(good)) for what, name in NAMES.items()}
    lecture = {"cells": [text("# Iris 1: three species"), code("print(1)")], "nbformat": 4}
    other = {"cells": [code('given = """\nq1_a-x\n"""\nhandin.summary("iris_challenge.ipynb")')]}
    made["31 a lecture"] = NAME, to_bytes(lecture)
    made["31 another challenge"] = NAME, to_bytes(other)
    made["31 an empty notebook"] = NAME, b'{"cells": []}'
    made["31 exercises of another course"] = (
        NAME,
        to_bytes(
            {
                "cells": [
                    code("x = 1", metadata={"nbgrader": {"grade_id": "q9_x", "solution": True}})
                ]
            }
        ),
    )
    made["32 cut off"] = NAME, to_bytes(good)[:2000]
    made["32 a web page"] = NAME, b"<!DOCTYPE html><html></html>"
    made["32 nothing"] = NAME, b""
    return made
