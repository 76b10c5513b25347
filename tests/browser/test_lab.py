"""A student at work in JupyterLab: a lecture, a challenge, and both by keyboard alone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.jupyterlab import RUNS, SHOWN, Lab, Notebook, first_question, right_answers
from coursekit.sources.layout import Course
from coursekit.sources.variants import read_variants

pytestmark = pytest.mark.browser

LECTURE = "notebooks/lectures/00_foundations_2_activations.ipynb"
CHALLENGE = "notebooks/00_foundations/foundations_challenge.ipynb"
SOLUTION = "solutions/00_foundations/foundations_challenge.ipynb"
Shoot = Callable[[Page, str], None]


@pytest.fixture(autouse=True)
def no_kernels_left(lab: Lab) -> Iterator[None]:
    yield
    lab.stop_kernels()


def test_a_lecture_runs_shows_pictures_answers_back_and_moves(
    page: Page, lab: Lab, shoot: Shoot
) -> None:
    notebook = Notebook(page, lab, LECTURE)
    lab.open(page, LECTURE)
    notebook.is_open()
    shoot(page, "lecture_1_opened")

    notebook.menu("Run", "Run All Cells")
    notebook.has_run(notebook.cell(notebook.code()[-1].id), " ")
    notebook.is_idle()
    notebook.save()
    outputs = [(cell.id, out) for cell in notebook.saved() for out in cell.get("outputs", [])]
    failed = [f"{name}: {out.ename}" for name, out in outputs if out.output_type == "error"]
    assert not failed, f"every cell of a lecture should run, but {failed}"

    pictures = page.locator(".jp-OutputArea-output img")
    drawn = "images => images.filter(i => i.complete && i.naturalWidth > 100 && i.alt).length"
    asked = [cell.id for cell in notebook.code() if "plots.show(" in cell.source]
    assert pictures.evaluate_all(drawn) >= len(asked) > 0, "each picture is drawn and has alt text"
    notebook.cell(asked[0]).locator("img").first.scroll_into_view_if_needed()
    shoot(page, "lecture_2_pictures")

    answer_quiz(notebook, shoot)
    move_slider(notebook, shoot)


def answer_quiz(notebook: Notebook, shoot: Shoot) -> None:
    """Give a wrong answer, then the right one, and read what comes back."""
    asks = next(cell.id for cell in notebook.code() if "quiz.ask(" in cell.source)
    quiz = notebook.cell(asks).locator(".Quiz")
    quiz.scroll_into_view_if_needed()
    expect(quiz, "the quiz shows").to_be_visible()
    for correct, mark in (("false", "incorrect"), ("true", "correct")):
        answer = quiz.locator(f'label[data-correct="{correct}"]').first
        says = answer.get_attribute("data-feedback") or "no feedback"
        if correct == "true":  # a mouse is not needed
            answer.locator("input").focus()
            notebook.page.keyboard.press("Space")
        else:
            answer.click()
        back = quiz.locator("xpath=..").locator(".Feedback")
        expect(back, f"an answer that is {mark} gets its own feedback").to_have_text(says)
        expect(back, f"it is marked as {mark}").to_have_class(re.compile(rf"\b{mark}\b"))
        shoot(notebook.page, f"lecture_3_quiz_{mark}")


def move_slider(notebook: Notebook, shoot: Shoot) -> None:
    """Move the slider with the keyboard, and wait for its picture to change."""
    has = next(cell.id for cell in notebook.code() if "Slider(" in cell.source)
    cell = notebook.cell(has)
    handle, picture = cell.get_by_role("slider"), cell.locator(".widget-output img")
    picture.scroll_into_view_if_needed()
    before, value = picture.get_attribute("src") or "", handle.get_attribute("aria-valuenow")
    shoot(notebook.page, "lecture_4_slider_before")
    handle.focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowRight")
    expect(handle, "the arrow key moves the slider").not_to_have_attribute(
        "aria-valuenow", value or ""
    )
    now = float(handle.get_attribute("aria-valuenow") or 0)
    expect(picture, "the picture's alt text follows the slider").to_have_attribute(
        "alt", re.compile(rf"\b{now:g}\b"), timeout=RUNS
    )
    expect(picture, "and so does the picture").not_to_have_attribute("src", before)
    shoot(notebook.page, "lecture_4_slider_moved")


def test_a_challenge_says_not_tried_yet_what_is_wrong_and_pass(
    page: Page, lab: Lab, root: Path, shoot: Shoot
) -> None:
    notebook = Notebook(page, lab, CHALLENGE)
    lab.open(page, CHALLENGE)
    notebook.is_open()
    answer, checks = first_question(notebook.cells)
    notebook.select(answer)
    notebook.menu("Run", "Run All Above Selected Cell")
    notebook.run(answer)
    shoot(page, "challenge_1_set_up")

    for check in checks:
        outputs = notebook.run(check)
        expect(outputs, "a check of an unfinished answer says so").to_contain_text("Not tried yet")
        expect(outputs, "and shows no traceback").not_to_contain_text("Traceback")
    shoot(page, "challenge_2_not_tried_yet")

    notebook.write(answer, wrong_answer(root, answer, checks[0]))
    notebook.run(answer)
    outputs = notebook.run(checks[0])
    for part in ("expected:", "got:", "try:"):
        expect(outputs, "a check of a wrong answer explains itself").to_contain_text(part)
    expect(outputs, "and shows no traceback").not_to_contain_text("Traceback")
    shoot(page, "challenge_3_wrong")

    notebook.write(answer, right_answers(root / SOLUTION)[answer])
    notebook.run(answer)
    for check in checks:
        outputs = notebook.run(check)
        expect(outputs, "a check of a right answer passes").to_contain_text("[pass]")
    shoot(page, "challenge_4_pass")


def wrong_answer(root: Path, question: str, loses: str) -> str:
    """Return an answer that the unit's author keeps as a wrong one, and that loses this check."""
    unit = Course(root).units[0]
    return next(v.code for v in read_variants(unit) if v.question == question and loses in v.loses)


