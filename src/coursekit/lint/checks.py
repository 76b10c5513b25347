"""What check cells may do, so that they can run where the student's code does not.

``docs/check-cells.md`` explains each rule with examples.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from coursekit.lint.page import Cell, Page, calls, dotted, imports, keyword, root
from coursekit.lint.scope import Scope, above, functions, held_out, scope_rules
from coursekit.sources.crossing import CROSSES, STAYS
from coursekit.sources.findings import Finding

# rule -> (names and .attributes that have no place in a check, what to do instead)
FORBIDDEN = {
    "files": (
        r"open|input|Path|glob|io|os|pathlib|pickle|requests|shutil|subprocess|tempfile|urllib"
        r"|\.(?:load|read|save|write)(?:_\w+)?|\.(?:loadtxt|savez|genfromtxt|fromfile|memmap|tofile)"
        r"|\.(?:get_file|export|to_csv|to_excel|to_pickle|to_parquet)",
        "a check reads and writes no file, given cells load data.",
    ),
    "quiet": (r"print|logging|sys|warnings", "a check prints nothing, `expect` says it all."),
    "model-call": (
        r"\.(?:predict|predict_on_batch|test_on_batch|evaluate|history)",
        "call the model, `model(x)`, and compute the number here.",
    ),
    "architecture": (
        r"\.(?:get_config|get_layer|layers|loss|optimizer|to_json)",
        "do not ask how a model is built, ask what it does with a batch.",
    ),
}
PRIVATE = re.compile(r"\b(?:keras\.src|tensorflow\.python)\b|(?:^|\.)_\w")
CHANGING = {
    "add", "append", "clear", "compile", "extend", "fill", "fit", "insert", "load_weights", "pop",
    "remove", "resize", "reverse", "set_weights", "setdefault", "sort", "update",
}  # fmt: skip
KERAS_OBJECTS = re.compile(r"keras\.(?:layers|optimizers|losses|metrics|callbacks)\b")
RANDOM = re.compile(r"\.fit$|\bnp\.random\.(?!default_rng|Generator)\w+$|\bkeras\.random\.")
SEEDS = "keras.utils.set_random_seed"
MODEL = re.compile(r"keras\.(?:Sequential|Model)\(")
REBUILDS = "expect.rebuilds"
GIVES_NONE = re.compile(rf"expect\.\w+|np\.testing\.assert_\w+|{re.escape(SEEDS)}")
QUALITY = re.compile(r"acc|auc|error|f1|loss|mae|mse|precision|recall|score", re.IGNORECASE)
TOLERANCE = 0.01  # a smaller limit is a matter of rounding, not of quality


def checks(page: Page) -> Iterator[Finding]:
    """Yield what the graded cells of a challenge do that would not survive the judge."""
    yield from held_out(page)
    if not page.is_challenge:
        return
    yield from scope_rules(page)
    for cell in page.code:
        if cell.kind in ("check", "given"):
            yield from _private(cell)
        if cell.kind == "check":
            scope = above(page, cell)
            for rule in (_forbidden, _mutates, _arguments, _seeds):
                yield from rule(cell, scope)
            yield from _rebuilds(page, cell, scope)
            for alone in (_progress, _last, _baselines):
                yield from alone(cell)


def _private(cell: Cell) -> Iterator[Finding]:
    used = [(line, module) for line, module in imports(cell.tree) if PRIVATE.search(module)]
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Attribute) and root(node) != "self":
            private = node.attr.startswith("_") or dotted(node) == "keras.src"
            used += [(node.lineno, node.attr)] if private else []
    for line, name in used:
        message = f"`{name}` is private and may change with any release: use public API."
        yield cell.finding("private", message, line, name)


def _forbidden(cell: Cell, scope: Scope) -> Iterator[Finding]:
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Attribute):
            word, owner = f".{node.attr}", root(node)
        elif isinstance(node, ast.Name):
            word, owner = node.id, ""
        else:
            continue
        for rule, (words, todo) in FORBIDDEN.items():
            fine = {"held_out"} if rule == "files" else scope.given | scope.imported
            if re.fullmatch(words, word) and owner not in fine:
                yield cell.finding(rule, f"`{word}`: {todo}", node.lineno, word.lstrip("."))


def _progress(cell: Cell) -> Iterator[Finding]:
    for call in calls(cell.tree):
        options = {key.arg for key in call.keywords}
        if dotted(call.func).endswith(".fit") and not options & {"verbose", None}:
            message = "train with `verbose=0`: a progress bar is no verdict."
            yield cell.finding("quiet", message, call.lineno, "verbose")


def _last(cell: Cell) -> Iterator[Finding]:
    """Look at the end of the whole cell, and at the end of what students see of it."""
    visible = [node for node in cell.tree.body if not cell.hides(node.lineno)]
    for node in dict.fromkeys([*visible[-1:], cell.tree.body[-1]]):
        called = getattr(getattr(node, "value", None), "func", node)
        if isinstance(node, ast.Expr) and not GIVES_NONE.fullmatch(dotted(called)):
            message = "nbgrader takes a last value for the score: assign it to a `_name`."
            yield cell.finding("last", message, node.lineno)


def _mutates(cell: Cell, scope: Scope) -> Iterator[Finding]:
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and root(node) in scope.given:
            stored = not isinstance(node.ctx, ast.Load)
            if stored or (isinstance(node, ast.Attribute) and node.attr in CHANGING):
                message = f"`{root(node)}` is not the check's own: change a copy."
                yield cell.finding("mutates", message, node.lineno, root(node))


def _arguments(cell: Cell, scope: Scope) -> Iterator[Finding]:
    known = scope.functions | set(scope.answers) | functions(cell)
    for call in calls(cell.tree):
        if dotted(call.func) in scope.answers:
            for argument in [*call.args, *(key.value for key in call.keywords)]:
                if _is_code(argument, known):
                    message = "this cannot be sent to the student's process: give plain data, {}."
                    message = message.format(", ".join(("numbers", "text", *CROSSES.values())))
                    yield cell.finding("arguments", message, argument.lineno, dotted(call.func))


def _is_code(value: ast.AST, known: set[str]) -> bool:
    """Whether an expression is or holds what cannot be sent: code, a generator, a Keras layer."""
    if isinstance(value, ast.Call):  # what other calls return is taken for data
        name = dotted(value.func)
        last = name.rpartition(".")[2] or getattr(value.func, "attr", "")
        return bool(KERAS_OBJECTS.match(name)) or last in STAYS
    if isinstance(value, ast.Lambda | ast.GeneratorExp):
        return True
    if isinstance(value, ast.Name):
        return value.id in known
    return any(_is_code(child, known) for child in ast.iter_child_nodes(value))


def _baselines(cell: Cell) -> Iterator[Finding]:
    typed: list[ast.expr] = []
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Call) and dotted(node.func) == "expect.better":
            baseline = keyword(node, "baseline") or next(iter(node.args[1:2]), None)
            typed += [baseline] if isinstance(baseline, ast.Constant) else []
        elif isinstance(node, ast.Compare) and QUALITY.search(ast.unparse(node)):
            typed += [side for side in [node.left, *node.comparators] if _is_limit(side)]
    for limit in typed:
        message = "measure a baseline in the same run, and ask for a margin over it."
        yield cell.finding("baseline", message, limit.lineno, ast.unparse(limit))


def _is_limit(side: ast.expr) -> bool:
    value = side.value if isinstance(side, ast.Constant) else None
    return isinstance(value, float) and not value.is_integer() and value >= TOLERANCE


def _seeds(cell: Cell, scope: Scope) -> Iterator[Finding]:
    """Look for what draws random numbers before a seed is set, in each part by itself.

    In a hidden region the student's process gets another seed than in the visible part.
    """
    trainers = {name for name, source in scope.answers.items() if ".fit(" in source}
    for hidden in (False, True):
        for call in calls(cell.tree):
            name = dotted(call.func)
            if cell.hides(call.lineno) is not hidden:
                continue
            if name == SEEDS:
                break
            if name in trainers or RANDOM.search(name):
                where = "in the hidden region, too" if hidden else "first"
                message = f"set the seed {where}, with `{SEEDS}(...)`: same answer, same verdict."
                yield cell.finding("seed", message, call.lineno, name)
                break


def _rebuilds(page: Page, cell: Cell, scope: Scope) -> Iterator[Finding]:
    """Look for a hidden region that uses a student's model which may be a class of its own."""
    models = {name for name, source in scope.answers.items() if MODEL.search(source)}
    hidden = [node for node in cell.tree.body if cell.hides(node.lineno)]
    visible = [node for node in cell.tree.body if node not in hidden]
    for node in visible:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            taken = {dotted(each) for each in [node.value.func, *node.value.args]}
            models |= {dotted(target) for target in node.targets} if taken & models else set()
    called = {dotted(call.func) for node in visible for call in calls(node)}
    if called & {REBUILDS, *_rebuilders(page)}:
        return
    for node in hidden:
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and each.id in models:
                message = f"pass the model to `{REBUILDS}` above the hidden region, which uses it."
                yield cell.finding("rebuilds", message, each.lineno, each.id)
                return


def _rebuilders(page: Page) -> set[str]:
    """Return the given functions that pass a model to `expect.rebuilds`."""
    given = [node for cell in page.code if cell.kind == "given" for node in cell.tree.body]
    return {
        node.name
        for node in given
        if isinstance(node, ast.FunctionDef)
        and REBUILDS in {dotted(call.func) for call in calls(node)}
    }
