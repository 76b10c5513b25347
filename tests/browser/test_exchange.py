"""nbgrader's own buttons in JupyterLab, from a released assignment to what was handed in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.jupyterlab import COURSE, RUNS, STARTS, Lab, Notebook, right_answers

pytestmark = pytest.mark.browser

UNIT, FILE = "00_foundations", "foundations_challenge.ipynb"


def test_an_assignment_is_fetched_validated_and_submitted(
    page: Page, lab: Lab, root: Path, shoot: Callable[[Page, str], None]
) -> None:
    lab.open(page)
    open_list(page)
    released, fetched = assignment(page, "released"), assignment(page, "fetched")
    expect(released, "the released unit is listed").to_be_visible(timeout=STARTS)
    shoot(page, "exchange_1_released")
    released.get_by_role("button", name="Fetch").click()
    expect(fetched, "the fetched unit is listed").to_be_visible(timeout=STARTS)
    path = f"{UNIT}/{FILE}"
    assert (lab.folder / path).is_file(), "fetching brings the notebook into the student's folder"

    fetched.locator(".assignment-notebooks-link").click()
    fetched.get_by_role("link", name=FILE.removesuffix(".ipynb")).click()
    notebook = Notebook(page, lab, path)
    notebook.is_open()
    page.get_by_role("button", name="Validate").click()
    result = dialog(page)
    expect(result, "an untouched notebook does not pass").to_contain_text("cell failed")
    expect(result, "the reason is named").to_contain_text("not tried yet", ignore_case=True)
    shoot(page, "exchange_2_not_valid")
    result.get_by_role("button", name="OK").click()

    answers = right_answers(root / "solutions" / UNIT / FILE)
    for name, code in answers.items():
        notebook.write(name, code)
    notebook.save()
    page.get_by_role("tab", name="Assignments").click()
    fetched.get_by_role("button", name="Validate").click()
    result = dialog(page)
    expect(result, "right answers pass").to_contain_text("Success! Your notebook passes all")
    shoot(page, "exchange_3_valid")
    result.get_by_role("button", name="OK").click()

    fetched.get_by_role("button", name="Submit").click()
    submitted = assignment(page, "submitted")
    expect(submitted, "the submitted unit is listed").to_be_visible(timeout=STARTS)
    shoot(page, "exchange_4_submitted")
    arrived = list((lab.exchange / COURSE / "inbound").glob(f"*+{UNIT}+*/{FILE}"))
    assert len(arrived) == 1, f"one submission should be in the exchange, there are {arrived}"
    assert arrived[0].read_bytes() == notebook.file.read_bytes(), "it is what the student saved"
    assert {cell.id for cell in notebook.saved()} == {cell.id for cell in notebook.cells}


def open_list(page: Page) -> None:
    """Choose the assignment list in the menu."""
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click(timeout=STARTS)
    page.get_by_role("menuitem", name="Assignment List", exact=True).click()


def assignment(page: Page, state: str) -> Locator:
    """Return the unit's row among the released, fetched or submitted ones."""
    return page.locator(f"#{state}_assignments_list > .list_item").filter(has_text=UNIT)


def dialog(page: Page) -> Locator:
    """Return what Validate says, when it has run the notebook."""
    found = page.get_by_role("dialog").filter(has_text="Validation Results")
    expect(found, "Validate comes back with a result").to_be_visible(timeout=RUNS)
    return found
