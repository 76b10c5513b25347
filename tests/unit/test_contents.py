"""The contents page and the glossary: built, checked, published."""

from pathlib import Path

import pytest

from coursekit.authoring.build import build, check
from coursekit.authoring.contents import pages
from coursekit.leaks.gate import find_leaks
from coursekit.sources.layout import Course, CourseError
from coursekit.sources.links import links
from leak_samples import make_course

CONTENTS = "# Contents\n\nUnknown words? See the {{glossary}}.\n\n{{01_means}}\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = make_course(tmp_path)
    (made.root / "course" / "contents.md").write_text(CONTENTS, encoding="utf-8")
    (made.root / "course" / "glossary.md").write_text("# Glossary\n", encoding="utf-8")
    return made


def contents(course: Course) -> str:
    return pages(course)[course.root / "notebooks" / "README.md"].decode()


def test_each_notebook_has_a_row_with_its_title_and_where_to_open_it(course: Course) -> None:
    lecture, challenge = (row for row in contents(course).splitlines() if row.startswith("| ["))
    assert "(lectures/01_means.ipynb)" in lecture
    assert "(01_means/means_challenge.ipynb)" in challenge
    assert "colab.research.google.com/github/" in lecture


def test_minutes_and_points_are_those_that_the_notebook_states(course: Course) -> None:
    path = course.units[0].challenge
    assert path is not None
    source = path.read_text(encoding="utf-8")
    told = "# %% [markdown]\n# # Means\n#\n# *About 50 minutes · 7 points*\n\n"
    path.write_text(told + source, encoding="utf-8")
    assert "| 50 |" in contents(course)
    assert ", 7 points |" in contents(course)


def test_the_glossary_is_linked_where_students_find_it(course: Course) -> None:
    address = f"{course.student_repository}/blob/main/notebooks/glossary.md"
    assert f"[glossary]({address})" in contents(course)


def test_every_notebook_links_both_pages_beside_its_badge(course: Course) -> None:
    unit = course.units[0]
    for source in (unit.lectures[0], unit.challenge):
        assert source is not None
        badge = links(unit, source)["badge"]
        for page in ("[contents](", "[glossary]("):
            assert f" · {page}{course.student_repository}/blob/main/notebooks/" in badge


def test_a_page_that_nobody_wrote_is_not_linked(course: Course) -> None:
    (course.root / "course" / "glossary.md").unlink()
    unit = course.units[0]
    badge = links(unit, unit.lectures[0])["badge"]
    assert "[contents](" in badge
    assert "glossary" not in badge


def test_a_page_that_is_built_as_it_was_written_is_no_leak(course: Course) -> None:
    build(course.units)
    written = (course.root / "course" / "glossary.md").read_bytes()
    assert (course.root / "notebooks" / "glossary.md").read_bytes() == written
    assert find_leaks(course, [course.root / "notebooks"]) == []


def test_a_page_edited_by_hand_is_a_finding_and_a_build_mends_it(course: Course) -> None:
    build(course.units)
    assert check(course.units) == []
    page = course.root / "notebooks" / "README.md"
    page.write_text("# Mine\n", encoding="utf-8")
    assert check(course.units) == ["notebooks/README.md: not what its source builds"]
    assert build(course.units) == [page]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# Contents\n", "01_means is missing: write {{01_means}} where"),
        (CONTENTS + "{{07_gan}}\n", "nothing is known to put for {{07_gan}}."),
    ],
)
def test_a_page_with_a_fault_is_refused_in_one_sentence(
    course: Course, text: str, sentence: str
) -> None:
    (course.root / "course" / "contents.md").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as error:
        build(course.units)
    assert sentence in str(error.value)


def test_a_course_without_pages_builds_all_the_same(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    assert pages(course) == {}
