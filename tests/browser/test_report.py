"""The class report in a browser: on a laptop and a phone, light and dark, and on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from classes import graded_class, hostile_class
from coursekit.classroom.course_folder import CourseFolder
from coursekit.insight.course import course_findings
from coursekit.insight.findings import findings
from coursekit.insight.page import course_page, unit_page, write_page
from coursekit.privacy.pseudonyms import Names
from coursekit.sources.layout import Unit
from coursekit.sources.progress import no_progress
from samples import make_unit

pytestmark = pytest.mark.browser
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return reports of a class, of its course, and of one in which everything is hostile."""
    unit = make_unit(tmp_path_factory.mktemp("course"))
    tame, hostile = tmp_path_factory.mktemp("tame"), tmp_path_factory.mktemp("hostile")
    graded_class(unit, tame)
    hostile_class(unit, hostile)
    made = {name: folder / "report.html" for name, folder in (("tame", tame), ("hostile", hostile))}
    for path in made.values():
        write_page(path, unit_page(found(unit, path), path))
    made["course"] = tame / "course.html"
    data = course_findings([found(unit, made["tame"])], ["02_later"], anonymous=False)
    write_page(made["course"], course_page(data))
    return made


def found(unit: Unit, path: Path) -> dict[str, object]:
    with CourseFolder(path.parent, unit) as course:
        return findings(course, Names(), no_progress)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("name", ["tame", "hostile", "course"])
def test_it_fits_and_axe_finds_nothing(
    pages: dict[str, Path],
    page: Page,
    shoot: Callable[[Page, str], None],
    name: str,
    width: int,
    scheme: str,
) -> None:
    page.set_viewport_size({"width": width, "height": 1200})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(pages[name].as_uri())
    shoot(page, f"report_{name}_{width}_{scheme}")
    for details in page.locator("details").all():
        details.evaluate("each => each.open = true")
    assert not page.evaluate(WIDE), "nothing lies outside the window"
    assert page.evaluate("window.evil") is None
    violations = Axe().run(page).response["violations"]
    assert not violations, [(each["id"], each["nodes"][0]["html"][:200]) for each in violations]


def test_paper_has_all_but_the_long_list(
    pages: dict[str, Path], page: Page, shoot: Callable[[Page, str], None]
) -> None:
    page.emulate_media(media="print")
    page.goto(pages["tame"].as_uri())
    shoot(page, "report_print")
    assert page.get_by_role("heading", name="Before the lecture").is_visible()
    assert page.get_by_role("img", name="How many of 4 students have how many points").count() == 1
    assert page.locator("details.screen").is_hidden()
