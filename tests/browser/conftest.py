"""Fixtures: one JupyterLab for all tests, and pages that must be free of errors."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from browser.chromium import FLAGS
from browser.jupyterlab import COURSE, Lab, start
from coursekit.sources.layout import Course
from student import student_environment, write_student_folder

# What a page may ask of the outside world. Nothing is sent: the tests answer it themselves.
OUTSIDE = {
    "https://colab.research.google.com/assets/colab-badge.svg",  # the badge at the top
    # nbconvert's pages, for formulas and for widgets.
    "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.1.10/require.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/latest.js?config=TeX-AMS_CHTML-full,Safe",
}
BADGE = """<svg xmlns="http://www.w3.org/2000/svg" width="117" height="20">
<rect width="117" height="20" rx="3" fill="#555"/>
<text x="58" y="14" font-family="sans-serif" font-size="11" fill="#fff" text-anchor="middle"
>Open in Colab</text></svg>"""


@pytest.fixture(scope="session")
def lab(chromium: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return a JupyterLab on what students get, beside an exchange with a released assignment."""
    base = tmp_path_factory.mktemp("lab")
    folder, home, exchange = base / "course", base / "home", base / "exchange"
    write_student_folder(Course(root), folder)
    release(root, exchange, base / "teacher")
    running = start(folder, home, exchange)
    yield running
    running.stop_kernels()
    running.process.terminate()
    running.process.wait(timeout=60)


def release(root: Path, exchange: Path, home: Path) -> None:
    """Release a unit as the instructor would, with this repository's own settings."""
    exchange.mkdir()
    exchange.chmod(0o777)  # or nbgrader warns and does it itself
    command = ["nbgrader", "release_assignment", "00_foundations", "--course", COURSE]
    options = [f"--Exchange.root={exchange}", "--NbGrader.logfile="]
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:], *options],
        cwd=root,
        env=student_environment(home, root),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"nbgrader should release the unit:\n{done.stderr}"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Return Chromium; for one module only, since Playwright's event loop disturbs nbclient's."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty page; an error in its console, or a request that fails, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    errors: list[str] = []

    def outside(route: Route) -> None:
        url = route.request.url
        if url not in OUTSIDE:
            errors.append(f"asks the outside world for {url}")
        image = route.request.resource_type == "image"
        kind = "image/svg+xml" if image else "text/javascript"
        route.fulfill(body=BADGE if image else "", content_type=kind)

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"says in its console: {message.text} ({message.location['url']})")

    context.route(re.compile(r"^https?://(?!localhost|127\.0\.0\.1)"), outside)
    opened = context.new_page()
    opened.on("console", console)
    opened.on("pageerror", lambda error: errors.append(f"throws: {error}"))
    opened.on(
        "response", lambda r: errors.append(f"{r.status} {r.url}") if r.status >= 400 else None
    )
    yield opened
    context.close()
    assert not errors, "no page should report an error, but it " + "; ".join(errors)


@pytest.fixture(scope="session")
def shoot(root: Path) -> Callable[[Page, str], None]:
    """Return what keeps a picture of the page in ``rendered/browser/``, to be looked at."""
    folder = root / "rendered" / "browser"
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return keep
