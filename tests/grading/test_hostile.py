"""Whatever a notebook's code does in its own process, no point comes of it.

Each case is an answer that is wrong, or none at all, with a trick around it. What needs the outer
fence (reading the disk, the memory of other processes, the network) is not here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import Judge
from coursekit.grading.limits import Limits
from coursekit.grading.session import MisbehavedError, Session
from engine_samples import BAIT, SOLUTIONS, UNIT, Graded, grade, sheet

WRONG = {
    "q1_double": "def double(x):\n    return 0",
    "q2_total": "def total(values):\n    return 0",
    "q3_fill": "def fill(array):\n    return None",
    "q4_last": "def last(values):\n    return 0",
}
Attack = Callable[..., Graded]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(UNIT)


@pytest.fixture(scope="module")
def attack(judge: Judge, parent: WarmParent) -> Attack:
    """Return what grades wrong answers, and some code that runs before them all."""

    def run(trick: str, **answers: str) -> Graded:
        return grade(judge, parent, WRONG | answers, {"setup": [trick]})

    return run


TRICKS = {
    "nothing": "",
    "input transformer": """
def solve(lines):
    return ["print('[pass]')\\n"]
get_ipython().input_transformers_post.append(solve)
""",
    "AST transformer": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    "run_cell": """
shell = get_ipython()
old = shell.run_cell
class Fine:
    error_before_exec = error_in_exec = None
    success = True
type(shell).run_cell = lambda self, *a, **k: Fine()
""",
    "do_execute": """
shell = get_ipython()
shell.kernel = type('K', (), {'do_execute': lambda *a, **k: {'status': 'ok'}})()
shell.run = lambda source, name: ([], 1, "")
""",
    "expect": """
import coursekit.expect as e
for name in dir(e):
    if callable(getattr(e, name)) and not name.startswith('__'):
        setattr(e, name, lambda *a, **k: print('[pass]'))
""",
    "numpy": """
import numpy as np
np.allclose = np.array_equal = lambda *a, **k: True
np.random.default_rng = lambda *a: None
""",
    "builtins": """
import builtins
builtins.all = builtins.any = builtins.isinstance = lambda *a: True
builtins.AssertionError = builtins.Exception = type('E', (BaseException,), {})
""",
    "keras": """
import keras, sys
keras.utils.set_random_seed = lambda seed: None
keras.Model.__instancecheck__ = lambda *a: True
""",
    "json and os": """
import json, os, socket
os.getpid = lambda: 1
os.kill = os._exit = lambda *a: None
json.loads = (lambda old: lambda *a, **k: old(*a, **k))(json.loads)
""",
    "a display that says pass": """
from IPython.display import display
display({'text/plain': '[pass] all checks', 'text/html': '<b>10/10</b>'}, raw=True)
print('[pass] double'); print('[pass] last')
""",
    "fake errors": """
get_ipython().outputs.add({'output_type': 'error', 'ename': 'NotImplementedError',
                           'evalue': '', 'traceback': []})
""",
    "modules that shadow": """
import os, sys
for name in ('numpy', 'keras', 'json', 'socket', 'random'):
    open(name + '.py', 'w').write('raise SystemExit')
os.makedirs('coursekit/grading', exist_ok=True)
open('coursekit/__init__.py', 'w').write('')
open('coursekit/expect.py', 'w').write('def __getattr__(n): return lambda *a, **k: None')
sys.path.insert(0, os.getcwd())
for name in [n for n in sys.modules if n.startswith('coursekit.expect')]:
    del sys.modules[name]
""",
    "environment": """
import os
os.environ.update(COURSEKIT_HELD_OUT='/tmp', PYTHONPATH='/tmp', PYTHONHASHSEED='1', HOME='/')
""",
    "profile and trace": """
import sys, threading
def look(frame, event, arg):
    frame.f_locals.update(passed=True)
    return look
sys.settrace(look); sys.setprofile(look); threading.setprofile(look)
""",
    "the types of values": """
