"""Take what students get apart into texts and bytes, however it is packed.

What cannot be read, and what is of no kind that students should get, is a finding: the gate does
not pass what it has not seen.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import gzip
import hashlib
import html
import io
import json
import re
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np

from coursekit.sources.findings import Finding

PUBLICATION = "SHA256SUMS"  # what `coursekit publish` leaves in a student repository
HIDDEN_BUT_FINE = {".gitattributes", ".gitignore", ".nojekyll", ".buildinfo"}
PAGES = {".html", ".htm", ".svg", ".xml"}
PICTURES_AND_FONTS = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"\0\0\1\0",
    b"wOFF",
    b"wOF2",
    b"\0\1\0\0",
    b"OTTO",
)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{24,}[ \t]*\n?[ \t]*)+[A-Za-z0-9+/]*={0,2}")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt\"'/\\]))")
ZIP, GZIP, NPY = b"PK\3\4", b"\x1f\x8b", b"\x93NUMPY"
PERCENT = re.compile("%[0-9A-F]{2}")
PRINTED = 200_000  # numbers of an array that are compared as digits too
DEPTH = 5  # archives in notebooks in archives


@dataclass(frozen=True)
class Part:
    """A text that students can read, and where it stands."""

    path: str
    where: str
    text: str
    kind: str = "prose"  # or code, output


@dataclass(frozen=True)
class Blob:
    """Bytes that students get, and where they lie."""

    path: str
    where: str
    data: bytes


Piece: TypeAlias = Part | Blob | Finding


@dataclass(frozen=True)
class Place:
    """Where something was found.

    Attributes
    ----------
    path : str
        File; a member of an archive follows behind ``!``.
    where : str
        Cell.
    kind : str
        ``code``, ``output`` or ``prose``.
    depth : int
        How many layers were opened to get there.
    known : frozenset of str
        SHA-256 of files that need no look.
    """

    path: str
    where: str = ""
    kind: str = "prose"
    depth: int = 0
    known: frozenset[str] = frozenset()

    def inside(self, name: str) -> Place:
        """Return the place of something packed in here."""
        return replace(self, path=f"{self.path}!{name}", depth=self.depth + 1)

    def finding(self, rule: str, message: str, text: str = "") -> Finding:
        """Return a finding here."""
        return Finding(self.path, 0, self.where, rule, message, text)


def files_below(target: Path) -> Iterator[tuple[str, bytes] | Finding]:
    """Yield (name, content) of a file, or of every file in a folder.

    A link, a hidden file and a cache are findings. A former publication's own ``.git`` is passed
    over.
    """
    if target.is_symlink():
        yield unexpected(Place(target.name), "a link to elsewhere: copy the file")
    elif target.is_file():
        yield target.name, target.read_bytes()
    elif not target.is_dir():
        yield Place(str(target)).finding("unreadable", "there is no such file: build it first.")
    else:
        own_git = (target / PUBLICATION).exists()
        for path in sorted(target.rglob("*")):
            name = path.relative_to(target)
            if own_git and name.parts[0] == ".git":
                continue
            if path.is_symlink():
                yield from files_below(path)
            elif path.is_file():
                yield name.as_posix(), path.read_bytes()


def pieces(place: Place, data: bytes) -> Iterator[Piece]:
    """Yield every text and every binary part of a file; the path's suffix says how to read it."""
    if hashlib.sha256(data).hexdigest() in place.known:
        return
    yield Blob(place.path, place.where, data)
    suffix = PurePosixPath(place.path).suffix.lower()
    if place.depth > DEPTH:
        yield unexpected(place, "packed too often to look inside: unpack it")
    elif suffix == ".ipynb":
        yield from _notebook(place, data)
    elif data.startswith(ZIP):
        yield from _zip(place, data)
    elif data.startswith(GZIP):
        yield from _gzip(place, data)
    elif data.startswith(NPY):
        yield from _array(place, data)
    elif data.startswith(b"SQLite format 3"):
        yield place.finding("student-data", "a database, as a gradebook is: take it out.")
    elif data.startswith(PICTURES_AND_FONTS):
        return
    elif (text := as_text(data)) is None:
        yield unexpected(place, "binary and of no kind that students get: take it out")
    elif suffix in PAGES:
        # Of what an executed notebook printed into a page, nobody can tell any more.
        yield from _page(replace(place, kind="output"), text)
    else:
        yield from _text(replace(place, kind="code" if suffix == ".py" else "prose"), text)


def unexpected(place: Place, what: str) -> Finding:
    """Return the finding on a file that should not be there."""
    return place.finding("unexpected-file", f"{what}.", PurePosixPath(place.path).name)


