"""How a challenge stands: what passes, what is missing, what was changed since it was checked.

Nothing here is graded, and nothing needs nbgrader: a notebook file tells which checks there are,
and whoever ran it tells how each cell went.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

PASS, NOT_YET, NOT_TRIED, NOT_RUN = "pass", "not yet", "not tried", "not run"
STALE = "passed, but with another answer than the one saved: save, restart the kernel, run all"
STOPS = (
    "passed, but the answer's own cell stops with an error: mend it, restart the kernel, run all"
)
HIDDEN = "# The grader also runs a hidden part of this check."
BLANK = "*Replace this line with your answer.*"
SUMMARY = re.compile(r'handin\.summary\(\s*"([^"]+)"')
GRADED = re.compile(r"q\d+_\w+(?:-\w+)?")
COLAB = re.compile(r"(?m)^[ \t]*(?:from|import)[ \t]+google(?:\.|[ \t]+import[ \t]+)colab\b")

Cell = dict[str, Any]
Run = Callable[[Cell], tuple[int, str]]


def report(
    cells: list[Cell], run: Run, given: list[str], *, fresh: bool = False
) -> tuple[list[str], bool]:
    """Say in lines how a challenge stands.

    Parameters
    ----------
    cells : list of dict
        The cells of a notebook file.
    run : callable
        Tells for a cell when it ran last (0: never) and how it went.
    given : list of str
        Grade ids of the checks and written questions that were given out.
    fresh : bool, optional
        Whether all of it has just been run from the first cell on: no answer can be an older one.

    Returns
    -------
    list of str
    bool
        Whether nothing is missing: every check passes, every written answer is long enough.
    """
    checks = [cell for cell in cells if flags(cell).get("grade")]
    found = {_id(cell): run(cell)[1] if fresh else _outcome(cell, cells, run) for cell in checks}
    there = Counter(_id(cell) for cell in cells if _id(cell))
    gone = [name for name in given if not there[name]]
    passed = [name for name, outcome in found.items() if outcome == PASS]
    hidden = sum(HIDDEN in source_of(cell) for cell in checks)
    total = len({*found, *(name for name in gone if "-" in name)})
    lines = [f"{len(passed)} of {total} checks pass here; {hidden} go on in the grader."]
    for outcome in (STALE, STOPS, NOT_YET, NOT_TRIED, NOT_RUN):
        if names := [question(name) for name, what in found.items() if what == outcome]:
            lines.append(f"{outcome}: {', '.join(names)}")
    if gone:
        todo = "rename this file, fetch a fresh one, copy your answers into it."
        lines.append(f"gone: {', '.join(map(question, gone))}: {todo}")
    if twice := [name for name, times in there.items() if times > 1]:
        lines.append(f"twice: {', '.join(map(question, twice))}: delete the copies.")
    asked = {_id(cell) for cell in [*checks, *filter(_is_task, cells)]}
    lines += _colab_imports(cells)
    written = list(_written(cells))
    lines += [line for line, _ in written]
    if _out_of_order(cells, run):
        lines.append("Cells ran out of order: restart the kernel and run all, top to bottom.")
    complete = len(passed) == total and all(enough for _, enough in written)
    return lines, complete and not gone and not asked & set(twice)


def _outcome(check: Cell, cells: list[Cell], run: Run) -> str:
    when, outcome = run(check)
    if outcome != PASS:
        return outcome
    asked = _id(check).split("-")[0]
    for cell in cells:
        if flags(cell).get("solution") and _id(cell) == asked and cell["cell_type"] == "code":
            answered, how = run(cell)
            # A function of an earlier run lives on in the kernel, and the check met that one.
            if how not in (PASS, NOT_RUN):
                return STOPS
            if how != PASS or answered > when:
                return STALE
    return PASS


def _colab_imports(cells: list[Cell]) -> Iterator[str]:
    for cell in cells:
        ours = _id(cell).endswith("-given") or flags(cell).get("grade")
        if cell["cell_type"] == "code" and not ours and COLAB.search(source_of(cell)):
            where = question(_id(cell)) if _id(cell) else "a cell of your own"
            yield f"google.colab, imported in {where}, is on Colab alone: the grader has none."


def _written(cells: list[Cell]) -> Iterator[tuple[str, bool]]:
    """Count the words of each written answer; True if there are as many as asked for."""
    for at, task in enumerate(cells):
        if not _is_task(task):
            continue
        texts = []
        for cell in cells[at + 1 :]:
            if flags(cell) or source_of(cell).startswith("## "):
                break  # the next cell that was given out
            texts += [source_of(cell)] if cell["cell_type"] == "markdown" else []
        words = len(" ".join(texts).replace(BLANK, "").replace(BLANK[:-2], "").split())
        asked = re.search(r"(\d+) to (\d+) words", source_of(task))
        least = int(asked[1]) if asked else 1
        wanted = f" ({asked[0]} are asked for)" if asked else ""
        if not texts:
            wanted = ": its cell is gone, write below the question"
        yield f"written answer, {question(_id(task))}: {words} words{wanted}", words >= least


def _out_of_order(cells: list[Cell], run: Run) -> bool:
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    # Two equal cells cannot be told apart; and the summary's own last run lies behind it.
    times = Counter(map(source_of, code))
    order = [run(cell)[0] for cell in code if times[source_of(cell)] == 1 and not given_in([cell])]
    ran = [number for number in order if number]
    return ran != sorted(ran)


def given_in(cells: list[Cell]) -> list[str]:
    """Return the grade ids that a challenge's last cell names; empty without that cell."""
    for cell in cells:
        _, found, rest = source_of(cell).partition('given = """')
        names, closed, rest = rest.partition('"""')
        if cell["cell_type"] == "code" and found and closed and "handin.summary(" in rest:
            return names.split()
    return []


