"""Kernels are this Python's own, and have room for their sockets, whatever lies around."""

import json
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from coursekit import check
from coursekit.authoring.environment import notebook_client, set_transport, socket_folder

STALE = ["/gone/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
SPECS = {"stale": STALE, "foreign": ["sh", "-c", "exit 3"], "another language": ["R", "--slave"]}
CELLS = {"cells": [nbformat.v4.new_code_cell("import sys; print(sys.executable)")]}


@pytest.fixture(params=SPECS)
def kernelspec(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    about = {"argv": SPECS[request.param], "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(about), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("kernelspec")
def test_whatever_else_is_called_python3(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(**CELLS)
    with socket_folder() as sockets:
        notebook_client(notebook, Path(sockets), timeout=60).execute()
    assert "python" in notebook.cells[0].outputs[0].text
    checked = nbformat.v4.new_notebook(**CELLS)
    assert check._execute(checked, tmp_path, True) == []
    assert checked.cells[0].outputs[0].text == notebook.cells[0].outputs[0].text


@pytest.mark.parametrize("length", [10, 70, 120, 200])
def test_sockets_have_room_in_any_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    long = tmp_path / ("x" * length)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with socket_folder() as sockets:
        config = set_transport(Config(), Path(sockets))
        assert len(f"{config.KernelManager.ip}-65535") < 103
        assert config.KernelManager.transport == "ipc"
    assert "ip" not in set_transport(Config(), long / ("y" * 90)).KernelManager


def test_a_kernel_that_cannot_be_started_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/gone/python")
    with pytest.raises(check.CheckError, match=r"cannot be started \(.*\): is the disk full"):
        check._execute(nbformat.v4.new_notebook(**CELLS), tmp_path, True)
