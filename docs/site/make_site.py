"""Make the course's site: stage the pages, execute the lectures, run Sphinx, check the result.

``make site``, or ``make site ONLY=00_foundations`` to execute that unit alone.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import checks
import execution
import nbformat
import pages
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from coursekit.sources.layout import Course, CourseError
from coursekit.sources.progress import Progress

HERE = Path(__file__).resolve().parent
MATHJAX = "mathjax@3.2.2"  # the last whose SVG output is one file, which carries its own font


def main(arguments: list[str] | None = None) -> int:
    """Make the site and return the exit code: 0 only when all is well."""
    options = _parser().parse_args(arguments)
    try:
        course = Course.find(HERE)
        faults = make_site(course, options.only, options.folder.resolve())
    except CourseError as error:
        print(f"make site: {error}", file=sys.stderr)
        return 1
    for fault in faults:
        print(fault, file=sys.stderr)
    page = options.folder.resolve() / "html" / "index.html"
    print(f"{len(faults)} faults in the site." if faults else f"The site is made: open {page}")
    return 1 if faults else 0


def make_site(course: Course, only: list[str], folder: Path) -> list[str]:
    """Make the site below `folder`, and return what is wrong with it.

    Parameters
    ----------
    course : Course
        Every unit must be built.
    only : list of str
        Units or lectures to execute, such as ``00_foundations``; the others are shown without
        outputs. Empty for all, ``["none"]`` for none.
    folder : Path
        Gets ``source/`` and ``html/``; what was there before is replaced.
    """
    mathjax = _mathjax(course)
    lectures = _chosen(course, only)
    with _progress() as progress:
        executed = execution.execute(course, lectures, progress)
    source, html = folder / "source", folder / "html"
    for old in (source, html):
        shutil.rmtree(old, ignore_errors=True)
    stage(course, executed, source)
    shutil.copytree(HERE / "_static", source / "_static", dirs_exist_ok=True)
    shutil.copy(mathjax, source / "_static" / mathjax.name)
    _sphinx(source, html, folder / "doctrees")
    _tidy(course, html)
    return [*checks.find_leaks(course, html), *checks.find_faults(course, html)]


def stage(course: Course, executed: dict[str, nbformat.NotebookNode], source: Path) -> None:
    """Write every page into `source`, ready for Sphinx."""
    front = (HERE / "index.md").read_text(encoding="utf-8")
    files = {"index.md": pages.page_text(course, "index.md", front).encode()}
    files["index.md"] += pages.tables_of_contents(course).encode()
    for name in pages.texts(course):
        text = (course.root / name).read_text(encoding="utf-8")
        files[name] = pages.page_text(course, name, text).encode()
    for unit in course.units:
        for name in pages.notebooks(unit):
            notebook = executed.get(name) or nbformat.read(course.root / name, as_version=4)
            files |= pages.page_notebook(course, name, notebook)
            files[name] = nbformat.writes(notebook).encode()
    for name, data in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _chosen(course: Course, only: list[str]) -> list[str]:
    """Return the lectures to execute: those of the units named, or named themselves."""
    names = [name for unit in course.units for name in pages.notebooks(unit)]
    lectures = [name for name in names if name.startswith("notebooks/lectures/")]
    if not only:
        return lectures
    chosen = [name for name in lectures if Path(name).stem.startswith(tuple(only))]
    wrong = [word for word in only if not any(Path(name).stem.startswith(word) for name in chosen)]
    if wrong and only != ["none"]:
        raise CourseError(f"No lecture is called {wrong[0]}: name a unit, such as 00_foundations.")
    return chosen


def _mathjax(course: Course) -> Path:
    """Return MathJax as one file, fetched by npm the first time, so that no page asks a CDN."""
    folder = course.root / ".cache" / "site" / MATHJAX
    script = folder / "package" / "es5" / "tex-svg.js"
    if not script.exists():
        npm = shutil.which("npm")
        if not npm:
            raise CourseError("npm fetches MathJax and is missing: run `make system` first.")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", MATHJAX, "--silent", "--pack-destination", str(folder)]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            raise CourseError(f"npm could not fetch {MATHJAX}: is there a network? Try again.")
        shutil.unpack_archive(next(folder.glob("*.tgz")), folder)
    return script


def _sphinx(source: Path, html: Path, doctrees: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-b", "html"]
    command += ["-c", str(HERE), "-d", str(doctrees), "-D", f"html_static_path={source}/_static"]
    command += [str(source), str(html)]
    if subprocess.run(command, check=False).returncode:
        raise CourseError("Sphinx warned: mend what it names above, in the page's source.")


def _tidy(course: Course, html: Path) -> None:
    """Take out what no reader needs, and offer the course's own notebooks, without outputs."""
    (html / "objects.inv").unlink()
    shutil.rmtree(html / "_static" / "locales", ignore_errors=True)  # the theme's, for its authors
    for path in (html / "_sources").rglob("*.ipynb"):
        shutil.copy(course.root / path.relative_to(html / "_sources"), path)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar with the time left; off a terminal, a line for each tenth."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task("execute", total=None)
        yield lambda label, done, total: bars.update(
            task, description=label, completed=done, total=total
        )


def _lines() -> Progress:
    start, told = time.monotonic(), set[int]()

    def show(label: str, done: int, total: int) -> None:
        tenth = 10 * done // total
        if done and tenth not in told:
            told.add(tenth)
            left = (time.monotonic() - start) * (total - done) / done
            print(f"{label}: {done} of {total} cells, about {left:.0f} s left", file=sys.stderr)

    return show


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make_site.py", description=__doc__.split("\n")[0])
    parser.add_argument("only", nargs="*", help="units or lectures to execute; default all")
    parser.add_argument("--folder", type=Path, default=Course.find(HERE).root / "site")
    return parser


if __name__ == "__main__":
    sys.exit(main())
