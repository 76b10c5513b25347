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
from coursekit.marking.by_hand import ByHand, TakenError
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
    for name in ("ada", "bob"):
        student = SampleStudent(name, "", {"q1_double": WRONG + HOSTILE}, {"q1_double-small": 1})
        write_submission(unit, student, root / "submitted")
    graded, _ = grade(unit)
    assert graded.scores == {"q1_double-small": 1.0, "q1_double-large": 0.0, "q2_why": None}
    return graded


def grade(unit: Unit, *, again: bool = False) -> list[Record]:
    with CourseFolder(unit.course.root, unit) as course:
        return grade_class(course, ["ada", "bob"], again=again, progress=no_progress)


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


def formgrader(page: Page, teacher: Lab) -> FrameLocator:
    """Open formgrader from JupyterLab's menu, and return its frame."""
    page.route(re.compile("mathjax"), lambda route: route.fulfill(body=MATHJAX))
    teacher.open(page)
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click(timeout=STARTS)
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    return page.frame_locator("iframe[src*=formgrader], .nbgrader-mainarea-widget iframe")


def test_formgrader_lists_and_opens_what_the_engine_graded(
    page: Page, teacher: Lab, unit: Unit, shoot: Callable[[Page, str], None]
) -> None:
    inside = formgrader(page, teacher)
    row = inside.locator("tr", has_text=unit.id)
    expect(row, "the assignment is listed").to_be_visible(timeout=STARTS)
    row.locator(".num-submissions a").click()
    row = inside.locator("tr", has_text="ada")
    expect(row, "the student's points are those of the record").to_contain_text("1 / 5.5")
    expect(row, "a person has to read the rest").to_contain_text("needs manual grading")
    shoot(page, "formgrader_1_class")

    open_submission(inside, unit, "ada")
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


def test_points_and_a_comment_change_the_total_and_grading_again_keeps_them(
    page: Page, teacher: Lab, unit: Unit, shoot: Callable[[Page, str], None]
) -> None:
    inside = formgrader(page, teacher)
    open_submission(inside, unit, "ada")
    written = inside.locator(".nbgrader_cell", has=inside.locator("input.needs_manual_grade"))
    expect(written, "the written question has its mark scheme").to_contain_text("Because.")
    mark(inside, points="3", comment="Say why it is so.")
    shoot(page, "formgrader_3_marked")
    assert total(inside, unit, "ada") == "4 / 5.5", "the code's point and the three by hand"
    (kept, _) = grade(unit, again=True)
    assert kept.scores["q2_why"] is None, "the engine itself gives none"
    assert total(inside, unit, "ada") == "4 / 5.5", "grading again keeps what a person gave"
    open_submission(inside, unit, "ada")
    expect(inside.locator("input.score").last, "the points stay").to_have_value("3")
    expect(inside.locator("textarea.comment").last).to_have_value("Say why it is so.")


def test_two_markers_at_one_gradebook_lose_nothing(
    page: Page, teacher: Lab, unit: Unit, record: Record
) -> None:
    inside = formgrader(page, teacher)
    open_submission(inside, unit, "bob")
    with CourseFolder(unit.course.root, unit) as course:
        desk = ByHand(course)
        waiting = {answer.student: answer for answer in desk.waiting()}
        mark(inside, points="2", comment="In formgrader.")
        with pytest.raises(TakenError):
            desk.save(waiting["bob"], 1.0, "In the terminal.")
        assert course.marks()["bob"]["q2_why"][1] == 2
        assert desk.comments("q2_why").count("In formgrader.") == 1
    assert total(inside, unit, "bob") == "3 / 5.5"


def mark(inside: FrameLocator, *, points: str, comment: str) -> None:
    """Give points and a comment to the last question of the submission that is open."""
    page = inside.owner.page
    for field, text, saved in (
        ("textarea.comment", comment, "/api/comment/"),
        ("input.score", points, "/api/grade/"),
    ):
        box = inside.locator(field).last
        box.fill(text)
        with page.expect_response(re.compile(saved)) as answer:
            box.press("Tab")
        assert answer.value.ok, f"{field} is kept"


def total(inside: FrameLocator, unit: Unit, student: str) -> str:
    """Return a student's points as formgrader's list of submissions shows them."""
    for place in ("Manual Grading", "Manage Assignments"):  # a submission links to the first only
        inside.get_by_role("link", name=place).first.click()
    inside.locator("tr", has_text=unit.id).locator(".num-submissions a").click()
    cell = inside.locator("tr", has_text=student).locator(".score")
    expect(cell, "the list shows points").to_contain_text("/")
    return " ".join((cell.text_content() or "").split())


def open_submission(inside: FrameLocator, unit: Unit, student: str) -> None:
    """Go from the students to one's submission, to be graded by hand."""
    inside.get_by_role("link", name="Manage Students").first.click()
    inside.locator("tr", has_text=student).locator(".name a").click()
    inside.get_by_role("link", name=unit.id).click()
    inside.get_by_role("link", name=Path(unit.challenge_notebook).stem).click()
    shown = inside.locator("#notebook-container").last
    expect(shown, "the notebook is shown").to_be_visible(timeout=STARTS)
