"""Every picture has a title, labels on its axes, and a text for those who cannot see it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from coursekit.lint.page import Page, calls, dotted, keyword
from coursekit.sources.findings import Finding

SHORTEST_ALT = 20
SCIKIT = {"from_estimator", "from_predictions"}  # their displays label the axes
NO_AXES = {"set_axis_off", "'off'"}
DRAWING = SCIKIT | {
    "bar", "barh", "boxplot", "contour", "contourf", "errorbar", "figure", "fill_between", "hist",
    "imshow", "matshow", "pcolormesh", "pie", "plot", "plot_surface", "quiver", "scatter", "stem",
    "subplots", "violinplot",
}  # fmt: skip
PLOTS = re.compile(r"plots\.(?!show$|alt_text$)[a-z]\w*")
DONE_BY_PLOTS = {"plot", "title", "xlabel", "ylabel"}
X_LABELS = {"xlabel", "supxlabel", "set_xlabel", "xticks=[]"} | NO_AXES | SCIKIT
Y_LABELS = {"ylabel", "supylabel", "set_ylabel", "yticks=[]"} | NO_AXES | SCIKIT
# rule, words of which a picture's code needs one, what to do
NEEDS = (
    ("figure-show", {"plots.show"}, "end the picture with `plots.show(..., alt=...)`."),
    ("figure-title", {"title", "suptitle", "set_title"}, "give it a title: `ax.set(title=...)`."),
    ("figure-label", X_LABELS, "label the x axis, with its unit: `ax.set(xlabel=...)`."),
    ("figure-label", Y_LABELS, "label the y axis, with its unit: `ax.set(ylabel=...)`."),
)


def figures(page: Page) -> Iterator[Finding]:
    """Yield the faults of the pictures that a page's code draws."""
    helpers: dict[str, list[ast.Call]] = {}
    for cell in page.code:
        for show in calls(cell.tree):
            if dotted(show.func) == "plots.show" and not _has_text(show):
                message = f"say in alt= what to see, in {SHORTEST_ALT} characters or more."
                yield cell.finding("figure-alt", message, show.lineno)
        functions = [node for node in cell.tree.body if isinstance(node, ast.FunctionDef)]
        helpers |= {function.name: calls(function) for function in functions}
        rest = [node for node in cell.tree.body if node not in functions]
        made = [(call, _words(call, helpers)) for call in calls(ast.Module(rest, []))]
        drawn = [call for call, words in made if words & DRAWING]
        for rule, wanted, todo in NEEDS if drawn and cell.kind in ("plain", "given") else ():
            if not any(words & wanted for _, words in made):
                yield cell.finding(rule, todo, drawn[0].lineno)


def _words(call: ast.Call, helpers: dict[str, list[ast.Call]]) -> set[str]:
    """Return names and arguments of a call, and of what is called in a function of the page."""
    words = set()
    for made in [call, *helpers.get(dotted(call.func), [])]:
        name = dotted(made.func)
        words |= {name, name.rpartition(".")[2]}
        words |= {key.arg for key in made.keywords if key.arg}
        words |= {ast.unparse(part) for part in [*made.args, *made.keywords]}
        words |= DONE_BY_PLOTS if PLOTS.fullmatch(name) else set()
    return words


def _has_text(show: ast.Call) -> bool:
    alt = keyword(show, "alt") or ast.Constant("")
    parts = [node.value for node in ast.walk(alt) if isinstance(node, ast.Constant)]
    # A name stands for a text from elsewhere, such as a function's argument.
    return isinstance(alt, ast.Name) or sum(len(str(part)) for part in parts) >= SHORTEST_ALT