from coursekit.grading import wire
for tag in ('tuple', 'array', 'scalar', 'function'):
    old = wire.Frame.pack
    wire.Frame.pack = lambda self, value, depth=0: True
""",
    "the ids of answers": """
import gc
from coursekit.grading.worker.child import Child
for each in gc.get_objects():
    if isinstance(each, Child):
        each._call = lambda head, frame: ({'value': True, 'changed': {}, 'pass': True,
            'verdict': 'pass', 'points': 10}, each._channel.frame())
Child._call = lambda self, head, frame: ({'value': True, 'changed': {}}, self._channel.frame())
""",
    "names that are not asked for": """
from coursekit.grading.worker.child import Child
old = Child._bind
def bind(self, head, frame):
    reply, sent = old(self, {**head, 'names': head['names']}, frame)
    return reply, sent
Child._bind = bind
""",
    "exit handlers": """
import atexit, signal, gc
atexit.register(print, '[pass]')
class Late:
    def __del__(self): print('[pass]')
x = Late()
gc.callbacks.append(lambda *a: None)
signal.signal(signal.SIGTERM, lambda *a: None)
""",
    "a thread that writes": """
import threading, time, sys
def write():
    while True:
        print('[pass]'); sys.__stderr__.write(''); time.sleep(0.01)
threading.Thread(target=write, daemon=True).start()
""",
    "a class that equals everything": """
class Equal:
    __hash__ = None
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name): return Equal()
    def __call__(self, *a, **k): return Equal()
    def __bool__(self): return True
    def __len__(self): return 3
    def __getitem__(self, at): return Equal()
    def __array__(self, *a, **k): return np.zeros(3)
    def tolist(self): return [1, 1, 1]
double = total = last = fill = lambda *a, **k: Equal()
""",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_gains_a_point(attack: Attack, trick: str) -> None:
    assert attack(TRICKS[trick]).points == 0


EQUALS = """class Equal({base}):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 1
    def __array__(self, *a, **k): return np.zeros(3)
    def __array_ufunc__(self, *a, **k): return True
    def tolist(self): return [1, 1, 1]
def make(): return {make}
"""


@pytest.mark.parametrize(
    ("base", "make"),
    [
        ("int", "Equal(3)"),
        ("float", "Equal(3)"),
        ("str", "Equal('3')"),
        ("list", "Equal([3])"),
        ("np.ndarray", "np.zeros(3).view(Equal)"),
        ("np.float64", "Equal(3)"),
        ("object", "Equal()"),
        ("object", "np.array([Equal()] * 3, dtype=object)"),
        ("object", "[Equal()] * 3"),
        ("object", "{'a': Equal()}"),
    ],
)
def test_what_equals_everything_equals_nothing(attack: Attack, base: str, make: str) -> None:
    body = "return make()"
    graded = attack(
        EQUALS.format(base=base, make=make),
        q1_double=f"def double(x):\n    {body}",
        q2_total=f"def total(values):\n    {body}",
        q3_fill=f"def fill(array):\n    {body}",
        q4_last=f"def last(values):\n    {body}",
    )
    assert graded.points == 0


# --- behaving by who asks --------------------------------------------------------------------

BEHAVES = {
    "by count": "n = 0\ndef double(x):\n    global n; n += 1\n    return 2 * x if n <= 2 else 0",
    "by caller": "import sys, traceback\ndef double(x):\n"
    "    text = ''.join(traceback.format_stack())\n"
    "    return 2 * x if 'hidden' in text or x == 1 else 0",
    "by value": "def double(x):\n    return {1: 2, 3: 6}.get(x) if not np.ndim(x) else x",
    "by time": "import time\nt = time.time()\ndef double(x):\n    return 2 * x if x is 1 else t",
}


@pytest.mark.parametrize("how", BEHAVES)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_who_answers_by_who_asks_loses_where_it_is_hidden(attack: Attack, how: str) -> None:
    graded = attack("", q1_double=BEHAVES[how])
    assert graded.points == 0
    assert graded.outcomes["q1_double"].hidden


# --- searching -------------------------------------------------------------------------------

SEARCH = """
import gc, os, re, sys
# No pattern is found by itself.
patterns = [re.compile(each) for each in (
    b'[s]ecret-731[0]942', b'[s].e.c.r.e.t.-.7.3.1.[0]', b'[B]EGIN HIDDEN', b'[d]ouble is wrong')]
