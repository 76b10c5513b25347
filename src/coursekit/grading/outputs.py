"""What came from a student's process to be shown, reduced to what notebooks and databases take."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_OUTPUTS = 2_000  # of one cell
MAX_DEPTH = 20  # of JSON in an output
MAX_TEXT = 20_000  # characters of one text of a record
MIME = re.compile(r"[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,100}")

Output = dict[str, Any]


def legible(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text without halves of characters, which no file or database takes."""
    return text[:limit].encode("utf-8", "replace").decode()


def clean_outputs(outputs: list[Any], room: int) -> tuple[list[Output], int, bool]:
    """Return outputs that nbformat knows, the bytes left of `room`, and whether some were cut."""
    kept: list[Output] = []
    cut = len(outputs) > MAX_OUTPUTS
    for output in outputs[:MAX_OUTPUTS]:
        if (made := _clean(output)) is None:
            continue
        size = len(json.dumps(made))
        if size > room:
            cut = True
            break
        room -= size
        kept.append(made)
    return kept, room, cut


def _clean(output: Any) -> Output | None:
    """Return an output that came, reduced to what nbformat knows; None if it is none."""
    if type(output) is not dict:
        return None
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        return {"output_type": kind, "name": output["name"], "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": kind,
            "ename": _text(output.get("ename")),
            "evalue": _text(output.get("evalue")),
            "traceback": [_text(line) for line in lines] if type(lines) is list else [],
        }
    if kind not in ("display_data", "execute_result") or type(output.get("data")) is not dict:
        return None
    made = {"output_type": kind, "data": _bundle(output["data"]), "metadata": {}}
    about = _plain(output.get("metadata"))
    if type(about) is dict:
        made["metadata"] = about
    if kind == "execute_result":
        made["execution_count"] = _count(output.get("execution_count"))
    return made


def _text(value: Any) -> str:
    return legible(value, len(value)) if type(value) is str else ""


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 10**9 else None


def _bundle(data: dict[str, Any]) -> Output:
    made = {}
    for mime, value in data.items():
        if type(value) is list and all(type(line) is str for line in value):
            value = "".join(value)
        if MIME.fullmatch(mime) and (type(value) is str or mime.endswith("json")):
            made[mime] = _plain(value)
    return made


def _plain(value: Any, depth: int = 0) -> Any:
    """Return JSON with legible texts; what is nested too deep is left out."""
    if depth > MAX_DEPTH:
        return None
    if type(value) is dict:
        return {_text(key): _plain(each, depth + 1) for key, each in value.items()}
    if type(value) is list:
        return [_plain(each, depth + 1) for each in value]
    return _text(value) if type(value) is str else value
