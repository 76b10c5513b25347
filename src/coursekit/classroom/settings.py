"""nbgrader's settings for grading and feedback; those of the release lie in `authoring.release`."""

from __future__ import annotations

from nbgrader.converters import GenerateFeedback
from traitlets.config import Config

from coursekit.check import own_kernel_manager
from coursekit.classroom.feedback import RedactFeedback
from coursekit.classroom.rebuilding import RebuildingExporter

CELL_TIMEOUT = 300  # seconds; nbgrader's own 30 stop a fit on a slow machine, and cost its points


def configure(config: Config) -> Config:
    """Set in `config` how submissions are run, and what their feedback may show."""
    config.Autograde.exporter_class = RebuildingExporter
    config.ExecutePreprocessor.timeout = CELL_TIMEOUT
    config.ExecutePreprocessor.kernel_manager_class = own_kernel_manager()
    # nbgrader takes the points of a check that writes to stderr; a warning is no wrong answer.
    config.IgnorePattern.enabled, config.IgnorePattern.pattern = True, r"(?s).*"
    pages = GenerateFeedback.preprocessors.default()
    config.GenerateFeedback.preprocessors = [RedactFeedback, *pages]
    return config
