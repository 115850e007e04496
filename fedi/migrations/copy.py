"""Copying a node from one database to another, row by row, whatever they are."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fedi.core.db import open_engine
from fedi.core.errors import Conflict, FediError
from fedi.migrations.tables import TABLES
from fedi.migrations.upgrade import remove_tables, upgrade

#: Rows that are in memory at once: some are as large as a whole activity.
ROWS = 500

Report = Callable[[str, int], None]


class Incomplete(FediError):
    """A table does not hold as many rows there as here; nothing was kept of the copy."""

    code = "incomplete-copy"


async def copy_rows(source: str, target: str, report: Report) -> int:
    """Copy every row to an empty database, in one transaction; how many there were.

    `report` is told of each table and its rows.  What is written to a PostgreSQL database
    meanwhile is not copied; to a SQLite file nobody may write.  Raises `Conflict` when the
    target has tables, and `Incomplete`.
    """
    async with _opened(target, write=False) as there:
        if await there.run_sync(lambda plain: inspect(plain).get_table_names()):
            raise Conflict("there are tables in the other database already: it must be empty")
    await upgrade(target)
    try:
        async with _opened(source, write=False) as here, _opened(target, write=True) as there:
            return sum([await _copy(table, here, there, report) for table in _tables()])
    except BaseException:
        await remove_tables(target)
        raise


def _tables() -> list[Table]:
    return [TABLES.tables[name] for name in sorted(TABLES.tables)]


async def _copy(table: Table, here: AsyncConnection, there: AsyncConnection, report: Report) -> int:
    """Copy a table in the order of its keys, so that no reading lasts longer than a few rows."""
    count, last = 0, 0
    while True:
        query = select(table).where(table.c.id > last).order_by(table.c.id).limit(ROWS)
        found = (await here.execute(query)).mappings()
        rows = [{name: _storable(value) for name, value in row.items()} for row in found]
        if not rows:
            break
        await there.execute(insert(table), rows)
        count, last = count + len(rows), rows[-1]["id"]
    total = select(func.count()).select_from(table)
    counted = [await place.scalar(total) for place in (here, there)]
    if counted != [count, count]:
        raise Incomplete(f"{table.name}: {counted[0]} rows here, {counted[1]} there")
    report(table.name, count)
    return count


def _storable(value: Any) -> Any:
    """PostgreSQL has no NUL in its texts."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


@asynccontextmanager
async def _opened(url: str, *, write: bool) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(url, write=write, patient=True)
    try:
        async with engine.begin() if write else engine.connect() as connection:
            if not write and connection.dialect.name == "postgresql":  # one moment of all tables
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
    finally:
        await engine.dispose()
