"""A source's text is parsed once, whoever asks for it, and again as soon as it is another text."""

from pathlib import Path

import pytest

from coursekit.authoring.build import build, check
from coursekit.classroom.report import make_rows
from coursekit.demo.sample_class import sample_class
from coursekit.sources import source
from coursekit.sources.layout import Course, Unit
from samples import CHALLENGE, make_unit

LECTURE = "# %% [markdown]\n# # A lecture\n"


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    unit = make_unit(tmp_path)
    (unit.folder / "lecture.py").write_text(LECTURE, encoding="utf-8")
    source._split.cache_clear()
    source._understand.cache_clear()
    return unit


def parsed() -> int:
    return source._split.cache_info().misses


def test_a_build_parses_each_source_once(unit: Unit) -> None:
    assert build(Course(unit.course.root).units)
    assert parsed() == 3, "challenge.py, variants.py, lecture.py"
    assert check(Course(unit.course.root).units) == []
    assert parsed() == 3


def test_a_sample_class_and_its_report_parse_challenge_and_variants_once(unit: Unit) -> None:
    assert len(sample_class(unit, 5)) == 5
    assert make_rows(unit, []) == []
    assert parsed() == 2


def test_an_edited_source_is_parsed_anew(unit: Unit) -> None:
    challenge = unit.folder / "challenge.py"
    assert source.read_source(challenge)[0].text == "# A challenge"
    challenge.write_text(CHALLENGE.replace("# # A challenge", "# # Another"), encoding="utf-8")
    assert source.read_source(challenge)[0].text == "# Another"
    assert parsed() == 2


def test_who_changes_the_list_changes_only_a_copy(unit: Unit) -> None:
    challenge = unit.folder / "challenge.py"
    source.read_source(challenge).clear()
    source.read_cells(challenge).clear()
    assert source.read_source(challenge)
    assert source.read_cells(challenge)
