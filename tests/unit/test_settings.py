"""nbgrader_config.py brings both halves: how a unit is released, and how it is graded."""

from pathlib import Path

import pytest
from traitlets.config import PyFileConfigLoader

from coursekit.authoring.release import PrepareRelease
from coursekit.classroom.feedback import RedactFeedback


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
