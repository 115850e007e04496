"""Opening a SQLite file: one connection that writes, two that read beside it."""

from functools import partial
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fedi.core.onetrip import connect_to

PRAGMAS = (
    "journal_mode=wal",
    "synchronous=full",  # a 202 means on disk, even at power loss
    "foreign_keys=on",
    "busy_timeout=10000",
    "wal_autocheckpoint=4000",  # 16 MB: pages that change again and again are moved home less often
)
#: Connections that read: a long query has one, and everything else the other.  Each has a thread,
#: and threads of Python wait for each other: with four, a page took a third more processor time.
READERS = 2
#: Kibibytes of pages that a connection keeps: one writes and meets everything, two read.  The
#: system keeps them too, a copy away: four times as much cost 12 MB and won nothing measurable.
WRITER_CACHE, READER_CACHE = 4096, 1024


def open_sqlite(url: str, options: dict[str, Any], *, write: bool) -> AsyncEngine:
    """Open a file.

    The pool of one *is* the writers' queue: no lock error can occur inside a process.
    """
    address = make_url(url.replace("sqlite:", "sqlite+aiosqlite:", 1))
    engine = create_async_engine(
        address,
        async_creator=partial(connect_to, address.database or ""),
        pool_size=1 if write else READERS,
        max_overflow=0,
        **options,
    )

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
    driver: Any = connection.connection.driver_connection
    driver.begin("BEGIN IMMEDIATE")
