"""The course's site, made with one lecture executed, and read in a real browser."""

import functools
import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

playwright = pytest.importorskip("playwright.sync_api", reason="the extra `site` is missing")

LECTURE = "notebooks/lectures/00_foundations_1_neurons.html"
CHALLENGE = "notebooks/01_regression/regression_challenge.html"
READ = ["index.html", "notebooks/README.html", "notebooks/glossary.html", LECTURE, CHALLENGE]
OTHERS = ["docs/student.html", "docs/instructor.html", "CONTRIBUTING.html", "data/README.html"]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE, DESKTOP = 390, 1280


@pytest.fixture(scope="module")
def site(root: Path, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the site; `make_site.py` itself looks for leaks, dead links and missing alt texts."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "docs/site/make_site.py", "00_foundations_1", "--folder", folder]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the site is made without a fault:\n{done.stdout}{done.stderr}"
    return folder / "html"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing about each request."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the site as a host would."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def read(address: str, browser: Any) -> Iterator[Any]:
    """Open a page of the site as a reader would; whatever it asks of other hosts is a failure."""
    contexts = []

    def open_page(
        name: str, *, base: str = address, width: int = DESKTOP, scheme: str = "light"
    ) -> Any:
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("request", lambda request: _note_request(page, request.url, base))
        page.on("pageerror", lambda error: page.problems.append(f"a script fails: {error}"))
        page.on("console", lambda message: _note_message(page, message))
        page.goto(base + name, wait_until="load")
        page.evaluate("window.MathJax?.startup.promise.then(() => true)")  # formulas have a width
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note_request(page: Any, address: str, base: str) -> None:
    if not address.startswith((base, "data:", "blob:")):
        page.problems.append(f"{address} is asked for")


def _note_message(page: Any, message: Any) -> None:
    if message.type in ("error", "warning"):
        page.problems.append(f"the console says: {message.text}")


def _violations(page: Any, part: str = "html") -> list[str]:
    """Return what axe calls critical or serious; axe itself asks for files that are not there."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page, context=part).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:120]} {(node['any'] or [{}])[0].get('message', '')}"
        for fault in found
        if fault["impact"] in ("critical", "serious")
        for node in fault["nodes"]
    ]


@pytest.mark.browser
def test_every_page_is_there_and_the_sidebar_names_it(root: Path, site: Path) -> None:
    built = [*root.glob("notebooks/lectures/*.ipynb"), *root.glob("notebooks/0*/*.ipynb")]
    names = [path.relative_to(root).with_suffix(".html").as_posix() for path in built]
    front = (site / "index.html").read_text(encoding="utf-8")
    for name in [*names, *READ[1:], *OTHERS]:
        assert (site / name).is_file(), f"{name} is a page"
        assert f'href="{name}"' in front, f"the front page's sidebar leads to {name}"


@pytest.mark.browser
def test_only_the_lecture_asked_for_was_executed(site: Path) -> None:
    pictures = {
        path.name for path in site.glob("notebooks/lectures/*.html") if "<img src=" in _main(path)
    }
    assert pictures == {Path(LECTURE).name}


@pytest.mark.browser
def test_every_picture_has_its_alt_text(root: Path, site: Path) -> None:
    source = (root / LECTURE).with_suffix(".ipynb").read_text(encoding="utf-8")
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', _main(site / LECTURE))
    assert len(alts) == source.count("plots.show("), "each picture that the code shows is there"
    assert all(alts), "no alt text is empty"
    assert "Ways to walk" in " ".join(alts), "the author's words, not a file's name"


@pytest.mark.browser
def test_buttons_lead_to_colab_and_to_the_notebook_without_outputs(root: Path, site: Path) -> None:
    page = (site / LECTURE).read_text(encoding="utf-8")
    name = LECTURE.replace(".html", ".ipynb")
    colab = r'href="https://colab\.research\.google\.com/github/[\w-]+/[\w-]+/blob/main/' + name
    assert len(re.findall(colab, page)) >= 2, "the button and the words below the title"
    assert f'href="../../_sources/{name}"' in page, "the button that downloads"
    assert (site / "_sources" / name).read_bytes() == (root / name).read_bytes()


@pytest.mark.browser
def test_links_between_notebooks_stay_on_the_site(site: Path) -> None:
    pages = {path.stem: _main(path) for path in site.glob("notebooks/lectures/*.html")}
    for name, text in pages.items():
        assert 'href="../glossary.html"' in text, f"{name} leads to the glossary"
        assert 'href="https://github.com' not in text, f"{name} sends nobody away"
    last = pages["00_foundations_3_training"]
    assert 'href="../00_foundations/foundations_challenge.html"' in last, "on to the challenge"


@pytest.mark.browser
def test_a_stub_is_shown_and_its_solution_is_not(root: Path, site: Path) -> None:
    page = _words(site / CHALLENGE)
    assert 'raise NotImplementedError("not tried yet")' in page
    solved = json.loads((root / "solutions/01_regression/regression_challenge.ipynb").read_text())
    lines = [line for cell in solved["cells"] for line in cell["source"]]
    start, end = (next(i for i, x in enumerate(lines) if m in x) for m in ("BEGIN S", "END S"))
    assert end > start + 1, "the sample solution has lines"
    assert "".join(lines[start + 1 : end]).strip() not in page


@pytest.mark.browser
def test_dots_printed_while_a_model_trains_stay_in_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(root / "docs/site")
    import execution

    pieces = [new_output("stream", name="stdout", text=text) for text in ("trains ", ".", ".\n")]
    picture = new_output("display_data", data={"text/plain": "picture"})
    after = new_output("stream", name="stdout", text="done\n")
    cell = new_code_cell("fit()", outputs=[*pieces, picture, after])
    outputs = execution.join_prints(new_notebook(cells=[cell])).cells[0].outputs
    assert outputs[0].text == "trains ..\n"
    assert [output.output_type for output in outputs] == ["stream", "display_data", "stream"]


@pytest.mark.browser
def test_a_leak_a_dead_link_and_a_picture_without_words_are_faults(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(root / "docs/site")
    import checks

    from coursekit.sources.layout import Course

    text = (root / "course/01_regression/challenge.py").read_text(encoding="utf-8")
    hidden = text.partition("### BEGIN HIDDEN TESTS\n")[2].partition("### END HIDDEN TESTS")[0]
    body = f"<pre>{hidden}</pre><a href='no.html'>x</a><a href='#no'>y</a><img src='page.html'>"
    far = "<script src='https://cdn.example.org/x.js'></script><a href='http:/x'>z</a>"
    (tmp_path / "page.html").write_text(f"<h1 id='here'>Page</h1>{body}{far}", encoding="utf-8")
    assert checks.find_leaks(Course(root), tmp_path), "a hidden test on a page is a leak"
    faults = "\n".join(checks.find_faults(Course(root), tmp_path))
    for words in ("no.html leads", "#no names", "no alt text", "another host", "no https address"):
        assert words in faults, f"the check says: {words}"


@pytest.mark.browser
@pytest.mark.parametrize("name", [*READ, *OTHERS])
def test_a_page_can_be_read_by_day_by_night_and_on_a_phone(read: Any, name: str) -> None:
    page = read(name, width=PHONE)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE, f"on a phone {name} is {wide} pixels wide and scrolls sideways"
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    assert page.problems == [], "it asks no other host, and no script fails"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f"html[data-theme={scheme}]")  # it follows the reader's system
        assert _violations(page) == [], f"axe finds nothing serious in {scheme} mode"


@pytest.mark.browser
def test_a_page_can_be_read_from_a_folder_without_any_server(read: Any, site: Path) -> None:
    page = read(LECTURE, base=site.as_uri() + "/")
    page.wait_for_selector(".Quiz label")
    page.wait_for_selector("mjx-container svg")
    assert page.problems == [], "it asks for nothing but the folder's files"


@pytest.mark.browser
def test_the_toggle_makes_a_page_dark(read: Any) -> None:
    page = read(LECTURE)
    page.locator("button.theme-switch-button:visible").click()
    page.locator(".theme-change-button[data-mode=dark]:visible").click()
    page.wait_for_selector("html[data-theme=dark]")
    page.reload()
    page.wait_for_selector("html[data-theme=dark]")  # the next page remembers it
    assert page.problems == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_quiz_answers_a_click_and_the_keyboard_without_a_kernel(read: Any, scheme: str) -> None:
    page = read(LECTURE, width=PHONE, scheme=scheme)
    quiz = page.locator(".Quiz").first
    feedback = quiz.locator(".Feedback")
    assert feedback.inner_text().strip() == "", "nothing is said before an answer"
    quiz.locator("label[data-correct=false]").first.click()
    assert feedback.inner_text().strip(), "a click on an answer shows what is said about it"
    assert page.problems == [], "no script fails, and no kernel is asked"
    assert _violations(page, ".Quiz") == [], "a wrong answer's words can be read"
    right = quiz.locator("label[data-correct=true]")
    right.locator("input").focus()
    page.keyboard.press("Space")
    said = right.get_attribute("data-feedback")
    assert said in feedback.inner_text(), "the space bar chooses the answer in focus"
    assert feedback.get_attribute("role") == "status", "what is said is read out"
    assert quiz.locator("xpath=ancestor::*[contains(@class, 'cell')]//details").count(), "folded"
    assert _violations(page, ".Quiz") == [], "a right answer's words can be read"


@pytest.mark.browser
def test_formulas_and_pictures_show(read: Any) -> None:
    page = read(LECTURE)
    page.wait_for_selector("mjx-container svg")
    pictures = page.locator(".cell_output img")
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        ratio = picture.evaluate(
            "async i => { await i.decode(); return i.naturalWidth / i.naturalHeight }"
        )
        assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.02), "not stretched"
    assert page.problems == []


@pytest.mark.browser
def test_a_search_finds_a_word(read: Any) -> None:
    page = read("search.html?q=perceptron")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any(LECTURE in link for link in links), "the lecture on perceptrons is found"
    assert page.problems == []


def _main(path: Path) -> str:
    """Return the HTML of a page's own text."""
    return path.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]


def _words(path: Path) -> str:
    import html

    return html.unescape(re.sub(r"<[^>]+>", "", _main(path)))
