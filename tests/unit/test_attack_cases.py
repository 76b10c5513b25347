"""A case that is malformed is refused in a sentence; bait that is taken is noticed."""

from __future__ import annotations

import base64
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from attacks.bait import Bait, new_word
from attacks.cases import CaseError, read_case, read_corpus
from attacks.mangling import MANGLED
from coursekit.grading.record import Status

GOOD = """# tries: Every assert is dropped, so that
#   no check can fail.
# twin: skip_other
# answers: wrong
# status: graded
# points: 4
# lost: q1_double fail, q2_total limit:cpu, q3_fill waits
# hidden: q1_double
# limit: limit:cpu
# level: any

# %% below="setup"
x = 1

# %% answer="q1_double" by="accomplice"
def double(x):
    return 2 * x
"""


def write(folder: Path, text: str, name: str = "skip_one") -> Path:
    path = folder / name / "case.txt"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_case_is_what_its_text_says(tmp_path: Path) -> None:
    case = read_case(write(tmp_path, GOOD))
    assert (case.name, case.family, case.allowed, case.twin) == (
        "skip_one",
        "skip",
        False,
        "skip_other",
    )
    assert case.about == "Every assert is dropped, so that no check can fail."
    assert (case.status, case.points, case.limits) == (Status.GRADED, 4.0, {"limit:cpu"})
    assert case.lost == {"q1_double": "fail", "q2_total": "limit:cpu", "q3_fill": "waits"}
    assert case.hidden == {"q1_double"}
    assert [(p.place, p.name, p.accomplice) for p in case.parts] == [
        ("below", "setup", False),
        ("answer", "q1_double", True),
    ]
    assert case.parts[1].source == "def double(x):\n    return 2 * x"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# level: any\n", "", "write `# level: ...` above the first cell"),
        ("# level: any", "# level: none", "`level` names `none`, which is none of any, partial"),
        ("# level: any", "# level: any\n# leval: any", "there is no key `leval`"),
        ("# level: any", "# level: any\n# level: any", "a key stands twice"),
        ("# level: any", "level: any", "`level: any` is no `# key: value`"),
        ("# twin: skip_other\n", "", "write what it `tries` and its `twin`"),
        ("# tries", "# allows", "write what it `tries` and its `twin`"),
        ("# points: 4", "# points: 5", "with what is `lost`, the points are 4"),
        ("# points: 4", "# points: many", "could not convert"),
        ("# status: graded", "# status: fine", "'fine' is not a valid Status"),
        ("# status: graded", "# status: error:wire", "`points` and `lost` are none"),
        ("# answers: wrong", "# answers: good", "`answers` is right, wrong or none"),
        ("q1_double fail", "q1_double fails", "`lost` names `fails`"),
        ("q1_double fail", "q9 fail", "`lost` names `q9`"),
        ("# hidden: q1_double", "# hidden: q4_last", "what is lost in a `hidden` part"),
        ("# limit: limit:cpu", "# limit: none", "`limit` names limit:cpu, too"),
        ("# limit: limit:cpu", "# limit: limit:luck", "`limit` names `limit:luck`"),
        ('below="setup"', 'beside="setup"', 'write `# %% answer="q1"` or'),
        ('below="setup"', 'below="q9"', "`below` names `q9`"),
        ('answer="q1_double"', 'answer="setup"', "`answer` names `setup`"),
        ('by="accomplice"', 'by="eve"', "a cell of another student has"),
        ("x = 1\n", "", "is empty"),
    ],
)
def test_a_malformed_case_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(CaseError, match=r"case\.txt: ") as caught:
        read_case(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["luck_one", "skip", "skip_One", "skip-one"])
def test_a_name_begins_with_a_family(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaseError, match="the folder's name begins with one of skip, neuter"):
        read_case(write(tmp_path, GOOD, name))


def test_what_submits_nothing_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="it submits nothing"):
        read_case(write(tmp_path, GOOD.partition("# %%")[0]))
    with pytest.raises(CaseError, match="there is no such file"):
        read_case(tmp_path / "skip_two" / "case.txt")


def test_a_twin_is_there_and_is_allowed(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(CaseError, match="no allowed case is called skip_other"):
        read_corpus(tmp_path)
    write(tmp_path, GOOD, "skip_other")
    with pytest.raises(CaseError, match="no allowed case is called skip_other"):
        read_corpus(tmp_path)


def test_what_is_allowed_has_full_marks(tmp_path: Path) -> None:
    allowed = GOOD.replace("# tries", "# allows").replace("# twin: skip_other\n", "")
    with pytest.raises(CaseError, match="what is allowed is graded with full marks"):
        read_case(write(tmp_path, allowed))


def test_every_way_to_mangle_a_file_is_used() -> None:
    cases = read_corpus().values()
    assert {case.file for case in cases if case.file} == set(MANGLED)


# --- bait ------------------------------------------------------------------------------------


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)


TAKEN: dict[str, Callable[[dict[str, str]], object]] = {
    "was changed": lambda names: Path(names["flag"]).write_text("it fell"),
    "made or removed": lambda names: Path(names["outside"], "new").touch(),
    "TCP socket": lambda names: socket.create_connection(("127.0.0.1", int(names["tcp"]))),
    "UDP socket": lambda names: socket.socket(type=socket.SOCK_DGRAM).sendto(
        b"x", ("127.0.0.1", int(names["udp"]))
    ),
    "named UNIX socket": lambda names: socket.socket(socket.AF_UNIX).connect(names["unix"]),
    "abstract UNIX socket": lambda names: socket.socket(socket.AF_UNIX).connect(
        f"\0{names['mark']}"
    ),
    "process outside is stopped": lambda names: stop(int(names["pid"])),
    "was left behind": lambda names: Path("/tmp", names["mark"]).touch(),
}


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("said", TAKEN)
def test_bait_that_is_taken_is_noticed(said: str) -> None:
    with Bait() as bait:
        assert bait.harm("nothing") == []
        TAKEN[said](bait.names)
        (found,) = bait.harm("nothing")
        assert said in found
    assert not Path(bait.names["outside"]).exists()
    assert not Path("/tmp", bait.names["mark"]).exists()


def test_what_was_read_is_noticed_in_disguise() -> None:
    word = new_word()
    with Bait(word) as bait:
        coded = f"xx{word}xx".encode()
        for said in (word, coded.hex(), word[::-1], base64.b64encode(coded).decode()):
            (found,) = bait.harm(said)
            assert "must not be read" in found
        assert bait.fill_in("open('$secret') # $nothing") == (
            f"open('{bait.names['secret']}') # $nothing"
        )
