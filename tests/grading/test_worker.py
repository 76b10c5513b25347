"""The student's side runs cells as a kernel would, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import psutil
import pytest

from coursekit.grading.forks import PINNED, EngineError, WarmParent
from coursekit.grading.limits import Broken, Limits
from coursekit.grading.student import Ran, StudentSide
from engine_samples import ALL_LAYERS

LIMITS = Limits(cpu_call=5, cpu_cell=5)
Run = Callable[..., list[Ran]]


@pytest.fixture(scope="module")
def run(parent: WarmParent) -> Run:
    """Return what runs cells in a child of their own."""

    def run_all(*sources: str) -> list[Ran]:
        side = StudentSide(parent.fork(), LIMITS)
        try:
            return [side.run(f"cell-{at}", source) for at, source in enumerate(sources)]
        finally:
            side.end()

    return run_all


def texts(ran: Ran) -> list[tuple[str, str]]:
    """Return what a cell left, each output as (stream, result or error, its text)."""
    return [said(output) for output in ran.outputs]


def said(output: dict[str, Any]) -> tuple[str, str]:
    kind = output["output_type"]
    if kind == "stream":
        return output["name"], output["text"]
    if kind == "error":
        return "error", output["ename"]
    return kind, output["data"].get("text/plain", "")


# --- purity ----------------------------------------------------------------------------------

IMPURE = """
import threading
from coursekit.grading.worker.parent import assert_pure
def refused():
    try:
        assert_pure()
    except RuntimeError as error:
        print(error)
