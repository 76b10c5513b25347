"""What shows that the checks hold: ``verify``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from coursekit.cli.progress import show_progress
from coursekit.cli.scratch import own_scratch
from coursekit.sources.layout import Course, CourseError, Unit


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    verify = commands.add_parser("verify", help="prove that the checks tell right from wrong")
    verify.add_argument("units", nargs="*", metavar="UNIT", help="default all")
    verify.add_argument("--all", action="store_true", help="also units that passed as they are")
    verify.add_argument(
        "--seeds", type=int, metavar="N", help="sweep quality checks, write margins.md"
    )
    verify.add_argument("--jobs", type=int, default=1, metavar="N", help="units at a time")
    verify.add_argument("--json", action="store_true", help="print one JSON document")
    verify.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from coursekit.proving.decisive import not_locked
    from coursekit.proving.kept import is_current

    if options.seeds is not None and options.seeds < 1:
        raise CourseError("A sweep needs at least one seed: use --seeds 20.")
    if options.jobs < 1:
        raise CourseError("Verifying needs at least one job: use --jobs 1 or more.")
    course = Course.find()
    others, bad, wanted = not_locked(course), 0, []
    for unit in course.select(options.units):
        if unit.challenge is None:
            print(f"{unit.id}: no challenge, nothing to verify.")
        elif options.seeds:
            bad += _sweep(unit, options.seeds)
        elif is_current(unit) and not others and not options.all:
            said = f"{unit.id}: verified before, exactly as it is (--all tries it again)."
            print(said, file=sys.stderr if options.json else sys.stdout)
        else:
            wanted.append(unit)
    if wanted:
        bad += _prove(wanted, options.jobs, as_json=options.json)
        if others:
            said = f"No verdicts.md is written with versions that are not locked: {others[0]}."
            print(said, file=sys.stderr if options.json else sys.stdout)
    return 1 if bad else 0


def _prove(units: list[Unit], jobs: int, *, as_json: bool = False) -> int:
    """Try units whole, show what came of it, and return in how many there is a fault."""
    from rich.console import Console

    from coursekit.proving.kept import prove_all, seconds_before
    from coursekit.proving.verdicts import explain, make_table, summarise

    before = [seconds_before(unit) for unit in units]
    took = max(sum(before) / jobs, *before) / 60
    about = f", about {took:.0f} min as last time" if all(before) and took > 1 else ""
    say = sys.stderr if as_json else sys.stdout
    print(f"{len(units)} unit(s) to verify{about}.", file=say, flush=True)
    with own_scratch(), show_progress() as progress:
        told = dict(prove_all(units, jobs=jobs, progress=progress))
    if as_json:
        verdicts = {unit.id: [asdict(verdict) for verdict in told[unit]] for unit in units}
        print(json.dumps(verdicts, indent=1, default=str))
    console, bad = Console(width=None if sys.stdout.isatty() else 100), 0
    for unit in units:
        if not as_json:
            console.print(make_table(unit, told[unit]))
            print(*summarise(told[unit]), sep="\n")
        if faults := explain(unit, told[unit]):
            print(*faults, sep="\n", file=sys.stderr)
            bad += 1
    return bad


def _sweep(unit: Unit, seeds: int) -> int:
    from coursekit.proving.sweep import sweep, write_margins

    with own_scratch(), show_progress() as progress:
        margins = sweep(unit, seeds, progress=progress)
    for row in margins:
        text = f"{row.check} ({row.answer.label}): {row.passed}/{len(row.ratios)} seeds pass"
        print(f"{text}, worst margin {max(row.ratios):.2f}, {row.seconds:.1f} s")
    bad = [row for row in margins if not row.holds]
    if bad:
        print(f"{unit.id}: {len(bad)} row(s) do not hold, margins.md unchanged.", file=sys.stderr)
    else:
        print(f"Margins: {write_margins(unit, seeds, margins)}")
    return len(bad)
