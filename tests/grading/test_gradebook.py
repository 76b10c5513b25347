"""Records become nbgrader's own rows and notebooks: its tools work on them unchanged."""

import csv
import json
import shutil
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import CsvExportPlugin
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from coursekit.authoring.build import build
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.records import read_record
from coursekit.classroom.stock import StockGrader
from coursekit.demo.sample_class import sample_class, write_submission
from coursekit.grading.engine import master_of
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.intake.sheet import Cell
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import no_progress
from samples import make_unit

RIGHT = "def double(x):\n    return x + x"
WRONG = "def double(x):\n    return x * x"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def entered(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose gradebook knows the unit: nbgrader takes seconds for it."""
    root = tmp_path_factory.mktemp("entered") / "class"
    with CourseFolder(root, unit) as course:
        course.ensure_assignment()
    return root


@pytest.fixture
def folder(entered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(entered, tmp_path / "class"))


def record(
    unit: Unit,
    student: str = "ada",
    answer: str = RIGHT,
    points: tuple[float | None, float | None] = (1.0, 0.5),
    *,
    written: str = "Twice is twice.",
    own: tuple[Cell, ...] = (),
    outputs: list[dict[str, Any]] | None = None,
) -> Record:
    """Return what the engine would say of a submission."""
    source = {"q1_double": answer, "q2_why-answer": written}
    cells = [replace(c, source=source.get(c.id, c.source)) for c in master_of(unit).cells]
    outcomes = []
    for cell, got in zip((c for c in cells if c.kind == "check"), points, strict=True):
        passed = got == cell.points
        verdict = Verdict.PASS if passed else Verdict.FAIL if got == 0 else Verdict.UNSENDABLE
        said = {} if passed else {"text": "not equal", "error": "AssertionError"}
        outcomes.append(Outcome(cell.id, cell.question, verdict, got, cell.points, **said))
    at = next(n for n, cell in enumerate(cells) if cell.id == "q1_double") + 1
    return Record(
        student,
        unit.id,
        Status.NEEDS_MANUAL,
        outcomes=tuple(outcomes),
        manual={"q2_why": 4.0},
        outputs={"q1_double": outputs or [], **{cell.id: outputs or [] for cell in own}},
        cells=(*cells[:at], *own, *cells[at:]),
    )


def write(folder: Path, unit: Unit, *records: Record) -> None:
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        for each in records:
            writer.write(each)


def rows(folder: Path, unit: Unit, student: str = "ada") -> dict[str, tuple[Any, ...]]:
    """Return a student's grades: automatic, manual, whether a person is asked."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        (notebook,) = gradebook.find_submission(unit.id, student).notebooks
        return {
            g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in notebook.grades
        }


def autograded(folder: Path, unit: Unit, student: str = "ada") -> Path:
    return folder / "autograded" / student / unit.id / unit.challenge_notebook


# --- the same as nbgrader's own ---


@pytest.fixture(scope="module")
def graded(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return two folders with one class, graded by the engine and by stock nbgrader."""
    made = {}
    for engine in ("warm", "stock"):
        root = made[engine] = tmp_path_factory.mktemp(engine)
        students = sample_class(unit, 5)
        for student in students:
            write_submission(unit, student, root / "submitted")
            stamp = root / "submitted" / student.id / unit.id / "timestamp.txt"
            stamp.write_text("2026-03-01 10:00:00 UTC\n", encoding="utf-8")
        with CourseFolder(root, unit) as course:
            names = [student.id for student in students]
            records = grade_class(course, names, engine=engine, progress=no_progress)
        assert [each.student for each in records] == names
    return made


def plain_rows(folder: Path, unit: Unit) -> dict[str, Any]:
    """Return all that the gradebook says of a class, without the random ids."""
    found = {}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(unit.id):
            (notebook,) = submission.notebooks
            parts = [submission, notebook, *notebook.grades, *notebook.comments]
            texts = [json.dumps({**part.to_dict(), "id": ""}, sort_keys=True) for part in parts]
            found[submission.student.id] = sorted(texts)
    return found


def test_the_rows_are_those_of_stock_nbgrader(graded: dict[str, Path], unit: Unit) -> None:
    ours, stock = (plain_rows(graded[engine], unit) for engine in ("warm", "stock"))
    assert list(ours) == ["student-01", "student-02", "student-04", "student-05"]
    assert ours == stock


def plain_notebook(path: Path) -> dict[str, Any]:
    """Return a notebook without what is this package's own, or tells of a kernel's clock."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for own in ("coursekit", "execution"):
            cell["metadata"].pop(own, None)
        for output in cell.get("outputs", []):
            output.pop("traceback", None)
    return notebook


@pytest.mark.parametrize("student", ["student-01", "student-02", "student-04", "student-05"])
def test_the_notebook_is_that_of_stock_nbgrader(
    graded: dict[str, Path], unit: Unit, student: str
) -> None:
    paths = [autograded(graded[engine], unit, student) for engine in ("warm", "stock")]
    ours, stock = map(plain_notebook, paths)
    assert ours == stock
    nbformat.validate(nbformat.read(paths[0], as_version=4))
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o444, 0o444]
    stamps = [path.with_name("timestamp.txt").read_text(encoding="utf-8") for path in paths]
    assert stamps[0] == stamps[1]
    assert [p.name for p in sorted(paths[0].parent.iterdir())] == [
        unit.challenge_notebook,
        "timestamp.txt",
    ]


# --- nbgrader's tools on the result ---


def test_nbgrader_lists_scores_writes_feedback_and_exports(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit), record(unit, "bob", WRONG, (0.0, 0.5)))
    for student in ("ada", "bob"):
        (folder / "submitted" / student / unit.id).mkdir(parents=True)
    with CourseFolder(folder, unit) as course:
        listed = {s["student"]: s for s in course.api.get_submissions(unit.id)}
        assert {who: s["score"] for who, s in listed.items()} == {"ada": 1.5, "bob": 0.5}
        assert {s["autograded"] for s in listed.values()} == {True}
        assert {s["max_score"] for s in listed.values()} == {5.5}
        notebooks = course.api.get_notebook_submissions(unit.id, course.notebook)
        assert {s["student"]: s["failed_tests"] for s in notebooks} == {"ada": False, "bob": True}
        pages = list(course.write_feedback(["ada", "bob"]))
        target = folder / "grades.csv"
        with Gradebook(course.db_url) as gradebook:
            CsvExportPlugin(to=str(target)).export(gradebook)
    assert "(Score: 0.5 / 5.5)" in " ".join(pages[1].read_text(encoding="utf-8").split())
    with target.open(encoding="utf-8") as file:
        marks = {line["student_id"]: line["score"] for line in csv.DictReader(file)}
    assert marks == {"ada": "1.5", "bob": "0.5"}


