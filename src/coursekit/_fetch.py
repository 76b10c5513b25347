"""Find, fetch and verify the full MNIST and Fashion-MNIST (private: students use `coursekit.data`).

Both sets are four IDX files. Whatever a copy looks like — IDX or ``.npz``, gzipped or not, from a
mirror, a teacher's USB stick or Keras' own cache — it is used only if the SHA-256 of its pixels and
labels is the published one. So a damaged, short or swapped file can never be trained on.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.uint8]]

# Seconds to connect to a mirror, and to wait for its next bytes: offline should be known soon.
TIMEOUT = (5, 20)
# What damaged archives raise, from gzip, zipfile and NumPy.
DAMAGE = (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile)


class DataError(RuntimeError):
    """A data set is missing, damaged or out of reach; the message says what to do."""


class DamagedError(DataError):
    """A file is there and cannot be used."""


@dataclass(frozen=True)
class Part:
    """One of a set's four arrays: its IDX file, shape and SHA-256."""

    file: str
    shape: tuple[int, ...]
    gz_sha256: str  # of the .gz that the mirrors serve
    sha256: str  # of the array's bytes, however it was packed

    @property
    def header(self) -> bytes:
        """IDX header: magic number (0x0800 = uint8, plus the number of axes), then each axis."""
        return struct.pack(f">{len(self.shape) + 1}I", 0x0800 + len(self.shape), *self.shape)


ABOUT: dict[str, Any] = json.loads(
    Path(__file__).with_name("datasets.json").read_text(encoding="utf-8")
)
PARTS = {
    name: {
        key: Part(**{**part, "shape": tuple(part["shape"])})
        for key, part in ABOUT[name]["full"]["parts"].items()
    }
    for name in ("mnist", "fashion")
}


def full_set(name: str) -> Arrays:
    """Return the 70,000 images of "mnist" or "fashion": from COURSEKIT_DATA, a cache or a mirror.

    Raises
    ------
    DataError
        If COURSEKIT_DATA does not hold the true set, or no copy is here and no mirror answers.
    """
    # cmd's `set` keeps quotes, and the blank in front of `&&`
    chosen = os.environ.get("COURSEKIT_DATA", "").strip().strip("\"'").strip()
    if chosen:
        return read_folder(_home(chosen), name)
    keras_home = _home(os.environ.get("KERAS_HOME") or "~/.keras")
    try:
        return read_folder(keras_home / "datasets", name)
    except DamagedError as damage:  # fetch our own copy
        try:
            return _download(name)
        except DataError as error:
            raise DataError(f"{error} Keras' own copy is of no use: {damage}") from None
    except DataError:  # not there
        return _download(name)


