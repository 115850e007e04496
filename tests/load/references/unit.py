"""The batch unit at its barest: one transaction, a memory of rows, three kinds of statement.

It is the pattern of fedi/core/db.py and docs/adr/0003, written again so that it stays as it was
measured when the node's own changes.
"""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, TypeVar

from sqlalchemy import BigInteger, Connection, event, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PRAGMAS = ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "cache_size=-16384")
AUTOCOMMIT: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}


class Base(DeclarativeBase):
    """Every table of the references that use SQLAlchemy."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger}

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


Row = TypeVar("Row", bound=Base)

_ids = count(time.time_ns())


def new_id() -> int:
    """A key made here, in the order of time."""
    return next(_ids)


def open_engine(database: str, *, write: bool) -> AsyncEngine:
    """One connection that writes, or two that read; `database` is a file, or PostgreSQL's URL."""
    if database.startswith("postgresql:"):
        url = database.replace("postgresql:", "postgresql+asyncpg:", 1)
        return create_async_engine(url, pool_size=4, **({} if write else AUTOCOMMIT))
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{database}",
        pool_size=1 if write else 2,
        max_overflow=0,
        **({} if write else AUTOCOMMIT),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if write:
        event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass
class Unit:
    """One transaction and a memory of the rows it has met."""

    session: AsyncSession
    now: float = field(default_factory=time.time)
    met: dict[tuple[type, str, Any], Any] = field(default_factory=dict)
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    async def find(self, model: type[Row], **name: Any) -> Row | None:
        """A row by one of its names, asked of the database at most once."""
        ((column, value),) = name.items()
        if (model, column, value) not in self.met:
            await self.load(model, **{column: [value]})
        found: Row | None = self.met[model, column, value]
        return found

    async def load(self, model: type[Base], **names: Collection[Any]) -> None:
        """Meet many rows in one query."""
        ((column, values),) = names.items()
        wanted = sorted({value for value in values if (model, column, value) not in self.met})
        if not wanted:
            return
        self.met |= dict.fromkeys((model, column, value) for value in wanted)
        query = select(model).where(getattr(model, column).in_(wanted)).order_by(model.id)
        for row in await self.session.scalars(query):
            self.meet(row)

    def meet(self, row: Base) -> None:
        """Remember a row by its names."""
        self.met |= {
            (type(row), name, getattr(row, name)): row
            for name in ("id", "uri")
            if hasattr(row, name)
        }

    def add(self, row: Row) -> Row:
        """Store a row that others may look up or change."""
        self.session.add(row)
        self.meet(row)
        return row

    def write(self, model: type[Base], **values: Any) -> None:
        """Store a row that nobody reads again in this unit."""
        self.rows[model].append({"id": new_id()} | values)

    async def commit(self) -> None:
        """Send everything and make it durable."""
        await self.session.flush()
        for model, rows in self.rows.items():
            await self.session.execute(insert(model.__table__), rows)
        await self.session.commit()


@asynccontextmanager
async def unit(engine: AsyncEngine) -> AsyncIterator[Unit]:
    """Open a transaction, committed when the block ends well."""
    async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
        opened = Unit(session)
        yield opened
        await opened.commit()