def test_the_assignment_is_entered_once_and_anew_when_it_changes(tmp_path: Path) -> None:
    unit = make_unit(tmp_path / "course")
    root = unit.course.root
    release = root / "notebooks" / unit.id / unit.challenge_notebook
    before = release.read_bytes()
    with CourseFolder(root, unit) as course:
        course.ensure_assignment()
        assert release.read_bytes() == before, "nbgrader writes the release that is there"
        made = release.stat().st_mtime_ns
        course.ensure_assignment()
        assert release.stat().st_mtime_ns == made, "it stands in the gradebook already"
        source = unit.folder / "challenge.py"
        text = source.read_text(encoding="utf-8").replace("double(3) == 6", "double(4) == 8")
        source.write_text(text, encoding="utf-8")
        build([unit])
        course.ensure_assignment()
        with Gradebook(course.db_url) as gradebook:
            kept = gradebook.find_source_cell("q1_double-small", course.notebook, unit.id)
            assert "double(4) == 8" in kept.source


# --- what a person gave ---


def mark(folder: Path, unit: Unit, grade: str, score: float, *, comment: str = "") -> None:
    """Give points and a comment as formgrader does."""
    name = Path(unit.challenge_notebook).stem
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        found = gradebook.find_grade(grade, name, unit.id, "ada")
        found.manual_score, found.needs_manual_grade, found.extra_credit = score, False, 0.25
        if comment:
            gradebook.find_comment(grade, name, unit.id, "ada").manual_comment = comment
        gradebook.db.commit()


def test_marks_extra_credit_and_comments_are_kept(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit, points=(0.0, 0.5)))
    mark(folder, unit, "q2_why", 3.0, comment="Well said.")
    mark(folder, unit, "q1_double-small", 0.75)
    write(folder, unit, record(unit))
    assert rows(folder, unit) == {
        "q1_double-small": (1.0, 0.75, True),  # as nbgrader: both differ, so a person looks
        "q1_double-large": (0.5, None, False),
        "q2_why": (None, 3.0, False),  # the same text: nothing to ask
    }
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(unit.id, "ada")
        assert submission.score == 0.75 + 0.25 + 0.5 + 3 + 0.25
        comments = {c.name: c.comment for c in submission.notebooks[0].comments}
    assert comments == {"q1_double": None, "q2_why": "Well said."}


