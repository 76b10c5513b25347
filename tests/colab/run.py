"""Run every notebook on environments shaped like Colab's, write docs/colab.md, fail on a finding.

Run as ``make colab``; ``make colab ONLY="--image colab-py313 01_regression"`` runs some. What went
well is kept under the hash of notebook, course package and image, and does not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from bench.budgets import select
from colab.images import CACHE, IMAGES, ROOT, Image, make, package_hash, place
from colab.trial import Trial, handed_in, publish_with_git, run
from coursekit.sources.layout import Course, CourseError

KEPT = CACHE / "trials"
SHOWN = ("Python", "tensorflow", "keras", "numpy", "pandas", "ipython", "ipywidgets", "ipykernel")
PAGE = """# Colab's images, and every Python

Written by `make colab`, never edited. Each notebook ran from the single file, alone in its folder,
on a fresh copy of the environment, in one kernel without a restart.

- **Colab's images** are rebuilt from what is known of them, the packages that are not in the table
  as new as fits, without a GPU, with a stand-in for `google.colab`. The first cell installs the
  course from git; nothing that was there may change.
- **Elsewhere** the `requirements.txt` of the published folder was installed beforehand, with all
  packages as new as they come there.
- A **solution** is the notebook that students get, with our answers in it: its last cell must say
  that every check passes. The **same notebook unanswered** must run through, and no check pass.

| image | {shown} | the first cell installed |
|---|{lines}|---|
{images}
Seconds from the start of the kernel to the end of the last cell, on a busy machine{install}.
A dash: not run there; a star: an earlier version of notebook, package or image ran. Of the {total}
that `make colab` runs, {current} have run as they are now.

