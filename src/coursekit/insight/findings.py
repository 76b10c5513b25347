"""All that a report says, as plain data: a page shows it, ``--json`` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.report import TO_DO, reasons
from coursekit.insight.alike import Likeness, likenesses
from coursekit.insight.declared import declared_mistakes
from coursekit.insight.gather import Class, Pupil, Question, gather
from coursekit.insight.measures import (
    Figures,
    figures,
    improved,
    is_ours,
    most_known,
    spread,
    stuck,
)
from coursekit.insight.mistakes import Mistake, alike, mistakes
from coursekit.privacy.pseudonyms import Names
from coursekit.sources.progress import Progress
from coursekit.sources.variants import read_variants

NAMED, OTHERS = 6, 4  # mistakes of a question that are shown
TO_TEACH, LOW = 3, 0.75  # questions to teach again, and the share under which they are
RARE, FEW = 0.04, 3  # share and number of students: fewer are nothing to talk about in a lecture
TOLD = 2  # mistakes of a question at the top of the page

Data = dict[str, Any]


def findings(course: CourseFolder, names: Names, progress: Progress) -> Data:
    """Return what a unit's report says.

    Parameters
    ----------
    course : CourseFolder
    names : Names
        What students are called.
    progress : callable

    Raises
    ------
    CourseError
        If nobody has handed in, or the gradebook cannot be read.
    """
    group = gather(course, progress)
    variants = read_variants(course.unit)
    said, why_not = declared_mistakes(course.root, course.unit, progress)
    made = mistakes(group, variants, said)
    progress("comparing answers", 0, 1)
    pairs = likenesses(group, variants)
    progress("comparing answers", 1, 1)
    asked = [_question(group, each, made, names) for each in figures(group)]
    spread_ = spread(group)
    return {
        "unit": group.unit.id,
        "title": group.title,
        "anonymous": names.anonymous,
        "handed_in": len(group.pupils),
        "graded": len(group.graded),
        "spread": None
        if spread_ is None
        else {
            "most": spread_.most,
            "median": spread_.middle,
            "low": spread_.low,
            "high": spread_.high,
            "bars": [list(bar) for bar in spread_.bars],
        },
        "questions": asked,
        "teach": [each["id"] for each in teach(asked)],
        "stuck": _stuck(group, names),
        "improved": [
            {
                "student": names.of(each.pupil.id),
                "attempts": each.pupil.attempts,
                "begun": [question.short for question in each.begun],
                "mended": [question.short for question in each.mended],
            }
            for each in improved(group)
        ],
        "flagged": _flagged(group, names),
        "alike": [_alike(each, names) for each in pairs],
        "students": [_student(group, pupil, course, names) for pupil in group.pupils],
        "unnamed_because": why_not,
    }


def teach(asked: Sequence[Data]) -> list[Data]:
    """Return the questions that the class has not learnt, the worst first."""
    low = [each for each in asked if each["share"] is not None and each["share"] < LOW]
    return sorted(low, key=lambda each: float(each["share"]))[:TO_TEACH]


def _question(group: Class, found: Figures, made: Sequence[Mistake], names: Names) -> Data:
    question = found.question
    mine = [each for each in made if each.question == question]
    tried = len(group.graded) - found.untried
    named = [each for each in mine if each.labels]
    others = [each for each in mine if not each.labels]
    common = [each for each in mine if len(each.pupils) >= max(FEW, RARE * tried)]
    return {
        "id": question.id,
        "short": question.short,
        "title": question.title,
        "written": question.written,
        "most": question.most,
        "share": found.share,
        "discrimination": found.discrimination,
        "odd": found.odd,
        "seconds": found.seconds,
        "untried": found.untried,
        "waiting": found.waiting,
        "tried": tried,
        "read": question.read,
        "common": [_mistake(each, tried, names) for each in common[:TOLD]],
        "named": [_mistake(each, tried, names) for each in named[:NAMED]],
        "named_left": sum(len(each.pupils) for each in named[NAMED:]),
        "others": [_mistake(each, tried, names) for each in others[:OTHERS]],
        "others_left": sum(len(each.pupils) for each in others[OTHERS:]),
    }


def _mistake(mistake: Mistake, tried: int, names: Names) -> Data:
    count, author = len(mistake.pupils), mistake.pupils[0].id
    return {
        "labels": mistake.labels,
        "check": mistake.check,
        "text": names.quoted(author, mistake.text),
        "example": names.quoted(author, mistake.example),
        "author": names.of(author),
        "count": count,
        "share": count / tried if tried else 0.0,
    }


def _stuck(group: Class, names: Names) -> list[Data]:
    return [
        {
            "student": names.of(each.pupil.id),
            "attempts": each.pupil.attempts,
            "points": each.pupil.total,
            "most": most_known(each.pupil, group.questions),
            "tried": [question.short for question in each.tried],
            "untried": [question.short for question in each.untried],
        }
        for each in stuck(group)
    ]


def _flagged(group: Class, names: Names) -> list[Data]:
    """Return why submissions want a person, with all students that a reason is true of."""
    found: dict[str, Data] = {}
    for pupil in group.pupils:
        said = reasons(pupil.record) if pupil.record else [f"{group.unit.id} is not graded yet."]
        for reason in said:
            text = names.quoted(pupil.id, reason)
            made = {
                "reason": text,
                "to_do": TO_DO[pupil.record.status] if pupil.record else "grade it",
                "ours": is_ours(pupil),
                "students": [],
            }
            found.setdefault(alike(text), made)["students"].append(names.of(pupil.id))
    return sorted(found.values(), key=lambda each: (not each["ours"], -len(each["students"])))


def _alike(found: Likeness, names: Names) -> Data:
    question, first = found.questions[0], found.pupils[0]
    return {
        "students": [names.of(pupil.id) for pupil in found.pupils],
        "questions": [each.short for each in found.questions],
        "pieces": found.pieces,
        "example": names.quoted(first.id, first.answer(question)),
    }


def _student(group: Class, pupil: Pupil, course: CourseFolder, names: Names) -> Data:
    page = course.path("feedback", pupil.id) / f"{course.notebook}.html"
    link = "" if names.anonymous or not page.exists() else str(page)
    return {
        "student": names.of(pupil.id),
        "status": pupil.status,
        "graded": pupil.graded,
        "points": dict(pupil.points),
        "total": pupil.total if pupil.graded else None,
        "missing": [_missing(pupil, each) for each in group.questions if _lacks(pupil, each)],
        "attempts": pupil.attempts,
        "page": link,
    }


def _lacks(pupil: Pupil, question: Question) -> bool:
    points = pupil.points[question.id]
    return pupil.graded and (points is None or points < question.most)


def _missing(pupil: Pupil, question: Question) -> str:
    points = pupil.points[question.id]
    return (
        f"{question.short} by hand"
        if points is None
        else (f"{question.short} {points:g}/{question.most:g}")
    )
