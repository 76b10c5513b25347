"""Grade every declared answer with stock nbgrader, and keep its points for a test to compare with.

``make stock-points`` takes the better part of an hour: stock nbgrader starts a kernel a student.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from composites import composites, digest, write
from coursekit.classroom.stock import StockGrader
from coursekit.sources.layout import Course

KEPT = Path(__file__).resolve().parents[1] / "grading" / "stock_points.json"


def main() -> None:
    """Write the points of the units that are named, or of those that have changed."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    units = [unit for unit in Course.find().select(sys.argv[1:]) if unit.challenge]
    for unit in units:
        if not sys.argv[1:] and kept.get(unit.id, {}).get("digest") == digest(unit):
            continue
        students, began = composites(unit), time.monotonic()
        points = {}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for student, (answers, _) in students.items():
                write(unit, student, answers, folder / "submitted")
            with StockGrader(folder, unit) as grader:
                for record in grader.grade(students):
                    points[record.student] = {o.check: o.points for o in record.outcomes}
                    took = time.monotonic() - began
                    left = took / len(points) * (len(students) - len(points))
                    print(f"{unit.id} {record.student}: {took:.0f} s, about {left:.0f} s left")
        kept[unit.id] = {"digest": digest(unit), "points": points}
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