def test_another_written_answer_is_read_anew(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit))
    mark(folder, unit, "q2_why", 3.0)
    write(folder, unit, record(unit, written="On second thoughts, no."))
    assert rows(folder, unit)["q2_why"] == (None, 3.0, True)


def test_a_mark_that_was_given_to_another_answer_is_told(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit))
    mark(folder, unit, "q1_double-small", 0.75)
    mark(folder, unit, "q2_why", 3.0)
    told = "{}: a person marked an earlier answer: look at this one in formgrader."
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        assert writer.write(record(unit)).flags == ()
        other = writer.write(record(unit, answer=WRONG, points=(0.0, 0.0)))
        assert other.flags == (told.format("q1_double-small"),)
        assert writer.write(record(unit, answer=WRONG, points=(0.0, 0.0))).flags == ()
        written = writer.write(record(unit, answer=WRONG, points=(0.0, 0.0), written="No."))
        assert written.flags == (told.format("q2_why"),)
    assert rows(folder, unit)["q1_double-small"] == (0.0, 0.75, True)
    assert rows(folder, unit)["q2_why"] == (None, 3.0, True)
    assert read_record(folder, unit.id, "ada").flags == (), "the gradebook remembers it"


def test_what_a_person_decides_has_no_automatic_points(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit, points=(None, 0.5)))
    assert rows(folder, unit)["q1_double-small"] == (None, None, True)


# --- again, and errors ---


def test_a_resubmission_replaces_everything(unit: Unit, folder: Path) -> None:
    own = Cell("own-1", "own", "print('first')")
    write(folder, unit, record(unit, answer=WRONG, points=(0.0, 0.0), own=(own,)))
    (autograded(folder, unit).parent / "left.txt").write_text("old", encoding="utf-8")
    write(folder, unit, record(unit))
    notebook = nbformat.read(autograded(folder, unit), as_version=4)
    sources = {cell.id: cell.source for cell in notebook.cells}
    assert sources["q1_double"] == RIGHT
    assert "own-1" not in sources
    assert [p.name for p in autograded(folder, unit).parent.iterdir()] == [unit.challenge_notebook]
    assert rows(folder, unit)["q1_double-small"] == (1.0, None, False)


def test_after_an_error_no_old_score_looks_current(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit))
    mark(folder, unit, "q2_why", 3.0, comment="Well said.")
    (folder / "submitted" / "ada" / unit.id).mkdir(parents=True)
    with CourseFolder(folder, unit) as course:
        (page,) = course.write_feedback(["ada"])
    write(folder, unit, Record("ada", unit.id, Status.UNREADABLE, "it is damaged."))
    assert not page.exists(), "it shows the points that are withdrawn"
    assert rows(folder, unit) == {
        "q1_double-small": (None, None, True),
        "q1_double-large": (None, None, True),
        "q2_why": (None, 3.0, True),
    }
    assert not autograded(folder, unit).exists()
    with CourseFolder(folder, unit) as course:
        shown = course.api.get_submission(unit.id, "ada")
        assert (shown["autograded"], shown["score"]) == (False, 0), "formgrader: needs autograding"
        assert course.api.get_notebook_submissions(unit.id, course.notebook) == []
        with pytest.raises(CourseError, match="No feedback for ada"):
            list(course.write_feedback(["ada"]))


@pytest.mark.parametrize("status", [s for s in Status if not s.has_points])
def test_an_error_makes_no_row(unit: Unit, folder: Path, status: Status) -> None:
    write(folder, unit, Record("ada", unit.id, status, "why"))
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        with pytest.raises(MissingEntry):
            gradebook.find_submission(unit.id, "ada")
        assert gradebook.students == []


def test_rows_are_written_at_once_or_not_at_all(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit, "bob"))
    (folder / "autograded" / "ada").write_text("in the way", encoding="utf-8")
    with pytest.raises(OSError, match="ada"):
        write(folder, unit, record(unit))
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        assert [student.id for student in gradebook.students] == ["bob"]


def test_stock_nbgrader_withdraws_too_and_keeps_marks(unit: Unit, folder: Path) -> None:
    write(folder, unit, record(unit))
    mark(folder, unit, "q2_why", 3.0)
    (student,) = sample_class(unit, 1)
    student.answers["q1_double"] = "import os\nos._exit(1)"
    path = write_submission(unit, student, folder / "submitted")
    path.parent.parent.rename(folder / "submitted" / "ada")
    with StockGrader(folder, unit) as grader:
        (told,) = grader.grade(["ada"])
    assert told.status is Status.STOCK
    assert rows(folder, unit)["q1_double-small"] == (None, None, True)
    assert rows(folder, unit)["q2_why"] == (None, 3.0, True)


