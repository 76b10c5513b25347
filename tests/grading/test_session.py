"""A submission, from its cells to its outcomes: whatever an answer does costs that answer alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import STOPPED, GivenCellError, Judge
from coursekit.grading.limits import Limits
from coursekit.grading.record import Verdict
from coursekit.grading.session import MisbehavedError
from coursekit.intake.sheet import Cell
from engine_samples import (
    BAIT,
    LIMITS,
    MOST,
    SOLUTIONS,
    UNIT,
    Graded,
    cells_of,
    grade,
)

Grade = Callable[..., Graded]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(UNIT)


@pytest.fixture(scope="module")
def run(judge: Judge, parent: WarmParent) -> Grade:
    """Return what grades the solutions, with some of them replaced."""

    def run_one(
        changed: dict[str, str] | None = None, own: Any = None, limits: Limits = LIMITS
    ) -> Graded:
        return grade(judge, parent, SOLUTIONS | (changed or {}), own, limits=limits)

    return run_one


def test_solutions_pass_and_stubs_are_not_tried(
    run: Grade, judge: Judge, parent: WarmParent
) -> None:
    assert run().lost == {}
    stubs = grade(judge, parent, {})
    assert set(stubs.verdicts) == {"not tried"}
    assert stubs.points == 0


# --- answers that end badly ------------------------------------------------------------------

RAISES = {
    "StopIteration": ("raise StopIteration(3)", "StudentError", "StopIteration: 3"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "StudentError", "KeyboardInterrupt"),
    "SystemExit": ("raise SystemExit(0)", "StudentError", "SystemExit: 0"),
    "GeneratorExit": ("raise GeneratorExit", "StudentError", "GeneratorExit"),
    "own BaseException": (
        "class Odd(BaseException): pass\n    raise Odd('x')",
        "StudentError",
        "Odd: x",
    ),
    "MemoryError": ("raise MemoryError", "StudentError", "MemoryError"),
    "AssertionError": ("assert False, '[pass]'", "StudentError", "AssertionError: [pass]"),
    "RecursionError": (
        "return double(x)",
        "StudentError",
        "RecursionError: maximum recursion depth exceeded",
    ),
    "KeyError": ("return {}['k']", "KeyError", "'k'"),
    "own KeyError": ("class K(KeyError): pass\n    raise K('k')", "KeyError", "\"K: 'k'\""),
    "cannot be shown": (
        "class E(ValueError):\n        def __str__(self): raise E\n    raise E",
        "ValueError",
        "E: (the error cannot be shown)",
    ),
    "a name that lies": (
        "raise type('AssertionError', (Exception,), {})('x')",
        "StudentError",
        "AssertionError: x",
    ),
    "UnsendableError": (
        "raise type('UnsendableError', (Exception,), {})('x')",
        "StudentError",
        "UnsendableError: x",
    ),
    "surrogates": ("raise ValueError('\\ud800')", "ValueError", "?"),
    "huge": ("raise ValueError('a' * 10**6)", "ValueError", "a" * 2000),
}


@pytest.mark.parametrize("case", RAISES)
def test_an_error_costs_its_check_and_says_what_it_was(run: Grade, case: str) -> None:
    body, kind, text = RAISES[case]
    graded = run({"q1_double": f"def double(x):\n    {body}"})
    outcome = graded.outcomes["q1_double"]
    assert graded.lost == {"q1_double": "fail"}
    assert (outcome.error, outcome.text, outcome.points) == (kind, text, 0)
    assert outcome.trace[0].startswith("q1_double-check, line 1:")
    assert outcome.trace[1].startswith("the answer's line ")


def test_an_answer_that_says_it_was_not_tried_gets_nothing(run: Grade) -> None:
    for text in ("not tried yet", STOPPED, "[pass]"):
        body = f"def double(x):\n    raise NotImplementedError({text!r})"
        assert run({"q1_double": body}).points == MOST - 2


ENDS: dict[str, tuple[dict[str, str], dict[str, list[str]], dict[str, str]]] = {
    "loops": ({"q2_total": "def total(v):\n    while True: pass"}, {}, {"q2_total": "limit:cpu"}),
    "loops when defined": ({"q2_total": "while True: pass"}, {}, {"q2_total": "limit:cpu"}),
    "exits": (
        {"q2_total": "import os\ndef total(v):\n    os._exit(0)"},
        {},
        {"q2_total": "lost"},
    ),
    "exits when defined": ({"q2_total": "import os; os._exit(0)"}, {}, {"q2_total": "lost"}),
    "crashes": (
        {"q2_total": "import ctypes\ndef total(v):\n    ctypes.string_at(0)"},
        {},
        {"q2_total": "lost"},
    ),
    "own cell loops": ({}, {"q1_double": ["while True: pass"]}, {}),
    "own cell exits": ({}, {"q1_double": ["import os; os._exit(1)"]}, {}),
    "a thread exits": (
        {
            "q2_total": "import threading, os\ndef total(v):\n"
            "    threading.Thread(target=lambda: os._exit(0)).start()\n    while True: pass"
        },
        {},
        {"q2_total": "lost"},
    ),
    "two loop": (
        {
            "q2_total": "def total(v):\n    while True: pass",
            "q4_last": "def last(v):\n    while True: pass",
        },
        {},
        {"q2_total": "limit:cpu", "q4_last": "limit:cpu"},
    ),
    "loops in the hidden part": (
        {"q4_last": "def last(v):\n    while len(v) == 2: pass\n    return v[-1]"},
        {},
        {"q4_last": "limit:cpu"},
    ),
    "a thread loops": (
        {
            "q2_total": "import threading\ndef loop():\n    while True: pass\n"
            "def total(v):\n    made = threading.Thread(target=loop)\n    made.start()\n"
            "    made.join()"
        },
        {},
        {"q2_total": "limit:cpu"},
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_never_returns_costs_its_own_check(run: Grade, case: str) -> None:
    changed, own, lost = ENDS[case]
    graded = run(changed, own)
    assert graded.lost == lost
    assert len(graded.session.stops) == max(len(lost), 1)


def test_without_a_fence_other_processes_count(judge: Judge, open_parent: WarmParent) -> None:
    loops = {
        "q2_total": "import subprocess, sys\ndef total(v):\n"
        "    subprocess.run([sys.executable, '-c', 'while True: pass'])"
    }
    graded = grade(judge, open_parent, SOLUTIONS | loops)
    assert graded.lost == {"q2_total": "limit:cpu"}


def test_what_sleeps_costs_its_own_check(run: Grade) -> None:
    sleeps = {"q2_total": "import time\ndef total(v):\n    time.sleep(99)"}
    graded = run(sleeps, limits=Limits(cpu_call=0.5, cpu_cell=9, wall=2))
    assert graded.lost == {"q2_total": "limit:wall"}
    assert "more than 1 s" in graded.outcomes["q2_total"].text


def test_what_depends_on_a_stopped_answer_waits(parent: WarmParent) -> None:
    unit = cells_of(
        SETUP_SMALL,
        {"q1_a": "def a(x):\n    return x", "q2_b": "def b(x):\n    return a(x) + 1"},
        {"q1_a": "assert a(1) == 1", "q2_b": "assert b(1) == 2"},
        {"q1_a": 1.0, "q2_b": 1.0},
    )
    more = Cell("q1_a-more", "check", "assert a(2) == 2", "q1_a", 1.0)
    unit = (*unit[:3], more, *unit[3:])
    judge = Judge(unit)
    answers = {"q1_a": "def a(x):\n    while True: pass", "q2_b": "def b(x):\n    return a(x) + 1"}
    found = grade(judge, parent, answers, unit=unit)
    by_id = {o.check: o.verdict for o in found.session._decided.values()}
    assert by_id == {
        "q1_a-check": Verdict.LIMIT_CPU,
        "q1_a-more": Verdict.WAITS,
        "q2_b-check": Verdict.WAITS,
    }


SETUP_SMALL = "import numpy as np"


def test_all_children_of_a_notebook_share_its_limit(run: Grade) -> None:
    """An answer that ends its process again and again gets no new limit each time."""
    own = {
        "q1_double": ["import time\nt = time.process_time()\nwhile time.process_time() < t + 1: 1"]
    }
    loops = "def {}(v):\n    while True: pass"
    graded = run(
        {"q2_total": loops.format("total"), "q4_last": loops.format("last")},
        own,
        Limits(cpu_call=0.8, cpu_cell=3, cpu_notebook=2.5, wall=20),
    )
    assert graded.outcomes["q2_total"].verdict is Verdict.LIMIT_CPU
    assert "2.5 s" in graded.outcomes["q4_last"].text
    assert graded.outcomes["q4_last"].points == 0
    assert graded.session.seconds["cpu"] < 4


# --- what arguments and states can do --------------------------------------------------------


def test_what_was_given_stays_as_it_was(run: Grade) -> None:
    spoil = "def fill(array):\n    array[:] = [1] * len(array)\n    data[:] = 0; table()[:] = 0"
    assert run({"q3_fill": spoil}).lost == {}
    assert run().lost == {}


def test_a_student_s_change_of_a_cached_result_stays_there(run: Grade) -> None:
    wrong = "def last(values):\n    values[:] = 9.0\n    return 9.0"
    assert run({"q4_last": wrong}).lost == {"q4_last": "fail"}
    assert run().lost == {}


def test_a_state_of_a_student_s_reaches_no_later_check(run: Grade) -> None:
    tricks = """
