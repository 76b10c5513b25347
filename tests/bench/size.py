"""Count lines of code - blanks, comments and docstrings aside - and fail over the budgets."""

import ast
import io
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "coursekit"
FILE_LIMIT, STUDENT_LIMIT, ALL_LIMIT = 300, 700, 6_000
# The commands, and the self-check and what it reads with.
COMMANDS = {
    "__main__.py",
    "cli.py",
    "check.py",
    "handin.py",
    "standing.py",
    "reader.py",
    "script.py",
}
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


def main() -> int:
    """Print the counts and return 1 if one is over its limit."""
    sizes = {path: count(path) for path in sorted(SOURCE.rglob("*.py"))}
    students = sum(n for p, n in sizes.items() if p.parent == SOURCE and p.name not in COMMANDS)
    for path, n in sizes.items():
        print(f"{n:5d}  {path.relative_to(ROOT)}{'  OVER 300' if n > FILE_LIMIT else ''}")
    print(f"{students:5d}  what students import (limit {STUDENT_LIMIT})")
    print(f"{sum(sizes.values()):5d}  all of src/ (limit {ALL_LIMIT})")
    over = max(sizes.values()) > FILE_LIMIT or students > STUDENT_LIMIT
    return int(over or sum(sizes.values()) > ALL_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
