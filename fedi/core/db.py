"""The storage pattern: the engines of a node, and the units opened on them.

One transaction per request or job.  A `Unit` is that transaction, one reading of
the clock, and a memory of the rows it has met, so that handlers written one row
at a time run in batches at the price of a few statements (docs/adr/0003).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from fedi.core.pool import ReaderPool, WriterPool
from fedi.core.seal import Vault
from fedi.core.sqlite import open_sqlite
from fedi.core.trouble import Contended, explained
from fedi.core.unit import Unit
from fedi.core.urls import Site
from fedi.core.wakes import Wakes

Result = TypeVar("Result")

#: How often a unit that yields to another one is tried.
TRIES = 3
#: The message of a failed statement comes into the log, its values must not.
ENGINE: dict[str, Any] = {"hide_parameters": True}
AUTOCOMMIT: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}


def open_engine(url: str, *, write: bool, patient: bool = False) -> AsyncEngine:
    """Open a database, `sqlite:///PATH` or `postgresql://…`, to write to it or to read from it.

    Statements are given up after a minute unless the engine is `patient`, as far as the
    database can do that.
    """
    pool = {"poolclass": WriterPool if write else ReaderPool}
    options = ENGINE | pool if write else ENGINE | pool | AUTOCOMMIT
    if url.startswith("sqlite:"):
        return open_sqlite(url, options, write=write)
    # Its drivers are loaded where they are used: a node on SQLite has no need of them.
    engine: AsyncEngine = import_module("fedi.core.postgresql").open_postgresql(
        url, options, write=write, patient=patient
    )
    return engine


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

    async def attempt(self, work: Callable[[Unit], Awaitable[Result]]) -> Result:
        """Do something in a unit of its own, and again when another transaction was faster."""
        for _ in range(TRIES - 1):
            with suppress(Contended):
                async with self.unit() as unit:
                    return await work(unit)
        async with self.unit() as unit:
            return await work(unit)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """Open a view on committed rows, beside the writer; writing through it fails."""
        async with self._session(self.reader) as unit:
            yield unit

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[Unit]:
        session = AsyncSession(engine, expire_on_commit=False, autoflush=False)
        with explained():
            async with session:
                yield Unit(session, self.clock(), self.site, self.vault)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may be at work on it; a SQLite file has one at a time."""
        return self.writer.dialect.name != "sqlite"

    async def close(self) -> None:
        """Close every connection."""
        await self.writer.dispose()
        await self.reader.dispose()