# --- settings and time ---

LATE = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


@pytest.mark.parametrize(("stamp", "penalty"), [("2026-03-02", 1.5), ("2026-02-28", None)])
def test_a_late_submission_is_the_plugin_s_business(
    unit: Unit, folder: Path, stamp: str, penalty: float | None
) -> None:
    (folder / "nbgrader_config.py").write_text(LATE, encoding="utf-8")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment(unit.id, duedate=datetime(2026, 3, 1))
    submitted = folder / "submitted" / "ada" / unit.id
    submitted.mkdir(parents=True)
    (submitted / "timestamp.txt").write_text(f"{stamp} 00:00:00 UTC\n", encoding="utf-8")
    write(folder, unit, record(unit))
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(unit.id, "ada")
        assert str(submission.timestamp) == f"{stamp} 00:00:00"
        assert submission.notebooks[0].late_submission_penalty == penalty


@pytest.mark.parametrize("stamp", ["", "yesterday", "\x00", "9" * 5000])
def test_a_strange_timestamp_stops_nobody(unit: Unit, folder: Path, stamp: str) -> None:
    submitted = folder / "submitted" / "ada" / unit.id
    submitted.mkdir(parents=True)
    (submitted / "timestamp.txt").write_text(stamp, encoding="utf-8")
    write(folder, unit, record(unit))
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission(unit.id, "ada").timestamp is None


# --- what would run on the instructor's Jupyter ---

SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="evil()"><script>evil()</script></svg>'
HOSTILE_HTML = [
    "<script>evil()</script>",
    "<img src=x onerror=evil()>",
    '<a href="javascript:evil()">a</a>',
    '<a href="java&#10;script:evil()">a</a>',
    "<iframe src='https://evil.example'></iframe>",
    SVG,
    "<math><mtext><style><img src=x onerror=evil()></style></mtext></math>",
    '<img src="https://evil.example/seen.png">',
    "<form action='/shutdown' method=post><input type=submit></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    '<div style="position:fixed;top:0;left:0;width:100%;height:100%">a</div>',
]
HOSTILE_BUNDLES = [
    *({"text/html": html, "text/plain": "a"} for html in HOSTILE_HTML),
    {"text/html": "".join(HOSTILE_HTML)},
    {"image/svg+xml": SVG},
    {"application/javascript": "evil()"},
    {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "a"},
    {"text/markdown": "[a](javascript:evil()) <script>evil()</script>"},
    {"image/png": '"><script>evil()</script>'},
    {"text/latex": "<script>evil()</script>"},
    {"text/html": ["<scr", "ipt>evil()</script>"]},
    {"text/html": 5, "text/plain": None},
]
HOSTILE_MARKDOWN = [
    "<script>evil()</script>",
    "[a](javascript:evil())",
    "[a](&#106;avascript:evil())",
    "[a]\n\n[a]: javascript:evil()",
    "![a](x.png)![b](attachment:gone.png)",
    "<javascript:evil()>",
    "$<img src=x onerror=evil()>$",
    "```\n<script>evil()</script>\n```\n````\n</code></pre><script>evil()</script>",
]


class Active(HTMLParser):
    """Counts what can act in a page: scripts, handlers, frames, forms, addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "form", "input", "svg", "math", "meta", "link", "object"):
            self.found.append(tag)
        for name, value in attrs:
            is_address = name in ("src", "href") and not (value or "").startswith(
                ("#", "data:image")
            )
            if name.startswith("on") or is_address or "fixed" in (value or ""):
                self.found.append(f"{name}={value}")


def formgrader_page(folder: Path, unit: Unit) -> str:
    """Return the page on which formgrader shows a submission."""
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    about = ("assignment_id", "notebook_id", "submission_id", "base_url", "student")
    resources = {**dict.fromkeys(about, "x"), "index": 0, "total": 1, "notebook_path": "x"}
    resources |= {"last_name": None, "first_name": None}
    path = autograded(folder, unit)
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    return str(page)


def pages(folder: Path, unit: Unit, shown: Record) -> list[str]:
    """Return formgrader's page and the feedback of a record."""
    write(folder, unit, shown)
    (folder / "submitted" / "ada" / unit.id).mkdir(parents=True, exist_ok=True)
    with CourseFolder(folder, unit) as course:
        (feedback,) = course.write_feedback(["ada"])
    return [formgrader_page(folder, unit), feedback.read_text(encoding="utf-8")]


