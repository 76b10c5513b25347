"""A digest of what decides verdicts: it changes with that, and with nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit.proving import decisive
from coursekit.proving.decisive import digest, not_locked
from coursekit.sources.layout import Course, Unit
from samples import CHALLENGE, lock, make_unit

USES_HELD_OUT = CHALLENGE.replace(
    "assert double(3) == 6", "from coursekit.grading import held_out\nassert double(3) == 6"
)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    """A unit beside a copy of the package, which may be edited."""
    root = tmp_path_factory.mktemp("course")
    made = make_unit(root, USES_HELD_OUT)
    lock(made.course)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(decisive.PACKAGE, root / "coursekit", ignore=ignored)
    (made.folder / "held_out").mkdir()
    (made.folder / "held_out" / "secret.npz").write_bytes(b"numbers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decisive, "PACKAGE", root / "coursekit")
        yield made


def with_text(unit: Unit, name: str, text: str) -> str:
    """Return the digest while a file has another text."""
    path = unit.course.root / name
    before = path.read_bytes()
    os.chmod(path, 0o644)
    path.write_text(text, encoding="utf-8")
    try:
        return digest(unit)
    finally:
        path.write_bytes(before)


def decides(unit: Unit, name: str, old: str, new: str) -> bool:
    """Whether an edit changes the digest."""
    text = (unit.course.root / name).read_text(encoding="utf-8")
    assert old in text
    return with_text(unit, name, text.replace(old, new, 1)) != digest(unit)


def edited(unit: Unit, name: str) -> str:
    """Return the digest with a line more in a module of the package."""
    text = (unit.course.root / "coursekit" / name).read_text(encoding="utf-8")
    return with_text(unit, f"coursekit/{name}", f"{text}\nmore = 1\n")


DECIDE = (
    *("expect.py", "data.py", "setup.py", "models.py", "intake/pieces.py", "grading/held_out.py"),
    *("grading/judge.py", "grading/doubles.py", "grading/record.py", "grading/student.py"),
    *("grading/wire/values.py", "grading/worker/parent.py", "grading/worker/child.py"),
    *("sources/source.py", "sources/variants.py", "proving/verify.py", "proving/trial.py"),
    *("proving/warm.py", "proving/mutants.py", "proving/operators.py"),
)
DO_NOT = (
    *("check.py", "cli/proving.py", "lint/checks.py", "leaks/gate.py", "authoring/build.py"),
    *("classroom/report.py", "classroom/feedback.py", "grading/engine.py", "intake/rebuild.py"),
    *("proving/verdicts.py", "proving/sweep.py"),
)


@pytest.mark.parametrize("name", DECIDE)
def test_what_the_trial_of_an_answer_imports_decides(unit: Unit, name: str) -> None:
    assert edited(unit, name) != digest(unit)


@pytest.mark.parametrize("name", DO_NOT)
def test_what_no_trial_imports_does_not(unit: Unit, name: str) -> None:
    assert edited(unit, name) == digest(unit)


SAID = "    answer, check = 1, f'{1:{3}}'  # why\n"
LAID_OUT = "    answer, check = (\n        1,\n\n        f'{1:{3}}',\n    )\n"


@pytest.mark.parametrize(
    ("code", "other", "same"),
    [
        ('def f():\n    """Say so."""\n' + SAID, 'def f():\n    """Say why."""\n' + SAID, True),
        ("def f():\n" + SAID, "def f():\n" + LAID_OUT, True),
        ("def f():\n" + SAID, 'class A:\n    """A."""\n\ndef f():\n' + SAID, False),
        ("def f():\n" + SAID, "def f():\n    pass\n" + SAID, False),
        ("x = None", "x = 0", False),
        ("x = 1", "x = True", False),
        ("f('')", "f()", False),
        ("if a:\n    b()\n    c()", "if a:\n    b()\nc()", False),
        ("x = 'a\\n\\nb'", "x = 'a\\nb'", False),
    ],
)
def test_layout_comments_and_docstrings_decide_nothing(
    unit: Unit, code: str, other: str, same: bool
) -> None:
    told = [with_text(unit, "coursekit/expect.py", text) for text in (code, other)]
    assert (told[0] == told[1]) is same


COURSE = {
    "a check": ("course/01_small/challenge.py", "== 200", "== 100 + 100", True),
    "a given cell": ("course/01_small/challenge.py", "import math", "import math, re", True),
    "a solution": ("course/01_small/challenge.py", "2 * x", "x * 2", True),
    "a prompt": ("course/01_small/challenge.py", "Double it.", "Twice, please.", False),
    "points": ("course/01_small/challenge.py", "points=1", "points=2", False),
    "a right variant": ("course/01_small/variants.py", "x + x", "x + 1 * x", True),
    "what a wrong one loses": ("course/01_small/variants.py", "q1_double-small, ", "", True),
    "what an answer is called": ("course/01_small/variants.py", '"adds"', '"sums"', False),
    "words above the variants": ("course/01_small/variants.py", "Answers", "All answers", False),
    "held-out data": ("course/01_small/held_out/secret.npz", "numbers", "figures", True),
    "a data set": ("coursekit/datasets.json", "sha256", "sha-256", True),
    "the stub": ("notebooks/01_small/small_challenge.ipynb", "not tried yet", "do it", True),
    "a library's lock": ("requirements.lock", "keras==", "keras==1.", True),
}


@pytest.mark.parametrize("what", COURSE)
def test_of_the_unit_code_decides_and_words_do_not(unit: Unit, what: str) -> None:
    name, old, new, answer = COURSE[what]
    assert decides(unit, name, old, new) is answer


def test_another_library_s_lock_does_not(unit: Unit) -> None:
    text = (unit.course.root / "requirements.lock").read_text(encoding="utf-8")
    assert with_text(unit, "requirements.lock", f"sphinx==9.0\n{text}") == digest(unit)


def test_a_library_that_is_not_the_locked_one_is_named(tmp_path: Path) -> None:
    course = Course(tmp_path)
    lock(course)
    assert not_locked(course) == []
    lock(course, keras="3.8.0")
    (said,) = not_locked(course)
    assert said.startswith("keras is 3.")
    assert said.endswith(", not 3.8.0")
    lock(course, keras="3.8.0 ; python_version < '3'")
    assert not_locked(course)[0].endswith(", not locked")


def test_the_committed_lock_is_read() -> None:
    course = Course(Path(__file__).resolve().parents[2])
    pinned = {line.partition("==")[0] for line in decisive._pins(course)}
    assert pinned == set(decisive.LIBRARIES)


def test_all_that_a_trial_really_imports_is_seen(root: Path) -> None:
    """The list is read from the code; here Python itself says what it imported."""
    modules = ("proving.warm", "grading.judge", "grading.worker.child", "grading.held_out")
    code = f"import sys, {', '.join(f'coursekit.{name}' for name in modules)}\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    names = {name for name in done.stdout.split() if name.startswith("coursekit")}
    assert len(names) > 20
    assert names <= set(decisive._imported({*decisive.TRIAL, "coursekit.grading.held_out"}))
