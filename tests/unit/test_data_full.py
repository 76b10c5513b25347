"""The real 70,000 images, in every shape a copy of them may have (`make system` brings them)."""

import gzip
import http.server
import shutil
import struct
import subprocess
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from coursekit import _fetch, data
from coursekit.grading import held_out

pytestmark = pytest.mark.fulldata

LOAD = {"mnist": data.load_mnist, "fashion": data.load_fashion}
KEYS = ("x_train", "y_train", "x_test", "y_test")


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """No network (the proxy is a closed port), empty caches, and nothing big left behind."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("COURSEKIT_DATA", raising=False)
    for name in ("XDG_CACHE_HOME", "KERAS_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


def idx(full_data, name):
    """Each part's IDX bytes, unpacked."""
    found = {}
    for part in _fetch.PARTS[name].values():
        (path,) = Path(full_data, name).glob(part.file + "*")
        raw = path.read_bytes()
        found[part.file] = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return found


def is_whole(split):
    assert split.x_train.shape == (60000, 28, 28)
    assert split.x_test.shape == (10000, 28, 28)
    assert split.y_train.shape == (60000,)
    assert split.y_test.shape == (10000,)
    assert all(getattr(split, key).dtype == np.uint8 for key in KEYS)
    assert set(split.y_train) == set(split.y_test) == set(range(10))
    assert split.x_train.flags.writeable
    assert "(full)" in repr(split)


@pytest.mark.parametrize("name", LOAD)
def test_one_folder_for_both_sets(monkeypatch, full_data, name):
    monkeypatch.setenv("COURSEKIT_DATA", str(full_data))
    is_whole(LOAD[name](size="full"))


@pytest.mark.parametrize("name", LOAD)
@pytest.mark.parametrize("dotted", [False, True], ids=["-idx", ".idx"])
@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("sub", ["", "set"])
def test_idx_files(monkeypatch, tmp_path, full_data, name, dotted, packed, sub):
    folder = tmp_path / "stick" / (name if sub else "")
    folder.mkdir(parents=True)
    for file, content in idx(full_data, name).items():
        spelling = file.replace("-idx", ".idx") if dotted else file
        if packed:
            (folder / f"{spelling}.gz").write_bytes(gzip.compress(content, 1))
        else:
            (folder / spelling).write_bytes(content)
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path / "stick"))
    is_whole(LOAD[name](size="full"))


def write_npz(full_data, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **_fetch.read_folder(full_data, "mnist"))


@pytest.mark.parametrize("place", ["mnist.npz", "mnist/mnist.npz"])
def test_mnist_npz(monkeypatch, tmp_path, full_data, place):
    write_npz(full_data, tmp_path / place)
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    is_whole(data.load_mnist(size="full"))


def test_what_keras_has_already_is_used(tmp_path, full_data):
    datasets = tmp_path / "keras_home" / "datasets"
    write_npz(full_data, datasets / "mnist.npz")
    (datasets / "fashion-mnist").mkdir()
    for file, content in idx(full_data, "fashion").items():
        (datasets / "fashion-mnist" / f"{file}.gz").write_bytes(gzip.compress(content, 1))
    for load in LOAD.values():
        is_whole(load(size="full"))  # there is no network: it can only come from there


@pytest.mark.parametrize("damage", ["short", "one pixel"])
def test_a_damaged_copy_in_keras_cache_is_not_used(tmp_path, full_data, damage):
    path = tmp_path / "keras_home" / "datasets" / "mnist.npz"
    write_npz(full_data, path)
    content = bytearray(path.read_bytes())
    content[20_000_000] ^= 1
    path.write_bytes(content[:20_000_000] if damage == "short" else content)
    with pytest.raises(data.DataError, match="Could not download"):
        data.load_mnist(size="full")