| notebook | {names} |
|---|{columns}|
{rows}
{findings}
"""
WELL = "None failed, wrote to stderr, printed another result than stored, or changed a package."


def notebooks(course: Course) -> list[str]:
    """Return the paths of all lectures, solutions and releases, in this order."""
    found = [
        *sorted(course.root.glob("notebooks/lectures/*.ipynb")),
        *sorted(course.root.glob("solutions/*/*.ipynb")),
        *sorted(p for p in course.root.glob("notebooks/*/*.ipynb") if p.parent.name != "lectures"),
    ]
    return [path.relative_to(course.root).as_posix() for path in found]


def read(course: Course, name: str) -> tuple[str, int | None]:
    """Return a notebook as a student has it at the end, and how many checks are then to pass."""
    path = course.root / name
    notebook, passing = nbformat.read(path, as_version=4), 0
    if path.parent.name == "lectures":
        return nbformat.writes(notebook), None
    if name.startswith("solutions/"):
        release = course.root / "notebooks" / path.relative_to(course.root / "solutions")
        notebook = handed_in(nbformat.read(release, as_version=4), notebook)
        graded = [cell.metadata.get("nbgrader", {}).get("grade") for cell in notebook.cells]
        passing = sum(map(bool, graded))
    return nbformat.writes(notebook), passing


def wanted(image: Image, names: list[str], words: list[str]) -> list[str]:
    """Return the notebooks that run on an image, of those with one of `words` in their path."""
    return [name for name in select(names, words) if name in select(names, list(image.only))]


class Trials:
    """How each notebook went on each image when it last ran, a file each."""

    def __init__(self, course: Course, student: Path) -> None:
        self.student = student
        self.notebooks = {name: read(course, name) for name in notebooks(course)}

    def get(self, image: Image, name: str) -> tuple[Trial, bool] | None:
        """Return how a notebook went, and whether all that it hangs on is still the same."""
        path = _file(image, name)
        if not path.exists():
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        return Trial(**found["trial"]), found["key"] == self._key(image, name)

    def keep(self, image: Image, name: str, trial: Trial) -> None:
        """Keep how a notebook went."""
        found = {"key": self._key(image, name), "trial": asdict(trial) | {"outputs": []}}
        path = _file(image, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1), encoding="utf-8")

    def _key(self, image: Image, name: str) -> str:
        parts = [place(image, self.student).name, package_hash(self.student)]
        return hashlib.sha256(repr([parts, self.notebooks[name]]).encode()).hexdigest()


def _file(image: Image, name: str) -> Path:
    return KEPT / image.name / f"{name.replace('/', '-')}.json"


def write_page(trials: Trials, names: list[str]) -> str:
    """Return the text of docs/colab.md, from what is kept."""
    found = {
        (image, name): kept
        for image in IMAGES.values()
        for name in names
        if (kept := trials.get(image, name))
    }
    images = [i for i in IMAGES.values() if any(image == i for image, _ in found)]
    rows, findings = [], []
    for name in names:
        cells = [_cell(found.get((image, name))) for image in images]
        rows.append(f"| {name} | {' | '.join(cells)} |\n")
    for (image, name), (trial, _) in found.items():
        findings += [f"- {image.name}, {name}: {_line(text)}" for text in trial.findings]
    planned = [(i, name) for i in IMAGES.values() for name in wanted(i, names, [])]
    installs = [trial.install for (image, _), (trial, _) in found.items() if image.is_colab]
    took = f", of these {min(installs):.0f} to {max(installs):.0f} to install" if installs else ""
    return PAGE.format(
        shown=" | ".join(SHOWN),
        lines="|".join(["---"] * len(SHOWN)),
        images="".join(
            _describe(image, [trial for (i, _), (trial, _) in found.items() if i == image])
            for image in images
        ),
        install=took,
        total=len(planned),
        current=sum(pair in found and found[pair][1] for pair in planned),
        names=" | ".join(image.name for image in images),
        columns="|".join(["--:"] * len(images)),
        rows="".join(rows),
        findings="\n".join(findings) or WELL,
    )


def _cell(kept: tuple[Trial, bool] | None) -> str:
    if kept is None:
        return "–"
    trial, is_current = kept
    star = "" if is_current else " \\*"
    return f"{trial.seconds:.0f}{star}{' **!**' if trial.findings else ''}"


def _describe(image: Image, trials: list[Trial]) -> str:
    had = trials[-1].had
    added = {package for trial in trials for package in trial.added}
    cells = [image.name, *(had[name] for name in SHOWN), ", ".join(sorted(added)) or "nothing"]
    return f"| {' | '.join(cells)} |\n"


def _line(text: str) -> str:
    """Return a finding in one line of Markdown."""
    line = " ".join(re.sub(r"\x1b\[[\d;]*m", "", text).split()).replace("|", "\\|")
    return line if len(line) <= 400 else line[:399] + "…"


def run_all(trials: Trials, git: dict[str, str], todo: list[tuple[Image, str]]) -> None:
    """Run what is to be run and say how far it is."""
    began = time.monotonic()
    for number, (image, name) in enumerate(todo, 1):
        folder = make(image, trials.student)
        text, passing = trials.notebooks[name]
        trial = run(image, folder, nbformat.reads(text, as_version=4), git, passing=passing)
        trials.keep(image, name, trial)
        left = (time.monotonic() - began) / number * (len(todo) - number)
        took = f"{trial.seconds:.1f} s, about {left / 60:.1f} min left"
        print(f"{number}/{len(todo)} {image.name} {name}: {took}", file=sys.stderr, flush=True)
        for text in trial.findings:
            print(f"    {_line(text)}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run, write the page; 1 if there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="part of a notebook's path; default all")
    parser.add_argument("--image", action="append", choices=list(IMAGES), help="default all")
    parser.add_argument("--again", action="store_true", help="run also what went well before")
    options = parser.parse_args(arguments)
    course, images = Course(ROOT), [IMAGES[name] for name in options.image or IMAGES]
    try:
        return _main(course, images, options.only, again=options.again)
    except CourseError as error:
        print(f"colab: {error}", file=sys.stderr)
        return 1


def _main(course: Course, images: list[Image], only: list[str], *, again: bool) -> int:
    with TemporaryDirectory() as parent:
        student = Path(parent) / "student"
        git = publish_with_git(course, student)
        trials = Trials(course, student)
        names = list(trials.notebooks)
        chosen = [(image, name) for image in images for name in wanted(image, names, only)]
        todo = [pair for pair in chosen if again or not _is_well(trials.get(*pair))]
        print(f"{len(chosen) - len(todo)} of {len(chosen)} ran well before", file=sys.stderr)
        try:
            run_all(trials, git, todo)
        finally:  # also of a run that was interrupted
            page = write_page(trials, names)
            (course.root / "docs" / "colab.md").write_text(page, encoding="utf-8")
        return int(not all(_is_well(trials.get(*pair)) for pair in chosen))


def _is_well(kept: tuple[Trial, bool] | None) -> bool:
    return bool(kept and kept[1] and not kept[0].findings)


if __name__ == "__main__":
    sys.exit(main())
