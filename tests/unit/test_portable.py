"""What students get works on Windows and macOS, as far as that shows on Linux."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from coursekit.authoring.publish import STUDENT_PACKAGE, student_repository
from coursekit.sources.layout import Course

PATH_LIMIT = 140  # Windows allows 260, and people unpack archives into deep folders


@pytest.fixture(scope="module")
def files(root: Path) -> dict[str, bytes]:
    return student_repository(Course(root))


def test_file_names_can_be_written_everywhere(files: dict[str, bytes]) -> None:
    for name in files:
        assert re.fullmatch(r"[A-Za-z0-9_.\-/]+", name), f"{name} has characters that may fail"
        assert len(name) < PATH_LIMIT
        assert not any(PureWindowsPath(part).is_reserved() for part in name.split("/"))
    assert len({name.casefold() for name in files}) == len(files), "two differ only in case"


def test_notebooks_need_no_shell(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        if name.endswith(".ipynb"):
            for cell in json.loads(content)["cells"]:
                if cell["cell_type"] == "code":
                    source = "".join(cell["source"])
                    assert not re.search(r"(?m)^\s*(!|%%|%(sx|system)\b)", source), name
                    assert "os.system(" not in source, name
                    assert "shell=True" not in source, name


def test_text_is_read_and_written_in_a_stated_encoding(tmp_path: Path) -> None:
    # On Windows the default is the old code page of the country.
    code = """
import os, pathlib, sys, warnings
from coursekit import data, expect, handin, plots, predict, quiz, setup
data.load_regression(), data.load_iris(), data.load_heart(), data.load_mnist(), data.load_fashion()
file = pathlib.Path(sys.argv[1])
file.write_text('{"cells": []}', encoding="utf-8")
os.environ["JPY_SESSION_NAME"] = str(file)
handin.summary('mine.ipynb', given='')
"""
    strict = ["-X", "warn_default_encoding", "-W", "always::EncodingWarning"]
    command = [sys.executable, *strict, "-c", code, str(tmp_path / "mine.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = [line for line in done.stderr.splitlines() if "coursekit" in line]
    assert not any("EncodingWarning" in line for line in ours), done.stderr


def test_no_path_is_glued_from_text(root: Path) -> None:
    for name in STUDENT_PACKAGE:
        if name.endswith(".py"):
            tree = ast.parse((root / "src" / "coursekit" / name).read_text(encoding="utf-8"))
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            used = {ast.unparse(call.func) for call in calls}
            assert not used & {"os.path.join", "os.system", "subprocess.Popen", "os.fork"}, name


def test_a_notebook_with_windows_line_ends_can_be_checked(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    from coursekit.check import _read

    name = next(name for name in files if name.endswith("_challenge.ipynb"))
    crlf = tmp_path / "crlf.ipynb"
    crlf.write_bytes(files[name].replace(b"\n", b"\r\n"))
    plain = tmp_path / "plain.ipynb"
    plain.write_bytes(files[name])
    assert _read(crlf)[0] == _read(plain)[0]