def test_a_challenge_can_be_done_by_keyboard_alone(
    page: Page, lab: Lab, root: Path, shoot: Shoot
) -> None:
    notebook = Notebook(page, lab, CHALLENGE)
    lab.open(page, CHALLENGE)
    notebook.is_open()
    answer, (check, *_) = first_question(notebook.cells)
    for cell in notebook.cells:  # from the top, as one reads
        run_by_keyboard(notebook, cell.id)
        if cell.id == answer:
            break
    outputs = run_by_keyboard(notebook, check)
    expect(outputs, "a check of an unfinished answer says so").to_contain_text("Not tried yet")

    walk_to(notebook, answer)
    page.keyboard.press("Enter")  # into the cell
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    typed = right_answers(root / SOLUTION)[answer]
    for line in typed.splitlines():
        page.keyboard.press("Shift+Home")  # over the indentation that the editor put there
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # out of the cell again
    notebook.save()
    kept = next(cell.source for cell in notebook.saved() if cell.id == answer)
    assert kept.rstrip() == typed, "the file should hold what was typed"
    shoot(page, "keyboard_1_typed")
    run_by_keyboard(notebook, answer)
    outputs = run_by_keyboard(notebook, check)
    expect(outputs, "a check of a right answer passes").to_contain_text("[pass]")
    shoot(page, "keyboard_2_pass")


def run_by_keyboard(notebook: Notebook, name: str) -> Locator:
    """Go to the cell, run it, and return its outputs."""
    cell = walk_to(notebook, name)
    # A folded cell shows no number, but the next one has to wait for it.
    numbered = name in [c.id for c in notebook.code() if not folded(c)]
    before = notebook.count(cell) if numbered else ""
    notebook.page.keyboard.press("Shift+Enter")
    if numbered:
        notebook.has_run(cell, before)
    expect(cell, "the next cell is active").not_to_have_class(re.compile(r"\bjp-mod-active\b"))
    return cell.locator(".jp-Cell-outputArea")


def walk_to(notebook: Notebook, name: str) -> Locator:
    """Go to the cell with the arrow keys, one cell at a time."""
    ids = [cell.id for cell in notebook.cells]
    active = notebook.page.locator(f"{SHOWN} .jp-Cell.jp-mod-active")
    here = int(active.get_attribute("data-windowed-list-index") or 0)
    step = 1 if here < ids.index(name) else -1
    # The arrow keys pass over folded cells; Shift+Enter leads into them.
    for there in range(here + step, ids.index(name) + step, step) if ids[here] != name else ():
        if folded(notebook.cells[there]):
            continue
        notebook.page.keyboard.press("ArrowDown" if step == 1 else "ArrowUp")
        expect(active, "an arrow key leads to the next cell").to_have_attribute(
            "data-windowed-list-index", str(there)
        )
    return notebook.cell(name)


def folded(cell: Any) -> bool:
    """Say whether JupyterLab shows the cell without its code."""
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))
