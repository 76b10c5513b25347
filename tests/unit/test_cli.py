"""The command: exit code 0 only when all is well, and every error in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coursekit.authoring import build as building
from coursekit.cli import main
from coursekit.sources.layout import Unit
from samples import CHALLENGE, make_unit

QUALITY = """
# %% [markdown] prompt="q3_guess"
# Guess.

# %% answer="q3_guess"
def guess():
    ### BEGIN SOLUTION
    return 0.1
    ### END SOLUTION

# %% check="q3_guess" points=1
from coursekit import expect
expect.better(guess(), 1.0, factor=0.5, name="the guess")
"""


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    unit = make_unit(tmp_path)
    monkeypatch.chdir(unit.folder)  # anywhere in the course will do
    return unit


def test_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for command in ("build", "lint", "verify", "publish", "leaks", "demo"):
        assert f"\n    {command} " in text


@pytest.mark.parametrize("arguments", [[], ["bild"], ["demo", "--students", "many"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: coursekit" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "lint", "verify", "publish out", "leaks", "demo"])
def test_outside_a_course_one_sentence(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(
        "coursekit: No course here: run this inside the course repository"
    )
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "99_none"], "No unit called '99_none': choose from 01_small."),
        (["lint", "99_none"], "No unit called '99_none': choose from 01_small."),
        (["publish", "."], ". lies in the instructors' repository: name a folder outside."),
        (["verify", "99_none"], "No unit called '99_none': choose from 01_small."),
        (["demo"], "No unit called '01_regression': choose from 01_small."),
        (["demo", "--unit", "01_small", "--students", "0"], "A class needs at least one student"),
        (["demo", "--unit", "01_small", "--folder", "."], ". is not empty: name a new folder"),
        (["verify", "--seeds", "0"], "A sweep needs at least one seed: use --seeds 20."),
    ],
)
@pytest.mark.usefixtures("unit")
def test_a_wrong_choice_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"coursekit: {said}")
    assert printed.err.count("\n") == 1


def test_build_lists_what_it_changed(unit: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--check"]) == 0
    assert "1 unit(s): every built file is current." in capsys.readouterr().out
    stray = unit.course.root / "notebooks" / "01_small" / "old.ipynb"
    stray.write_text("{}", encoding="utf-8")
    (unit.course.root / "solutions" / "01_small" / "small_challenge.ipynb").unlink()
    assert main(["build", "--check"]) == 1
    printed = capsys.readouterr().out
    assert "solutions/01_small/small_challenge.ipynb: missing" in printed
    assert "Run `coursekit build` and commit what it writes" in printed
    assert main(["build"]) == 0
    printed = capsys.readouterr().out
    left = "notebooks/01_small/old.ipynb: the build did not make it here: move it away."
    assert left in printed
    assert stray.read_text(encoding="utf-8") == "{}"
    assert "1 unit(s) built, 1 file(s) changed." in printed


def test_what_a_script_reads_is_one_document(
    unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str, code: int = 0) -> Any:
        assert main([*arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    assert told("build") == {"findings": [], "changed": []}
    assert told("leaks") == {"findings": []}
    rules = {finding["rule"] for finding in told("lint", code=1)["findings"]}
    assert "title" in rules or "points" in rules
    (verdict, *_) = told("verify")["01_small"]
    assert (verdict["question"], verdict["fault"]) == ("q1_double", "")
    (unit.course.root / "solutions" / "01_small" / "small_challenge.ipynb").unlink()
    assert told("build", "--check", code=1)["findings"] != []


def test_a_fault_in_a_source_names_its_line(unit: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    path = unit.folder / "challenge.py"
    path.write_text(CHALLENGE.replace("points=1\n", 'points="1"\n'), encoding="utf-8")
    assert main(["build"]) == 1
    error = capsys.readouterr().err
    assert f"coursekit: {path}:16: points takes a bare number such as points=2.\n" in error


def test_a_unit_without_a_challenge_has_nothing_to_verify(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    (unit.folder / "challenge.py").unlink()
    (unit.folder / "lecture.py").write_text("# %% [markdown]\n# # T\n", encoding="utf-8")
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == "01_small: no challenge, nothing to verify.\n"


def test_a_sweep_writes_margins_only_when_all_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = make_unit(tmp_path, CHALLENGE + QUALITY)
    monkeypatch.chdir(tmp_path)
    assert main(["verify", "--seeds", "1"]) == 0
    printed = capsys.readouterr().out
    assert "q3_guess-check (the solution): 1/1 seeds pass, worst margin 0.20" in printed
    margins = unit.folder / "margins.md"
    assert f"Margins: {margins}" in printed
    before = margins.read_bytes()
    worse = (CHALLENGE + QUALITY).replace("return 0.1", "return 0.9")
    (unit.folder / "challenge.py").write_text(worse, encoding="utf-8")
    assert main(["verify", "--seeds", "1"]) == 1
    assert "01_small: 1 row(s) do not hold, margins.md unchanged." in capsys.readouterr().err
    assert margins.read_bytes() == before


@pytest.mark.usefixtures("unit")
def test_off_a_terminal_progress_is_a_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "release 01_small: 0/1",
        "release 01_small: 1/1",
    ]


@pytest.mark.usefixtures("unit")
def test_on_a_terminal_progress_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert main(["build"]) == 0
    bar = capsys.readouterr().err
    assert "release 01_small" in bar
    assert "1/1" in bar
    assert "━" in bar


@pytest.mark.usefixtures("unit")
def test_stopping_it_is_no_error_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "make_unit", interrupted)
    assert main(["build"]) == 130
    assert capsys.readouterr().err == "coursekit: stopped.\n"


def test_lint_names_file_and_line_and_fails(unit: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint"]) == 1
    printed = capsys.readouterr().out
    assert "course/01_small/challenge.py:1: cell 1 [badge] put {{badge}}" in printed
    assert printed.endswith(" finding(s).\n")


def test_leaks_passes_the_release_and_fails_on_the_solution(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leaks"]) == 0
    assert capsys.readouterr().out == "No leaks.\n"
    assert main(["leaks", str(unit.course.root / "solutions")]) == 1
    assert "[marker]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "command", "said"),
    [
        ("pyproject.toml", b"\xff", ["build"], "pyproject.toml: save the file as UTF-8."),
        ("course/01_small/exceptions.toml", b"\xff", ["lint"], "save the file as UTF-8."),
        ("course/01_small/exceptions.toml", b"lint = 3", ["lint"], "write [[lint]], with two"),
        ("course/01_small/exceptions.toml", b"[lint]\nrule='x'", ["lint"], "with two brackets"),
        ("nbgrader_config.py", b"def (", ["grade", "01_small"], "cannot be read (SyntaxError: "),
        ("nbgrader_config.py", b"1 / 0", ["grade", "01_small"], "(ZeroDivisionError: division"),
        (
            "gradebook.db",
            b"no database",
            ["grade", "01_small"],
            "cannot be used: it is no ",
        ),
        (
            "solutions/01_small/small_challenge.ipynb",
            b"{",
            ["grade", "01_small"],
            "01_small is not built: run `coursekit build 01_small`.",
        ),
        (
            "notebooks/01_small/small_challenge.ipynb",
            b"\xff",
            ["doctor", "../../notebooks/01_small/some.ipynb"],
            "01_small is not built: run `coursekit build 01_small`.",
        ),
    ],
)
def test_a_damaged_file_of_the_course_is_one_sentence(
    unit: Unit,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    command: list[str],
    said: str,
) -> None:
    root = unit.course.root
    good = (root / "notebooks" / "01_small" / "small_challenge.ipynb").read_bytes()
    (root / "notebooks" / "01_small" / "some.ipynb").write_bytes(good)
    folder = root / "submitted" / "ada" / "01_small"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small_challenge.ipynb").write_bytes(good)
    (root / name).write_bytes(content)
    assert main(command) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len([line for line in error.splitlines() if line.startswith("coursekit: ")]) == 1
    assert "Traceback" not in error


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("command", [["lint"], ["build"], ["grade", "01_small"]])
def test_any_encoding_can_print_what_is_said(
    unit: Unit, tmp_path: Path, encoding: str, command: list[str]
) -> None:
    lecture = unit.folder / "lecture.py"
    lecture.write_text("# %% [markdown]\n# # λ → ∞\n\n# %% → two\nx = 1\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "coursekit", *command],
        cwd=unit.course.root,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert done.returncode == 1
    assert b"Error" not in done.stderr + done.stdout
    assert done.stdout + done.stderr


def test_who_reads_along_may_stop(unit: Unit) -> None:
    command = f"{sys.executable} -m coursekit lint | true"
    done = subprocess.run(command, cwd=unit.course.root, shell=True, capture_output=True)
    assert done.stderr == b""


def test_a_folder_that_is_none_is_one_sentence(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    file = unit.course.root / "file"
    file.write_text("", encoding="utf-8")
    assert main(["grade", "01_small", "--folder", str(file)]) == 1
    error = capsys.readouterr().err
    assert error == f"coursekit: {file} is no folder: name one with submitted/ in it.\n"