assert_pure()
done = threading.Event()
thread = threading.Thread(target=done.wait)
thread.start()
refused()
done.set()
thread.join()
import tensorflow as tf
tf.constant(1)
refused()
"""


def test_a_parent_in_which_something_started_refuses_to_fork() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPURE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **PINNED},
    )
    assert done.stdout.splitlines() == [
        "The parent has more than one thread: a fork could hang.",
        "TensorFlow has started in the parent: a fork could hang.",
    ]


# --- outputs ---------------------------------------------------------------------------------


NO_PROGRAM = "!{}\n(The grader starts no other programs: this line did nothing.)\n"


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("", []),
        ("1 + 1", [("execute_result", "2")]),
        ("1 + 1;", []),
        ("None", []),
        (
            "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\nprint(4)",
            [("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n4\n")],
        ),
        ("print('grün 🦊\\t\\0')", [("stdout", "grün 🦊\t\0\n")]),
        ("print('a', end='\\r'); print('b', flush=True)", [("stdout", "a\rb\n")]),
        ("import asyncio\nawait asyncio.sleep(0)\n7", [("execute_result", "7")]),
        ("display(1)\n2", [("display_data", "1"), ("execute_result", "2")]),
        ("h = display('a', display_id='x')\nh.update('b')", [("display_data", "'b'")]),
        (
            "from IPython.display import clear_output\nprint(1)\nclear_output()\nprint(2)",
            [("stdout", "2\n")],
        ),
        (
            "from IPython.display import clear_output\n"
            "for i in range(3):\n    print(i); clear_output(wait=True)",
            [("stdout", "2\n")],
        ),
        ("%%html\n<b>x</b>", [("display_data", "<IPython.core.display.HTML object>")]),
        (
            "!echo hi\nprint(1)",
            [
                (
                    "stdout",
                    NO_PROGRAM.format("echo hi") + "1\n",
                )
            ],
        ),
        ("len(!ls)", [("error", "SyntaxError")]),
        (
            "a = !ls\nlen(a)",
            [
                ("stdout", NO_PROGRAM.format("ls")),
                ("execute_result", "0"),
            ],
        ),
        ("%nope", [("stderr", "UsageError: Line magic function `%nope` not found.\n")]),
        ("exit()", []),
        ("def f(:", [("error", "SyntaxError")]),
        ("print(1)\nraise KeyError('a')", [("stdout", "1\n"), ("error", "KeyError")]),
        ("raise KeyboardInterrupt", [("error", "KeyboardInterrupt")]),
        ("input('name? ')", [("error", "NobodyToAskError")]),
        (
            "class E(Exception):\n    def __str__(self): raise ValueError(1)\nraise E",
            [("error", "E"), ("error", "ValueError")],
        ),
    ],
    ids=lambda value: value[:25].replace("\n", " ") if isinstance(value, str) else "",
)
def test_what_a_cell_leaves(run: Run, source: str, left: list[tuple[str, str]]) -> None:
    assert texts(run(source)[0]) == left


def test_a_cell_goes_on_where_the_one_before_stopped(run: Run) -> None:
    ran = run("x = 20", "1 / 0", "exit()", "raise SystemExit(3)", "x + 1", "_ + 1", "In[1]")
    assert [each.error for each in ran] == ["", "ZeroDivisionError", "", "SystemExit", "", "", ""]
    assert [each.number for each in ran] == [1, 2, 3, 4, 5, 6, 7]
    assert [texts(each) for each in ran[4:]] == [
        [("execute_result", "21")],
        [("execute_result", "22")],
        [("execute_result", "'x = 20'")],
    ]


def test_an_error_has_a_traceback_that_can_be_read(run: Run) -> None:
    (error,) = run("def halve(x):\n    return x / 0\nhalve(3)")[0].outputs
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error["traceback"]))
    assert error["evalue"] == "division by zero"
    assert "----> 2     return x / 0" in text or "----> 2 return x / 0" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "coursekit" not in text


PICTURES = """import matplotlib.pyplot as plt
from coursekit import plots
fig, ax = plt.subplots()
ax.plot([1, 2])
plots.show(fig, alt="a line that rises")
"""


def test_pictures_are_pictures_and_have_their_alt_text(run: Run) -> None:
    shown, plain, none = run(PICTURES, "plt.plot([1, 2])\nplt.show()", "plt.plot([2, 1]);")
    data = [o["data"] for o in shown.outputs if o["output_type"] == "display_data"]
    assert "a line that rises" in str(data)
    assert any("image/png" in each or "<img" in str(each) for each in data)
    for ran in (plain, none):
        (output,) = ran.outputs
        assert output["output_type"] == "display_data"
        assert output["data"]["image/png"].startswith("iVBOR")
        assert output["data"]["text/plain"] == "<Figure size 640x480 with 1 Axes>"


def test_tables_bars_and_widgets_show_what_they_can(run: Run) -> None:
    table, bar, widget, took = run(
        "import pandas as pd\npd.DataFrame({'a': [1]})",
        "from tqdm import tqdm\nfor _ in tqdm(range(3)): pass",
        "import ipywidgets\nipywidgets.IntSlider()",
        "%time 1 + 1",
    )
    assert "<table" in table.outputs[0]["data"]["text/html"]
    assert "100%" in bar.outputs[0]["text"]
    assert widget.outputs[0]["data"]["text/plain"] == "IntSlider(value=0)"
    assert [output["output_type"] for output in took.outputs] == ["stream", "execute_result"]


def test_a_very_long_output_is_cut_and_says_so(run: Run) -> None:
    flood, many, after = run(
        "print('a' * 9_000_000)", "for i in range(10**6): print(i)", "print(1)"
    )
    for ran in (flood, many):
        (output,) = ran.outputs
        assert output["text"].endswith("(The rest of this output was cut off.)\n")
        assert 2 << 20 < len(output["text"]) < 5 << 20
    assert texts(after) == [("stdout", "1\n")]


def test_what_threads_write_between_cells_is_dropped(run: Run) -> None:
    slow = "import threading, time\nthreading.Thread(target=lambda: "
    ran = run(
        slow + "(time.sleep(0.3), print('late'))).start()",
        "1",
    )
    assert texts(ran[1]) == [("execute_result", "1")]


CELLS = [
    "import sys",
    "print('a'); print('b', file=sys.stderr); print('c')",
    "1 + 1",
    "'text'",
    "[i for i in range(3)]",
    "display({'a': 1})\n'after'",
    "1 / 0",
    "{}['k']",
    "def g(x:",
    "raise SystemExit(2)",
    "import asyncio\nawait asyncio.sleep(0)\n'waited'",
    "%%capture out\nprint('kept')",
    "out.stdout",
    "import pandas as pd\npd.DataFrame({'a': [1.5]})",
    "from IPython.display import HTML, Markdown\nHTML('<b>x</b>')",
    "display(Markdown('*x*'))",
    "x = 5\nx;",
    "_",
    "assert x == 6, 'x is not 6'",
    "import numpy as np\nnp.arange(3)",
    "print('no newline', end='')",
    "%precision 3\n0.123456",
    "lambda: 0",
    "%unknown",
    "help(len)",
]


def test_cells_leave_what_a_real_kernel_leaves(run: Run) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(book, allow_errors=True, kernel_name="python3", timeout=60).execute()
    ours = run(*CELLS)
    for cell, kernels, ran in zip(CELLS, book.cells, ours, strict=True):
        assert legible(ran.outputs) == legible(kernels.outputs), cell
        assert ran.number == kernels.execution_count


def legible(outputs: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return outputs without addresses, and each stream in one: a kernel mixes up their order."""
    streams = {"stdout": "", "stderr": ""}
    found = []
    for output in outputs:
        kind, text = said(output)
        if kind in streams:
            streams[kind] += "" if "To exit: use" in text else text
        else:
            found.append(
                (kind, re.sub(r"0x[0-9a-f]+", "0x", text), *sorted(output.get("data", {})))
            )
    return [*streams.items(), *found]


def test_a_notebook_of_such_outputs_is_valid(run: Run) -> None:
    ran = run(*CELLS, PICTURES, "input()", "import ipywidgets\nipywidgets.IntSlider()")
    cells = [
        nbformat.v4.new_code_cell("", outputs=each.outputs, execution_count=each.number)
        for each in ran
    ]
    for cell in cells:
        cell.outputs = [nbformat.from_dict(output) for output in cell.outputs]
    nbformat.validate(nbformat.v4.new_notebook(cells=cells))


