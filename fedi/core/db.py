"""The storage pattern: engines, units, keys.

One transaction per request or job.  A `Unit` is that transaction, one reading of
the clock, and a memory of the rows it has met, so that handlers written one row
at a time run in batches at the price of a few statements (docs/adr/0003).
"""

import asyncio
import os
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Index,
    MetaData,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from fedi.core.seal import Vault
from fedi.core.urls import Site

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

#: Most values one `IN (…)` may hold; SQLite refuses more than 32,766 parameters.
IN_LIMIT = 5000


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite keeps text without a zone, PostgreSQL a zone of its own."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware datetime."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


class Base(DeclarativeBase):
    """Every table; foreign keys are checked at commit, so rows may name each other in any order."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        int: BigInteger,
        # Text on both databases: a new value needs no change of a type.
        StrEnum: Enum(StrEnum, native_enum=False, length=20, values_callable=_values),
    }

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


Row = TypeVar("Row", bound=Base)


def partial_index(name: str | None, *columns: str, where: str, unique: bool = False) -> Index:
    """Index the rows for which a condition holds, on either database."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, info={"where": condition})


def tell_postgresql(metadata: MetaData) -> None:
    """Repeat the conditions of partial indexes for PostgreSQL, before it is asked to make them.

    Declared with the tables, they would load its dialect, 3 MB, into every node on SQLite.
    """
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_options["postgresql"]["where"] = index.info["where"]


@event.listens_for(Base.metadata, "before_create")
def _before_create(metadata: MetaData, connection: Connection, **_: Any) -> None:
    if connection.dialect.name == "postgresql":
        tell_postgresql(metadata)


# --- keys --------------------------------------------------------------------------------

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01: 43 bits of milliseconds last until 2298
_WORKER = int.from_bytes(os.urandom(1)) & 0x7F
_lock = threading.Lock()
_last = 0


def new_id() -> int:
    """Make a 63-bit, time-ordered primary key, unique across processes of one machine.

    43 bits of milliseconds, 13 bits of counter, 7 bits drawn once per process.
    """
    global _last
    now = (time.time_ns() // 1_000_000 - _EPOCH_MS) << 13
    with _lock:
        _last = max(now, _last + 1)
        return (_last << 7) | _WORKER


# --- engines -----------------------------------------------------------------------------


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


# --- units -------------------------------------------------------------------------------


@dataclass
class Unit:
    """One transaction, one reading of the clock, and a memory of the rows it has met.

    Verbs take the unit first.  They never commit, never reach the network, and ask
    `find` before they write a `select` of their own.
    """

    session: AsyncSession
    now: datetime
    site: Site
    vault: Vault
    met: dict[tuple[type, str, Any], Any] = field(default_factory=dict)
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    wakes: set[str] = field(default_factory=set)
    memory: dict[Any, Any] = field(default_factory=dict)

    async def find(self, model: type[Row], **name: Any) -> Row | None:
        """`await unit.find(Post, uri=...)`: asked of the database at most once in a unit."""
        ((column, value),) = name.items()
        if (model, column, value) not in self.met:
            await self.load(model, lock=False, **{column: [value]})
        found: Row | None = self.met[model, column, value]
        return found

    async def load(
        self, model: type[Base], *, lock: bool = False, **names: Collection[Any]
    ) -> None:
        """Meet many rows in one query; a name without a row is remembered as absent."""
        ((column, values),) = names.items()
        unmet = {v for v in values if v is not None and (model, column, v) not in self.met}
        wanted = sorted(unmet)
        self.met |= dict.fromkeys((model, column, value) for value in wanted)
        for start in range(0, len(wanted), IN_LIMIT):
            part = wanted[start : start + IN_LIMIT]
            query = select(model).where(getattr(model, column).in_(part)).order_by(model.id)
            for row in await self.session.scalars(query.with_for_update() if lock else query):
                self.meet(row)
                self.met[model, column, getattr(row, column)] = row

    def meet(self, row: Base) -> None:
        """Remember a row by its names."""
        self.met |= {
            (type(row), name, getattr(row, name)): row
            for name in ("id", "uri")
            if hasattr(row, name)
        }

    def add(self, row: Row) -> Row:
        """Store a row that others may look up, or that may still change, before the unit ends."""
        if row.id is None:
            row.id = new_id()
        self.session.add(row)
        self.meet(row)
        return row

    def write(self, model: type[Base], **values: Any) -> int:
        """Store a row nobody reads again in this unit; all rows of a table go out in one statement.

        Every call for one model must give the same set of columns.
        """
        values.setdefault("id", new_id())
        self.rows[model].append(values)
        identity: int = values["id"]
        return identity

    def wake(self, *loops: str) -> None:
        """Tell these loops, once the unit has committed, that there is work for them."""
        self.wakes.update(loops)

    async def flush(self) -> None:
        """Send to the database what has been added and written so far."""
        await self.session.flush()
        for model, rows in self.rows.items():
            await self.session.execute(insert(model.__table__), rows)  # type: ignore[arg-type]  # FromClause is a Table here
        self.rows.clear()

    async def commit(self) -> None:
        """Make everything durable; nothing of the unit is visible to others before."""
        await self.flush()
        await self.session.commit()


@dataclass(frozen=True)
class Database:
    """The two engines of a node and the units opened on them."""

    writer: AsyncEngine
    reader: AsyncEngine
    site: Site
    vault: Vault
    clock: Callable[[], datetime]
    signals: Mapping[str, asyncio.Event]

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """Open a writing transaction: committed on return, rolled back on raise."""
        async with self._session(self.writer) as unit:
            yield unit
            await unit.commit()  # not reached when the body raises: closing rolls back
            for name in unit.wakes:
                self.signals[name].set()

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
