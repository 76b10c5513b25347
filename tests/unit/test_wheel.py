"""What people install: works without the repository, and holds nothing that gives answers away."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from coursekit.leaks.gate import find_leaks
from coursekit.sources.layout import Course


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return folder


def names(built: Path) -> list[str]:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as source:
        return archive.namelist() + source.getnames()


def test_no_solutions_no_hidden_tests_no_held_out_data(built: Path) -> None:
    found = names(built)
    assert any(name.endswith("coursekit/_data/mnist_mini.npz") for name in found)
    for secret in ("challenge", "01_regression", "solutions/", "held_out/", "build_data", ".npz"):
        hits = [name for name in found if secret in name and "_mini.npz" not in name]
        assert hits == []


def test_the_leak_gate_finds_nothing_in_wheel_and_source_archive(root: Path, built: Path) -> None:
    assert find_leaks(Course(root), built.iterdir()) == []


def test_the_installed_wheel_finds_its_data(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "from coursekit import data; import coursekit;"
        "print(coursekit.__file__, data.load_regression().x_train.shape,"
        " data.load_mnist().x_train.shape, data.load_heart().frame.shape[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1)[0].startswith(str(tmp_path))
    assert done.stdout.rstrip().endswith("(110, 2) (12000, 28, 28) 303")
