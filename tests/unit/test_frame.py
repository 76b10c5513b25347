"""The first and the last cell that the build puts into every notebook."""

import runpy
import subprocess
import sys
import types
from pathlib import Path

import pytest

from coursekit.authoring.frame import framed
from coursekit.sources.source import SourceCell, read_source
from coursekit.standing import given_in
from samples import make_unit


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Return the first cell of a notebook, as a script."""
    unit = make_unit(tmp_path / "course")
    cells = framed(read_source(unit.challenge), unit.course, challenge="small_challenge.ipynb")
    script = tmp_path / "first.py"
    script.write_text(next(cell.text for cell in cells if cell.type == "code"), encoding="utf-8")
    return script


def hide_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def run(script: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> list[list[str]]:
    """Run the script with a pip that only notes what it was asked, and ends with `code`."""
    asked: list[list[str]] = []

    def pip(command: list[str]) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", pip)
    runpy.run_path(str(script))
    return asked


def test_it_does_nothing_where_the_course_is_installed(
    first: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert run(first, monkeypatch) == []
    assert capsys.readouterr() == ("", "")


def test_on_colab_it_installs_from_the_student_repository_and_upgrades_nothing(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_the_package(monkeypatch)
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    (command,) = run(first, monkeypatch)
    assert command[1:] == ["-m", "pip", "install", "-qq", "git+https://github.com/someone/course"]


@pytest.mark.parametrize("on_colab", [False, True])
def test_a_missing_course_is_one_sentence_with_the_command(
    first: Path, monkeypatch: pytest.MonkeyPatch, on_colab: bool
) -> None:
    hide_the_package(monkeypatch)
    if on_colab:  # and pip fails there
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    with pytest.raises(RuntimeError) as caught:
        run(first, monkeypatch, code=1)
    (line,) = caught.value._render_traceback_()  # type: ignore[attr-defined]
    assert "%pip install https://github.com/someone/course/archive/main.zip" in line


def test_it_needs_nothing_but_python(first: Path) -> None:
    isolated = [sys.executable, "-I", "-S", str(first)]
    done = subprocess.run(isolated, capture_output=True, text=True)
    assert "NotInstalled: The course is not in this kernel's Python, " in done.stderr


def test_a_challenge_ends_with_a_summary_that_knows_what_was_given_out(
    tmp_path: Path,
) -> None:
    unit = make_unit(tmp_path)
    cells = framed(read_source(unit.challenge), unit.course, challenge="small_challenge.ipynb")
    assert given_in([{"cell_type": "code", "source": cells[-1].text}]) == [
        "q1_double-small",
        "q1_double-large",
        "q2_why",
    ]
    assert 'handin.summary("small_challenge.ipynb", given=given)' in cells[-1].text
    assert cells[-1].kind == "given"


def test_long_grade_ids_stay_whole(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    names = [f"q{number}_a_rather_long_name_{number}" for number in range(1, 9)]
    checks = [SourceCell("check", name, "code", "1", 1, part="a_long_part") for name in names]
    cells = framed(checks, unit.course, challenge="small_challenge.ipynb")
    given = given_in([{"cell_type": "code", "source": cells[-1].text}])
    assert given == [f"{name}-a_long_part" for name in names]


def test_a_lecture_has_no_summary_and_its_first_cell_is_plain(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    words = SourceCell("plain", "", "markdown", "# A lecture", 1)
    code = SourceCell("plain", "", "code", "print(1)", 3)
    cells = framed([words, code], unit.course, challenge="")
    assert [cell.type for cell in cells] == ["markdown", "code", "code"]
    assert cells[1].kind == "plain"
    assert cells[2] is code
