"""Read a notebook that somebody handed in. Any bytes may come: nothing in them is trusted."""

from __future__ import annotations

import ast
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from coursekit.script import is_script, script_cells

FILE_LIMIT = 128 * 2**20  # bytes; outputs alone may come to 100 MB
CONTAINER_LIMIT, VALUE_LIMIT = 2_000_000, 10_000_000  # of JSON: what bounds the memory to read it
CELL_LIMIT, CODE_LIMIT = 2_000, 400_000  # cells; characters of code in all
TEXT_LIMIT = 100_000  # characters of a text cell; Colab keeps pictures in it
AGAIN = "save or download the notebook again"
KNOWN = (  # first bytes of what is handed in instead
    (b"PK\x03\x04", "this is a zip archive: unpack it and take the .ipynb in it."),
    (b"\x1f\x8b", "this is a compressed archive: unpack it and take the .ipynb in it."),
    (b"%PDF", "this is a PDF: take the notebook itself, the .ipynb."),
    (b"\x89PNG", "this is a picture: take the notebook itself, the .ipynb."),
    (b"version https://git-lfs", "this is a Git LFS pointer: run `git lfs pull`, take the file."),
    (b"<", f"this is a web page about the notebook: {AGAIN}, as .ipynb."),
)

CellType = Literal["code", "markdown", "raw"]


class UnreadableError(Exception):
    """The file is no notebook that can be read; one sentence says what it is and what to do."""


@dataclass(frozen=True)
class ReadCell:
    r"""One cell, as its file claims it to be.

    Attributes
    ----------
    type : str
    source : str
        With ``\n`` between lines.
    ids : tuple of str
        The cell's id, and the one that Colab keeps in the metadata; either may be missing.
    grade_id : str
        nbgrader's, or the one that a script's marker stands for; empty without.
    grade, solution, task : bool
        nbgrader's flags.
    """

    type: CellType
    source: str
    ids: tuple[str, ...] = ()
    grade_id: str = ""
    grade: bool = False
    solution: bool = False
    task: bool = False