def outcome_of(error: str, message: str) -> str:
    """Return what an error says of a check: not tried, or not yet."""
    untried = error == "NotImplementedError" and "not tried yet" in message
    return NOT_TRIED if untried else NOT_YET


def wanted_name(cells: list[Cell]) -> str:
    """Return what a challenge's last cell calls its file; empty without that cell."""
    sources = "\n".join(source_of(cell) for cell in cells)
    named = SUMMARY.search(sources)
    return _printable(named[1]) if named else ""


def looks_like(cells: list[Cell]) -> str:
    """Say in a few words what a notebook looks like."""
    if not any(map(source_of, cells)):
        return "an empty notebook"
    if wanted := wanted_name(cells):
        return f"`{wanted}`"
    names = {name for cell in cells for name in (_id(cell), str(cell.get("id", "")))}
    if asked := sorted(name for name in names if GRADED.fullmatch(name) and "-" not in name):
        return f"another challenge, with {', '.join(asked[:3])}"
    texts = "\n".join(source_of(cell) for cell in cells if cell["cell_type"] == "markdown")
    title = re.search(r"(?m)^#{1,2} (.+)$", texts)
    return f'"{_printable(title[1])}"' if title else "something else"


def put_right(cells: list[Cell], given: list[str]) -> list[str]:
    """Give cells back the names and types that programs took from them, as the grader does.

    Parameters
    ----------
    cells : list of dict
        Changed in place.
    given : list of str
        As `given_in` returned.

    Returns
    -------
    list of str
        What to mend, a sentence each.
    """
    answers = {name.partition("-")[0] for name in given if "-" in name}
    said = []
    for cell in cells:
        ids = (cell.get("id"), cell["metadata"].get("id"))
        name = next((id_ for id_ in ids if id_ in answers or id_ in given), "")
        if name and not flags(cell):
            kind = "solution" if name in answers else "grade" if "-" in name else "task"
            cell["metadata"] = {"nbgrader": {"grade_id": name, kind: True}}
        is_code = flags(cell).get("grade") or flags(cell).get("solution")
        if is_code and cell["cell_type"] != "code":
            cell |= {"cell_type": "code", "outputs": [], "execution_count": None}
            said.append(f"{question(_id(cell))} is no code cell any more: turn it into one.")
    return said


def flags(cell: Cell) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell, or nothing."""
    found = (cell.get("metadata") or {}).get("nbgrader")
    return found if isinstance(found, dict) else {}


def source_of(cell: Cell) -> str:
    """Return a cell's text, which files keep in lines or whole."""
    return "".join(cell.get("source") or "").strip()


def question(grade_id: str) -> str:
    """Return "question 3 (shape)" for the grade id q3_build_model-shape."""
    parts = re.fullmatch(r"q(\d+)_\w+?(?:-(\w+))?", grade_id)
    if not parts:
        return grade_id
    return f"question {parts[1]}" + (f" ({parts[2]})" if parts[2] else "")


def _id(cell: Cell) -> str:
    return str(flags(cell).get("grade_id", ""))


def _is_task(cell: Cell) -> bool:
    return bool(flags(cell).get("task"))


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:60].strip()
