"""Bringing a database to the program's revision, all of it or nothing."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fedi.core import leader
from fedi.core.db import open_engine
from fedi.core.errors import FediError
from fedi.debates.search.index import make_indexes
from fedi.migrations.tables import TABLES
from fedi.moderation.sealing import make_triggers

#: The advisory lock of who migrates: a number beside that of the leader.
LOCK = leader.LOCK + 1


class BrokenReferences(FediError):
    """A migration would leave rows that point at nothing; it was undone."""

    code = "broken-references"


def alembic_config(connection: Connection | None = None) -> AlembicConfig:
    """What alembic needs to run the scripts of this folder on an open connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def upgrade(url: str) -> None:
    """Apply every missing revision in one transaction; who comes meanwhile waits for it.

    Raises `BrokenReferences` when the outcome would not hold together; the
    database is then as it was.
    """
    engine = open_engine(url, write=True, patient=True)
    try:
        async with engine.connect() as connection:
            await _without_foreign_keys(connection)
            async with connection.begin():
                await _wait_for_others(connection)
                await connection.run_sync(_upgrade)
                await connection.run_sync(make_indexes)
                await connection.run_sync(make_triggers)
                await _check_references(connection)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")


async def _without_foreign_keys(connection: AsyncConnection) -> None:
    """SQLite alters a table by copying it, and dropping the old one would cascade."""
    if connection.dialect.name == "sqlite":
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute("PRAGMA foreign_keys=off")  # type: ignore[union-attr]  # of aiosqlite


async def _wait_for_others(connection: AsyncConnection) -> None:
    """PostgreSQL lets two make the same table until one fails; SQLite has one writer.

    There the first statement waits for its turn, and it must not be one of alembic's, which
    keeps the connection it works on in a variable of the module.
    """
    shared = connection.dialect.name == "postgresql"
    await connection.execute(select(func.pg_advisory_xact_lock(LOCK) if shared else literal(1)))


async def _check_references(connection: AsyncConnection) -> None:
    if connection.dialect.name == "sqlite":
        broken = (await connection.execute(text("PRAGMA foreign_key_check"))).first()
        if broken is not None:
            raise BrokenReferences(f"row {broken[1]} of {broken[0]} refers to no {broken[2]}")


async def remove_tables(url: str) -> None:
    """Leave a database as it was before the first `upgrade`, without any row."""
    engine = open_engine(url, write=True)
    async with engine.begin() as connection:
        await connection.run_sync(TABLES.drop_all)
        await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    await engine.dispose()
