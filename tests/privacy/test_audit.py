"""Every command that changes or reads a class leaves a line that nothing takes away."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from classes import ANSWERS
from coursekit.cli import main
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.privacy.audit import FILE, audited, read_log, who
from coursekit.privacy.pseudonyms import KEY_FILE, Names, key_of, names_of
from coursekit.sources.layout import CourseError
from samples import make_unit

APPEND = """
import sys
from pathlib import Path
from coursekit.privacy.audit import audited
for number in range(20):
    with audited(Path(sys.argv[1]), "grade", "01_small") as entry:
        entry.students = [f"{sys.argv[2]}-{n}" for n in range(500)]
"""


def test_commands_say_what_they_did_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = make_unit(tmp_path / "course")
    monkeypatch.chdir(unit.course.root)
    folder = tmp_path / "class"
    answers = {"q1_double": ANSWERS["bob"]}
    write_submission(unit, SampleStudent("ada", "", answers, {"x": 1}), folder / "submitted")
    (folder / "students.csv").write_text("student,name\nada,Ada Lovelace\n", encoding="utf-8")
    there = ["--folder", str(folder)]
    assert main(["grade", unit.id, "--dry-run", *there]) == 0
    assert not (folder / FILE).exists(), "nothing was written"
    monkeypatch.setattr("builtins.input", lambda _: "1")
    for command in ("grade", "mark", "feedback", "report"):
        assert main([command, unit.id, *there]) == 0, command
    assert main(["export", unit.id, "--out", str(tmp_path / "m.csv"), *there]) == 0
    log = read_log(folder)
    commands = ["grade", "mark", "feedback", "report", "export"]
    assert [entry["command"] for entry in log] == commands
    for entry in log:
        assert entry["students"] == ["ada"]
        assert (entry["unit"], entry["who"], entry["ended"]) == (unit.id, who(), "done")
    assert log[0]["fence"] == ["full"] or log[0]["fence"][0] in ("partial", "limits-only")
    assert log[0]["limits"]["cpu_cell"] == 300
    assert {"python", "numpy"} <= set(log[0]["versions"])
    text = (folder / FILE).read_text(encoding="utf-8")
    assert "Lovelace" not in text
    assert "return n" not in text


def test_lines_of_many_commands_stay_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", APPEND, str(tmp_path)]
    running = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [each.wait(timeout=60) for each in running] == [0, 0, 0]
    assert len(read_log(tmp_path)) == 60
    assert len((tmp_path / FILE).read_text().splitlines()) == 60


def test_a_torn_line_stops_no_later_one(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"command": "grade", "stud')
    with audited(tmp_path, "export"):
        pass
    torn, whole = (tmp_path / FILE).read_text().splitlines()
    assert torn.startswith('{"command": "grade"'), "what was there stays"
    assert json.loads(whole)["command"] == "export"
    assert [entry["command"] for entry in read_log(tmp_path)] == ["export"]


def test_what_fails_or_is_stopped_is_logged_too(tmp_path: Path) -> None:
    for error in (CourseError("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)), audited(tmp_path, "grade"):
            raise error
    assert [entry["ended"] for entry in read_log(tmp_path)] == ["failed", "stopped"]


def test_a_folder_that_cannot_be_written_is_told_before_anything_happens(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()  # root may write everywhere
    refused = pytest.raises(CourseError, match="log of who did what, cannot be written")
    with refused, audited(tmp_path, "grade"):
        pytest.fail("the block must not run")


def test_a_pseudonym_needs_a_key_that_is_its_owners(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 32
    assert [p.name for p in tmp_path.iterdir()] == [KEY_FILE]
    ada = names_of(tmp_path, anonymous=True).of("ada")
    assert ada == Names(key).of("ada") != Names(os.urandom(32)).of("ada")
    assert "ada" not in ada
    path.chmod(0o644)
    with pytest.raises(CourseError, match="chmod 600"):
        key_of(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(CourseError, match="no whole key"):
        key_of(tmp_path)
