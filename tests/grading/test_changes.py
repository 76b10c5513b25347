"""``grade --dry-run`` shows which marks would change and why, and writes nothing at all."""

import json
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from composites import write
from coursekit.authoring.build import build
from coursekit.cli import main
from coursekit.sources.layout import Unit
from samples import make_unit

RIGHT = "def double(x):\n    return 2 * x"
SMALL = "def double(x):\n    return 2 * x if x < 4 else 0"
WRONG = "def double(x):\n    return x * x"
CLASS = {"ada": RIGHT, "bob": SMALL, "eve": RIGHT, "pat": SMALL, "zoe": RIGHT}


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    """Return a unit with a graded class, after the check and some files have changed."""
    made = make_unit(tmp_path_factory.mktemp("course"))
    root = made.course.root
    for student, answer in CLASS.items():
        write(made, student, {"q1_double": answer}, root / "submitted")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert main(["grade", made.id]) == 0
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("q1_double-small", "small_challenge", made.id, "pat")
        grade.manual_score = 0.75
        gradebook.db.commit()
    source = made.folder / "challenge.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("double(3) == 6", "double(5) == 10"), encoding="utf-8")
    build([made])
    (root / "submitted" / "eve" / made.id / made.challenge_notebook).write_text("{")
    path = root / "submitted" / "zoe" / made.id / made.challenge_notebook
    path.write_text(path.read_text().replace("2 * x", "x * x"))
    write(made, "joe", {"q1_double": RIGHT}, root / "submitted")
    return made


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def scores(unit: Unit) -> dict[str, dict[str, float | None]]:
    with Gradebook(f"sqlite:///{unit.course.root / 'gradebook.db'}") as gradebook:
        return {
            row.student_id: {g.name: g.score for g in row.notebooks[0].grades}
            for row in gradebook.assignment_submissions(unit.id)
        }


def test_the_table_says_what_grading_then_does_and_nothing_is_written(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(unit.course.root)
    before, old = tree(unit.course.root), scores(unit)
    assert main(["grade", unit.id, "--dry-run", "--json"]) == 1, "one file is damaged"
    printed = capsys.readouterr()
    assert tree(unit.course.root) == before
    assert "6 of 6 submissions were tried; nothing was written." in printed.err
    told = json.loads(printed.out)["changes"]
    assert [(c["student"], c["question"], c["old"], c["new"]) for c in told] == [
        ("bob", "q1_double", "1", "0"),
        ("eve", "all", "1.5 and by hand", "-"),
        ("joe", "all", "-", "1.5 and by hand"),
        ("zoe", "q1_double", "1.5", "0"),
    ]
    reasons = {change["student"]: change["reason"] for change in told}
    assert reasons["bob"].startswith("the unit or the engine has changed (q1_double-small: fail")
    assert reasons["eve"].startswith("error:unreadable: ")
    assert reasons["joe"] == "graded for the first time"
    assert reasons["zoe"].startswith("other answers (q1_double-small: fail")
    assert "q1_double-large: fail" in reasons["zoe"]

    assert main(["grade", unit.id]) == 1
    new = scores(unit)
    assert new["ada"] == old["ada"]
    assert new["pat"] == old["pat"], "a person's mark stays"
    assert (new["bob"]["q1_double-small"], new["joe"]["q1_double-small"]) == (0, 1)
    assert new["zoe"]["q1_double-large"] == 0
    assert new["eve"] == {"q1_double-small": 0, "q1_double-large": 0, "q2_why": 0}, "withdrawn"
    capsys.readouterr()

    assert main(["grade", unit.id, "--dry-run", "--student", "ada", "bob"]) == 0
    printed = capsys.readouterr()
    assert "01_small: 0 mark(s) would change" in printed.out
    assert printed.err == "0 of 2 submissions were tried; nothing was written.\n"


def test_a_first_run_leaves_no_gradebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = make_unit(tmp_path)
    write(unit, "ada", {"q1_double": WRONG}, tmp_path / "submitted")
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    assert main(["grade", unit.id, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.startswith("│ ada"))
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["ada", "all", "-", "0 and by hand", "graded for the first time"]
    assert tree(tmp_path) == before


def test_nbgrader_alone_cannot_try(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(unit.course.root)
    assert main(["grade", unit.id, "--dry-run", "--engine", "stock"]) == 1
    assert "use --dry-run with the warm engine" in capsys.readouterr().err
