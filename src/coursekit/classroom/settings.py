"""nbgrader's settings for collecting, grading and feedback; the release's are in `authoring`."""

from __future__ import annotations

from nbgrader.converters import GenerateFeedback
from traitlets.config import Config

from coursekit.check import own_kernel_manager
from coursekit.classroom.deadlines import LatePolicy
from coursekit.classroom.feedback import RedactFeedback
from coursekit.classroom.rebuilding import RebuildingExporter

CELL_TIMEOUT = 300  # seconds; nbgrader's own 30 stop a fit on a slow machine, and cost its points

LMS_NAME = (  # of a path that Moodle, then Canvas made: nbgrader collects nothing without it
    r"(?:.*/)?(?P<student_id>[^/]+?)_(?:\d+_assignsubmission_file|(?:LATE_)?\d+_\d+)_"
    r"(?P<file_id>[^/]+?)(?:-\d+)?\.ipynb$"
)


def configure(config: Config) -> Config:
    """Set in `config` how submissions are found and run, and what their feedback may show."""
    config.Autograde.exporter_class = RebuildingExporter
    config.ExecutePreprocessor.timeout = CELL_TIMEOUT
    config.ExecutePreprocessor.kernel_manager_class = own_kernel_manager()
    # nbgrader takes the points of a check that writes to stderr; a warning is no wrong answer.
    config.IgnorePattern.enabled, config.IgnorePattern.pattern = True, r"(?s).*"
    config.FileNameCollectorPlugin.named_regexp = LMS_NAME
    config.AssignLatePenalties.plugin_class = LatePolicy
    pages = GenerateFeedback.preprocessors.default()
    config.GenerateFeedback.preprocessors = [RedactFeedback, *pages]
    return config