def _home(path: str) -> Path:
    """Return a folder; where nobody has a home, as in some containers, `~` is a name like any."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def read_folder(folder: Path, name: str) -> Arrays:
    """Read and verify a full set that lies in `folder` or in its subfolder for this set.

    Raises
    ------
    DataError
        If the set is not there, or a file of it is damaged, short or of another set.
    """
    parts, title = PARTS[name], ABOUT[name]["name"]
    # Keras calls the folder "fashion-mnist".
    for place in (folder / name, folder / f"{name}-mnist", folder):
        npz = place / f"{name}.npz"
        if npz.is_file():
            arrays = read_npz(npz, parts)
            return {key: _verified(array, npz, name, key) for key, array in arrays.items()}
        paths = {key: _find_idx(place, part.file) for key, part in parts.items()}
        found = {key: path for key, path in paths.items() if path}
        if len(found) == len(parts):
            return {key: _read_idx(path, name, key) for key, path in found.items()}
        if found:
            lost = " and ".join(part.file for key, part in parts.items() if key not in found)
            raise DataError(f"{place} lacks {lost} of {title}: add what is missing.")
    raise DataError(
        f"{folder} does not hold {title}: put its four IDX files (train-images-idx3-ubyte, …) or "
        f"{name}.npz there or into its subfolder {name}/, or unset COURSEKIT_DATA to download them."
    )


def _find_idx(folder: Path, file: str) -> Path | None:
    # Zalando, Keras and the Debian package write "-idx3"; LeCun's archive unpacks to ".idx3".
    dotted = file.replace("-idx", ".idx")
    spellings = [file, f"{file}.gz", dotted, f"{dotted}.gz"]
    return next((folder / name for name in spellings if (folder / name).is_file()), None)


def _read_idx(path: Path, name: str, key: str) -> NDArray[np.uint8]:
    part = PARTS[name][key]
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):  # some browsers unpack a .gz and keep its name
            data = gzip.decompress(data)
    except DAMAGE as error:
        raise damaged(path, error) from None
    size = len(part.header) + int(np.prod(part.shape))
    if len(data) != size or not data.startswith(part.header):
        raise damaged(path, f"{len(data):,} bytes, not the {size:,} of an IDX file {part.shape}")
    array = np.frombuffer(data, np.uint8, offset=len(part.header)).reshape(part.shape).copy()
    return _verified(array, path, name, key)


def read_npz(path: Path, names: Iterable[str], *, cure: str = "fetch it again") -> dict[str, Any]:
    """Return the named arrays of an ``.npz`` file, or raise `DataError` with the `cure`."""
    try:
        # NumPy itself leaves a file open that is no archive, so it does not get to open it.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in names}
    except DAMAGE as error:
        raise damaged(path, error, cure=cure) from None


def _verified(array: NDArray[np.uint8], path: Path, name: str, key: str) -> NDArray[np.uint8]:
    part = PARTS[name][key]
    known_form = array.dtype == np.uint8 and array.shape == part.shape
    if not known_form or hashlib.sha256(array.tobytes()).hexdigest() != part.sha256:
        raise DamagedError(
            f"{path} is not {ABOUT[name]['name']}'s {key} (its SHA-256 differs): fetch it again, "
            "and keep the two sets apart, in mnist/ and fashion/, as their files share names."
        )
    return array


def damaged(path: Path, why: object, *, cure: str = "fetch it again") -> DamagedError:
    """Return the error for a file that cannot be used: one sentence with what is wrong with it."""
    reason = why if isinstance(why, str) else type(why).__name__
    return DamagedError(f"{path} is damaged and was not used ({reason}): {cure}.")


def _download(name: str) -> Arrays:
    import pooch

    folder, about = Path(pooch.os_cache("coursekit")) / name, ABOUT[name]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        todo = 'set COURSEKIT_DATA to a folder that holds the files, or use size="mini"'
        raise DataError(
            f"The folder {folder} cannot be made to keep {about['name']} in "
            f"({error.strerror}): make it, or {todo}."
        ) from None
    for part in PARTS[name].values():
        mirrors = about["full"]["mirrors"]
        fetch_file(f"{part.file}.gz", part.gz_sha256, mirrors, folder, title=about["name"])
    return read_folder(folder, name)


def fetch_file(file: str, sha256: str, mirrors: Iterable[str], folder: Path, *, title: str) -> Path:
    """Return `folder / file`, downloaded from the first mirror that serves the right bytes.

    A file that is already there with this SHA-256 is kept; pooch writes a new one under a temporary
    name and moves it into place only when its SHA-256 is right.

    Raises
    ------
    DataError
        If no mirror served it.
    """
    import pooch

    # Its progress bar is enough; a line more on stderr would look like a fault in a notebook.
    pooch.get_logger().setLevel("WARNING")
    http = pooch.HTTPDownloader(progressbar=True, chunk_size=1 << 16, timeout=TIMEOUT)
    reasons = []
    for mirror in mirrors:
        try:
            got = pooch.retrieve(mirror + file, sha256, fname=file, path=folder, downloader=http)
            return Path(got)
        except OSError as error:  # no connection, a time-out, an HTTP error, a full disk
            reasons.append(type(error).__name__)
        except ValueError:  # pooch's word for the wrong bytes
            reasons.append("wrong SHA-256")
    raise DataError(
        f"Could not download {file} of {title} ({', '.join(reasons)}): go online and try again, "
        "or set COURSEKIT_DATA=<folder> to a folder that holds the files, or use the smaller set "
        'that came with the course, size="mini".'
    )
