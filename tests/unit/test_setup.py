"""`setup.start` in a real kernel: one line, no stderr, short errors that are still errors."""

import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

DRAW = """\
import keras, numpy as np, random
print(float(keras.random.uniform(())), np.random.rand(), random.random())"""
CELLS = {
    "start": "from coursekit import expect, setup\nsetup.start(seed=3)",
    "draw": DRAW,
    "again": f"setup.start(seed=3)\n{DRAW}",
    "quiet": """\
import keras, numpy as np, logging, absl.logging
for _ in range(7):
    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    _ = net.predict(np.zeros((3, 2)), verbose=0)
absl.logging.warning("not seen")
logging.getLogger("tensorflow").warning("not seen")
print("done")""",
    "stubs": """\
def q1_scale(x):
    raise NotImplementedError("not tried yet")

class Net(keras.Model):
    def call(self, x):
        raise NotImplementedError("not tried yet")""",
    "not tried": "expect.shape(q1_scale(2), ())",
    "not tried in Keras": "Net()(np.zeros((1, 2)))",
    "on purpose": "def area():\n    raise NotImplementedError('only for squares')\narea()",
    "in a library": "keras.Model()(np.zeros((1, 2)))",
    "expectation": "expect.shape([1, 2], (2, 1))",
    "missing": "q2_later(3)",
    "missing inside": "def f():\n    return uknown\nf()",
    "other": "def divide(a):\n    return a / 0\ndivide(1)",
    "alive": "1 + 1",
}


@pytest.fixture(scope="module")
def cells():
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    )
    replies = []
    client = NotebookClient(
        notebook,
        timeout=300,
        allow_errors=True,
        on_cell_executed=lambda cell, cell_index, execute_reply: replies.append(execute_reply),
    )
    client.execute()
    return {
        name: (cell.outputs, reply["content"])
        for name, cell, reply in zip(CELLS, notebook.cells, replies, strict=True)
    }


def text(cell):
    outputs, reply = cell
    # A slow machine may send one line in two pieces.
    assert {(o.output_type, o.get("name")) for o in outputs} == {("stream", "stdout")}, outputs
    assert reply["status"] == "ok"
    return "".join(o.text for o in outputs)


def error(cell):
    outputs, reply = cell
    assert [o.output_type for o in outputs] == ["error"], outputs
    assert reply["status"] == "error"
    for key in ("ename", "evalue", "traceback"):
        assert outputs[0][key] == reply[key]
    return reply["ename"], re.sub(r"\x1b\[[\d;]*m", "", "\n".join(reply["traceback"]))


def test_one_line_and_a_seed(cells):
    line = text(cells["start"])
    assert line.count("\n") == 1
    for word in ("Python 3.", "TensorFlow 2.", "Keras 3.", "seed 3"):
        assert word in line
    assert "CPU" in line or "GPU" in line
    assert text(cells["again"]).splitlines() == [line.strip(), text(cells["draw"]).strip()]


def test_no_warning_reaches_the_notebook(cells):
    assert text(cells["quiet"]) == "done\n"


@pytest.mark.parametrize(
    ("cell", "name"), [("not tried", "q1_scale"), ("not tried in Keras", "call")]
)
def test_unfinished_answer_is_one_line_and_still_an_error(cells, cell, name):
    if cell == "not tried in Keras" and sys.version_info >= (3, 11):
        name = "Net.call"
    kind, said = error(cells[cell])
    assert kind == "NotImplementedError"
    assert said.startswith(f"Not tried yet: write {name} in its cell above, run that cell, then ")
    assert "\n" not in said


def test_a_name_that_is_not_there_is_one_line_and_still_an_error(cells):
    kind, said = error(cells["missing"])
    assert kind == "NameError"
    assert said.startswith("name 'q2_later' is not defined. Run the cells above, from the first")
    assert "\n" not in said


def test_a_name_missing_inside_a_function_keeps_its_traceback(cells):
    kind, said = error(cells["missing inside"])
    assert kind == "NameError"
    assert "return uknown" in said


def test_expectation_is_three_lines(cells):
    name, shown = error(cells["expectation"])
    assert name == "ExpectationError"
    assert [line.split(":")[0] for line in shown.split("\n")] == ["expected", "got", "try"]


@pytest.mark.parametrize(
    ("cell", "name", "seen"),
    [
        ("on purpose", "NotImplementedError", "only for squares"),
        ("in a library", "NotImplementedError", "call()"),
        ("other", "ZeroDivisionError", "return a / "),
    ],
)
def test_other_errors_keep_their_traceback(cells, cell, name, seen):
    ename, shown = error(cells[cell])
    assert ename == name
    assert "Traceback" in shown
    assert shown.count("\n") > 3
    assert seen in shown


def test_the_kernel_lives_on(cells):
    assert cells["alive"][0][0].data["text/plain"] == "2"


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_outside_ipython_and_after_tensorflow():
    code = "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
    code += "from coursekit import setup; setup.start(); setup.start(seed=1)"
    done = run(code)
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.replace("seed 0", "seed 1") == second


@pytest.mark.parametrize("package", ["keras", "tensorflow"])
def test_missing_package_is_one_sentence(package):
    # A finder that knows no such package stands for an environment without it.
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == {package!r}:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Absent())
from coursekit import setup
try:
    setup.start()
except ModuleNotFoundError as error:
    print(*error._render_traceback_(), error.__suppress_context__)
"""
    done = run(code)
    assert done.stdout.startswith(f"{package} is not installed here: run `%pip install tensorflow")
    assert done.stdout.count("\n") == 1
    assert done.stdout.strip().endswith("True")


def test_an_unrelated_missing_module_is_not_hidden():
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "absl":
            raise ModuleNotFoundError("No module named 'absl'", name=name)
sys.meta_path.insert(0, Absent())
from coursekit import setup
setup.start()
"""
    done = run(code)
    assert done.returncode == 1
    assert "No module named 'absl'" in done.stderr
    assert "%pip" not in done.stderr
