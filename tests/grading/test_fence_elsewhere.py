"""The fence on other people's machines: an ordinary user, and a system without user namespaces."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.grading.fence.wall import bubblewrap
from coursekit.grading.levels import PARTIAL

ROOT = Path(__file__).resolve().parents[2]
ORDINARY = [
    *(bubblewrap(), "--unshare-user", "--uid", "1000", "--gid", "1000"),
    *("--bind", "/", "/", "--dev-bind", "/dev", "/dev"),
]
FENCE = [sys.executable, "-m", "coursekit.cli", "fence", "--json"]
# The limit is a user namespace's own: nobody outside feels it.
SYSCTL = "/proc/sys/user/max_user_namespaces"


def refusing(spaces: int, *command: str) -> list[str]:
    """Return a command that runs another where so many user namespaces can be made."""
    script = f'echo {spaces} > {SYSCTL} && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", *command]


HERE = {
    "an ordinary user": (ORDINARY, set()),
    "root, no user namespaces": (
        refusing(0),
        {"user", "namespace", "scratch", "limits"},
    ),
    "an ordinary user, no user namespaces": (
        [*refusing(1), *ORDINARY],
        {"namespace", "scratch", "limits", "view"},
    ),
}


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare, of util-linux")
@pytest.mark.parametrize("machine", HERE)
def test_what_holds_is_found_on(machine: str) -> None:
    wrapper, lost = HERE[machine]
    done = subprocess.run([*wrapper, *FENCE], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    open_here = {name for name, text in said["trials"].items() if text}
    if os.geteuid() != 0:
        open_here.discard("user")
    assert open_here == lost
    assert said["level"] == ("partial" if lost else "full")
    assert done.returncode == (1 if lost else 0)
    assert not open_here & set(PARTIAL)
    assert bool(said["remedy"]) == bool(lost)


SMOKE = {
    "an ordinary user": (ORDINARY, ""),
    "no user namespaces": (refusing(0), ""),
    "no bubblewrap": ([], "wall"),
    "no Landlock": ([], "landlock"),
    "no seccomp": ([], "seccomp"),
    "no namespaces": ([], "wall namespaces"),
}


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare, of util-linux")
@pytest.mark.parametrize("machine", SMOKE)
def test_twenty_cases_of_the_corpus_on(machine: str) -> None:
    """All that a level promises holds there; the whole corpus: `make fence-matrix`."""
    wrapper, without = SMOKE[machine]
    command = [*wrapper, sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    environment = dict(os.environ, COURSEKIT_WITHOUT=without, COURSEKIT_SMOKE="20")
    environment.pop("COURSEKIT_REQUIRE_ALL", None)  # a case that needs a better fence is skipped
    done = subprocess.run(
        [*command, "tests/grading/test_corpus.py", "-k", "test_what_comes_of_a_case"],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
