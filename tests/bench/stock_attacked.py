"""Let stock nbgrader grade one attack and an honest student, and say what came of it.

Stock really executes the attack: run this only as `bench.attack_table` does, in a sandbox that is
thrown away. The grader is a process of its own, so that what it is told by ends with it alone.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat

from attacks.cases import Case, read_corpus
from attacks.stage import HIDDEN, HONEST, Scene
from attacks.units import CHALLENGES, Challenge, unit_of
from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom.course_folder import CourseFolder
from coursekit.sources.layout import CourseError
from engine_samples import FILL

SECONDS = 120  # for a class of two or three
CONFIG = """from coursekit.authoring import release
from coursekit.classroom import settings

config = get_config()
release.configure(config)
settings.configure(config)
# Stock reads files in its own way, and stops a cell after its own 30 s.
del config.Autograde["exporter_class"]
del config.ExecutePreprocessor["timeout"]
"""


# In our engine an answer gets copies of what is given; under stock the right one would fail here.
COPIES = FILL[FILL.index("fill(data)") :].strip()


def challenge_of(case: Case) -> Challenge:
    """Return what a case answers, without the lines that a right answer fails under stock."""
    challenge = CHALLENGES[unit_of(case.family)]
    return replace(challenge, text=challenge.text.replace(COPIES, ""))


def attacked(case: Case, folder: Path) -> dict[str, object]:
    """Return the score, the status, whether the honest one has all points, and the harm."""
    with Scene(folder, challenge_of(case)) as scene:
        students = [*scene.hand_in(case), HONEST]
        (scene.folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        done = scene.folder / "done"
        done.mkdir()
        grader = multiprocessing.get_context("fork").Process(
            target=_grade, args=(scene, students, done)
        )
        grader.start()
        grader.join(SECONDS)
        status = "did not end" if grader.is_alive() else "the grader was ended"
        grader.kill()
        grader.join()
        if (done / case.name).exists():
            status = (done / case.name).read_text(encoding="utf-8")
        points = _points(scene)
        outputs = list(_outputs(scene, case.name))
        own = "\n".join(text for text, is_check in outputs if not is_check)
        told = [f"a hidden part was told: {word}" for word in HIDDEN if word in own]
        return {
            "score": points.get(case.name) if status == "graded" else None,
            "status": status,
            "survived": points.get(HONEST) == sum(scene.challenge.points.values()),
            "harm": told + scene.bait.harm("\n".join(text for text, _ in outputs)),
        }


def _grade(scene: Scene, students: list[str], done: Path) -> None:
    """Grade one after the other, as ``nbgrader autograde`` does; leave a status of each."""
    with CourseFolder(scene.folder, scene.unit) as course:
        course.ensure_assignment()
        for student in students:
            with nbgrader_environment(scene.unit.course):
                outcome = course.api.autograde(scene.unit.id, student)
            status = "graded" if outcome["success"] else f"error{_why(outcome.get('error') or '')}"
            (done / student).write_text(status, encoding="utf-8")


def _why(traceback: str) -> str:
    """Return the name of the error that nbgrader itself ended with, in brackets."""
    last = ([line for line in traceback.splitlines() if line.strip()] or [""])[-1]
    name = last.partition(":")[0].rpartition(".")[2].strip()
    return f" ({name})" if name.isidentifier() else ""


def _points(scene: Scene) -> dict[str, float]:
    """Return what stands in the gradebook in the end; nothing if it cannot be read."""
    try:
        with CourseFolder(scene.folder, scene.unit) as course:
            marks = course.marks()
    except CourseError:
        return {}
    return {
        student: sum(automatic or 0.0 for automatic, _ in grades.values())
        for student, grades in marks.items()
    }


def _outputs(scene: Scene, student: str) -> Iterator[tuple[str, bool]]:
    """Yield the outputs of each cell of the graded notebook, and whether it is a check."""
    path = scene.folder / "autograded" / student / scene.unit.id / scene.unit.challenge_notebook
    if not path.exists():
        return
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            is_check = cell.metadata.get("nbgrader", {}).get("grade", False)
            yield json.dumps(cell.outputs), bool(is_check)


def main() -> None:
    """Print what came of the case that is named, as JSON in the last line."""
    case = read_corpus()[sys.argv[1]]
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(attacked(case, Path(name))))


if __name__ == "__main__":
    main()
