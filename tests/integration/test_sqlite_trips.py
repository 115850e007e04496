"""The cursor that makes one trip gives what sqlite3 gives."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from fedi.core.db import open_engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A file with one table and two rows."""
    engine = open_engine(f"sqlite:///{tmp_path / 'one.db'}", write=True)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
        await connection.exec_driver_sql("INSERT INTO t VALUES (?, ?)", [(1, "un"), (2, "deux")])
    yield engine
    await engine.dispose()


async def test_rows_and_counts_come_back(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        rows = await connection.execute(text("SELECT name FROM t ORDER BY id"))
        assert rows.scalars().all() == ["un", "deux"]
        changed = await connection.execute(text("UPDATE t SET name = name || '!'"))
        assert changed.rowcount == 2
        returned = await connection.execute(text("DELETE FROM t WHERE id = 1 RETURNING name"))
        assert returned.scalars().all() == ["un!"]


async def test_a_failed_statement_is_told_and_undone(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("INSERT INTO t VALUES (3, 'trois')"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO t VALUES (4, 'un')"))

    async with engine.connect() as connection:
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT nothing FROM nowhere"))
        assert await connection.scalar(text("SELECT count(*) FROM t")) == 2
