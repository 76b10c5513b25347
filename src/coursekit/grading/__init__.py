"""From what students hand in to marks in nbgrader's gradebook."""
