"""What lateness costs, in the gradebook: computed from the points that stand there now.

A mark by hand changes a late student's points, and so the penalty: whoever writes or reads marks
settles it first.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from nbgrader.api import Assignment, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import or_

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.deadlines import Deadlines, zone_of
from coursekit.classroom.opening import is_there, patiently


class Lateness:
    """The deadlines of a class, and what its policy takes off.

    Parameters
    ----------
    course : CourseFolder

    Raises
    ------
    CourseError
        If a table of deadlines or extensions says what cannot be.
    """

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        units = [unit.id for unit in course.unit.course.units]
        self._deadlines = Deadlines(course.root, zone_of(course.unit.course), units)

    def set_due(self, gradebook: Any) -> None:
        """Enter the deadline of ``deadlines.csv``; without one the gradebook's own holds."""
        if due := self._deadlines.due(self._course.unit.id):
            gradebook.update_or_create_assignment(
                self._course.unit.id, duedate=due.replace(tzinfo=None)
            )

    def settle(self, gradebook: Any) -> None:
        """Set the penalty of whoever may have one; nothing is committed."""
        unit = self._course.unit.id
        late = (
            SubmittedAssignment.timestamp > Assignment.duedate,
            SubmittedNotebook.late_submission_penalty.isnot(None),
            SubmittedAssignment.student_id.in_(self._deadlines.extended(unit)),
        )
        found = (
            gradebook.db.query(SubmittedNotebook)
            .join(SubmittedNotebook.assignment)
            .join(SubmittedAssignment.assignment)
            .filter(Assignment.name == unit, or_(*late))
        )
        for rows in found.all():
            self.set_penalty(rows)

    def set_penalty(self, rows: Any) -> None:
        """Let nbgrader's late plugin, or the one that the settings name, decide on a submission."""
        penalty = None
        due = rows.assignment.assignment.duedate
        due = due and due.replace(tzinfo=timezone.utc)
        extra = self._deadlines.extra(rows.student.id, self._course.unit.id, due)
        if extra > (rows.assignment.extension or timedelta(0)):
            rows.assignment.extension = extra
        late = rows.assignment.total_seconds_late
        if late > 0:
            penalties = AssignLatePenalties(config=self._course.config)
            penalties.init_plugin()
            wanted = penalties.plugin_inst.late_submission_penalty(
                rows.student.id, rows.score, late
            )
            if wanted is not None:
                penalty = min(max(wanted, 0), rows.score)
        if rows.late_submission_penalty != penalty:  # a copy that is read-only can be exported
            rows.late_submission_penalty = penalty

    def last(self, gradebook: Any) -> datetime | None:
        """Return when the last student's time is over, in UTC; None if nothing says so."""
        unit = self._course.unit.id
        try:
            kept = gradebook.find_assignment(unit).duedate
        except MissingEntry:
            kept = None
        return self._deadlines.last(unit, kept and kept.replace(tzinfo=timezone.utc))


def settle_penalties(course: CourseFolder) -> None:
    """Set what lateness costs anew, before marks are read.

    Raises
    ------
    CourseError
        If the gradebook cannot be written.
    """
    if not is_there(course.db_url):
        return

    def settle() -> None:
        with course.gradebook() as gradebook:
            lateness = Lateness(course)
            lateness.settle(gradebook)
            gradebook.db.commit()

    patiently(settle)
