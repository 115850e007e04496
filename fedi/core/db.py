"""The storage pattern: the engines of a node, and the units opened on them.

One transaction per request or job.  A `Unit` is that transaction, one reading of
the clock, and a memory of the rows it has met, so that handlers written one row
at a time run in batches at the price of a few statements (docs/adr/0003).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from fedi.core.seal import Vault
from fedi.core.unit import Unit
from fedi.core.urls import Site
from fedi.core.wakes import Wakes

PRAGMAS = (
    "journal_mode=wal",
    "synchronous=full",  # a 202 means on disk, even at power loss
    "foreign_keys=on",
    "busy_timeout=10000",
)
#: Kibibytes of pages that a connection keeps: one writes and meets everything, four read.
WRITER_CACHE, READER_CACHE = 16384, 4096
#: The message of a failed statement comes into the log, its values must not.
ENGINE: dict[str, Any] = {"hide_parameters": True}
AUTOCOMMIT: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}


def open_engine(url: str, *, write: bool) -> AsyncEngine:
    """Open the database: SQLite gets one connection that writes or four that read.

    The pool of one *is* the writers' queue: no lock error can occur inside a process.
    """
    options = ENGINE if write else ENGINE | AUTOCOMMIT
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=4, **options)
    engine = create_async_engine(url, pool_size=1 if write else 4, max_overflow=0, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # sqlite3 must not begin behind our back
        cursor = connection.cursor()
        cache = f"cache_size=-{WRITER_CACHE if write else READER_CACHE}"
        for pragma in (*PRAGMAS, cache) if write else (*PRAGMAS, cache, "query_only=on"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if write:  # a deferred BEGIN that reads, then writes, fails at once under contention
        event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass(frozen=True)
class Database:
    """The two engines of a node and the units opened on them."""

    writer: AsyncEngine
    reader: AsyncEngine
    site: Site
    vault: Vault
    clock: Callable[[], datetime]
    signals: Wakes

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """Open a writing transaction: committed on return, rolled back on raise."""
        async with self._session(self.writer) as unit:
            yield unit
            await unit.commit()  # not reached when the body raises: closing rolls back
            self.signals.tell(*unit.wakes)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """Open a view on committed rows, beside the writer; writing through it fails."""
        async with self._session(self.reader) as unit:
            yield unit

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[Unit]:
        async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
            yield Unit(session, self.clock(), self.site, self.vault)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may be at work on it; a SQLite file has one at a time."""
        return self.writer.dialect.name != "sqlite"

    async def close(self) -> None:
        """Close every connection."""
        await self.writer.dispose()
        await self.reader.dispose()