import builtins, numpy as np
def double(x):
    global total, last, fill
    total = last = fill = None
    builtins.sum = np.allclose = lambda *a, **k: True
    return 2 * x
"""
    graded = run({"q1_double": tricks})
    assert graded.outcomes["q1_double"].verdict is Verdict.PASS
    assert run().lost == {}


def test_any_order_gives_the_same(run: Grade) -> None:
    variants = [
        {},
        {"q1_double": "def double(x):\n    return 3 * x"},
        {"q1_double": "def double(x):\n    return 2.0 * x if np.ndim(x) else 2"},
        {"q2_total": "def total(v):\n    v.sort(reverse=True)\n    return sum(v)"},
        {"q3_fill": "def fill(array):\n    pass"},
        {"q4_last": "def last(v):\n    return (x for x in v)"},
    ]
    first = [outcomes(run(variant)) for variant in variants]
    order = list(range(len(variants))) * 2
    random.Random(5).shuffle(order)
    for at in order:
        assert outcomes(run(variants[at])) == first[at]
    assert [run({"q2_total": variants[3]["q2_total"]}).outcomes["q2_total"].text] == [
        "total changed its argument"
    ]


def outcomes(graded: Graded) -> list[Any]:
    return [(o.check, o.verdict, o.points, o.text, o.calls) for o in graded.outcomes.values()]


# --- hidden regions --------------------------------------------------------------------------

RECORDS = """seen = []
def {signature}:
    seen.append(repr({argument}))
    print("called with", {argument})
    open("seen.txt", "a").write(repr({argument}))
    return {result}
