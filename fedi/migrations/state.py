"""Which revision a database is at, told without loading alembic."""

from pathlib import Path

from sqlalchemy import URL, column, inspect, select, table

from fedi.core.db import Database
from fedi.core.errors import FediError

VERSIONS = Path(__file__).parent / "versions"
#: Every revision the program knows, oldest first: files are named `0001_what_it_does.py`.
REVISIONS = sorted(path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))
HEAD = max(REVISIONS, default="0000")

_VERSION = table("alembic_version", column("version_num"))


class NotMigrated(FediError):
    """The database is older than the program, or empty; `fedi migrate` brings it up to date."""

    code = "not-migrated"


class NewerDatabase(FediError):
    """A newer version of the program made the database; this one would damage it."""

    code = "newer-database"


async def read_revision(database: Database) -> str | None:
    """The revision a database is at; None when it has no tables yet or does not exist."""
    if _is_missing_file(database.reader.url):
        return None  # connecting would create an empty one
    async with database.reader.connect() as connection:
        if not await connection.run_sync(lambda plain: inspect(plain).has_table(_VERSION.name)):
            return None
        revision: str | None = await connection.scalar(select(_VERSION.c.version_num))
        return revision


def _is_missing_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


async def require_current(database: Database) -> None:
    """Return when the database is at the program's revision.

    Raises `NotMigrated` or `NewerDatabase`, each saying what to do.
    """
    revision = await read_revision(database)
    if revision is None:
        raise NotMigrated("there is no database yet: run `fedi init`, or `fedi migrate`")
    if revision not in REVISIONS:
        raise NewerDatabase(
            f"the database is at revision {revision}, newer than this program ({HEAD}): "
            "install the version of fedi that made it, or a later one"
        )
    if revision != HEAD:
        raise NotMigrated(
            f"the database is at revision {revision}, the program needs {HEAD}: run `fedi migrate`"
        )