def test_one_wrong_pixel_and_one_wrong_label_are_found(monkeypatch, tmp_path, full_data):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    true = idx(full_data, "mnist")
    for wrong in ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        for file, content in true.items():
            (tmp_path / file).write_bytes(content)
        changed = bytearray(true[wrong])
        changed[5000] ^= 1
        (tmp_path / wrong).write_bytes(changed)
        with pytest.raises(data.DataError, match=rf"{wrong} is not MNIST's .* SHA-256 differs"):
            data.load_mnist(size="full")


def test_the_other_set_under_the_same_names_is_found(monkeypatch, full_data):
    monkeypatch.setenv("COURSEKIT_DATA", str(full_data / "mnist"))
    with pytest.raises(data.DataError, match="is not Fashion-MNIST's x_train"):
        data.load_fashion(size="full")


def as_published(full_data, name, file):
    """Return the .gz that the mirrors serve: gzip -6 with the first packing's name and time."""
    times = {
        ("mnist", "t10k-images"): 885827245,
        ("mnist", "t10k-labels"): 885827268,
        ("fashion", "train-images"): 1504176606,
        ("fashion", "train-labels"): 1504176606,
        ("fashion", "t10k-images"): 1504176627,
        ("fashion", "t10k-labels"): 1504176627,
    }
    inner = file.replace("-idx", ".idx") if name == "mnist" else file
    head = b"\x1f\x8b\x08\x08" + struct.pack("<I", times[name, file.split("-idx")[0]]) + b"\0\3"
    if name == "fashion":
        body = Path(full_data, name, f"{file}.gz").read_bytes()[10:]
    else:
        pack = ["gzip", "-n6c", Path(full_data, name, file)]
        body = subprocess.run(pack, capture_output=True, check=True).stdout[10:]
    return head + inner.encode() + b"\0" + body


@pytest.fixture
def mirror(tmp_path):
    """A mirror on this machine that serves tmp_path/web."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def fetch(mirror, full_data, name, parts, cache):
    folder, address = mirror
    for part in parts:
        (folder / f"{part.file}.gz").write_bytes(as_published(full_data, name, part.file))
        _fetch.fetch_file(f"{part.file}.gz", part.gz_sha256, [address], cache, title=name)


def test_fashion_over_http(monkeypatch, mirror, tmp_path, full_data):
    cache = tmp_path / "cache"
    fetch(mirror, full_data, "fashion", _fetch.PARTS["fashion"].values(), cache)
    monkeypatch.setenv("COURSEKIT_DATA", str(cache))
    is_whole(data.load_fashion(size="full"))


def test_mnist_test_files_over_http(mirror, tmp_path, full_data):
    parts = [_fetch.PARTS["mnist"][key] for key in ("x_test", "y_test")]
    fetch(mirror, full_data, "mnist", parts, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_the_download_is_kept_and_used_again(mirror, tmp_path, full_data):
    import pooch

    cache = Path(pooch.os_cache("coursekit")) / "fashion"
    assert tmp_path in cache.parents
    fetch(mirror, full_data, "fashion", _fetch.PARTS["fashion"].values(), cache)
    is_whole(data.load_fashion(size="full"))  # real mirrors are out of reach here


def rows(images):
    return [image.tobytes() for image in images]


@pytest.mark.parametrize("name", LOAD)
def test_mini_and_held_out_part_the_official_sets(monkeypatch, full_data, name):
    monkeypatch.setenv("COURSEKIT_DATA", str(full_data))
    full, mini, held = LOAD[name](size="full"), LOAD[name](), held_out.load(name)
    official = dict(zip(rows(full.x_train), full.y_train.tolist(), strict=True))
    assert [official.get(row) for row in rows(mini.x_train)] == mini.y_train.tolist()
    # Together mini and held-out are exactly the official test set.
    both = sorted(rows(mini.x_test) + rows(held.x))
    assert both == sorted(rows(full.x_test))
    counts = np.bincount(mini.y_test) + np.bincount(held.y)
    assert counts.tolist() == np.bincount(full.y_test).tolist()
    for part, whole in ((mini.y_train, full.y_train), (mini.y_test, full.y_test)):
        share = np.bincount(whole) * len(part) / len(whole)
        assert np.abs(np.bincount(part) - share).max() < 1