def test_nothing_of_a_hostile_submission_acts(unit: Unit, folder: Path) -> None:
    quiet = [Active(page).found for page in pages(folder, unit, record(unit))]
    outputs: list[dict[str, Any]] = [
        {"output_type": "display_data", "data": data, "metadata": {"a": HOSTILE_HTML}}
        for data in HOSTILE_BUNDLES
    ]
    html = "".join(HOSTILE_HTML)
    outputs += [
        {"output_type": "stream", "name": "stdout", "text": html},
        {"output_type": "error", "ename": html, "evalue": html, "traceback": [html, html]},
        {"output_type": "nonsense"},
        {"output_type": "display_data", "data": "nonsense", "metadata": "nonsense"},
    ]
    texts = [Cell(f"own-{n}", "text", text) for n, text in enumerate(HOSTILE_MARKDOWN)]
    code = Cell("own-code", "own", f"'''{html}'''")
    written = "\n\n".join(HOSTILE_MARKDOWN)
    hostile = record(unit, written=written, own=(*texts, code), outputs=outputs)
    first, *others = hostile.outcomes
    told = replace(
        first, verdict=Verdict.FAIL, points=0.0, text=html, printed=html, shown=html, trace=(html,)
    )
    found = pages(folder, unit, replace(hostile, outcomes=(told, *others)))
    assert [Active(page).found for page in found] == quiet
    assert all("evil" in page for page in found), "it is shown as text"
    notebook = nbformat.read(autograded(folder, unit), as_version=4)
    nbformat.validate(notebook)
    (shown,) = (cell for cell in notebook.cells if cell.id == "own-code")
    mimes = {mime for output in shown.outputs for mime in output.get("data", {})}
    assert mimes == {"text/html", "text/plain", "text/markdown", "text/latex"}


TABLE = '<table border="1" class="dataframe"><tbody><tr><th>0</th><td>1.5</td></tr></tbody></table>'
PICTURE = '<img alt="a line" src="data:image/png;base64,iVBORw0KGgo=">'


@pytest.mark.parametrize("html", [TABLE, PICTURE, '<pre style="color: red;">a</pre>'])
def test_tables_and_pictures_with_alt_text_survive(unit: Unit, folder: Path, html: str) -> None:
    data = {"text/html": html, "image/png": "iVBORw0KGgo=", "text/plain": "a line"}
    output = {"output_type": "display_data", "data": data, "metadata": {"image/png": {"alt": "a"}}}
    write(folder, unit, record(unit, outputs=[output]))
    notebook = nbformat.read(autograded(folder, unit), as_version=4)
    (kept,) = next(cell for cell in notebook.cells if cell.id == "q1_double").outputs
    assert "".join(sorted(kept.data["text/html"])) == "".join(sorted(html))
    assert kept.data["image/png"] == "iVBORw0KGgo="
    assert kept.metadata == {"image/png": {"alt": "a"}}


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<b>" * 1_700_000},
        {"text/html": "<b>" * 9_000, "text/plain": "bold"},
        {"text/plain": "a" * 5_000_000},
        {"image/png": "A" * 5_000_000},
        {"text/markdown": "[" * 5_000_000},
    ],
    ids=["html", "tags", "plain", "png", "markdown"],
)
def test_what_is_too_long_is_cut(unit: Unit, folder: Path, data: dict[str, str]) -> None:
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    stream = {"output_type": "stream", "name": "stdout", "text": "line\n" * 3000}
    write(folder, unit, record(unit, outputs=[output, stream]))
    notebook = nbformat.read(autograded(folder, unit), as_version=4)
    shown, printed = next(cell for cell in notebook.cells if cell.id == "q1_double").outputs
    assert len(json.dumps(shown)) < 200
    assert list(shown.data) == ["text/plain"]
    assert printed.text.count("\n") == 1000
    assert printed.text.endswith("... Output truncated ...\n")


def test_text_that_is_no_utf_8_is_written(unit: Unit, folder: Path) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "\ud800"}
    shown = record(unit, answer="x = '\ud800'", written="\ud800", outputs=[stream])
    first, *others = shown.outcomes
    told = replace(first, printed="\ud800", shown="\ud800", text="\ud800", verdict=Verdict.FAIL)
    write(folder, unit, replace(shown, outcomes=(told, *others)))
    nbformat.validate(nbformat.read(autograded(folder, unit), as_version=4))
