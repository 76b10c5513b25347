"""nbgrader's formgrader, in the browser, on a class that the engine graded."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from browser.jupyterlab import STARTS, Lab, start
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.grading.record import Record
from coursekit.sources.layout import Unit
from coursekit.sources.progress import no_progress
from samples import make_unit

pytestmark = pytest.mark.browser

# Formgrader counts on it being there; nothing is fetched.
MATHJAX = """window.MathJax = {Hub: {
    Config() {}, Queue() {}, Startup: {signal: {Interest(tell) { tell("End"); }}}
}};"""
SETTINGS = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
"""
WRONG = "def double(x):\n    return 2 * x if x < 9 else 0\n\n"
HOSTILE = """from IPython.display import HTML, Javascript, Markdown, SVG
display(HTML("<script>parent.evil = 1</script><img src=x onerror='parent.evil = 1'>shown"))
display(Javascript("parent.evil = 1"), Markdown("<img src=x onerror='parent.evil = 1'>"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='parent.evil = 1'></svg>"))
"""


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def record(unit: Unit) -> Record:
    """Return the record of a submission that was graded on the course tree itself."""
    root = unit.course.root
    (root / "nbgrader_config.py").write_text(SETTINGS, encoding="utf-8")
    student = SampleStudent("ada", "", {"q1_double": WRONG + HOSTILE}, {"q1_double-small": 1})
    write_submission(unit, student, root / "submitted")
    with CourseFolder(root, unit) as course:
        (graded,) = grade_class(course, ["ada"], progress=no_progress)
    assert graded.scores == {"q1_double-small": 1.0, "q1_double-large": 0.0, "q2_why": None}
    return graded


@pytest.fixture(scope="module")
def teacher(
    chromium: str, unit: Unit, record: Record, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """Return the instructor's JupyterLab on the graded course."""
    base = tmp_path_factory.mktemp("teacher")
    (base / "exchange").mkdir()
    running = start(unit.course.root, base / "home", base / "exchange")
    yield running
    running.process.terminate()
    running.process.wait(timeout=60)


def test_formgrader_lists_and_opens_what_the_engine_graded(
    page: Page, teacher: Lab, unit: Unit, shoot: Callable[[Page, str], None]
) -> None:
    page.route(re.compile("mathjax"), lambda route: route.fulfill(body=MATHJAX))
    teacher.open(page)
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click(timeout=STARTS)
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    inside = page.frame_locator("iframe[src*=formgrader], .nbgrader-mainarea-widget iframe")
    row = inside.locator("tr", has_text=unit.id)
    expect(row, "the assignment is listed").to_be_visible(timeout=STARTS)
    row.locator(".num-submissions a").click()
    row = inside.locator("tr", has_text="ada")
    expect(row, "the student's points are those of the record").to_contain_text("1 / 5.5")
    expect(row, "a person has to read the rest").to_contain_text("needs manual grading")
    shoot(page, "formgrader_1_class")

    open_submission(inside, unit)
    points = inside.locator("input.score")
    expect(points, "each graded cell has its box").to_have_count(3)
    placeholders = [box.get_attribute("placeholder") for box in points.all()]
    assert placeholders == ["1", "0", None], "the boxes hold the record's points"
    body = inside.locator("body")
    expect(body, "the check's message is shown").to_contain_text("assert double(100) == 200")
    expect(body, "the mark scheme is there for the instructor").to_contain_text("Because.")
    expect(body, "the outputs are there").to_contain_text("shown")
    assert page.evaluate("window.evil") is None, "nothing that a student sent may act"
    shoot(page, "formgrader_2_submission")


def open_submission(inside: FrameLocator, unit: Unit) -> None:
    """Go from the class to a submission's page, as for grading by hand."""
    inside.get_by_role("link", name="Manual Grading").first.click()
    inside.get_by_role("link", name=unit.id).click()
    inside.get_by_role("link", name=Path(unit.challenge_notebook).stem).click()
    inside.get_by_role("link", name=re.compile("Submission #1")).click()
    shown = inside.locator("#notebook-container").last
    expect(shown, "the notebook is shown").to_be_visible(timeout=STARTS)
