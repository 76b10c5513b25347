"""Classes of the small unit that reports are made of: graded for real, or with records made up."""

from __future__ import annotations

import json
from pathlib import Path

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.records import keep_record
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.insight import declared
from coursekit.intake.sheet import Cell
from coursekit.sources.layout import Unit
from coursekit.sources.progress import no_progress

ANSWERS = {
    "ada": "def double(x):\n    return x + x",
    "bob": "def double(n):\n    # my own\n    return n * n",
    "cem": "def double(x):\n    return 2 * x if x < 9 else 0",
    "dan": "def double(x):\n    if x > 9:\n        return 1\n    return x + x",
}
STUB = 'def double(x):\n    raise NotImplementedError("not tried yet")'
SMALL, LARGE = "q1_double-small", "q1_double-large"
HOSTILE = (
    "<script>window.evil=1</script><img src=x onerror='window.evil=1'>\u202eevil\u2066\x1b[2J\x00"
)


def graded_class(unit: Unit, folder: Path) -> None:
    """Grade a class of four and a broken file; dan has handed in a blank file before."""
    for name, answer in ANSWERS.items():
        earlier = {"q1_double": "def double(x):\n    return 3"} if name == "ada" else {}
        made = SampleStudent(name, "", {"q1_double": answer}, {SMALL: 1}, earlier)
        write_submission(unit, made, folder / "submitted")
    write_submission(unit, SampleStudent("eve", ""), folder / "submitted")
    with CourseFolder(folder, unit) as course:
        grade_class(course, [*ANSWERS, "eve"], progress=no_progress)


def keep(folder: Path, unit: Unit, student: str, answer: str, said: dict[str, str]) -> Record:
    """Keep a made-up record: `said` are messages of the checks that were lost."""
    outcomes = tuple(
        Outcome(
            check,
            "q1_double",
            Verdict.FAIL if check in said else Verdict.PASS,
            0.0 if check in said else most,
            most,
            said.get(check, ""),
        )
        for check, most in ((SMALL, 1.0), (LARGE, 0.5))
    )
    cells = (Cell("q1_double", "answer", answer, "q1_double", stub=STUB),)
    record = Record(student, unit.id, Status.GRADED, outcomes=outcomes, cells=cells)
    keep_record(folder, record)
    return record


def no_engine(unit: Unit, folder: Path) -> None:
    """Let reports of `folder` do without judging the declared mistakes."""
    kept = folder / ".cache" / "declared" / f"{unit.id}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"digest": declared._digest(unit), "said": {}}), encoding="utf-8")


def hostile_class(unit: Unit, folder: Path) -> None:
    """Keep records in which all that students write is made to act on the page or to break it."""
    no_engine(unit, folder)
    (folder / "students.csv").write_text(
        f'student,name,email\nada,"{HOSTILE}",ada@example.org\n', encoding="utf-8"
    )
    name = "<img src=x onerror=window.evil=1>"
    answers = {"ada": f"</pre>{HOSTILE}", name: "x" * 1_000_000, "bob": f"'''{HOSTILE}'''\n" * 500}
    for student, answer in answers.items():
        text = f"expected: 2\ngot: {HOSTILE}{'W' * 50_000}"
        record = keep(folder, unit, student, answer, {SMALL: text, LARGE: HOSTILE})
        flagged = Record(**{**vars(record), "flags": (f"Two copies of {HOSTILE}.",)})
        keep_record(folder, flagged)
