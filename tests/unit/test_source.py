"""Every fault in a source is one sentence that names file and line."""

from pathlib import Path

import pytest

from coursekit.authoring.source import SourceError, read_source
from samples import CHALLENGE as GOOD


def write(folder: Path, text: str) -> Path:
    path = folder / "challenge.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_kinds_names_points_and_lines(tmp_path: Path) -> None:
    cells = read_source(write(tmp_path, GOOD))
    assert [(c.kind, c.grade_id, c.points) for c in cells] == [
        ("plain", "", 0),
        ("given", "setup-given", 0),
        ("prompt", "q1_double-prompt", 0),
        ("answer", "q1_double", 0),
        ("check", "q1_double-small", 1),
        ("check", "q1_double-large", 0.5),
        ("task", "q2_why", 4),
        ("plain", "", 0),
    ]
    assert cells[3].line == 10
    assert "BEGIN SOLUTION" in cells[3].text


FAULTS = {
    "two questions with one name": (
        GOOD + GOOD[GOOD.index('# %% [markdown] prompt="q1') : GOOD.index("# %% [markdown] task")],
        33,
        "`q1_double-prompt` stands already at line 7",
    ),
    "check without answer": (
        GOOD.replace('check="q1_double" part="large"', 'check="q9_none" part="large"'),
        22,
        "check `q9_none` has no answer above it",
    ),
    "answer without check": (
        GOOD[: GOOD.index("# %% check")],
        10,
        "answer `q1_double` has no check",
    ),
    "answer without prompt": (
        GOOD.replace('prompt="q1_double"\n# Double it.', "\n# Double it."),
        10,
        'needs prompt="q1_double" right above',
    ),
    "region left open": (
        GOOD.replace("    ### END SOLUTION\n", ""),
        12,
        "BEGIN SOLUTION is left open",
    ),
    "stray end": (
        GOOD.replace("    ### BEGIN SOLUTION\n", ""),
        13,
        "END SOLUTION without its BEGIN SOLUTION",
    ),
    "nested region": (
        GOOD.replace("    return 2 * x\n", "    ### BEGIN SOLUTION\n    return 2 * x\n"),
        13,
        "BEGIN SOLUTION inside BEGIN SOLUTION",
    ),
    "hidden tests in an answer": (
        GOOD.replace("BEGIN SOLUTION", "BEGIN HIDDEN TESTS"),
        12,
        "belongs in a check cell",
    ),
    "answer without solution": (
        GOOD.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""),
        10,
        "needs a BEGIN SOLUTION region",
    ),
    "points missing": (GOOD.replace(' part="small" points=1', ""), 16, "points missing"),
    "points quoted": (GOOD.replace("points=1\n", 'points="1"\n'), 16, "a bare number"),
    "points negative": (GOOD.replace("points=1\n", "points=-1\n"), 16, "a bare number"),
    "points true": (GOOD.replace("points=1\n", "points=true\n"), 16, "a bare number"),
    "unknown key": (GOOD.replace('given="setup"', 'givven="setup"'), 4, "unknown key `givven`"),
    "key of another kind": (
        GOOD.replace('given="setup"', 'given="setup" points=1'),
        4,
        "a given cell has no key `points`",
    ),
    "badly quoted key": (
        GOOD.replace('answer="q1_double"', "answer=q1_double"),
        10,
        "cannot read `answer=q1_double`",
    ),
    "name that nbgrader refuses": (
        GOOD.replace('given="setup"', 'given="set up+"'),
        4,
        "takes a quoted name",
    ),
    "two kinds at once": (
        GOOD.replace('given="setup"', 'given="setup" answer="x"'),
        4,
        "cannot be both",
    ),
    "code for a prompt": (GOOD.replace('[markdown] prompt="', 'prompt="'), 7, "a markdown cell"),
    "task without a place to answer": (
        GOOD[: GOOD.index("# %% [markdown]\n# *Your")],
        25,
        "needs a plain Markdown cell",
    ),
    "text before the first cell": ("import os\n\n" + GOOD, 3, "text before the first"),
    "an empty file": ("", 1, "text before the first"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_file_and_line(tmp_path: Path, name: str) -> None:
    text, line, message = FAULTS[name]
    path = write(tmp_path, text)
    with pytest.raises(SourceError) as caught:
        read_source(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
