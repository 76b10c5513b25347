"""What shows that the checks hold: ``verify``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from coursekit.cli.progress import show_progress
from coursekit.sources.layout import Course, CourseError, Unit


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    verify = commands.add_parser("verify", help="prove that the checks tell right from wrong")
    verify.add_argument("units", nargs="*", metavar="UNIT", help="default all")
    verify.add_argument("--all", action="store_true", help="also units that passed as they are")
    verify.add_argument(
        "--seeds", type=int, metavar="N", help="sweep quality checks, write margins.md"
    )
    verify.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from rich.console import Console

    from coursekit.proving.verdicts import explain, make_table, summarise
    from coursekit.proving.verify import is_verified, keep_verdict, verify

    if options.seeds is not None and options.seeds < 1:
        raise CourseError("A sweep needs at least one seed: use --seeds 20.")
    bad = 0
    for unit in Course.find().select(options.units):
        if unit.challenge is None:
            print(f"{unit.id}: no challenge, nothing to verify.")
        elif options.seeds:
            bad += _sweep(unit, options.seeds)
        elif is_verified(unit) and not options.all:
            print(f"{unit.id}: verified before, exactly as it is (--all tries it again).")
        else:
            with show_progress() as progress:
                verdicts = verify(unit, progress=progress)
            Console(width=None if sys.stdout.isatty() else 100).print(make_table(unit, verdicts))
            print(*summarise(verdicts), sep="\n")
            if faults := explain(unit, verdicts):
                print(*faults, sep="\n", file=sys.stderr)
                bad += 1
            else:
                keep_verdict(unit)
    return 1 if bad else 0


def _sweep(unit: Unit, seeds: int) -> int:
    from coursekit.proving.sweep import sweep, write_margins

    with show_progress() as progress:
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