# --- what is around it -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["parent", "open_parent"])
def test_a_child_has_a_folder_of_its_own_that_ends_with_it(
    kind: str, request: pytest.FixtureRequest
) -> None:
    parent: WarmParent = request.getfixturevalue(kind)
    side = StudentSide(parent.fork(), LIMITS)
    ran = side.run(
        "c",
        "import os, tempfile, pathlib\n"
        "open('here.txt', 'w').write('x')\n"
        "tempfile.mkstemp()\n"
        "print(os.getcwd(), os.environ['HOME'], tempfile.gettempdir(), pathlib.Path.home())",
    )
    here, *others = ran.outputs[0]["text"].split()
    assert others == [here] * 3
    assert here == parent.fence.scratch
    side.end()
    side = StudentSide(parent.fork(), LIMITS)
    assert texts(side.run("c", "import os\nos.listdir()")) == [("execute_result", "[]")]
    side.end()


def test_a_child_has_its_own_socket_and_nothing_else(run: Run) -> None:
    code = (
        "import os\n"
        "found = {f: os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{f}')}\n"
        "print([v.split(':')[0] for f, v in found.items() if int(f) > 2], len(found))"
    )
    assert texts(run(code)[0]) == [("stdout", "['socket'] 4\n")]


def test_children_know_nothing_of_one_another(run: Run) -> None:
    run("import builtins, os, numpy as np\nbuiltins.x = np.pi = 3\nos.environ['HELLO'] = '1'")
    ran = run(
        "import builtins, os, numpy as np",
        "hasattr(builtins, 'x'), np.pi == 3, 'HELLO' in os.environ",
    )[1:]
    assert texts(ran[0]) == [("execute_result", "(False, False, False)")]


DAEMON = """import os, time
if os.fork() == 0:
    if os.fork():
        os._exit(0)
    os.setsid()
    open("pid", "w").write(str(os.getpid()))
    time.sleep(60)
time.sleep(0.3)
print(open("pid").read())
"""


def gone(*processes: psutil.Process) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=3)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


def test_nothing_is_left_when_a_parent_ends() -> None:
    """Without a fence: behind one, no other process is started."""
    with WarmParent(without=ALL_LAYERS) as parent:
        side = StudentSide(parent.fork(), LIMITS)
        first = int(side.run("c", DAEMON).outputs[0]["text"])
        side.end()
        side = StudentSide(parent.fork(), LIMITS)
        assert not psutil.pid_exists(first) or gone(psutil.Process(first))
        daemon = int(side.run("c", DAEMON).outputs[0]["text"])
        side.run("c", "import subprocess\np = subprocess.Popen(['sleep', '60'])")
        mine = psutil.Process(parent.pid)
        started = [mine, *mine.children(recursive=True)]
        assert {daemon, side._child.pid} < {process.pid for process in started}
        assert any(process.name() == "sleep" for process in started)
        side._child.connection.close()  # the child has not ended
    assert not parent._folder.exists()
    assert gone(*started)
    side.end()


@pytest.mark.parametrize("kind", ["parent", "open_parent"])
def test_a_child_ends_with_its_parent_even_in_a_loop(
    kind: str, request: pytest.FixtureRequest
) -> None:
    parent: WarmParent = request.getfixturevalue(kind)
    side = StudentSide(parent.fork(), LIMITS)
    child = psutil.Process(side._child.pid)
    killer = threading.Timer(0.5, psutil.Process(parent.pid).kill)
    killer.start()
    with pytest.raises(Broken, match="gone"):
        side.run("c", "while True: pass")
    assert gone(child)
    killer.join()
    side.end()
    again = StudentSide(parent.fork(), LIMITS)  # a parent that is gone is started once more
    assert texts(again.run("c", "1")) == [("execute_result", "1")]
    again.end()


RUIN = """import os, shutil
scratch = os.getcwd()
shutil.rmtree(scratch)
os.symlink({target!r}, scratch)
"""


def test_a_scratch_folder_that_was_replaced_is_not_followed(
    open_parent: WarmParent, tmp_path: Path
) -> None:
    """Without a fence: behind one, the folder is a file system's root."""
    parent = open_parent
    (tmp_path / "precious").mkdir()
    side = StudentSide(parent.fork(), LIMITS)
    side.run("c", RUIN.format(target=str(tmp_path)))
    side.end()
    side = StudentSide(parent.fork(), LIMITS)
    assert texts(side.run("c", "1")) == [("execute_result", "1")]
    side.end()
    assert (tmp_path / "precious").is_dir()


def test_a_child_that_hangs_up_is_gone(parent: WarmParent) -> None:
    side = StudentSide(parent.fork(), LIMITS)
    with pytest.raises(Broken, match="gone"):
        side.run("c", "import os; os._exit(0)")
    side.end()


def test_a_parent_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coursekit.grading.forks.sys.executable", "/bin/false")
    with WarmParent() as parent, pytest.raises(EngineError, match="does not run"):
        parent.wait()
