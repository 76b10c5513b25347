"""Around a graded class: stock nbgrader, feedback, a report, and a sample class to try it on."""