"""
PRINTS = ["print(seen)", "print(open('seen.txt').read())", "seen"]


def test_hidden_inputs_never_reach_an_output(run: Grade) -> None:
    changed = {
        "q1_double": RECORDS.format(signature="double(x)", argument="x", result="2 * x"),
        "q4_last": RECORDS.format(signature="last(v)", argument="v", result="v[-1]"),
    }
    graded = run(changed, {"q4_last": PRINTS, "q4_last-check": PRINTS, "q1_double-check": PRINTS})
    assert graded.lost == {}
    assert "310942" not in graded.shown
    assert "called with" not in graded.shown
    assert "['1'" in graded.shown  # what the visible part asked may be seen


def test_hidden_inputs_never_reach_an_output_where_names_are_rebound(run: Grade) -> None:
    """What is tried once more in notebook order has later cells, and later checks."""
    changed = {
        "q1_double": "K = 2\n"
        + RECORDS.format(signature="double(x)", argument="x", result="K * x"),
        "q4_last": "def last(v):\n    if len(v) == 2 and V > 1: raise ValueError(str(seen))\n"
        "    print(seen)\n    return v[-1]",
    }
    own = {"q4_last": ["V = 1", *PRINTS], "q4_last-check": ["K = 5; V = 2", *PRINTS]}
    graded = run(changed, own)
    assert graded.outcomes["q1_double"].verdict is Verdict.PASS
    assert "notebook order" in graded.outcomes["q1_double"].flags[-1]
    assert "310942" not in graded.shown


def test_a_helper_that_a_later_cell_rebinds_costs_nothing(run: Grade) -> None:
    helper = "def helper(x):\n    return 2 * x\ndef double(x):\n    return helper(x)"
    graded = run({"q1_double": helper}, {"q4_last-check": ["def helper(x):\n    return 'other'"]})
    outcome = graded.outcomes["q1_double"]
    assert graded.lost == {}
    assert outcome.flags == (
        "lost its hidden part where a later cell rebinds a name, and passed in notebook order",
    )
    assert graded.session.seconds["children"] == 2


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "while True: pass", "1 / 0"])
def test_a_second_try_that_ends_badly_changes_nothing(
    judge: Judge, open_parent: WarmParent, end: str, tmp_path: Path
) -> None:
    """The first process works; the second, which finds the file of the first, does not.

    It takes one without a fence: behind one, no file of the first is left.
    """
    mark = str(tmp_path / "mark")
    wrong = (
        f"import os\nif os.path.exists({mark!r}):\n    {end}\n"
        "K = 2\ndef double(x):\n    return K * x\n"
    )
    own = {"q4_last-check": [f"K = 5\nopen({mark!r}, 'w').close()"]}
    graded = grade(judge, open_parent, SOLUTIONS | {"q1_double": wrong}, own)
    assert graded.lost == {"q1_double": "fail"}
    assert BAIT in graded.outcomes["q1_double"].text


# --- what cannot cross -----------------------------------------------------------------------

OPAQUE = {
    "generator": "return (v for v in [5.0])",
    "fraction": "from fractions import Fraction\n    return Fraction(5)",
    "iterator": "return iter([5.0])",
    "a class of its own": "F = type('F', (float,), {'__module__': 'm'})\n    return F(5)",
    "too deep": "v = 5\n    for _ in range(100): v = [v]\n    return v",
    "too long": "return 'a' * (20 << 20)",
    "too large": "return np.zeros(200 << 20, 'u1')",
    "endless": "v = []\n    v.append(v)\n    return v",
    "a huge range": "return range(2**70)",
}


@pytest.mark.parametrize("case", OPAQUE)
def test_what_cannot_cross_is_no_answer_and_stops_nothing(run: Grade, case: str) -> None:
    graded = run({"q4_last": f"def last(values):\n    {OPAQUE[case]}"})
    assert graded.lost == {"q4_last": "fail"}
    assert graded.session.stops == {}


def test_a_check_that_breaks_on_what_it_cannot_look_into_is_a_person_s(
    judge: Judge, parent: WarmParent
) -> None:
    unit = cells_of(
        SETUP_SMALL,
        {"q1_a": "def a(x):\n    return x"},
        {"q1_a": "assert sum(a([1])) == 1"},
        {"q1_a": 1.0},
    )
    small = Judge(unit)
    (outcome,) = grade(
        small, parent, {"q1_a": "def a(x):\n    return iter([1])"}, unit=unit
    ).outcomes.values()
    assert (outcome.verdict, outcome.points) == (Verdict.UNSENDABLE, None)
    assert outcome.flags[0].startswith("could not be looked into: list_iterator <")
    (plain,) = grade(
        small, parent, {"q1_a": "def a(x):\n    return 5"}, unit=unit
    ).outcomes.values()
    assert (plain.verdict, plain.points, plain.flags) == (Verdict.FAIL, 0, ())


CALLABLES = {
    "functools.cache": "import functools\n@functools.lru_cache\ndef last(v):\n    return {}",
    "np.vectorize": "last = np.vectorize(lambda v: v, signature='(n)->()')",
    "partial": "import functools\nlast = functools.partial(lambda k, v: v[k], -1)",
    "lambda": "last = lambda v: v[-1]",
    "method": "class L:\n    def last(self, v):\n        return v[-1]\nlast = L().last",
    "instance": "class L:\n    def __call__(self, v):\n        return v[-1]\nlast = L()",
    "class": "class last:\n    def __new__(cls, v):\n        return v[-1]",
    "operator": "import operator\nlast = operator.itemgetter(-1)",
}


@pytest.mark.parametrize("case", ["partial", "lambda", "method", "instance", "class", "operator"])
def test_whatever_can_be_called_is_a_function(run: Grade, case: str) -> None:
    assert run({"q4_last": CALLABLES[case]}).lost == {}


def test_a_function_that_remembers_is_a_function(run: Grade) -> None:
    cached = "import functools\n@functools.lru_cache\ndef double(x):\n    return 2 * x"
    outcome = run({"q1_double": cached}).outcomes["q1_double"]
    assert outcome.error == "TypeError"  # arrays cannot be hashed: the student's own mistake
    assert "unhashable" in outcome.text


@pytest.mark.parametrize("value", ["3", "None", "[1]", "np.zeros(2)", "(v for v in [])"])
def test_a_name_that_is_no_function_is_its_own_check_s_loss(run: Grade, value: str) -> None:
    graded = run({"q2_total": f"total = {value}"})
    assert set(graded.lost) == {"q2_total"}
    assert graded.points == MOST - 1


def test_messages_that_are_malformed_end_a_submission_and_no_other(run: Grade) -> None:
    forge = """import socket, struct, threading, os
