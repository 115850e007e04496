"""The rows of a node as they are at one moment, in one SQLite file, while it goes on serving.

Whatever database the node has: a backup can be opened on any machine, and restored to either.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from fedi.core.soundness import DamagedDatabase, check_whole
from fedi.migrations.copy import copy_rows


def take_snapshot(url: str, target: Path) -> None:
    """Write all rows of a database to a new file; blocks.

    Raises `DamagedDatabase` when it cannot be read, or what came out does not hold together.
    """
    engine, _, source = url.partition(":///")
    if engine == "sqlite":
        _copy_file(Path(source), target)
    else:
        asyncio.run(copy_rows(url, f"sqlite:///{target}", lambda *_: None))
    check_whole(target)


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
