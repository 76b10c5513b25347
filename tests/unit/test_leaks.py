"""Every kind of leak that was thought of is planted, and caught; what is clean passes."""

import base64
import html
import io
import json
import shutil
import sqlite3
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit.authoring.build import build
from coursekit.leaks.gate import find_leaks, gate_built, gate_feedback
from coursekit.leaks.index import Index
from coursekit.leaks.secrets import Public, Secret
from coursekit.sources.findings import Finding
from coursekit.sources.layout import Course, CourseError
from leak_samples import CHALLENGE, HIDDEN, LECTURE, SCHEME, SOLUTION, make_course

Notebook = dict[str, Any]
RENAMED = SOLUTION.replace("total_weight", "t").replace("weight", "w").replace("products", "p")
REFORMATTED = """\
total_weight=sum( weights )  # first
products = [
    value
    * weight
    for value, weight in zip(
        values,
        weights,
    )
]
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def release(course: Course) -> Notebook:
    path = course.root / "notebooks" / "01_means" / "means_challenge.ipynb"
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def scan(course: Course, folder: Path, notebook: Notebook) -> list[Finding]:
    path = folder / "means_challenge.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return find_leaks(course, [path])


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "x", "metadata": {}, "source": text}


def code(text: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    cell = {**markdown(text), "cell_type": "code", "execution_count": None}
    return {**cell, "outputs": list(outputs)}


def shown(mime: str, value: object) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {mime: value}}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


CELLS = {
    "a solution in another cell": (code(SOLUTION), "statement"),
    "with its variables renamed": (code(RENAMED), "statement"),
    "reformatted, with a comment": (code(REFORMATTED), "statement"),
    "in Markdown": (markdown(f"Hint:\n```python\n{SOLUTION}\n```"), "statement"),
    "quoted in Markdown": (markdown("> " + SOLUTION.replace("\n", "\n> ")), "statement"),
    "in a comment": (code("# " + SOLUTION.replace("\n", "\n# ") + "\npass"), "statement"),
    "in a docstring": (code(f'def f():\n    """Do.\n\n{RENAMED}\n    """'), "statement"),
    "in a cell's metadata": ({**code("1"), "metadata": {"a": [{"b": SOLUTION}]}}, "statement"),
    "as a list of lines in metadata": (
        {**code("1"), "metadata": {"a": SOLUTION.splitlines(keepends=True)}},
        "statement",
    ),
    "printed": (code("f()", stream(SOLUTION)), "statement"),
    "as HTML, each token in a span": (
        code("f()", shown("text/html", html.escape(SOLUTION).replace(" ", "<span> </span>"))),
        "statement",
    ),
    "as JSON in an output": (
        code("f()", shown("application/json", {"cells": [{"source": SOLUTION}]})),
        "statement",
    ),
    "as JSON in a string": (code(json.dumps(SOLUTION)), "statement"),
    "in base64": (code(f"x = '{encoded(SOLUTION.encode())}'"), "statement"),
    "in a traceback, coloured": (
        code(
            "f()",
            {
                "output_type": "error",
                "ename": "E",
                "evalue": "",
                "traceback": [SOLUTION.replace("weight", "\x1b[32mweight\x1b[0m")],
            },
        ),
        "statement",
    ),
    "a hidden test": (code(HIDDEN), "statement"),
    "a stretch of a hidden test": (
        markdown("try `assert weighted_mean([2.75, 8.125], [3, 1])`"),
        "fragment",
    ),
    "a hidden test's number": (markdown("You may meet **4.09375**."), "number"),
    "a hidden test's inputs": (markdown("Such as 2.75, 8.125 and 3."), "number"),
    "a hidden test's words": (markdown("Think of *a heavy\nfirst value*."), "string"),
    "a solution's own name": (markdown("Begin with `total_weight`."), "identifier"),
    "a solution's message": (code("print('All of the weights vanish!')"), "string"),
    "a mark scheme, wrapped and in capitals": (
        markdown(SCHEME.upper().replace(" VALUE", "\n\tVALUE")),
        "phrase",
    ),
    "a piece of a mark scheme": (markdown("takes its value out of the mean, so"), "phrase"),
    "another right answer": (
        code("for i in range(len(x)):\n    a = a + x[i] * w[i]\n    b = b + w[i]"),
        "statement",
    ),
    "teaching notes": (
        markdown("asks whether the weights have to add up to one hundred percent"),
        "phrase",
    ),
    "a marker left over": (code("### END HIDDEN TESTS"), "marker"),
    "a region never closed": (code("1\n### BEGIN SOLUTION\n2"), "marker"),
    "the grader's module": (code("from coursekit.grading import held_out"), "marker"),
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_leak_in_a_cell_is_caught(
    course: Course, release: Notebook, tmp_path: Path, kind: str
) -> None:
    cell, rule = CELLS[kind]
    release["cells"].append(cell)
    findings = scan(course, tmp_path, release)
    assert rule in rules(findings), findings
    number = len(release["cells"])
    assert all(finding.where.startswith(f"cell {number}") for finding in findings)


def test_what_is_built_is_clean(course: Course) -> None:
    assert find_leaks(course, [course.root / "notebooks"], whole=True) == []


def test_a_leak_in_the_notebook_s_metadata_is_caught(
    course: Course, release: Notebook, tmp_path: Path
) -> None:
    release["metadata"]["notes"] = {"deep": [SOLUTION]}
    (finding, *_) = scan(course, tmp_path, release)
    assert (finding.rule, finding.where) == ("statement", "notebook metadata")
    assert "course/01_means/challenge.py:" in finding.message


def test_a_leak_in_an_attachment_is_caught(
    course: Course, release: Notebook, tmp_path: Path
) -> None:
    cell = markdown("![](a.txt)")
    cell["attachments"] = {"a.txt": {"text/plain": encoded(SOLUTION.encode())}}
    release["cells"].append(cell)
    assert "statement" in rules(scan(course, tmp_path, release))


def test_a_solved_answer_is_no_release(course: Course, release: Notebook, tmp_path: Path) -> None:
    (cell,) = (cell for cell in release["cells"] if cell["id"] == "q1_mean")
    cell["source"] = "def weighted_mean(values, weights):\n    return 2"
    assert rules(scan(course, tmp_path, release)) == {"answer"}


def test_held_out_rows_in_a_cell_are_caught(
    course: Course, release: Notebook, tmp_path: Path
) -> None:
    with np.load(course.root / "course/01_means/held_out/means.npz") as file:
        x, y = file["x"], file["y"]
    rows = "\n".join(f"{a:.4f}, {b:.4f}" for a, b in x[10:14])
    archive = io.BytesIO()
    np.savez_compressed(archive, z=y[:40])
    plants = [
        code(f"x = b'{encoded(x.tobytes())}'"),
        code(f"x = b'{encoded(archive.getvalue())}'"),
        code("x", shown("image/png", encoded(y[5:30].tobytes()))),
        code("x", stream(rows)),
        code("x", shown("application/json", {"values": y[:9].tolist()})),
    ]
    for plant in plants:
        changed = {**release, "cells": [*release["cells"], plant]}
        assert "held-out" in rules(scan(course, tmp_path, changed)), plant


def copy_of(name: str) -> Callable[[Course, Path], None]:
    return lambda course, folder: shutil.copy(course.root / name, folder / "extra.dat") and None


def gradebook(course: Course, folder: Path) -> None:
    with sqlite3.connect(folder / "marks.bin") as database:
        database.execute("create table grade (score)")
    database.close()


def checkpoint(course: Course, folder: Path) -> None:
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "a.ipynb").write_text('{"cells": []}')


def write(name: str, content: str | bytes) -> Callable[[Course, Path], None]:
    def plant(course: Course, folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return plant


def zipped(course: Course, folder: Path) -> None:
    with zipfile.ZipFile(folder / "material.zip", "w") as archive:
        archive.write(course.root / "course/01_means/challenge.py", "notes.txt")


def changed_data(course: Course, folder: Path) -> None:
    with np.load(course.root / "course/01_means/held_out/means.npz") as file:
        np.savez(folder / "rows.npz", rows=np.float64(file["x"][::-1][:20, ::-1]))


FILES: dict[str, tuple[Callable[[Course, Path], None], str]] = {
    "held-out data under another name": (copy_of("course/01_means/held_out/means.npz"), "file"),
    "held-out rows, another type and order": (changed_data, "held-out"),
    "the variants under another name": (copy_of("course/01_means/variants.py"), "file"),
    "the solution notebook": (copy_of("solutions/01_means/means_challenge.ipynb"), "file"),
    "teaching notes": (copy_of("course/01_means/teaching.md"), "file"),
    "margins": (write("margins.md", "# Edited"), "file"),
    "verdicts": (write("verdicts.md", "# Edited"), "file"),
    "a challenge source in an archive": (zipped, "file"),
    "a gradebook": (write("gradebook.db", ""), "student-data"),
    "a gradebook under another name": (gradebook, "student-data"),
    "marks": (write("grades.csv", "ada,1"), "student-data"),
    "a submission": (write("submitted/x/a.ipynb", '{"cells": []}'), "student-data"),
    "a record": (write("records/01_means/x.json", "{}"), "student-data"),
    "a checkpoint": (checkpoint, "unexpected-file"),
    "a history": (write(".git/config", "[core]"), "unexpected-file"),
    "a pickle": (write("model.pkl", b"\x80\x04\x95\x00\xff"), "unexpected-file"),
    "an object array": (write("a.npy", b"\x93NUMPY\x01\x00broken"), "unreadable"),
    "a broken notebook": (write("a.ipynb", '{"cells": [{"sou'), "unreadable"),
    "a notebook that is none": (write("a.ipynb", "[1, 2]"), "unreadable"),
    "a broken archive": (write("a.zip", b"PK\3\4 and then nothing"), "unreadable"),
    "a page with a solution": (
        write("i.html", f"<pre>{html.escape(SOLUTION)}</pre><style>p {{}}</style>"),
        "statement",
    ),
    "a search index with a solution": (
        write("i.html", f"<script>var x = {json.dumps(SOLUTION)}</script>"),
        "statement",
    ),
    "a page's alt text with a mark scheme": (write("i.html", f'<img alt="{SCHEME}">'), "phrase"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_leak_in_a_file_is_caught(course: Course, tmp_path: Path, kind: str) -> None:
    plant, rule = FILES[kind]
    plant(course, tmp_path)
    assert rule in rules(find_leaks(course, [tmp_path]))


def test_a_clean_folder_is_clean(course: Course, tmp_path: Path) -> None:
    write("notes.md", "# Means\n\nA mean weighs its values.")(course, tmp_path)
    write("page.html", "<style>p { margin: 4.09375px }</style><p>A mean.</p>")(course, tmp_path)
    write("table.csv", "a,b\n1,2\n")(course, tmp_path)
    np.savez(tmp_path / "numbers.npz", a=np.arange(1000.0))
    assert find_leaks(course, [tmp_path]) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_refused(course: Course, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(course.root / "course")
    (finding,) = find_leaks(course, [tmp_path])
    assert (finding.rule, finding.text) == ("unexpected-file", "data")


def test_a_target_that_is_missing_is_a_finding(course: Course, tmp_path: Path) -> None:
    assert rules(find_leaks(course, [tmp_path / "none.whl"])) == {"unreadable"}


def test_leaks_in_wheel_and_source_archive_are_caught(course: Course, tmp_path: Path) -> None:
    solution = (course.root / "solutions/01_means/means_challenge.ipynb").read_bytes()
    variants = (course.root / "course/01_means/variants.py").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.writestr("coursekit/plots.py", f"def plot():\n{RENAMED}\n")
        wheel.writestr("coursekit/data.py", "x = 1\n")
        wheel.writestr("coursekit/_data/a.bin", solution)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as sdist:
        info = tarfile.TarInfo("a-1/src/helpers.py")
        info.size = len(variants)
        sdist.addfile(info, io.BytesIO(variants))
        link = tarfile.TarInfo("a-1/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../secret"
        sdist.addfile(link)
    found = {(f.path, f.rule) for f in find_leaks(course, [tmp_path / "a.whl"])}
    assert ("a.whl!coursekit/plots.py", "statement") in found
    assert ("a.whl!coursekit/_data/a.bin", "file") in found
    assert not any("data.py" in path for path, _ in found)
    found = {(f.path, f.rule) for f in find_leaks(course, [tmp_path / "a.tar.gz"])}
    assert ("a.tar.gz!a-1/src/helpers.py", "file") in found
    assert ("a.tar.gz!a-1/link", "unexpected-file") in found


def test_a_student_s_name_and_work_are_caught(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    release = course.root / "notebooks/01_means/means_challenge.ipynb"
    for student in ("ada-17", "mean", "li"):  # a word of the course, and too short: not names
        folder = course.root / "submitted" / student / "01_means"
        folder.mkdir(parents=True)
        shutil.copy(release, folder)
    work = course.root / "submitted/ada-17/01_means/essay.md"
    work.write_text("My own words.")
    site = tmp_path / "site"
    site.mkdir()
    (site / "a.md").write_text("Thanks to ada-17. Li is a mean word.")
    shutil.copy(work, site / "b.md")
    shutil.copy(release, site / "c.ipynb")  # an untouched release was handed in: no secret
    found = find_leaks(course, [site])
    assert {(f.path, f.rule, f.text) for f in found} == {
        ("site/a.md", "student-data", "ada-17"),
        ("site/b.md", "student-data", "submitted/ada-17/01_means/essay.md"),
    }


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (f"\n# %%\n{SOLUTION.replace('    ', '')}\n", "statement"),
        (f"\n# %% [markdown]\n# {SCHEME}\n", "phrase"),
        ("\n# %% [markdown]\n# The answer is 4.09375.\n", "number"),
    ],
)
def test_the_build_refuses_a_leak_that_stands_in_the_source(
    tmp_path: Path, plant: str, rule: str
) -> None:
    course = make_course(tmp_path)
    source = course.root / "course/01_means/challenge.py"
    source.write_text(CHALLENGE + plant.replace("return sum", "mean = sum"), encoding="utf-8")
    before = (course.root / "notebooks/01_means/means_challenge.ipynb").read_bytes()
    with pytest.raises(CourseError, match=rf"would leak:\n.*\[{rule}\]"):
        build(course.units)
    after = (course.root / "notebooks/01_means/means_challenge.ipynb").read_bytes()
    assert before == after


def test_what_the_lecture_teaches_is_no_leak(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    source = course.root / "course/01_means/lecture.py"
    taught = f"def mean(values, weights):\n{SOLUTION}"
    source.write_text(f"{LECTURE}\n# %%\n{taught}\n", encoding="utf-8")
    assert build(course.units) == [course.root / "notebooks/lectures/01_means.ipynb"]


def test_an_exception_needs_a_reason_and_a_use(
    course: Course, release: Notebook, tmp_path: Path
) -> None:
    release["cells"].append(markdown("Begin with `total_weight`."))
    path = tmp_path / "means_challenge.ipynb"
    path.write_text(json.dumps(release), encoding="utf-8")
    stated = course.root / "course/01_means/exceptions.toml"
    text = '[[leak]]\nrule = "identifier"\ntext = "total_weight"\nreason = "a fair hint"\n'
    try:
        stated.write_text(text)
        assert find_leaks(course, [path], whole=True) == []
        assert gate_built(course.units[0], {}) == [], "what another target needs is not stale"
        stated.write_text(text.replace("total_weight", "other_name"))
        assert rules(find_leaks(course, [path], whole=True)) == {"identifier", "exception"}
        stated.write_text('[[leak]]\nrule = "identifier"\n')
        with pytest.raises(CourseError, match="needs rule and reason"):
            find_leaks(course, [path])
    finally:
        stated.unlink(missing_ok=True)


def test_an_exception_for_no_unit_stands_beside_the_units(course: Course, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\x95\x00\xff")
    stated = course.root / "course/exceptions.toml"
    try:
        stated.write_text(
            '[[leak]]\nrule = "unexpected-file"\ntext = "model.pkl"\nreason = "shown, not loaded"\n'
        )
        assert find_leaks(course, [tmp_path / "model.pkl"]) == []
    finally:
        stated.unlink(missing_ok=True)


def test_feedback_may_show_answers_but_nothing_of_the_grader(
    course: Course, tmp_path: Path
) -> None:
    pages = {}
    texts = {
        "ada-17": f"<pre>{html.escape(SOLUTION)}</pre> 4.09375",
        "bob-23": f"<pre>{html.escape(HIDDEN)}</pre>",
        "cy-31": f"<p>{SCHEME}</p>",
        "dee-47": "<p>Compare with ada-17.</p>",
    }
    for student, text in texts.items():
        path = tmp_path / student / "page.html"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        (course.root / "submitted" / student).mkdir(parents=True)
        pages[student] = [path]
    try:
        found = gate_feedback(course, course.units[0], pages)
    finally:
        shutil.rmtree(course.root / "submitted")
    assert {(f.path.split("/")[1], f.rule) for f in found if f.rule != "string"} == {
        ("bob-23", "statement"),
        ("cy-31", "phrase"),
        ("dee-47", "student-data"),
    }


def test_a_word_before_a_visible_check_makes_it_no_hidden_one() -> None:
    shown = "_answer = step(np.array([1.0, -2.0]), 0.5, np.array([3.0, 1.0]), 0, 0.1)"
    hidden = "_w, _b = step(np.array([1.0, -2.0]), 0.5, np.array([3.0, 1.0]), 1, 0.1)"
    index = Index([Secret("hidden", "", "", hidden)], [Public("check", shown)])
    assert [m.rule for m in index.search(f"(Top) {shown}")] == []
    assert "statement" in [m.rule for m in index.search(f"(Top) {hidden}")]
