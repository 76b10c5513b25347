"""Environments shaped like Colab's images, and plain ones on each Python that the course supports.

``python -m colab.images NAME`` makes one and prints where it is; `make system` does so.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from coursekit.leaks.targets import PUBLICATION
from coursekit.sources.layout import CourseError

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "colab"
STAND_IN = Path(__file__).parent / "standin"
UV = (sys.executable, "-m", "uv")
# What Colab holds at old versions, and what the course needs of all else that is on its images.
COLAB = (
    *("ipython==7.34.0", "ipykernel==6.17.1", "ipywidgets==7.7.1", "jupyter-client==7.4.9"),
    *("tornado==6.5.1", "setuptools==75.2.0", "protobuf==5.29.5"),
    # A newer SciPy than of its own time makes this scikit-learn warn.
    *("matplotlib==3.10.0", "scikit-learn==1.6.1", "scipy==1.16.3", "pooch", "tqdm"),
)
# Where Keras and TensorFlow differ most, and one challenge, answered and unanswered.
SMOKE = ("00_foundations_1", "05_fashion_4", "foundations_challenge")


@dataclass(frozen=True)
class Image:
    """One environment.

    Attributes
    ----------
    name : str
    python : str
        Version, such as "3.13".
    pins : tuple of str
        What is installed on Colab; empty elsewhere, where students install the course itself.
    only : tuple of str
        Words, one of which is in the path of each notebook that runs there; empty: all run.
    """

    name: str
    python: str
    pins: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def is_colab(self) -> bool:
        """Whether the course is not installed, and a stand-in for Colab's own package is."""
        return bool(self.pins)


IMAGES = {
    image.name: image
    for image in (
        Image(
            "colab-py313",
            "3.13",
            ("tensorflow==2.20.0", "keras==3.13.2", "numpy==2.1.3", "pandas==2.2.3", *COLAB),
        ),
        Image(
            "colab-py312",
            "3.12",
            ("tensorflow==2.19.0", "keras==3.10.0", "numpy==2.0.2", "pandas==2.2.2", *COLAB),
        ),
        *(Image(f"py3{minor}", f"3.{minor}", only=SMOKE) for minor in (10, 11, 12, 13)),
    )
}
NEWEST = IMAGES["colab-py313"]


def package_hash(student: Path) -> str:
    """Return a hash of what students install from a published folder: code and data."""
    lines = (student / PUBLICATION).read_text(encoding="utf-8").splitlines()
    parts = ("  src/", "  data/", "  pyproject.toml", "  requirements.txt")
    installed = [line for line in lines if any(part in line for part in parts)]
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()


def place(image: Image, student: Path | None = None) -> Path:
    """Return where an image is kept, whether it is made or not.

    Parameters
    ----------
    image : Image
    student : Path, optional
        The published folder; needed where it is installed, so not for Colab's images.
    """
    assert image.is_colab or student, "this image installs the published folder"
    parts = [image.python, *image.pins]
    if student and not image.is_colab:
        parts.append(package_hash(student))
    return CACHE / f"{image.name}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}"


def is_made(image: Image, student: Path | None = None) -> bool:
    """Tell whether the image is there, whole."""
    return (place(image, student) / "made").exists()


def make(image: Image, student: Path | None = None) -> Path:
    """Make the image unless it is there, and return its folder.

    Raises
    ------
    CourseError
        If this machine lacks the Python, or a package cannot be had.
    """
    folder = place(image, student)
    if is_made(image, student):
        return folder
    for old in CACHE.glob(f"{image.name}-*"):  # 2.5 GB each
        shutil.rmtree(old)
    venv = [*UV, "venv", "--quiet", "--seed", "--python", image.python, str(folder)]
    if subprocess.run(venv, env=os.environ | {"PATH": _path()}).returncode:
        todo = f"run `uv python install {image.python}`, then this again."
        raise CourseError(f"{image.name} needs Python {image.python}: {todo}")
    what = [*image.pins] if image.is_colab else ["--requirement", "requirements.txt"]
    install = [*UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", _python(folder)]
    if subprocess.run([*install, *what], cwd=student).returncode:
        raise CourseError(f"{image.name} cannot be installed: uv says above what is missing.")
    # Colab's image has this behind it too: the list of fonts, which takes seconds to write.
    subprocess.run([_python(folder), "-c", "import matplotlib.pyplot"], check=True)
    (folder / "made").touch()
    return folder


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """Give a copy of an image, as Colab gives each notebook a machine of its own.

    Files are linked: pip replaces files and never writes into them, so that the image stays.
    """
    with TemporaryDirectory(dir=CACHE, prefix="copy-") as parent:
        copy = Path(parent) / "image"
        shutil.copytree(folder, copy, symlinks=True, copy_function=os.link)
        yield copy


def kernel(image: Image, folder: Path) -> list[str]:
    """Return the command that starts the kernel of an image in `folder`."""
    launcher = "colab_kernel_launcher" if image.is_colab else "ipykernel_launcher"
    return [_python(folder), "-m", launcher, "-f", "{connection_file}"]


def versions(folder: Path) -> dict[str, str]:
    """Return the versions of an image's Python and of each of its packages."""
    line = re.search(r"version_info = ([\d.]+)", (folder / "pyvenv.cfg").read_text())
    assert line, "uv writes Python's version into every environment"
    found = distributions(path=[str(path) for path in folder.glob("lib/python*/site-packages")])
    packages = {package.metadata["Name"].lower(): package.version for package in found}
    return {"Python": line[1], **packages}


def _path() -> str:
    """Return PATH with every Python of pyenv in front, whose own commands hide all but one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return os.pathsep.join([*map(str, pyenv.glob("versions/3.*/bin")), os.environ["PATH"]])


def _python(folder: Path) -> str:
    return str(folder / "bin" / "python")


if __name__ == "__main__":
    try:
        for name in sys.argv[1:]:
            print(make(IMAGES[name]))
    except CourseError as error:
        sys.exit(f"colab: {error}")