@dataclass(frozen=True)
class ReadNotebook:
    """A notebook without outputs.

    Attributes
    ----------
    cells : tuple of ReadCell
    form, encoding : str
        What the file was.
    notes : tuple of str
        What was odd about it, a sentence each.
    """

    cells: tuple[ReadCell, ...]
    form: str
    encoding: str
    notes: tuple[str, ...] = ()

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the cells in notebook format 4, without outputs; ids are new where one lacks."""
        return [_to_dict(number, cell) for number, cell in enumerate(self.cells)]


def read_file(path: Path) -> ReadNotebook:
    """Read a file, as `read_notebook` does.

    Raises
    ------
    UnreadableError
        Also if there is no such file.
    """
    try:
        if not path.is_file():
            raise UnreadableError("no such file: name one .ipynb, in quotes if it has blanks.")
        if path.stat().st_size > FILE_LIMIT:
            raise _too_large()
        return read_notebook(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableError(f"the file cannot be opened: {error.strerror}.") from None


def read_notebook(data: bytes, name: str = "") -> ReadNotebook:
    """Read a notebook, or a script that was made of one.

    Parameters
    ----------
    data : bytes
        What the file holds.
    name : str, optional
        The file's name; it only tells a script from a damaged notebook.

    Raises
    ------
    UnreadableError
        For everything else; no other error comes of any bytes.
    """
    if len(data) > FILE_LIMIT:
        raise _too_large()
    start = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if not start and not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise UnreadableError(f"the file is empty: {AGAIN}.")
    for first, sentence in KNOWN:
        if start.startswith(first):
            raise UnreadableError(sentence)
    text, encoding = _decode(data)
    try:
        return _parse(text, encoding, name)
    except (RecursionError, MemoryError):
        raise UnreadableError(f"the file is nested too deep to be a notebook: {AGAIN}.") from None


def _too_large() -> UnreadableError:
    limit = f"over {FILE_LIMIT // 2**20} MB"
    return UnreadableError(f"the file has {limit}: clear its outputs, save, and take that file.")


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text without a byte-order mark, lines ended by a newline alone; and its name."""
    for encoding in (json.detect_encoding(data), "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding
    raise AssertionError("every byte is a character of Latin-1")


def _parse(text: str, encoding: str, name: str) -> ReadNotebook:
    named = name.lower().endswith((".py", ".py.txt")) and not text.lstrip().startswith("{")
    if named or is_script(text):
        if len(text) > 2 * CODE_LIMIT:
            raise UnreadableError(f"the script is too long to be a notebook's: {AGAIN}.")
        cells, form = script_cells(text)
        return _read_cells(cells, form, encoding)
    if text.count("[") + text.count("{") > CONTAINER_LIMIT or text.count(",") > VALUE_LIMIT:
        raise UnreadableError("the file holds too much: clear its outputs, save, take that file.")
    try:
        found = json.loads(text)
    except ValueError:
        if _is_code(text):
            return _read_cells([{"cell_type": "code", "source": text}], "script", encoding)
        raise _damaged(text) from None
    cells, form = _cells_in(found)
    return _read_cells(cells, form, encoding)


def _damaged(text: str) -> UnreadableError:
    if "\n<<<<<<< " in text and "\n>>>>>>> " in text:
        return UnreadableError("the file has marks of a merge conflict: resolve it, save again.")
    if not text.lstrip().startswith("{"):
        return UnreadableError(f"this is no notebook, or the file is damaged: {AGAIN}.")
    return UnreadableError(f"the file is damaged: {AGAIN}.")


def _is_code(text: str) -> bool:
    """Whether a text defines something in Python: a script under a notebook's name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text[:CODE_LIMIT]).body
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)


def _cells_in(found: Any) -> tuple[list[Any], str]:
    """Return the cells of what JSON held, and the name of its format."""
    if not isinstance(found, dict):
        raise UnreadableError(f"this is no notebook, or the file is damaged: {AGAIN}.")
    sheets = found.get("worksheets")
    if isinstance(sheets, list):
        old = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for some in old if isinstance(some, list) for cell in some]
        return cells, "notebook format 3"
    if not isinstance(found.get("cells"), list):
        raise UnreadableError(f"this is JSON without cells, or the file is damaged: {AGAIN}.")
    major, minor = (found.get(key) for key in ("nbformat", "nbformat_minor"))
    numbers = [str(n) if isinstance(n, int) else "?" for n in (major, minor)]
    return found["cells"], f"notebook format {'.'.join(numbers)}"


def _read_cells(found: list[Any], form: str, encoding: str) -> ReadNotebook:
    usable = [cell for cell in found if isinstance(cell, dict)]
    if found and not usable:
        raise UnreadableError(f"none of its cells can be read, the file is damaged: {AGAIN}.")
    if len(usable) > CELL_LIMIT:
        raise UnreadableError(f"it has over {CELL_LIMIT} cells: delete what is not needed, save.")
    cells = [_read_cell(cell) for cell in usable]
    if sum(len(cell.source) for cell in cells if cell.type == "code") > CODE_LIMIT:
        raise UnreadableError("it has too much code: read data from a file, do not paste it.")
    notes = []
    if len(usable) < len(found):
        notes.append(f"{len(found) - len(usable)} damaged cell(s) were left out.")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"It is no UTF-8: it was read as {encoding}.")
    return ReadNotebook(tuple(cells), form, encoding, tuple(notes))


def _read_cell(cell: dict[str, Any]) -> ReadCell:
    metadata = _table(cell.get("metadata"))
    claims = _table(metadata.get("nbgrader"))
    type_: CellType = "code" if cell.get("cell_type") == "code" else "markdown"
    if cell.get("cell_type") == "raw":
        type_ = "raw"
    # Format 3 calls code `input`, and a heading a kind of its own.
    source = _text(cell.get("input") if "input" in cell else cell.get("source"))
    if cell.get("cell_type") == "heading":
        level = cell.get("level")
        source = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1) + f" {source}"
    if type_ != "code":
        source = source[:TEXT_LIMIT]
    ids = (_name(cell.get("id")), _name(metadata.get("id")))
    return ReadCell(
        type_,
        source,
        tuple(dict.fromkeys(id_ for id_ in ids if id_)),
        _name(claims.get("grade_id")),
        *(claims.get(flag) is True for flag in ("grade", "solution", "task")),
    )


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 100 else ""


def _text(value: Any) -> str:
    """Return a source, which files keep in lines or whole; what is no text is left out."""
    lines = value if isinstance(value, list) else [value]
    text = "".join(line for line in lines if isinstance(line, str))
    # Half a surrogate pair can be read and never be written again.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _to_dict(number: int, cell: ReadCell) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": cell.type, "metadata": {}, "source": cell.source}
    made["id"] = cell.ids[0] if cell.ids else f"cell-{number}"
    if cell.ids[1:]:
        made["metadata"]["id"] = cell.ids[1]
    if cell.grade_id:
        flags = {"grade": cell.grade, "solution": cell.solution, "task": cell.task}
        made["metadata"]["nbgrader"] = {"grade_id": cell.grade_id, **flags}
    if cell.type == "code":
        made |= {"outputs": [], "execution_count": None}
    return made
