"""A mended check: first the table, then the marks, then a word to whose mark changed."""

import builtins
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from composites import write
from coursekit.authoring.build import build
from coursekit.cli import main
from coursekit.sources.layout import Unit
from samples import CHALLENGE, make_unit

SMALL = "def double(x):\n    return 2 * x if x < 4 else 0"
CLASS = {"ada": "def double(x):\n    return 2 * x", "bob": SMALL, "pat": SMALL}
BECAUSE = "question 1 asked for one value alone."


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """A graded class whose check is mended since."""
    made = make_unit(tmp_path, CHALLENGE[: CHALLENGE.index("# %% [markdown] task=")])
    monkeypatch.chdir(tmp_path)
    for student, answer in CLASS.items():
        write(made, student, {"q1_double": answer}, tmp_path / "submitted")
    assert main(["grade", made.id]) == 0
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("q1_double-small", "small_challenge", made.id, "pat")
        grade.manual_score = 0.75
        gradebook.db.commit()
    source = made.folder / "challenge.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("double(3) == 6", "double(5) == 10"), encoding="utf-8")
    build([made])
    write(made, "joe", {"q1_double": CLASS["ada"]}, tmp_path / "submitted")
    return made


def totals(unit: Unit) -> dict[str, float]:
    with Gradebook(f"sqlite:///{unit.course.root / 'gradebook.db'}") as gradebook:
        return {row.student_id: row.score for row in gradebook.assignment_submissions(unit.id)}


def test_first_the_table_then_the_marks_then_a_word(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {"ada": 1.5, "bob": 1.0, "pat": 0.75}
    assert totals(unit) == before
    assert main(["regrade", unit.id]) == 1
    said = capsys.readouterr()
    assert "2 mark(s) would change" in said.out
    assert "Nothing was written: say why, for the students: --because TEXT." in said.err
    monkeypatch.setattr(builtins, "input", lambda question: "n")
    assert main(["regrade", unit.id, "--because", BECAUSE]) == 1
    assert "Nothing was written." in capsys.readouterr().err
    assert totals(unit) == before
    assert not (unit.course.root / "messages").exists()

    assert main(["regrade", unit.id, "--because", BECAUSE, "--yes"]) == 0
    assert "4 graded again, 1 message(s) in " in capsys.readouterr().err
    assert totals(unit) == {"ada": 1.5, "bob": 0.0, "pat": 0.75, "joe": 1.5}, "a person's stays"
    (message,) = (unit.course.root / "messages" / unit.id).iterdir()
    assert message.name == "bob.txt"
    assert message.read_text() == (
        f"Your work in 01_small was graded again: {BECAUSE}\n\n"
        "- q1 double: 1 points before, 0 now\n\n"
        "In all that is 1 points before, 0 now, of 1.5.\n"
    )
    assert main(["regrade", unit.id]) == 0
    assert "No mark changes; nothing was written." in capsys.readouterr().err
