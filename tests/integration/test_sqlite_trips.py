"""The cursor that makes one trip gives what sqlite3 gives."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
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


async def test_a_transaction_makes_a_trip_for_each_statement_and_one_for_its_end(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[object] = []
    go: Any = aiosqlite.Connection._execute

    def count(connection: aiosqlite.Connection, function: Any, *arguments: Any) -> Any:
        trips.append(function)
        return go(connection, function, *arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", count)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT name FROM t"))
        await connection.execute(text("INSERT INTO t VALUES (3, 'trois')"))
    assert len(trips) == 3

    trips.clear()
    async with engine.begin():
        pass
    assert trips == []


async def test_who_writes_keeps_others_from_writing_from_the_first_statement_on(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT name FROM t"))
        other = sqlite3.connect(tmp_path / "one.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO t VALUES (4, 'quatre')")
        other.close()


async def test_a_statement_that_nobody_waits_for_any_more_is_undone(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async with engine.connect() as connection:
        inserting = asyncio.ensure_future(
            connection.execute(text("INSERT INTO t VALUES (3, 'trois')"))
        )
        await asyncio.sleep(0)  # it is on its way
        inserting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await inserting

    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM t")) == 2


async def test_a_failed_statement_is_told_and_undone(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("INSERT INTO t VALUES (3, 'trois')"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO t VALUES (4, 'un')"))

    async with engine.connect() as connection:
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT nothing FROM nowhere"))
        assert await connection.scalar(text("SELECT count(*) FROM t")) == 2
