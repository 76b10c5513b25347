"""nbgrader's gradebook, opened so that what is wrong with it is a sentence that says what to do.

nbgrader itself adds tables to a gradebook of another version, and leaves half of one if it is
killed while it makes one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook, InvalidEntry
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from coursekit.classroom.staging import remove
from coursekit.sources.layout import CourseError

T = TypeVar("T")
PATIENCE = 20  # seconds that a writer waits for who else uses the gradebook
PAUSES = (0.1, 0.5, 2.0, 5.0, 15.0)  # seconds between tries to reach a server: it may start anew
SAYS = {  # what a database says, and what to do
    "locked": "it is in use: close formgrader and whatever else works with it",
    "full": "the disk is full: make room",
    "disk i/o": "the disk fails, or a limit on the size of files is reached: look at the disk",
    "readonly": "it may not be written: make it and its folder writable, for SQLite writes both",
    "unable to open": "it cannot be opened: make it and its folder readable and writable",
    "not a database": "it is no gradebook: put a copy of it back, or move it away",
    "malformed": "it is damaged: put a copy of it back, or move it away",
}
OTHERWISE = "put a copy of it back, or move it away"
OLDER = "an older nbgrader made it: run `nbgrader db upgrade` where it lies, which keeps a copy"
NEWER = "a newer nbgrader made it: install that one"
NO_SERVER = "its server does not answer, or has ended the connection: see that it runs"
FOREIGN = "its tables are not nbgrader's: move it away"


class LostError(CourseError):
    """A server that keeps the gradebook does not answer, or has dropped what was being written."""


def patiently(work: Callable[[], T]) -> T:
    """Return what `work` returns; do it again where a server was lost, or two wrote at once.

    Parameters
    ----------
    work : callable
        It writes all that it writes in one transaction, and may do so twice.

    Raises
    ------
    LostError
        If the server stays away.
    """
    for pause in PAUSES:
        with suppress(LostError, InvalidEntry):  # nbgrader's word for a row that is there already
            return work()
        time.sleep(pause)
    return work()


@contextmanager
def told(db_url: str) -> Iterator[None]:
    """Say in one sentence what is wrong with a gradebook.

    Raises
    ------
    CourseError
        In place of the database's own error.
    """
    try:
        yield
    except SQLAlchemyError as error:
        what = str(getattr(error, "orig", None) or error).splitlines()[0]
        if file_of(db_url) is None and isinstance(error, OperationalError | InterfaceError):
            raise LostError(str(_refusal(db_url, NO_SERVER, what))) from error
        todo = next((todo for said, todo in SAYS.items() if said in what.lower()), OTHERWISE)
        raise _refusal(db_url, todo, what) from error


def _refusal(db_url: str, todo: str, what: str = "") -> CourseError:
    where = file_of(db_url) or make_url(db_url).render_as_string()  # which hides a password
    why = f" ({what})" if what else ""
    again = "then grade again, and it goes on where it stopped"
    return CourseError(f"The gradebook {where} cannot be used: {todo}, {again}{why}.")


def file_of(db_url: str) -> Path | None:
    """Return the file of a gradebook; None if a server keeps it."""
    url = make_url(db_url)
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def is_there(db_url: str) -> bool:
    """Whether there is a gradebook, of the version of nbgrader that is installed.

    Nothing is written.

    Raises
    ------
    CourseError
        If it is none, or of another version.
    """
    file = file_of(db_url)
    if file is not None and (not file.exists() or not file.stat().st_size):
        return False
    engine = create_engine(db_url)
    try:
        with told(db_url), engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
            versions: list[str] = []
            if "alembic_version" in tables:
                versions = list(connection.execute(text("SELECT * FROM alembic_version")).scalars())
    finally:
        engine.dispose()
    script = ScriptDirectory(ALEMBIC_DIR)
    if not tables or versions == [script.get_current_head()]:
        return bool(tables)
    if "submitted_assignment" not in tables:
        raise _refusal(db_url, FOREIGN)
    known = {each.revision for each in script.walk_revisions()}
    raise _refusal(db_url, OLDER if known.issuperset(versions) else NEWER)


def open_gradebook(db_url: str) -> Any:
    """Return nbgrader's `Gradebook`; it is made, whole, if there is none.

    Raises
    ------
    CourseError
        If it cannot be used, or is of another version.
    """
    file = file_of(db_url)
    with told(db_url):
        if not is_there(db_url) and file is not None:
            _make(file)
        url = make_url(db_url)
        if file is not None:
            url = url.update_query_dict({"timeout": str(PATIENCE)})
        return Gradebook(url.render_as_string(hide_password=False))


def _make(file: Path) -> None:
    new = file.with_name(f"{file.name}.new")
    remove(new)
    file.parent.mkdir(parents=True, exist_ok=True)
    Gradebook(URL.create("sqlite", database=str(new)).render_as_string()).close()
    new.replace(file)


def require_writable(gradebook: Any, db_url: str) -> None:
    """Refuse to start what could not be written in the end.

    Raises
    ------
    CourseError
        If somebody else writes into the gradebook, or it is read-only.
    """
    if file_of(db_url) is not None:
        with told(db_url), gradebook.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
            connection.rollback()
