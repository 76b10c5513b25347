"""Variants name known questions and checks, or say with file and line what is wrong."""

from pathlib import Path

import pytest

from coursekit.sources.layout import Course, CourseError, Unit
from coursekit.sources.variants import fixed_architecture, read_equivalent, read_variants
from samples import CHALLENGE, VARIANTS


def unit_with(folder: Path, variants: str) -> Unit:
    unit = folder / "course" / "01_small"
    unit.mkdir(parents=True)
    (unit / "challenge.py").write_text(CHALLENGE, encoding="utf-8")
    (unit / "variants.py").write_text(variants, encoding="utf-8")
    return Unit(Course(folder), "01_small")


def test_reads_right_and_wrong(tmp_path: Path) -> None:
    right, wrong = read_variants(unit_with(tmp_path, VARIANTS))
    assert (right.question, right.label, right.right) == ("q1_double", "adds", True)
    assert right.code == "def double(x):\n    return x + x"
    assert wrong.loses == ("q1_double-small", "q1_double-large")
    assert (wrong.right, wrong.line) == (False, 8)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("q1_double right", "q7_none right", "4: no question called `q7_none`"),
        ("right=", "rihgt=", "4: a variant has no key `rihgt`"),
        ('right="adds"', 'right="a" wrong="b"', "4: say one of"),
        ('right="adds"', 'right="a" equivalent="b"', "4: say one of"),
        ('right="adds"', 'architecture="fixed"', '4: architecture="fixed" stands alone'),
        (
            'right="adds"\ndef double(x):\n    return x + x',
            'equivalent="adds"\ndef double(x):\n    return x +',
            "4: this is no Python",
        ),
        (' loses="q1_double-small, q1_double-large"', "", "8: a wrong variant, and no other"),
        ("q1_double-large", "q1_double-huge", "8: `q1_double-huge` is no check of q1_double"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, before: str, after: str, message: str) -> None:
    unit = unit_with(tmp_path, VARIANTS.replace(before, after))
    with pytest.raises(CourseError, match=r"variants\.py:" + message):
        read_variants(unit)


def test_equivalent_answers_are_no_variants(tmp_path: Path) -> None:
    unit = unit_with(tmp_path, VARIANTS.replace("right=", "equivalent="))
    (equivalent,) = read_equivalent(unit)
    assert (equivalent.question, equivalent.reason, equivalent.line) == ("q1_double", "adds", 4)
    assert equivalent.code == "def double(x):\n    return x + x"
    assert [variant.label for variant in read_variants(unit)] == ["squares"]


def test_a_fixed_architecture_is_said_above_an_empty_cell(tmp_path: Path) -> None:
    unit = unit_with(tmp_path, VARIANTS + '\n# %% q1_double architecture="fixed"\n')
    assert fixed_architecture(unit) == {"q1_double"}
    assert [variant.label for variant in read_variants(unit)] == ["adds", "squares"]


def test_a_unit_without_variants_says_so(tmp_path: Path) -> None:
    unit = unit_with(tmp_path, VARIANTS)
    (unit.folder / "variants.py").unlink()
    with pytest.raises(CourseError, match=r"needs challenge\.py and variants\.py"):
        read_variants(unit)


def test_a_unit_that_only_lectures_has_no_challenge_to_give(tmp_path: Path) -> None:
    unit = Unit(Course(tmp_path), "01_small")
    with pytest.raises(CourseError, match="01_small has no challenge: write "):
        unit.require_challenge()
