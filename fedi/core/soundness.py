"""Whether a SQLite file is as SQLite wrote it: disks lose and change what is on them."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from fedi.core.errors import FediError


class DamagedDatabase(FediError):
    """SQLite cannot read a file, or finds that it is not as it wrote it."""

    code = "damaged-database"


def check_pages(path: Path) -> None:
    """Return when every page of a database is sound; blocks, for a second or so per gigabyte.

    What keeps it from being opened is no damage, and for whoever opens it next to tell.  Raises
    `DamagedDatabase`.
    """
    with suppress(sqlite3.OperationalError):
        _ask(path, "PRAGMA quick_check(1)")


def check_whole(path: Path) -> None:
    """Return when pages, indexes and references between rows are sound; blocks.

    The file keeps no log beside it from then on.  Raises `DamagedDatabase`.
    """
    whole = ("PRAGMA integrity_check(1)", "PRAGMA foreign_key_check", "PRAGMA journal_mode=delete")
    try:
        _ask(path, *whole)
    except sqlite3.OperationalError as error:
        raise DamagedDatabase(f"{path} cannot be read: {error}") from error


def _ask(path: Path, *questions: str) -> None:
    try:
        with closing(sqlite3.connect(path)) as database:
            for question in questions:
                answer = database.execute(question).fetchone()
                if answer not in (None, ("ok",), ("delete",)):
                    raise DamagedDatabase(f"{path} is damaged: {answer[0]}")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase(f"{path} is damaged: {error}") from error
