"""The lint as a whole: the real course, unfinished units, spelling, style and exceptions."""

from pathlib import Path

import pytest

from coursekit.lint import lint
from coursekit.sources.layout import Course
from lint_samples import CHALLENGE, LECTURE, plant, write_unit


def test_the_course_itself_has_no_finding(root: Path) -> None:
    found = [str(finding) for unit in Course(root).units for finding in lint(unit)]
    assert found == []


def test_a_clean_unit_has_no_finding(tmp_path: Path) -> None:
    assert lint(write_unit(tmp_path, lecture=LECTURE, challenge=CHALLENGE)) == []


@pytest.mark.parametrize("text", ["# %%\n", "# %% [markdown]\n", "# %%\nx = (\n", "x = 1\n"])
def test_a_page_that_has_just_begun_is_told_and_does_not_crash(text: str, tmp_path: Path) -> None:
    unit = write_unit(tmp_path, lecture=text, challenge=text)
    rules = {finding.rule for finding in lint(unit)}
    assert rules & {"source", "spine"}


def test_a_source_that_cannot_be_read_is_a_finding_with_its_line(tmp_path: Path) -> None:
    unit = write_unit(tmp_path, lecture=LECTURE + "\n# %% colour=3\nassert True\n")
    finding = next(finding for finding in lint(unit) if finding.rule == "source")
    assert finding.line == LECTURE.count("\n") + 2
    assert str(finding).startswith(f"course/01_small/lecture.py:{finding.line}: [source] ")


STYLE = {
    "spelling": ("# Which line is wrong?", "<<# Wich line is wrong?"),
    "spelling: in a comment": ("guess = None", "<<guess = None  # teh guess"),
    "ruff": ("guess = None", "<<guess = undefined"),
    "format": ("guess = None", "<<guess=None"),
    "ruff: beside a magic": ("guess = None", "%matplotlib inline\n<<guess = undefined"),
}


@pytest.mark.parametrize("name", STYLE)
def test_spelling_and_style_are_checked_on_the_script_itself(name: str, tmp_path: Path) -> None:
    text, line = plant(LECTURE, *STYLE[name])
    [finding] = lint(write_unit(tmp_path, lecture=text))
    assert (finding.rule, finding.line) == (name.split(":")[0], line)
    assert finding.where.startswith("cell ")


def test_a_wrong_variant_may_be_wrong_but_must_be_python(tmp_path: Path) -> None:
    unit = write_unit(tmp_path, lecture=LECTURE)
    variants = "# %%\nimport math\n\n\n# %% q1 wrong='x' loses='y'\ndef f(x):\n    return {}\n"
    (unit.folder / "variants.py").write_text(variants.format("x == None"))
    assert lint(unit) == []
    (unit.folder / "variants.py").write_text(variants.format("nothing"))
    assert [(finding.line, finding.text) for finding in lint(unit)] == [(7, "F821")]


def test_a_reasoned_exception_allows_one_finding(tmp_path: Path) -> None:
    text = CHALLENGE.replace("_error = measured(_model)", "assert _model.layers\n_error = 1")
    unit = write_unit(tmp_path, lecture=LECTURE, challenge=text)
    [finding] = lint(unit)
    assert (finding.rule, finding.where, finding.text) == (
        "architecture",
        "q4_train-silver",
        "layers",
    )
    (unit.folder / "exceptions.toml").write_text(
        '[[lint]]\nrule = "architecture"\nwhere = "q4_train-silver"\nreason = "the prompt asks"\n'
    )
    assert lint(unit) == []


def test_findings_come_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    lecture = LECTURE.replace("guess = None", "guess=undefined").replace("{{badge}}", "[x](y)")
    challenge = CHALLENGE.replace("{{badge}}", "[x](y)")
    unit = write_unit(tmp_path, lecture=lecture, challenge=challenge)
    places = [(finding.path, finding.line) for finding in lint(unit)]
    assert len(places) == 6
    assert places == sorted(places)
