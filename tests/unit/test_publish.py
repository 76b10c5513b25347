"""The student repository: complete, installable, repeatable, and never with a secret in it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from coursekit.authoring.build import build
from coursekit.authoring.publish import PAPERS, STUDENT_PACKAGE, publish
from coursekit.leaks.gate import find_leaks
from coursekit.sources.layout import Course, CourseError
from leak_samples import SOLUTION, make_course


@pytest.fixture(scope="module")
def course(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return a small course in a whole repository, with this one's package and data."""
    made = make_course(tmp_path_factory.mktemp("repository"))
    for name in (*PAPERS, "README.md", "pyproject.toml"):
        shutil.copy(root / name, made.root / name)
    shutil.copytree(root / "data", made.root / "data")
    (made.root / "src" / "coursekit").mkdir(parents=True)
    for name in STUDENT_PACKAGE:
        shutil.copy(root / "src" / "coursekit" / name, made.root / "src" / "coursekit" / name)
    build(made.units)
    return made


@pytest.fixture(scope="module")
def published(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "course"
    publish(course, folder)
    return folder


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_holds_what_students_need_and_nothing_else(course: Course, published: Path) -> None:
    data = {f"data/{p.name}" for p in (course.root / "data").iterdir() if p.suffix != ".py"}
    assert names(published) == {
        *PAPERS,
        *data,
        *(f"src/coursekit/{name}" for name in STUDENT_PACKAGE),
        "README.md",
        "SHA256SUMS",
        "notebooks/01_means/means_challenge.ipynb",
        "notebooks/lectures/01_means.ipynb",
        "pyproject.toml",
        "requirements.txt",
    }


def test_the_students_part_is_every_module_but_the_command(root: Path) -> None:
    found = {path.name for path in (root / "src" / "coursekit").iterdir() if path.is_file()}
    assert set(STUDENT_PACKAGE) == found - {"cli.py"}


def test_the_gate_finds_nothing_in_it(course: Course, published: Path) -> None:
    assert find_leaks(course, [published]) == []


def test_the_readme_lists_each_notebook_with_its_minutes(published: Path) -> None:
    text = (published / "README.md").read_text(encoding="utf-8")
    assert "[Means](notebooks/lectures/01_means.ipynb)" in text
    assert "| 20 |" in text
    assert "[A challenge about means](notebooks/01_means/means_challenge.ipynb)" in text
    assert "| 10 |" in text
    for target in ("LICENSE", "LICENSE-course.md", "data/README.md", "CITATION.cff"):
        assert f"]({target})" in text
    assert "nbgrader" not in text + (published / "requirements.txt").read_text()


def test_the_sums_are_those_of_the_files(published: Path) -> None:
    lines = (published / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)
    assert set(sums) == names(published) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((published / name).read_bytes()).hexdigest() == digest


def test_it_can_be_installed_and_finds_its_data(published: Path, tmp_path: Path) -> None:
    source, place, empty = tmp_path / "source", tmp_path / "site", tmp_path / "empty"
    shutil.copytree(published, source)
    empty.mkdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
        assert not [n for n in archive.namelist() if "grading" in n or "authoring" in n]
    code = (
        "import coursekit; from coursekit import data, expect, handin, plots, predict, quiz, setup;"
        "print(coursekit.__file__, coursekit.__version__, data.load_regression().x_train.shape)"
    )
    environment = {"PYTHONPATH": str(place), "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=empty, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(place))
    assert done.stdout.rstrip().endswith("(110, 2)")


def test_again_it_writes_only_what_changed_and_keeps_git(
    course: Course, published: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "course"
    shutil.copytree(published, folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert publish(course, folder) == []
    (folder / "LICENSE").write_text("mine")
    (folder / "old.md").write_text("published once")
    with (folder / "SHA256SUMS").open("a") as file:
        file.write("0  old.md\n")
    changed = {path.name for path in publish(course, folder)}
    assert changed == {"LICENSE", "old.md", "SHA256SUMS"}
    assert not (folder / "old.md").exists()
    assert (folder / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert names(folder) - {".git/HEAD"} == names(published)
    assert find_leaks(course, [folder]) == [], "its own history is not looked into"


def test_a_folder_with_anything_else_is_refused(
    course: Course, published: Path, tmp_path: Path
) -> None:
    with pytest.raises(CourseError, match="lies in the instructors' repository"):
        publish(course, course.root / "public")
    with pytest.raises(CourseError, match="is a file"):
        publish(course, published / "LICENSE")
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CourseError, match="not empty and no publication"):
        publish(course, tmp_path)
    folder = tmp_path / "course"
    shutil.copytree(published, folder)
    (folder / "notes.txt").write_text("by hand")
    with pytest.raises(CourseError, match=r"notes.txt was not written by publish"):
        publish(course, folder)


def test_a_leak_stops_it_before_anything_is_written(course: Course, tmp_path: Path) -> None:
    path = course.root / "src" / "coursekit" / "predict.py"
    before = path.read_bytes()
    path.write_bytes(before + f"\n\ndef helper(values, weights):\n{SOLUTION}\n".encode())
    try:
        with pytest.raises(CourseError, match=r"would leak:\nsrc/coursekit/predict.py.*statement"):
            publish(course, tmp_path / "new")
    finally:
        path.write_bytes(before)
    assert not (tmp_path / "new").exists()


def test_a_notebook_edited_by_hand_stops_it(course: Course, tmp_path: Path) -> None:
    path = course.root / "notebooks" / "lectures" / "01_means.ipynb"
    before = path.read_bytes()
    notebook = json.loads(before)
    notebook["cells"][0]["source"] = "edited"
    path.write_text(json.dumps(notebook))
    try:
        with pytest.raises(CourseError, match="run `coursekit build`"):
            publish(course, tmp_path / "new")
    finally:
        path.write_bytes(before)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_not_followed(course: Course, tmp_path: Path) -> None:
    path = course.root / "data" / "more.md"
    path.symlink_to(course.root / "course" / "01_means" / "teaching.md")
    try:
        with pytest.raises(CourseError, match=r"data/more\.md is missing or a link"):
            publish(course, tmp_path / "new")
    finally:
        path.unlink()
