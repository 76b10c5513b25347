"""The budgets: what is over a limit is told, and rows that are not measured again are kept."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bench import budgets
from bench.budgets import (
    LECTURES_S,
    Row,
    Run,
    breaches,
    main,
    measure,
    read_table,
    select,
    summarise,
    write_table,
)
from coursekit.sources.layout import Course, CourseError

LECTURE = Row("notebooks/lectures/02_iris.ipynb", 100, 95, 150, 900, 50, "[3] `model.fit(x, y)`")
QUICK = Row("solutions/01_regression/r.ipynb", 18, 15, 20, 800, 6, r"[9] `a \| b`")
OTHER = replace(QUICK, notebook="solutions/02_iris/iris.ipynb", wall=80)
STARTS = {"import coursekit": (0.02, 0.15), "coursekit --help": (0.2, 0.5)}


@pytest.fixture
def all_cores() -> Iterator[None]:
    """Give back the cores that measuring takes away."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, cores)


def course_of(root: Path, *sources: str) -> Course:
    cells = [new_markdown_cell("# T"), *map(new_code_cell, sources)]
    path = root / "notebooks" / "lectures" / "01_small.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), path)
    return Course(root)


def test_within_every_limit_nothing_is_said() -> None:
    assert breaches([LECTURE, QUICK, OTHER], STARTS) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (replace(LECTURE, wall=240.1), f"{LECTURE.notebook} takes 240.1 s, its limit is 240 s."),
        (replace(QUICK, wall=21), f"{QUICK.notebook} takes 21 s, its limit is 20 s."),
        (replace(OTHER, wall=91), f"{OTHER.notebook} takes 91 s, its limit is 90 s."),
        (
            replace(LECTURE, slowest=61),
            f"{LECTURE.notebook}: cell [3] `model.fit(x, y)` takes 61 s, the limit is 60 s.",
        ),
    ],
)
def test_each_breach_is_one_sentence(row: Row, said: str) -> None:
    assert breaches([row], STARTS) == [said]


def test_lectures_and_starts_have_limits_of_their_own() -> None:
    many = [replace(LECTURE, notebook=f"notebooks/lectures/{n}.ipynb", wall=201) for n in range(6)]
    assert breaches([*many, OTHER], {}) == [
        f"All lectures take 1206 s, their limit is {LECTURES_S} s."
    ]
    assert breaches([], {"import coursekit": (0.2, 0.15)}) == [
        "`import coursekit` takes 0.200 s, its limit is 0.15 s."
    ]


def test_medians_hide_one_slow_run() -> None:
    fast = Run(wall=10, cells=[1, 4, 2], cpu=12, memory=3 * 2**20)
    slow = Run(wall=60, cells=[50, 5, 2], cpu=13, memory=2**20)
    row = summarise("n.ipynb", ["import a", "\nx = a | b  # `x`\ny", "y"], [fast, slow, fast])
    assert row == Row("n.ipynb", 10, 7, 12, 3, 4, r"[2] `x = a \| b  # 'x'`")


def test_a_table_is_read_back_as_it_was_written() -> None:
    text = write_table([QUICK, LECTURE], STARTS, "2 core(s), Python 3.11.7", 3)
    assert f"| {QUICK.notebook} | 18 | 20 | 90 % |" in text
    assert "All lectures together: 100 s of 1200 s (8 %)." in text
    assert "| `coursekit --help` | 0.200 | 0.5 | 40 % |" in text
    how, rows = read_table(text)
    assert how == "2 core(s), Python 3.11.7"
    assert rows == {LECTURE.notebook: LECTURE, QUICK.notebook: QUICK}
    assert read_table("") == ("", {})


def test_a_word_chooses_and_an_unknown_one_is_refused() -> None:
    names = [LECTURE.notebook, QUICK.notebook]
    assert select(names, []) == names
    assert select(names, ["01_regression"]) == [QUICK.notebook]
    with pytest.raises(CourseError, match="No notebook has '09_none' in its path"):
        select(names, ["09_none"])


def test_a_notebook_is_measured_in_a_kernel_of_its_own(tmp_path: Path) -> None:
    wait = "import time\ntime.sleep(0.3)"
    work = "import time\nbegan = time.process_time()\nwhile time.process_time() < began + 0.3: pass"
    course = course_of(tmp_path, wait, work, "_ = bytearray(300 * 2**20)\ndel _")
    run = measure(next(tmp_path.rglob("*.ipynb")), course.root)
    assert run.cells[0] > 0.3
    assert sum(run.cells) < run.wall < 60
    assert run.cpu > 0.3
    assert run.memory > 300 * 2**20, "the peak, not what is left at the end"


@pytest.mark.usefixtures("all_cores")
def test_the_command_writes_the_table_and_keeps_other_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_of(tmp_path, "1 + 1")
    path = tmp_path / "docs" / "budgets.md"
    assert main(["--runs", "1"], course) == 0
    assert "1/1 notebooks/lectures/01_small.ipynb" in capsys.readouterr().err
    text = path.read_text(encoding="utf-8")
    assert "[1] `1 + 1`" in text
    assert str(tmp_path) not in text
    how, rows = read_table(text)
    second = "notebooks/lectures/02_iris.ipynb"
    (tmp_path / second).write_bytes((tmp_path / "notebooks/lectures/01_small.ipynb").read_bytes())
    path.write_text(write_table([*rows.values(), LECTURE], STARTS, how, 3), encoding="utf-8")
    monkeypatch.setattr(budgets, "LECTURE_S", 0.001)
    assert main(["01_small", "--runs", "1"], course) == 1
    assert "01_small.ipynb takes" in capsys.readouterr().err
    assert read_table(path.read_text(encoding="utf-8"))[1][second] == LECTURE
    path.write_text(re.sub("with .*, Python", "with 64 cores, Python", text), encoding="utf-8")
    capsys.readouterr()
    assert main(["01_small"], course) == 1
    assert "measured with 64 cores" in capsys.readouterr().err


@pytest.mark.usefixtures("all_cores")
def test_a_failing_cell_fails_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--runs", "1"], course_of(tmp_path, "1 + 1", "1 / 0")) == 1
    assert re.search("01_small.ipynb: cell 2: ZeroDivisionError", capsys.readouterr().err)
    assert not (tmp_path / "docs").exists()
