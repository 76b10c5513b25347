"""From a download of a learning-management system to nbgrader's ``submitted/``."""
