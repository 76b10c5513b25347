"""An executed lecture can be read by everybody: axe finds nothing serious in it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LECTURE = "00_foundations_1_neurons"
# What others colour or style on the page, and we cannot.
NOT_OURS = (
    ".jp-InputPrompt",  # nbconvert's template shows the numbers of the cells in pale grey,
    ".highlight",  # and code in JupyterLab's colours, which just miss the limit on grey
    "pre > span",  # Keras colours the numbers in `model.summary()`; the colours say nothing
)
# nbconvert's template tells links from text by colour alone.
RULES_NOT_OURS = ("link-in-text-block",)


@pytest.fixture(scope="module")
def rendered(chromium: str, root: Path) -> Path:
    """Return the page that `make render` makes of a lecture."""
    notebook = root / "notebooks" / "lectures" / f"{LECTURE}.ipynb"
    command = [sys.executable, "-m", "browser.render", str(notebook)]
    subprocess.run(command, cwd=root / "tests", check=True, capture_output=True, timeout=600)
    return root / "rendered" / f"notebooks_{LECTURE}.html"


@pytest.mark.browser
def test_axe_finds_nothing_serious_in_a_lecture(
    rendered: Path, page: Page, shoot: Callable[[Page, str], None]
) -> None:
    page.goto(rendered.as_uri())
    assert page.locator("img").count() > 5, "the page should show the lecture's pictures"
    assert page.locator(".Quiz").count() > 1, "the page should show the lecture's quizzes"
    shoot(page, "rendered_lecture")
    context = {"exclude": [[part] for part in NOT_OURS]}
    rules = {rule: {"enabled": False} for rule in RULES_NOT_OURS}
    options = {"resultTypes": ["violations"], "rules": rules}
    found = [
        f"{violation['impact']}: {violation['help']}, at {node['html'][:200]}"
        for violation in Axe().run(page, context, options).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert not found, "a rendered lecture should be accessible, but\n" + "\n".join(found)
