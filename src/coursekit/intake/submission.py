"""What a student has handed in: the one file of it that is the notebook, put into the master."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from coursekit.intake.master import Master
from coursekit.intake.rebuild import rebuild
from coursekit.intake.sheet import Sheet
from coursekit.reader import UnreadableError, read_file

ENDINGS = (".ipynb", ".txt", ".json", ".py")  # browsers and mail programs add to a name

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"  # nbgrader's own


def read_submission(master: Master, folder: Path, wanted: str) -> Sheet:
    """Return the sheet of what lies in a folder.

    Parameters
    ----------
    master : Master
    folder : Path
        One student's, with what was handed in to this unit.
    wanted : str
        What the notebook was called. One file with another name is taken, and flagged.

    Raises
    ------
    FileNotFoundError, UnreadableError, NothingMatchedError
        Saying what to do, in a sentence.
    """
    path = folder / wanted
    flags: tuple[str, ...] = ()
    if not path.is_file():
        others = [one for one in sorted(folder.glob("*")) if _may_be_notebook(one)]
        if len(others) != 1:
            raise FileNotFoundError(f"{wanted} was not handed in: ask the student for it.")
        path, flags = others[0], (f"The file is called {others[0].name}, not {wanted}.",)
    try:
        sheet = rebuild(master, read_file(path))
    except UnreadableError as error:  # its sentence speaks to the student
        text = f"{path.name} is no notebook that can be graded: ask the student for it again"
        raise UnreadableError(f"{text} ({str(error).rstrip('.')}).") from error
    return replace(sheet, flags=(*flags, *sheet.flags))


def _may_be_notebook(path: Path) -> bool:
    if path.name in (TIMESTAMP, SECRET):
        return False
    return path.is_file() and path.name.lower().endswith(ENDINGS)