def as_text(data: bytes) -> str | None:
    """Return UTF-8 text; None for what is binary."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _text(place: Place, text: str) -> Iterator[Piece]:
    """Yield a text as it stands, unescaped, and what is encoded in it."""
    text = ANSI.sub("", text)
    for match in BASE64.finditer(text):
        yield from _base64(place, match[0])
    text = BASE64.sub(lambda match: match[0] if len(match[0]) < 400 else " ", text)
    yield Part(place.path, place.where, text, place.kind)
    plain = ESCAPE.sub(_unescape, html.unescape(text))
    plain = urllib.parse.unquote(plain) if len(PERCENT.findall(plain)) > 2 else plain
    if plain != text:
        yield Part(place.path, place.where, plain, place.kind)


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return {"n": "\n", "r": "\n", "t": "\t"}.get(match[2], match[2])


def _base64(place: Place, encoded: str) -> Iterator[Piece]:
    plain = "".join(encoded.split()).rstrip("=")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return  # it only looked so
    with contextlib.suppress(zlib.error):
        data = zlib.decompress(data)
    place = replace(place.inside("base64"), kind="prose")
    if data.startswith((ZIP, GZIP, NPY)):
        yield from pieces(place, data)
    elif place.depth <= DEPTH and (text := as_text(data)) is not None:
        yield from _text(place, text)
    else:
        yield Blob(place.path, place.where, data)


def _notebook(place: Place, data: bytes) -> Iterator[Piece]:
    try:
        notebook = json.loads(data)
        cells = notebook.pop("cells")
        found = [p for number, cell in enumerate(cells, 1) for p in _cell(place, number, cell)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"no notebook that can be read ({type(error).__name__}): build it anew."
        yield place.finding("unreadable", what)
        return
    yield from found
    yield from _values(replace(place, where="notebook metadata"), notebook)


def _cell(place: Place, number: int, cell: dict[str, Any]) -> Iterator[Piece]:
    flags = cell.get("metadata", {}).get("nbgrader", {})
    here = replace(place, where=flags.get("grade_id") or f"cell {number}")
    output = replace(here, where=f"{here.where} output", kind="output")
    source, is_code = _joined(cell["source"]), cell["cell_type"] == "code"
    yield from _text(replace(here, kind="code" if is_code else "prose"), source)
    if is_code and flags.get("solution") and "raise NotImplementedError(" not in source:
        what = "the answer cell is not as it is released: build the notebook anew."
        yield here.finding("answer", what)
    for name, bundle in cell.get("attachments", {}).items():
        for encoded in bundle.values():
            yield from pieces(here.inside(name), base64.b64decode(_joined(encoded)))
    for result in cell.get("outputs", []):
        for mime, value in result.get("data", {}).items():
            if mime == "text/html" or mime.endswith("xml"):
                yield from _page(output, _joined(value))
            else:
                yield from _values(output, value)
        yield from _values(output, {key: result[key] for key in result if key != "data"})
    rest = {key: cell[key] for key in cell if key not in ("source", "attachments", "outputs")}
    yield from _values(replace(here, where=f"{here.where} metadata"), rest)


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _values(place: Place, value: Any) -> Iterator[Piece]:
    """Yield the keys and values at any depth; a list of lines or numbers is one text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _text(place, key)
            yield from _values(place, inner)
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield from _text(place, "".join(value))
        elif all(isinstance(item, (int, float)) for item in value):
            yield from _text(place, " ".join(map(str, value)))
        else:
            for inner in value:
                yield from _values(place, inner)
    elif value is not None:
        yield from _text(place, str(value))


def _zip(place: Place, data: bytes) -> Iterator[Piece]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(i.filename, archive.read(i)) for i in archive.infolist() if not i.is_dir()]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
        yield place.finding("unreadable", "an archive that cannot be opened: make it anew.")
        return
    for name, content in members:
        yield from pieces(place.inside(name), content)


def _gzip(place: Place, data: bytes) -> Iterator[Piece]:
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        yield place.finding("unreadable", "an archive that cannot be opened: make it anew.")
        return
    try:
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            for member in archive:
                if member.issym() or member.islnk():
                    yield unexpected(place.inside(member.name), "a link: put the file there")
                elif content := archive.extractfile(member):
                    yield from pieces(place.inside(member.name), content.read())
    except tarfile.ReadError:
        yield from pieces(place.inside(PurePosixPath(place.path).stem), plain)


def _array(place: Place, data: bytes) -> Iterator[Piece]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError):
        what = "an array that NumPy cannot read without pickle: save plain numbers."
        yield place.finding("unreadable", what)
        return
    yield Blob(place.path, place.where, array.tobytes())
    if array.dtype.kind == "f" and array.size <= PRINTED:
        digits = " ".join(f"{value:.6f}" for value in array.ravel())
        yield Part(place.path, place.where, digits, "output")
    elif array.dtype.kind == "U":
        yield from _text(place, "\n".join(array.ravel()))


class _Reader(HTMLParser):
    """Collects what a page says: text, attributes and comments; not its styles."""

    INLINE = frozenset({"span", "b", "i", "em", "strong", "a", "code", "tt", "u", "sub", "sup"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.beside: list[str] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag if tag in ("script", "style") else ""
        self.said.append("" if tag in self.INLINE else "\n")
        self.beside += [value for name, value in attrs if value and name not in ("class", "style")]

    def handle_endtag(self, tag: str) -> None:
        self._in = ""
        self.said.append("" if tag in self.INLINE else "\n")

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.beside.append(data)
        elif self._in != "style":
            self.said.append(data)

    def handle_comment(self, data: str) -> None:
        self.beside.append(data)


def _page(place: Place, text: str) -> Iterator[Piece]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    yield from _text(place, "".join(reader.said))
    yield from _text(place, "\n".join(reader.beside))
