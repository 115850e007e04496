"""What every table has: columns' types, keys of our own, names of constraints."""

import os
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Index,
    MetaData,
    String,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

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

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Write a moment once: most rows of a unit bear the same, and SQLite wants it as text."""
        write = super().bind_processor(dialect)
        return lru_cache(maxsize=64)(write) if write is not None else None

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
        # In the order of its bytes on both databases: a path, or a prefix, is a range of an index.
        str: String().with_variant(String(collation="C"), "postgresql"),
        # Text on both databases: a new value needs no change of a type.
        StrEnum: Enum(StrEnum, native_enum=False, length=20, values_callable=_values),
    }

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    def __init__(self, **values: Any) -> None:
        """A new row; raises `TypeError` when the table has no such column.

        The values count as loaded ones: a new row goes out whole, so nobody asks which of its
        columns have changed, and to note that took three quarters of making a post.
        """
        if not values.keys() <= columns_of(type(self)):
            raise TypeError(f"not all of these are columns: {', '.join(values)}")
        self.__dict__.update(values)


@lru_cache(maxsize=256)
def columns_of(model: type[Base]) -> frozenset[str]:
    """The names of the columns of a table."""
    return frozenset(Base.metadata.tables[model.__tablename__].c.keys())


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
_lock = threading.Lock()
_last = 0
_worker = 0


def draw_worker() -> None:
    """Draw the number that tells our keys from those other processes make at the same time.

    Of eight processes two have the same one in seven of a thousand draws.  Their first keys of
    one millisecond are the same then, PostgreSQL refuses the second, and who made it draws
    again before it tries again (`fedi.core.trouble`).
    """
    global _worker
    _worker = secrets.randbits(12)


draw_worker()
os.register_at_fork(after_in_child=draw_worker)


def made_at(identity: int) -> datetime:
    """When a key was made."""
    return datetime.fromtimestamp(((identity >> 20) + _EPOCH_MS) / 1000, UTC)


def id_at(moment: datetime) -> int:
    """The least key that may have been made at a moment."""
    return max(0, int(moment.timestamp() * 1000) - _EPOCH_MS) << 20


def new_id() -> int:
    """Make a 63-bit, time-ordered primary key, whichever process and machine asks.

    43 bits of milliseconds, 8 bits of counter, 12 bits drawn by the process.  Who makes more
    than 256 keys in a millisecond takes some of the next one.
    """
    global _last
    now = (time.time_ns() // 1_000_000 - _EPOCH_MS) << 8
    with _lock:
        _last = max(now, _last + 1)
        return (_last << 12) | _worker
