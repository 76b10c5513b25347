"""Whether a file is a version of this notebook at all, and what else it looks like."""

from __future__ import annotations

from coursekit.intake.master import Master
from coursekit.intake.matching import Choice, Home
from coursekit.reader import ReadNotebook
from coursekit.standing import GRADED, given_in, looks_like


class NothingMatchedError(Exception):
    """The file is no version of this notebook; one sentence says what it looks like."""


def check_that_it_belongs(
    master: Master, notebook: ReadNotebook, homes: dict[int, Home], choices: dict[str, Choice]
) -> None:
    """Refuse what is no version of this notebook: its points would be an untrue zero.

    Raises
    ------
    NothingMatchedError
    """
    claims = _claims(notebook)
    foreign = 2 * len(claims & master.graded) < len(claims)
    known = [home for home in homes.values() if _is_evidence(master, home)]
    # Names such as `build_model` recur from unit to unit: alone, half of them have to be there.
    named = [choice for choice in choices.values() if choice.parts]
    if foreign or not (known or named) or (not known and 2 * len(named) < len(choices)):
        what = f"Nothing in it belongs to {master.notebook or 'this challenge'}"
        raise NothingMatchedError(
            f"{what}; it looks like {looks_like(notebook.to_dicts())}: ask for the file."
        )


def _is_evidence(master: Master, home: Home) -> bool:
    """Whether a cell shows which unit it is of: all have the same set-up and closing words."""
    kind = master.by_id[home.id].kind
    if kind == "written":
        return home.how in ("grade id", "cell id")
    return kind in ("answer", "check", "task") or home.id.endswith("-prompt")


def _claims(notebook: ReadNotebook) -> set[str]:
    """Return the grade ids that a notebook says are its own."""
    claims = set(given_in(notebook.to_dicts()))
    for cell in notebook.cells:
        flagged = cell.grade or cell.solution or cell.task
        claims |= {cell.grade_id} if flagged and cell.grade_id else set()
        claims |= {id_ for id_ in cell.ids if GRADED.fullmatch(id_)}
    return {claim for claim in claims if not claim.endswith(("-prompt", "-answer"))}
