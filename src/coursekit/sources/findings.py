"""What the lint and the leak gate find, and the exceptions that an author states with a reason.

A unit's ``exceptions.toml`` allows single findings::

    [[lint]]
    rule = "architecture"
    where = "q2_build-shape"
    reason = "the prompt fixes the layers"

    [[leak]]
    rule = "identifier"
    text = "CosineDecay"
    reason = "part 2 teaches it"

Every key but ``reason`` must equal the finding's; an entry that allows nothing is itself a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coursekit.sources.layout import CourseError, read_toml

EXCEPTIONS = "exceptions.toml"
KEYS = ("rule", "where", "text")


@dataclass(frozen=True)
class Finding:
    """One fault, and where it stands.

    Attributes
    ----------
    path : str
        File, relative to the course's root (or the archive and the member in it).
    line : int
        Line in that file, from 1; 0 where a file has no lines.
    where : str
        The cell: its grade id, or ``cell 7``; empty for what has no cells.
    rule : str
        Short name of the rule.
    message : str
        What is wrong and what to do, in one sentence.
    text : str
        The words it is about, for an exception to name.
    """

    path: str
    line: int
    where: str
    rule: str
    message: str
    text: str = ""

    def __str__(self) -> str:
        place = ":".join(filter(None, (self.path, str(self.line or ""))))
        return " ".join(filter(None, (f"{place}:", self.where, f"[{self.rule}]", self.message)))


def apply_exceptions(folder: Path, tool: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return `findings` less those that the unit's exceptions allow, plus stale exceptions.

    Parameters
    ----------
    folder : Path
        The unit's folder, which may hold ``exceptions.toml``.
    tool : str
        ``lint`` or ``leak``: which of its tables to read.
    findings : iterable of Finding

    Raises
    ------
    CourseError
        If the file is no TOML, or an entry lacks its rule or reason.
    """
    path = folder / EXCEPTIONS
    entries = _read(path, tool) if path.exists() else []
    used, kept = set(), []
    for finding in findings:
        allowing = [n for n, entry in enumerate(entries) if _allows(entry, finding)]
        used.update(allowing)
        if not allowing:
            kept.append(finding)
    for number, entry in enumerate(entries):
        if number not in used:
            kept.append(
                Finding(
                    "/".join(path.parts[-3:]),
                    0,
                    "",
                    "exception",
                    f"nothing needs the exception {entry}: take it out.",
                )
            )
    return kept


def _read(path: Path, tool: str) -> list[dict[str, str]]:
    tables = read_toml(path)
    if strange := set(tables) - {"lint", "leak"}:
        raise CourseError(f"{path}: unknown table {min(strange)!r}: use [[lint]] or [[leak]].")
    entries: list[dict[str, str]] = tables.get(tool, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CourseError(f"{path}: write [[{tool}]], with two brackets, above each entry.")
    for entry in entries:
        if strange := set(entry) - {*KEYS, "reason"}:
            raise CourseError(f"{path}: unknown key {min(strange)!r} in a [[{tool}]] entry.")
        if not entry.get("rule") or not str(entry.get("reason", "")).strip():
            raise CourseError(f"{path}: each [[{tool}]] entry needs rule and reason.")
    return entries


def _allows(entry: dict[str, str], finding: Finding) -> bool:
    return all(entry[key] == getattr(finding, key) for key in KEYS if key in entry)
