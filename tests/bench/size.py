"""Count lines of code - blanks, comments and docstrings aside - and fail over the budgets."""

import ast
import io
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "coursekit"
FILE_LIMIT = 300
# What students import; then the rooms that share a budget.
LIMITS = {
    (): 1_100,
    ("sources", "authoring", "lint", "leaks", "proving"): 4_800,
    ("intake",): 700,
    ("grading",): 2_100,
    ("grading/wire",): 700,
    ("grading/fence",): 500,
    ("grading/worker",): 800,
    ("classroom",): 2_100,
    ("lms",): 1_200,
    ("marking", "demo"): 600,
    ("cluster",): 350,
    ("insight",): 750,
    ("privacy",): 300,
    ("cli",): 1_000,
}
# The self-check, and what it reads with: nobody imports them by name.
SELF_CHECK = {"__main__.py", "check.py", "handin.py", "standing.py", "reader.py", "script.py"}
# Models as plain data: the judge's, though a notebook asks the same question.
MODELS = {"models.py", "_assembly.py", "_parts.py", "_compiling.py"}
MODELS_LIMIT = 700
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def count(path: Path) -> int:
    """Return the number of lines of `path` that hold code."""
    text = path.read_text(encoding="utf-8")
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NOT_CODE | {tokenize.ENDMARKER}:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            doc = node.body[0]
            lines -= set(range(doc.lineno, (doc.end_lineno or doc.lineno) + 1))
    return len(lines)


def room_of(path: Path) -> str:
    """Return the room that `path` lies in; empty for the students' modules."""
    folders = path.relative_to(SOURCE).parent.parts
    apart = "/".join(folders[:2])
    return apart if (apart,) in LIMITS else "".join(folders[:1])


def main() -> int:
    """Print the counts and return 1 if one is over its limit."""
    sizes = {path: count(path) for path in sorted(SOURCE.rglob("*.py"))}
    over = max(sizes.values()) > FILE_LIMIT
    for path, n in sizes.items():
        print(f"{n:5d}  {path.relative_to(ROOT)}{'  OVER 300' if n > FILE_LIMIT else ''}")
    apart = SELF_CHECK | MODELS
    counted = {path: n for path, n in sizes.items() if path.name not in apart or room_of(path)}
    for rooms, limit in LIMITS.items():
        total = sum(n for path, n in counted.items() if room_of(path) in (rooms or ("",)))
        print(f"{total:5d}  {', '.join(rooms) or 'what students import'} (limit {limit})")
        over |= total > limit
    models = sum(n for path, n in sizes.items() if path.name in MODELS)
    print(f"{models:5d}  models as plain data (limit {MODELS_LIMIT})")
    over |= models > MODELS_LIMIT
    print(f"{sum(sizes.values()):5d}  all of src/")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
