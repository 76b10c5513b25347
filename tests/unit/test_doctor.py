"""``coursekit doctor`` says what became of a file, and writes a copy with its names back."""

import json
from pathlib import Path

import pytest

from coursekit.classroom.doctor import diagnose, find_masters, repair
from coursekit.cli import main
from coursekit.reader import read_notebook
from mangled import Notebook, cell_of, code, percent_script, text, to_bytes, without_ids
from samples import make_unit

ANSWER = "def double(x):\n    return x + x"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_unit(tmp_path)
    monkeypatch.chdir(tmp_path / "course")  # anywhere in the course will do
    return tmp_path


@pytest.fixture
def mine(course: Path) -> Notebook:
    release = course / "notebooks" / "01_small" / "small_challenge.ipynb"
    notebook: Notebook = json.loads(release.read_bytes())
    cell_of(notebook, "q1_double")["source"] = ANSWER
    return notebook


def test_a_file_that_lost_all_names(
    course: Path, mine: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    mine["cells"] = [cell for cell in mine["cells"] if cell["id"] != "q1_double-large"]
    mine["cells"].append(code("print('own')"))
    file = course / "anything.ipynb"
    file.write_bytes(to_bytes(without_ids(mine)))
    before = file.read_bytes()
    assert main(["doctor", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{file}: notebook format 4.5, utf-8, 10 cells.",
        "It is small_challenge.ipynb of 01_small.",
        "  q1_double      found by name, 90% sure",
        "  q2_why-answer  found by name, 90% sure",
        "Put back: q1_double-large.",
        "As given out: q2_why-answer.",
        "1 cell(s) of the student's own.",
        f"Repaired copy: {course / 'anything.repaired.ipynb'}",
    ]
    assert err == ""
    assert file.read_bytes() == before, "what was handed in is kept"
    repaired = json.loads((course / "anything.repaired.ipynb").read_bytes())
    release = json.loads((course / "notebooks/01_small/small_challenge.ipynb").read_bytes())
    assert repaired["cells"].pop()["source"] == ["print('own')"]
    cell_of(release, "q1_double")["source"] = ANSWER.splitlines(keepends=True)
    assert repaired == release, "with all its metadata"
    assert main(["doctor", str(file)]) == 1
    assert "anything.repaired.ipynb exists: move it away, or name" in capsys.readouterr().err


def test_a_script_becomes_a_notebook(course: Path, mine: Notebook) -> None:
    file = course / "mine.py"
    file.write_text(percent_script(mine), encoding="utf-8")
    assert main(["doctor", str(file), "--unit", "01_small", "--output", "new.ipynb"]) == 0
    cells = read_notebook(Path("new.ipynb").read_bytes()).cells
    assert ANSWER in [cell.source for cell in cells if cell.grade_id == "q1_double"]


def test_a_repaired_file_gives_the_same_answers(root: Path) -> None:
    pairs = list(find_masters(root))
    master, release = next(pair for pair in pairs if pair[0].unit == "02_iris")
    notebook = json.loads(release)
    for cell in notebook["cells"]:
        cell["source"] = master.solutions.get(cell["id"], cell["source"])
    masters = [master for master, _ in pairs]
    sheet = diagnose(read_notebook(to_bytes(without_ids(notebook))), masters)
    assert sheet.unit == "02_iris"
    again = diagnose(read_notebook(repair(release, sheet)), masters)
    assert again.cells == sheet.cells
    assert {match.how for match in again.matches} == {"grade id", "cell id"}
    assert again.flags == ()


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (None, [], "no such file: name one .ipynb"),
        (b"", [], "the file is empty: save or download the notebook again."),
        (b"%PDF", [], "this is a PDF"),
        (to_bytes({"cells": [text("# Iris")]}), [], 'none of this course\'s challenges: "Iris".'),
        (b"{}", ["--unit", "02_none"], "this is JSON without cells"),
        (
            b'{"cells": []}',
            ["--unit", "02_none"],
            "No built challenge of '02_none': choose from 01",
        ),
        (b'{"cells": []}', [], "none of this course's challenges: an empty notebook."),
    ],
)
def test_what_cannot_be_repaired_is_one_sentence(
    course: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    arguments: list[str],
    said: str,
) -> None:
    file = course / "some.ipynb"
    if content is not None:
        file.write_bytes(content)
    assert main(["doctor", str(file), *arguments]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not list(course.glob("*.repaired.ipynb"))


def test_outside_a_course(
    mine: Notebook,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    Path("mine.ipynb").write_bytes(to_bytes(mine))
    assert main(["doctor", "mine.ipynb"]) == 1
    assert "No course here: run this inside the course repository" in capsys.readouterr().err