def double(x):
    for fd in os.listdir('/proc/self/fd'):
        try:
            s = socket.socket(fileno=os.dup(int(fd)))
            s.send(struct.pack('>II', 2, 0) + b'[]')
        except OSError:
            continue
    return 2 * x
"""
    with pytest.raises(MisbehavedError):
        run({"q1_double": forge})
    assert run().lost == {}


def test_outputs_that_nbformat_does_not_know_are_dropped(run: Grade) -> None:
    import nbformat

    forge = """shell = get_ipython()
deep = {}
for _ in range(200): deep = {"a": deep}
bad = [1, None, {"output_type": "stream", "name": "stdout", "text": ["\\ud800", 5]},
  {"output_type": "stream", "name": "x", "text": ""}, {"output_type": ["stream"]},
  {"output_type": "display_data", "data": {"text/plain": 5, "image/png": {"a": 1}, "x": deep},
   "metadata": deep},
  {"output_type": "display_data", "data": [], "metadata": {}},
  {"output_type": "execute_result", "data": {"text/plain": "x"}, "metadata": {},
   "execution_count": "no"},
  {"output_type": "error", "ename": 5, "evalue": None, "traceback": [5, None]},
  {"output_type": "error"}, {"output_type": "update_display_data", "data": {}, "metadata": {}}]
shell.run = lambda source, name: (bad, 5, "\\ud800")
"""
    graded = run(None, {"q4_last-check": [forge, "1", "2"]})
    assert graded.lost == {}
    ran = graded.session.ran["own-q4_last-check-1"]
    cell = nbformat.v4.new_code_cell("", execution_count=ran.number)
    cell.outputs = [nbformat.from_dict(output) for output in ran.outputs]
    book = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(book)
    nbformat.writes(book).encode()


# --- the course's own faults -----------------------------------------------------------------


def test_a_given_cell_that_fails_is_said_to_be_the_course_s() -> None:
    with pytest.raises(GivenCellError, match="setup: ZeroDivisionError: division by zero"):
        Judge((Cell("setup", "given", "1 / 0"),))
