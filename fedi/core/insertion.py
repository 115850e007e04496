"""Storing many rows of one table at the price of the database driver alone.

SQLAlchemy builds the parameters of each row through several layers, and its unit of work takes
ten times longer still.  Here the statement of a table is written once, and rows become tuples;
what SQLAlchemy's column types and defaults do to values is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Dialect, Engine, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only, greenlet_spawn

from fedi.core.tables import Base, columns_of
from fedi.core.trouble import explained

Values = Mapping[str, Any]


class Insertion:
    """`INSERT INTO table (columns) …` in the words of one database.

    SQLite is given one row after the other.  PostgreSQL is given whole columns, and plans and
    executes once: half as much work as for rows one by one, there and here.
    """

    def __init__(self, model: type[Base], dialect: Dialect) -> None:
        table = Base.metadata.tables[model.__tablename__]
        names = list(table.c.keys())
        statement = dialect.statement_compiler(dialect, insert(table), column_keys=names)
        self._names = statement.positiontup or names
        self._in_columns = dialect.name == "postgresql"
        self.text = str(statement)
        if self._in_columns:
            head = self.text.partition(" VALUES ")[0]
            arrays = [
                f"${place}::{_plain_type(table.c[name], dialect)}[]"
                for place, name in enumerate(self._names, 1)
            ]
            rows = f"unnest({', '.join(arrays)})"
            self.text = f"{head} SELECT * FROM {rows}"  # noqa: S608 - names of our own tables
        self._defaults = {
            name: default
            for name in self._names
            if (default := _default_of(table.c[name])) is not None
        }
        self._converted = [
            (place, convert)
            for place, name in enumerate(self._names)
            if (convert := table.c[name].type.dialect_impl(dialect).bind_processor(dialect))
        ]
        self._known = columns_of(model) | {"_sa_instance_state"}  # with it a row keeps its values

    def bind(self, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
        """The parameters of rows; raises `KeyError` when one names a column that is not there."""
        if unknown := set().union(*rows) - self._known:
            raise KeyError(*unknown)
        columns = [self._column(name, rows) for name in self._names]
        for place, convert in self._converted:
            columns[place] = list(map(convert, columns[place]))
        return [tuple(columns)] if self._in_columns else list(zip(*columns, strict=True))

    def _column(self, name: str, rows: Sequence[Values]) -> list[Any]:
        """The values of one column: going through rows column by column costs half as much."""
        if (default := self._defaults.get(name)) is None:
            return [row.get(name) for row in rows]
        return [row[name] if name in row else default() for row in rows]

    def values_of(self, row: Base) -> Values:
        """All columns of a new row; it gets those it does not name, as if it had been loaded."""
        loaded = row.__dict__
        for name in self._known.difference(loaded):
            default = self._defaults.get(name)
            loaded[name] = default() if default else None
        return loaded


@lru_cache(maxsize=256)
def insertion_of(model: type[Base], dialect: Dialect) -> Insertion:
    """How rows of a table are stored in a database."""
    return Insertion(model, dialect)


async def store(engine: AsyncEngine, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store what `bind` made in a transaction of its own, in one trip to the database.

    SQLAlchemy goes through its layers to begin, to execute and to commit: for a group of 32 that
    took half a millisecond.  What fails is tried again by its means, since its words are those
    that `explained` knows: the statement must be one that may be repeated.
    """
    with explained():
        if not await greenlet_spawn(_store, engine.sync_engine, statement, rows):
            async with engine.begin() as connection:
                await connection.exec_driver_sql(statement, list(rows))


def _store(engine: Engine, statement: str, rows: Sequence[tuple[Any, ...]]) -> bool:
    """Whether it was done; what keeps us from getting a connection is raised."""
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    try:
        if engine.dialect.name == "postgresql":
            await_only(driver.execute(statement, *rows[0]))  # a statement commits itself
        else:
            await_only(driver.store(statement, rows))
    except Exception:  # each driver has its own
        return False
    finally:
        connection.close()
    return True


def _plain_type(column: Column[Any], dialect: Dialect) -> str:
    """The type of a column, without the collation that only its comparisons need."""
    return column.type.compile(dialect).partition(" COLLATE ")[0]


def _default_of(column: Column[Any]) -> Callable[[], Any] | None:
    """What makes the value of a column that a row does not name."""
    default: Any = column.default
    if default is None:
        return None
    if default.is_callable:
        return lambda: default.arg(None)
    return lambda: default.arg
