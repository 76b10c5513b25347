"""No attack of the corpus gains a point, reads, changes or stops anything; what is legal passes.

The cases lie in ``corpus/``, a folder each; `attacks.cases` says what stands in them. Which of them
hold without some layers of the fence can be tried, too: ``COURSEKIT_WITHOUT="wall namespaces"``,
and ``COURSEKIT_SMOKE=20`` plays so many of them alone.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.bait import Bait
from attacks.cases import FAMILIES, LEVELS, Case, read_corpus
from attacks.page import alive_in_page, alive_in_terminal
from attacks.stage import Result, Stage, flags_of
from attacks.units import unit_of
from coursekit.classroom.explain import explain
from coursekit.classroom.report import printable

ALL = read_corpus()
SMOKE = int(os.environ.get("COURSEKIT_SMOKE", "0"))
# What is exhausted depends on how busy a machine is, and not on the fence's level.
HELD_ANYWHERE = [n for n, case in ALL.items() if case.level != "full" and case.family != "exhaust"]
CASES = (
    {name: ALL[name] for name in HELD_ANYWHERE[:: len(HELD_ANYWHERE) // SMOKE]} if SMOKE else ALL
)
DISTURBING = ("cross", "escape", "exhaust", "wire", "write")  # who may harm whoever comes next
REPORTED = [name for name in CASES if name.startswith("reporter_")]
WITHOUT = os.environ.get("COURSEKIT_WITHOUT", "").split()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        # Nothing here leaves models behind, and each new process would take seconds.
        patch.setattr("coursekit.grading.process.MOST_SUBMISSIONS", 10_000)
        with Stage(tmp_path_factory.mktemp("small"), "small", WITHOUT) as stage:
            yield stage


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("deep"), "deep", WITHOUT) as stage:
        yield stage


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_comes_of_a_case(case: Case, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(unit_of(case.family))
    if LEVELS.index(case.level) > LEVELS.index(stage.level):
        pytest.skip(f"it needs a fence of level {case.level}")
    record = stage.play(case)
    assert (Result.of(record), record.detail) == (Result.expected(case), record.detail)
    assert case.hidden <= {o.question for o in record.outcomes if o.hidden}
    assert stage.harm(record) == []
    assert case.flag in "\n".join(flags_of(record))
    if case.family in DISTURBING and not case.allowed:
        assert stage.is_unmoved()
        assert stage.harm(record) == [], "done late"


@pytest.mark.parametrize(
    "name", [case.name for case in CASES.values() if case.family == "reporter"]
)
def test_what_is_shown_comes_to_no_life(name: str, small: Stage) -> None:
    record = small.play(CASES[name])
    assert record.status.has_points
    page = small.show(record)
    assert "(Score: " in page
    assert alive_in_page(page, small.bait.names["mark"]) == []
    for question in small.challenge.points:
        told = [printable(line) for line in explain(record, question)]
        assert alive_in_terminal("\n".join(told)) == []


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert('it')</script>",
        "<img src=x onerror=it()>",
        "<a href='javascript:it'>x</a>",
        "<style>@import 'it';</style>",
        "<p>$\\href{javascript:it}{x}$</p>",
    ],
)
def test_what_is_alive_is_seen(page: str) -> None:
    assert alive_in_page(page, "it") != []


def test_what_is_text_is_no_life() -> None:
    assert alive_in_page("<p title=it>it &lt;script&gt;it&lt;/script&gt;</p>", "it") == []
    assert alive_in_terminal("a\x1b[2Jb\x9bc\u202ed\te\nf") == [r"'\u202e'", r"'\x1b'", r"'\x9b'"]


def test_at_the_end_an_honest_student_gets_the_same(small: Stage, deep: Stage) -> None:
    assert small.is_unmoved()
    assert deep.is_unmoved()


# --- the corpus itself -----------------------------------------------------------------------


def test_every_family_is_tried_in_many_ways() -> None:
    tried = [case.family for case in ALL.values() if not case.allowed]
    assert len(ALL) >= 150
    assert {family: tried.count(family) for family in FAMILIES if tried.count(family) < 8} == {}


def test_every_family_has_something_that_is_allowed() -> None:
    allowed = {case.family for case in ALL.values() if case.allowed}
    assert allowed == set(FAMILIES)


def test_no_two_cases_submit_the_same() -> None:
    submitted = [(case.answers, case.parts, case.file) for case in ALL.values()]
    assert len(set(submitted)) == len(submitted)


# --- that the bait can be taken ----------------------------------------------------------------

SECONDS, BYTES = 20, 1 << 30


def _limited() -> None:
    """Keep code that runs outside the fence from doing more than it says."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (4 * BYTES, 4 * BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))


@pytest.mark.parametrize("name", [case.name for case in CASES.values() if case.bare])
def test_without_a_fence_it_would_do_harm(name: str, tmp_path: Path) -> None:
    """The same code, on bait of its own: a case proves nothing if this fails."""
    with Bait() as bait:
        code = "\n".join(bait.fill_in(part.source) for part in CASES[name].parts)
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            preexec_fn=_limited,
        )
        harm = bait.harm(done.stdout + done.stderr)
    assert harm != []


def test_at_least_a_handful_is_tried_without_a_fence() -> None:
    families = {case.family for case in ALL.values() if case.bare}
    assert families >= {"read", "write", "escape"}