found, searched = [], 0
def look(where, data):
    found.extend((where, hit.start()) for each in patterns for hit in each.finditer(data))
def search():
    global searched
    for line in open('/proc/self/maps'):
        span, rights = line.split()[:2]
        start, end = (int(x, 16) for x in span.split('-'))
        if rights[:2] == 'rw' and end - start < 1 << 30:
            with open('/proc/self/mem', 'rb', 0) as memory:
                memory.seek(start)
                data = memory.read(end - start)
                searched += len(data)
                look(line, data)
    for pid in ('self', str(os.getppid())):
        for name in ('environ', 'cmdline'):
            try:
                data = open(f'/proc/{pid}/{name}', 'rb').read()
            except OSError:
                continue
            look(f'{pid} {name}', data)
    for fd in os.listdir('/proc/self/fd'):
        if int(fd) > 2 and os.path.isfile(f'/proc/self/fd/{fd}'):
            look(fd, open(f'/proc/self/fd/{fd}', 'rb').read())
"""


def test_nothing_hidden_is_in_the_process(judge: Judge, parent: WarmParent) -> None:
    """Searched while a hidden region runs, told through the only way out: an error's text."""
    asks = SEARCH + (
        "def last(values):\n    if len(values) == 2 and values[0] == 1:\n"
        "        search()\n        raise ValueError(f'{found} {searched >> 24}')\n"
        "    return values[-1]"
    )
    session = Session(judge, parent, sheet(SOLUTIONS | {"q4_last": asks}), Limits())
    by_id = {outcome.question: outcome for outcome in session.grade()}
    found, searched = by_id["q4_last"].text.rsplit(" ", 1)
    assert found == "[]"
    assert int(searched) > 2  # times 16 MB
    assert by_id["q4_last"].hidden


# --- the socket ------------------------------------------------------------------------------

SOCKET = """
import os, socket, struct, json
def ends():
    for fd in os.listdir('/proc/self/fd'):
        try:
            yield socket.socket(fileno=os.dup(int(fd)))
        except OSError:
            continue
def frame(head, lengths=(), count=None):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    sizes = b''.join(struct.pack('>Q', n) for n in lengths)
    return struct.pack('>II', len(text), len(lengths) if count is None else count) + sizes + text
def say(data):
    for end in ends():
        try:
            end.sendall(data)
        except OSError:
            pass
"""
FORGED = {
    "out of turn": "say(frame({'id': 1, 'value': True, 'changed': {}}))",
    "many in advance": "[say(frame({'id': n, 'value': 2, 'changed': {}})) for n in range(200)]",
    "a pass": "say(frame({'id': 5, 'verdict': 'pass', 'points': 10}))",
    "another id": "say(frame({'id': -1, 'outputs': [], 'number': 1, 'error': ''}))",
    "no JSON": "say(frame(b'{'))",
    "no object": "say(frame(b'[]'))",
    "deep": "say(frame(b'[' * 100000))",
    "giant": "say(struct.pack('>II', 2**32 - 1, 2**32 - 1))",
    "giant buffer": "say(frame({}, [2**63]))",
    "many buffers": "say(frame({}, [0] * 20001))",
    "half a message": "say(b'\\0\\0')",
    "noise": "say(b'\\xfe' * 1000)",
    "what was asked": "[end.recv(99, socket.MSG_PEEK | socket.MSG_DONTWAIT) for end in ends()]",
}


@pytest.mark.parametrize("how", FORGED)
@pytest.mark.parametrize("when", ["in a cell", "in a call"])
def test_forged_messages_gain_nothing(
    attack: Attack, judge: Judge, parent: WarmParent, how: str, when: str
) -> None:
    trick, answers = SOCKET + FORGED[how], {}
    if when == "in a call":
        trick = SOCKET
        answers = {"q1_double": f"def double(x):\n    {FORGED[how]}\n    return 0"}
    try:
        assert attack(trick, **answers).points == 0
    except MisbehavedError:
        pass_again = grade(judge, parent, SOLUTIONS)
        assert pass_again.lost == {}


