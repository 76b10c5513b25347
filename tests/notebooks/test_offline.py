"""Once the course is installed, a student needs no network: it is used where there is none."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import need
from coursekit.sources.layout import Course
from student import student_environment, write_student_folder

# A kernel and its client talk over the loopback; there is nothing else in this network.
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
LECTURE = "notebooks/lectures/00_foundations_1_neurons.ipynb"
SOLUTION = "solutions/00_foundations/foundations_challenge.ipynb"
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def alone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Done]:
    """Return what runs a command in the published folder, as a student without a network."""
    if not can_be_alone():
        need("a network of its own (iproute2, and leave to make a namespace)")
    folder, home = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("home")
    write_student_folder(Course(root), folder)

    def run(*command: str) -> Done:
        environment = student_environment(home, folder)
        return subprocess.run(
            [*ALONE, *command], cwd=folder, env=environment, capture_output=True, text=True
        )

    links = run("ip", "-brief", "link")
    assert links.stdout.startswith("lo "), f"a network of its own: {links.stderr}"
    assert len(links.stdout.splitlines()) == 1, "with no way out"
    return run


def can_be_alone() -> bool:
    """Say whether this system knows network namespaces, and lets this user make one."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0


def test_a_lecture_runs(alone: Callable[..., Done]) -> None:
    done = alone(sys.executable, "-m", "nbconvert", "--execute", "--to", "html", LECTURE)
    assert done.returncode == 0, done.stderr


def test_right_answers_pass(alone: Callable[..., Done], root: Path) -> None:
    check = "import sys; from coursekit.check import main; sys.exit(main())"
    done = alone(sys.executable, "-c", check, "check", "--quiet", str(root / SOLUTION))
    assert "13 of 13 checks pass here" in done.stdout, done.stdout + done.stderr


def test_the_full_images_cannot_be_had_and_one_sentence_says_so(alone: Callable[..., Done]) -> None:
    load = "from coursekit import data\ntry: data.load_mnist(size='full')\n"
    done = alone(sys.executable, "-c", f"{load}except data.DataError as error: print(error)")
    assert 'size="mini"' in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
