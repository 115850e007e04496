"""The leader: one process of the node at a time, for work that two must not do at once.

On PostgreSQL who holds an advisory lock leads, on SQLite who holds a file of the data
directory.  Either is given back by the system when its holder dies.  A leader whose connection
is cut learns of it at its next check only, so what it does must bear being done twice.
"""

import asyncio
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fedi.core.node import Node

log = structlog.get_logger()

#: Advisory locks have numbers, in each database: these are the letters of "fedi".
LOCK = 0x66656469
#: Seconds that the database has to say whether we lead.
PATIENCE = 5.0
#: Has PostgreSQL miss within half a minute a leader whose whole machine is gone.
KEEPALIVE = (
    "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)


class Leadership(Protocol):
    """What one process of the node can have at a time."""

    @property
    def every(self) -> float:
        """Seconds between two looks whether it is free, or still ours."""

    async def take(self) -> bool:
        """Have it if it is free; whether we do."""

    async def holds(self) -> bool:
        """Whether it is still ours."""

    async def release(self) -> None:
        """Leave it to another process."""


class FileLock:
    """Leadership on one machine: a locked file."""

    every = 1.0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number: int | None = None

    async def take(self) -> bool:
        number = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            return False
        self._number = number
        return True

    async def holds(self) -> bool:
        return self._number is not None

    async def release(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None


class AdvisoryLock:
    """Leadership among all processes of a PostgreSQL database: a lock of a kept connection."""

    every = 10.0

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def take(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            connection = await self._engine.connect()
            try:
                got = await connection.scalar(text(f"SELECT pg_try_advisory_lock({LOCK})"))
                if got:
                    raw = await connection.get_raw_connection()
                    driver: Any = raw.driver_connection
                    raw.detach()  # the pool must neither miss it nor lend it
                    await driver.execute(KEEPALIVE)
                    self._connection = connection
            finally:
                if self._connection is None:
                    await connection.close()
        return self._connection is not None

    async def holds(self) -> bool:
        if self._connection is None:
            return False
        try:
            async with asyncio.timeout(PATIENCE):
                await self._connection.execute(text("SELECT 1"))
        except Exception as error:  # whatever the driver raises, the lock is gone with it
            log.warning("this process leads no more", error=repr(error))
            return False
        return True

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # the connection may be what was lost
                await connection.close()


def leadership(node: Node) -> Leadership:
    """What the processes of this node lead by."""
    if node.db.is_shared:
        return AdvisoryLock(node.db.reader)
    return FileLock(node.config.node.data_dir / "leader.lock")