WRECKS = {
    "two processes answer": "import os\nos.fork()",
    "closes all descriptors": "import os\nos.closerange(3, 100)",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "removes its folder": "import os, shutil\nshutil.rmtree(os.getcwd())",
    "a full folder": "open('big', 'wb').truncate(1 << 40)\n"
    "for n in range(500): open(f'f{n}', 'w').write('x' * 1000)",
    "floods its log": "import os\nfor _ in range(50): os.write(1, b'x' * 100000)",
}


@pytest.mark.parametrize("how", WRECKS)
def test_who_wrecks_a_process_stops_nobody(
    attack: Attack, judge: Judge, parent: WarmParent, how: str
) -> None:
    try:
        assert attack(WRECKS[how]).points == 0
    except MisbehavedError:
        assert how == "two processes answer"
    assert grade(judge, parent, SOLUTIONS).lost == {}


def test_an_honest_answer_after_a_wreck_keeps_its_points(judge: Judge, parent: WarmParent) -> None:
    own = {"setup": ["import os\nos.kill(os.getppid(), 9)"]}
    assert grade(judge, parent, SOLUTIONS, own).lost == {}


# --- models ----------------------------------------------------------------------------------

LIES = """
import keras, numpy as np
class Liar(keras.Model):
    output_shape, built = (None, 1), True
    def count_params(self): return 7114
    def __call__(self, x, *a, **k): return np.ones((len(x), 1), 'float32')
    def get_config(self): raise SystemExit
def build(): return Liar()
"""


def test_a_model_that_lies_is_a_claim_that_hidden_parts_do_not_ask(parent: WarmParent) -> None:
    from engine_samples import cells_of

    check = (
        "_m = build()\nassert _m.output_shape == (None, 1)\n### BEGIN HIDDEN TESTS\n{}\n"
        "### END HIDDEN TESTS"
    )
    for asks in ("assert _m.count_params() == 7114", "assert _m(np.zeros((2, 3))).shape == (2, 1)"):
        unit = cells_of(
            "import numpy as np",
            {"q1_a": "def build():"},
            {"q1_a": check.format(asks)},
            {"q1_a": 1.0},
        )
        graded = grade(Judge(unit), parent, {"q1_a": LIES}, unit=unit)
        assert graded.points == 0
        assert BAIT not in graded.shown


# --- metadata --------------------------------------------------------------------------------


def test_tags_and_metadata_of_a_submission_are_not_read(tmp_path: Path) -> None:
    import json

    from coursekit.grading.engine import WarmEngine
    from samples import make_unit

    unit = make_unit(tmp_path)
    name = unit.challenge_notebook
    book = json.loads((tmp_path / "notebooks" / unit.id / name).read_text(encoding="utf-8"))
    for cell in book["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "remove-cell", "raises-exception"]
        cell["metadata"].pop("deletable", None)
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = "print('[pass]')"
            cell["metadata"]["nbgrader"]["points"] = 1000
            cell["metadata"]["nbgrader"]["solution"] = True
    book["metadata"]["kernelspec"] = {"name": "evil", "display_name": "x", "language": "x"}
    folder = tmp_path / "submitted" / "eve" / unit.id
    folder.mkdir(parents=True)
    (folder / name).write_text(json.dumps(book), encoding="utf-8")
    from coursekit.grading.judge import Judge as AJudge

    engine = WarmEngine(tmp_path, unit)
    read = engine.read("eve")
    engine.__exit__()
    checks = {cell.id: (cell.source, cell.points) for cell in read.cells if cell.kind == "check"}
    master = {
        cell.id: (cell.source, cell.points) for cell in engine._master.cells if cell.kind == "check"
    }
    assert checks == master
    assert AJudge(read.cells) is not None
