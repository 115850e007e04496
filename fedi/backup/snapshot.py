"""The rows of a node as they are at one moment, in one SQLite file, while it goes on serving.

Whatever database the node has: a backup can be opened on any machine, and restored to either.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from fedi.core.errors import FediError
from fedi.migrations.copy import copy_rows


class DamagedDatabase(FediError):
    """SQLite cannot read a file, or finds that it is not as it wrote it."""

    code = "damaged-database"


def take_snapshot(url: str, target: Path) -> None:
    """Write all rows of a database to a new file; blocks.

    Raises `DamagedDatabase` when it cannot be read, or what came out does not hold together.
    """
    engine, _, source = url.partition(":///")
    if engine == "sqlite":
        _copy_file(Path(source), target)
    else:
        asyncio.run(copy_rows(url, f"sqlite:///{target}", lambda *_: None))
    check_file(target)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file in one reading: a writer is not kept waiting, and cannot tear the copy."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as here,
            closing(sqlite3.connect(target)) as there,
        ):
            here.backup(there, pages=-1)
    except sqlite3.Error as error:
        raise DamagedDatabase(f"the database cannot be copied: {error}") from error


def check_file(path: Path) -> None:
    """Return when every page of a SQLite file is sound, and every row refers to one there is.

    The file keeps no log beside it from then on.  Blocks.  Raises `DamagedDatabase`.
    """
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=delete")
            (answer,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            broken = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase(f"the database is damaged: {error}") from error
    if answer != "ok" or broken is not None:
        raise DamagedDatabase(f"the database is damaged: {answer if broken is None else broken}")
