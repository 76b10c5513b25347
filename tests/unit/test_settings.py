"""nbgrader_config.py brings both halves: how a unit is released, and how it is graded."""

import re
from pathlib import Path

import pytest
from traitlets.config import PyFileConfigLoader

from coursekit.authoring.release import PrepareRelease
from coursekit.classroom.feedback import RedactFeedback
from coursekit.classroom.rebuilding import RebuildingExporter
from coursekit.classroom.settings import LMS_NAME


def test_stock_nbgrader_gets_release_and_grading_settings(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEKIT_HELD_OUT", "")  # put back afterwards
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    assert config.CourseDirectory.root == str(root)
    assert config.CourseDirectory.source_directory == "solutions"
    assert config.CourseDirectory.release_directory == "notebooks"
    assert config.GenerateAssignment.preprocessors[0] is PrepareRelease
    assert config.GenerateFeedback.preprocessors[0] is RedactFeedback
    assert config.ExecutePreprocessor.timeout == 300
    assert config.Autograde.exporter_class is RebuildingExporter


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Doe Jane_1_assignsubmission_file_small_challenge.ipynb", "Doe Jane"),
        ("Müller-Lüdenscheid Jo_998877_assignsubmission_file_small_challenge.ipynb", "Müller-"),
        ("roejohn_4711_123_small_challenge-1.ipynb", "roejohn"),
        ("roejohn_LATE_4711_123_small_challenge.ipynb", "roejohn"),
        ("a_b_4711_123_small_challenge-12.ipynb", "a_b"),
    ],
)
def test_zip_collect_knows_how_moodle_and_canvas_name_files(name: str, student: str) -> None:
    found = re.match(LMS_NAME, f"/course/downloaded/01_small/extracted/all_1_2_x/{name}")
    assert found is not None
    assert found["student_id"].startswith(student)
    assert found["file_id"] == "small_challenge"


@pytest.mark.parametrize("name", ["small_challenge.ipynb", "roejohn.ipynb", "a_1_2_x.pdf"])
def test_zip_collect_skips_what_names_no_student(name: str) -> None:
    assert re.match(LMS_NAME, f"/course/downloaded/01_small/extracted/{name}") is None
