"""JupyterLab as a student has it: the folder, the server, and a notebook on the page."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page, expect

from student import student_environment

COURSE = "deep_learning"  # the course's name in the exchange
SECOND = 1_000  # Playwright counts in milliseconds
STARTS, RUNS = 120 * SECOND, 240 * SECOND  # generous: a busy machine is slow, not wrong
expect.set_options(timeout=30 * SECOND)
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    folder : Path
        The student's course folder, where the server runs.
    exchange : Path
        nbgrader's exchange.
    process : subprocess.Popen
    url, token : str
    """

    folder: Path
    exchange: Path
    process: "subprocess.Popen[bytes]"
    url: str
    token: str

    def open(self, page: Page, path: str = "") -> None:
        """Open JupyterLab, and the file at `path` in it, with nothing left from before."""
        page.goto(f"{self.url}lab{'/tree/' * bool(path)}{path}?reset&token={self.token}")
        # While the address asks for a reset, a click on a link into the page loads it anew.
        page.wait_for_url(lambda url: "reset" not in url, timeout=STARTS)

    def stop_kernels(self) -> None:
        """Stop every kernel: each holds TensorFlow, and the next test needs the memory."""
        for session in json.loads(self._ask("GET", "sessions")):
            self._ask("DELETE", f"sessions/{session['id']}")

    def _ask(self, method: str, what: str) -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}api/{what}", method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


def start(folder: Path, home: Path, exchange: Path) -> Lab:
    """Start the server in `folder` and return it when it answers; it finds a free port itself."""
    # Else JupyterLab asks on its first page whether it may fetch news.
    asks = home / "config/lab/user-settings/@jupyterlab/apputils-extension"
    asks.mkdir(parents=True)
    (asks / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    (home / "config" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n"
    )
    log = home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"],
            cwd=folder,
            env=student_environment(home, folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    says = home / "runtime" / f"jpserver-{process.pid}.json"
    until = time.monotonic() + STARTS / SECOND
    while process.poll() is None and time.monotonic() < until:
        if says.exists() and (text := says.read_text()).endswith("}"):
            server = json.loads(text)
            return Lab(folder, exchange, process, server["url"], server["token"])
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"JupyterLab should start and say where it listens:\n{log.read_text()}")


class Notebook:
    """A notebook open in JupyterLab.

    Parameters
    ----------
    page : Page
    lab : Lab
    path : str
        Where the notebook lies in the student's folder.
    """

    def __init__(self, page: Page, lab: Lab, path: str) -> None:
        self.page, self.file = page, lab.folder / path
        self.cells = self.saved()

    def saved(self) -> list[Any]:
        """Return the cells as they are in the file now."""
        return list(nbformat.read(self.file, as_version=4).cells)

    def is_open(self) -> None:
        """Wait until every cell is on the page and the kernel waits for work."""
        cells = self.page.locator(f"{SHOWN} .jp-Notebook > * .jp-Cell")
        expect(cells, "every cell of the notebook is on the page").to_have_count(
            len(self.cells), timeout=STARTS
        )
        # The sign in the toolbar says idle once before there is a kernel at all.
        status = self.page.locator("#jp-main-statusbar")
        expect(status, "the kernel starts").to_contain_text("| Idle", timeout=STARTS)

    def is_idle(self) -> None:
        """Wait until the kernel has nothing left to do."""
        sign = self.page.locator(f"{SHOWN} .jp-Notebook-ExecutionIndicator")
        expect(sign, "the kernel becomes idle").to_have_attribute(
            "data-status", "idle", timeout=RUNS
        )

    def cell(self, name: str) -> Locator:
        """Return the cell with this id."""
        index = [cell.id for cell in self.cells].index(name)
        return self.page.locator(f'{SHOWN} .jp-Cell[data-windowed-list-index="{index}"]')

    def code(self) -> list[Any]:
        """Return the code cells."""
        return [cell for cell in self.cells if cell.cell_type == "code"]

    def menu(self, menu: str, item: str) -> None:
        """Choose an item of the menu bar."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def select(self, name: str) -> Locator:
        """Make the cell the active one, with a click beside it, and return it."""
        cell = self.cell(name)
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputArea-prompt").first.click()
        expect(cell, f"a click beside cell {name} selects it").to_have_class(
            re.compile(r"\bjp-mod-active\b")
        )
        return cell

    def run(self, name: str) -> Locator:
        """Run the cell and return its outputs, when they are there."""
        cell = self.select(name)
        before = self.count(cell)
        self.page.keyboard.press("Shift+Enter")
        self.has_run(cell, before)
        cell.scroll_into_view_if_needed()
        return cell.locator(".jp-Cell-outputArea")

    def write(self, name: str, code: str) -> None:
        """Replace the cell's code."""
        cell = self.cell(name)
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def count(self, cell: Locator) -> str:
        """Return the number of the cell's last run, a blank if it never ran."""
        prompt = cell.locator(".jp-InputArea-prompt").first.text_content() or ""
        return prompt.strip("[]: ") or " "

    def has_run(self, cell: Locator, before: str) -> None:
        """Wait until the cell has run once more than `before`."""
        prompt = cell.locator(".jp-InputArea-prompt").first
        again = re.compile(rf"\[(?!{re.escape(before)}\])\d+\]")
        expect(prompt, "the cell runs to its end").to_have_text(again, timeout=RUNS)

    def save(self) -> None:
        """Save with the keyboard, and wait until the tab says that it is done."""
        self.page.keyboard.press("Control+s")
        tab = self.page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current")
        expect(tab, "the notebook is saved").not_to_have_class(re.compile("jp-mod-dirty"))


def first_question(cells: list[Any]) -> tuple[str, list[str]]:
    """Return the id of a challenge's first answer cell, and the ids of its checks."""
    flags = {cell.id: cell.metadata.get("nbgrader", {}) for cell in cells}
    answer = next(name for name, flag in flags.items() if flag.get("solution"))
    checks = [name for name in flags if name.startswith(f"{answer}-") and flags[name]["grade"]]
    return answer, checks


def right_answers(solution: Path) -> dict[str, str]:
    """Return the instructors' answers, answer cell's id to code, without the marks around them."""
    cells = nbformat.read(solution, as_version=4).cells
    return {
        cell.id: re.sub(r"(?m)^ *### (BEGIN|END) SOLUTION\n?", "", cell.source).rstrip()
        for cell in cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }
