"""What the corpus cannot ask: whether anything hidden is in the process' memory, a long search.

All other attacks are in ``corpus/``; `test_corpus` plays them.
"""

from __future__ import annotations

import pytest

from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import Judge
from coursekit.grading.limits import Limits
from coursekit.grading.session import Session
from engine_samples import SOLUTIONS, UNIT, sheet


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(UNIT)


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
