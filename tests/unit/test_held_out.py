"""Held-out data: found where it should be, true to its promise, and nowhere a student looks."""

from pathlib import Path

import numpy as np
import pytest

from coursekit import data
from coursekit.grading import held_out

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_setting(monkeypatch):
    monkeypatch.delenv("COURSEKIT_HELD_OUT", raising=False)


def test_regression_is_fresh_and_noise_free():
    x, y = held_out.load("regression")
    assert x.shape == (2000, 2)
    assert y.shape == (2000,)
    assert x.dtype == y.dtype == np.float32
    np.testing.assert_allclose(y, data.true_surface(x), atol=1e-6)
    shipped = data.load_regression()
    seen = {tuple(row) for row in np.concatenate([shipped.x_train, shipped.x_test]).round(4)}
    assert seen.isdisjoint({tuple(row) for row in x.round(4)})


@pytest.mark.parametrize(
    ("name", "load"), [("mnist", data.load_mnist), ("fashion", data.load_fashion)]
)
def test_images_are_not_in_mini(name, load):
    x, y = held_out.load(name)
    assert x.shape == (8000, 28, 28)
    assert y.shape == (8000,)
    assert x.dtype == y.dtype == np.uint8
    mini = load()
    hidden = {image.tobytes() for image in x}
    shared = sum(image.tobytes() in hidden for image in np.concatenate([mini.x_train, mini.x_test]))
    assert shared == 0
    assert np.bincount(y).min() > 700


def test_files_stay_small():
    for path in ROOT.glob("course/*/held_out/*.npz"):
        assert path.stat().st_size <= 6e6


def test_the_setting_names_a_course_or_one_folder(monkeypatch, tmp_path):
    folder = tmp_path / "07_new" / "held_out"
    folder.mkdir(parents=True)
    np.savez(folder / "new.npz", x=np.arange(3), y=np.arange(3))
    for place in (tmp_path, folder):
        monkeypatch.setenv("COURSEKIT_HELD_OUT", str(place))
        assert held_out.load("new").x.tolist() == [0, 1, 2]
    with pytest.raises(held_out.HeldOutError, match="COURSEKIT_HELD_OUT"):
        held_out.load("regression")  # the setting is the only place that counts


def test_found_from_a_folder_inside_another_course(monkeypatch, tmp_path):
    folder = tmp_path / "course" / "07_new" / "held_out"
    folder.mkdir(parents=True)
    np.savez(folder / "new.npz", x=np.arange(3), y=np.arange(3))
    deep = tmp_path / "autograded" / "ada"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert len(held_out.load("new").y) == 3


def test_found_from_any_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert len(held_out.load("regression").y) == 2000


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "Regression", "regression.npz"])
def test_only_plain_names(name):
    with pytest.raises(ValueError, match="plain name"):
        held_out.load(name)


def test_unknown_name_says_what_to_do():
    with pytest.raises(held_out.HeldOutError, match=r"COURSEKIT_HELD_OUT .*build_data\.py"):
        held_out.load("heart")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 broken", (ROOT / "course/01_regression/held_out/regression.npz")]
)
def test_damaged_file_is_an_error_of_the_setup(monkeypatch, tmp_path, content):
    whole = content if isinstance(content, bytes) else content.read_bytes()[:-100]
    (tmp_path / "new.npz").write_bytes(whole)
    monkeypatch.setenv("COURSEKIT_HELD_OUT", str(tmp_path))
    with pytest.raises(held_out.HeldOutError, match=r"new\.npz is damaged"):
        held_out.load("new")


def test_unequal_lengths_are_refused(monkeypatch, tmp_path):
    np.savez(tmp_path / "new.npz", x=np.arange(3), y=np.arange(2))
    monkeypatch.setenv("COURSEKIT_HELD_OUT", str(tmp_path))
    with pytest.raises(held_out.HeldOutError, match="3 inputs but 2 targets"):
        held_out.load("new")


def test_nothing_held_out_lies_in_data():
    hidden = {path.name for path in ROOT.glob("course/*/held_out/*.npz")}
    assert hidden >= {"regression.npz", "mnist.npz", "fashion.npz"}
    assert hidden.isdisjoint(path.name for path in (ROOT / "data").rglob("*"))
