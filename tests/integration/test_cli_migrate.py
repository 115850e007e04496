"""Migrations: the database follows the program, and never the other way."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from commands import fedi, init
from databases import Databases
from sqlalchemy import Connection, inspect, text

from fedi.core.db import open_engine
from fedi.core.settings import load_config
from fedi.debates.search.index import is_declared
from fedi.migrations.state import HEAD
from fedi.migrations.tables import TABLES
from fedi.migrations.upgrade import BrokenReferences, upgrade


def execute(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A database without tables."""
    return Databases.lend_bare() or f"sqlite:///{tmp_path / 'fedi.db'}"


async def test_the_migrations_make_the_tables_that_are_declared(bare: str):
    await upgrade(bare)

    def compare(connection: Connection) -> list[Any]:
        opts = {"compare_type": True, "include_object": is_declared}
        context = MigrationContext.configure(connection, opts=opts)
        return compare_metadata(context, TABLES)

    engine = open_engine(bare, write=False)
    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == [], "run `python -m fedi.migrations`, see CONTRIBUTING.md"


async def test_several_processes_may_migrate_at_once(bare: str):
    await asyncio.gather(*(upgrade(bare) for _ in range(4)))

    engine = open_engine(bare, write=False)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
    await engine.dispose()


async def test_rows_may_name_each_other_before_they_are_stored(bare: str):
    """Foreign keys are checked when a transaction commits."""
    await upgrade(bare)

    def keys(connection: Connection) -> list[Any]:
        looked_at = inspect(connection)
        return [key for name in TABLES.tables for key in looked_at.get_foreign_keys(name)]

    engine = open_engine(bare, write=False)
    async with engine.connect() as connection:
        found = await connection.run_sync(keys)
    await engine.dispose()
    assert found
    assert all(key["options"].get("initially") == "DEFERRED" for key in found)


@pytest.mark.sqlite
async def test_a_migration_that_breaks_references_is_undone(tmp_path: Path):
    path = tmp_path / "fedi.db"
    url = f"sqlite:///{path}"
    await upgrade(url)
    execute(  # what a wrong migration could leave: a row that refers to an actor that is no more
        path,
        "INSERT INTO moderators (group_id, actor_id, created_at, id) VALUES (1, 2, '2026', 3)",
        "ALTER TABLE moderators RENAME TO kept",
        *(
            f"DROP TABLE {name}"
            for name in (*TABLES.tables, "alembic_version")
            if name != "moderators"
        ),
    )

    engine = open_engine(url, write=True)
    with pytest.raises(BrokenReferences):
        await upgrade(url)
    async with engine.connect() as connection:
        names = set(await connection.scalars(text("SELECT name FROM sqlite_master")))
    await engine.dispose()
    assert "posts" not in names


def test_migrating_twice_changes_nothing(tmp_path: Path):
    config = init(tmp_path)

    for _ in range(2):
        ended = fedi("migrate", "--config", config)
        assert (ended.code, ended.out) == (0, f"the database is up to date, at revision {HEAD}\n")


@pytest.mark.sqlite
def test_an_empty_database_is_migrated(tmp_path: Path):
    config = init(tmp_path)
    (tmp_path / "data" / "fedi.db").unlink()

    refused = fedi("queue", "list", "--config", config)
    assert (refused.code, refused.out) == (1, "")
    assert "fedi migrate" in refused.err
    assert not (tmp_path / "data" / "fedi.db").exists()

    assert fedi("migrate", "--config", config).code == 0
    assert fedi("queue", "list", "--config", config).code == 0


async def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path):
    config = init(tmp_path)
    engine = open_engine(load_config(config).database_url, write=True)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()

    for command in ("serve", "migrate"):
        ended = fedi(command, "--config", config)
        assert ended.code == 1
        assert "9999, newer than this program" in ended.err
        assert len(ended.err.splitlines()) == 1
