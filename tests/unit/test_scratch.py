"""What a killed command left in the temporary folder goes with the next; a living one's stays."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from coursekit.cli.scratch import PREFIX, own_scratch

KEEPS = """
import tempfile
from pathlib import Path
from coursekit.cli.scratch import own_scratch
with own_scratch():
    print(tempfile.mkdtemp(), flush=True)
    input()
"""


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_all_temporary_files_lie_in_one_folder_that_goes(shared: Path) -> None:
    with own_scratch():
        inside = Path(tempfile.mkdtemp())
        assert inside.parent.parent == shared
        assert inside.parent.name.startswith(PREFIX)
        assert os.environ["TMPDIR"] == str(inside.parent), "for what is started, too"
        os.mkdir(inside / "deeper", 0o500)
    assert list(shared.iterdir()) == []
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(shared)


def test_a_living_command_s_folder_stays_and_a_killed_one_s_goes(shared: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        folder = Path(other.stdout.readline().strip())
        with own_scratch():
            assert folder.exists()
        assert folder.exists()
        other.kill()
        other.wait()
        assert folder.exists(), "it could not tidy up"
        with own_scratch():
            assert not folder.exists()
    assert list(shared.iterdir()) == []


def test_what_only_looks_like_one_is_left(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").touch()
    (shared / f"{PREFIX}link").symlink_to(elsewhere)
    (shared / f"{PREFIX}file").touch()
    (shared / "coursekit-demo-x").mkdir()
    with own_scratch():
        pass
    assert (elsewhere / "kept").exists()
    assert (shared / "coursekit-demo-x").exists()
