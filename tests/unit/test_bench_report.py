"""What the engines' bench writes."""

from pathlib import Path

import pytest

from bench.report import Measured, agree, fragment, put_between


def measured(**walls: list[float]) -> Measured:
    names = {"stock": "stock nbgrader", "otter": "otter run"}
    names |= {"one": "ours, 1 job", "two": "ours, 2 jobs"}
    return Measured("tiny", "Tiny", {names[key]: value for key, value in walls.items()})


def test_a_gain_is_a_ratio_of_medians() -> None:
    found = measured(stock=[10.0, 12.0, 99.0], one=[2.0, 1.0, 9.0], two=[1.0, 1.2, 1.1])
    assert found.gain("stock nbgrader") == pytest.approx(12 / 1.1)
    assert found.scaling == pytest.approx(2 / 1.1 / 2)
    assert found.gain("otter run") is None


def test_limits_say_what_is_met_and_missed_and_not_measured() -> None:
    found = measured(stock=[12.0], one=[2.0], two=[1.0])
    found.added = {"ours, 1 job": [0.31], "ours, 2 jobs": [0.30]}
    text = fragment([found], "How.")
    assert "| tiny | times stock nbgrader, 2 jobs | 12.00 | ≥ 12 | met |" in text
    assert "| tiny | times otter run, 2 jobs | – | ≥ 20 | not measured |" in text
    assert "| tiny | s added a submission, ours, 1 job | 0.31 | ≤ 0.3 | **missed** |" in text
    assert "| tiny | s added a submission, ours, 2 jobs | 0.30 | ≤ 0.3 | met |" in text
    assert "| tiny | of the ideal from 1 to 2 jobs | 1.00 | ≥ 0.9 | met |" in text


def test_a_grader_s_row_holds_what_a_class_takes() -> None:
    found = measured(stock=[12.0, 10.0, 11.0], two=[0.5])
    found.starts = {"ours, 2 jobs": 10.0}
    text = fragment([found], "How.")
    row = "| ours, 2 jobs | 0.50 (0.50–0.50) | 120.0 | 22.0 | – | – | 10.0 | 1.0 |"
    assert row in text
    assert "| stock nbgrader | 11.00 (10.00–12.00) |" in text


def test_graders_that_differ_are_named() -> None:
    same = {"a": {"s1": 1.0, "s2": 2.0}, "b": {"s1": 1.0}}
    assert agree(same) == "All graders gave each submission the same points."
    same["b"]["s1"] = 0.5
    assert agree(same) == "The graders differ on a submission: a 1, b 0.5."


def test_only_what_stands_between_the_markers_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n")
    put_between(page, "x", r"new \1")
    put_between(page, "x", r"newer \1")
    wanted = "before\n<!-- x -->\n\nnewer \\1\n\n<!-- end of x -->\nafter\n"
    assert page.read_text() == wanted
    with pytest.raises(ValueError, match="must have one place"):
        put_between(page, "y", "text")
