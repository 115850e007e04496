"""Migrations: the database follows the program, and never the other way."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from commands import fedi, init
from sqlalchemy import Connection, text

from fedi.core.db import open_engine
from fedi.migrations.state import HEAD
from fedi.migrations.tables import TABLES
from fedi.migrations.upgrade import BrokenReferences, upgrade


def execute(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


async def test_the_migrations_make_the_tables_that_are_declared(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'fedi.db'}"
    await upgrade(url)

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, TABLES)

    engine = open_engine(url, write=False)
    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == [], "run `python -m fedi.migrations`, see CONTRIBUTING.md"


async def test_foreign_keys_of_the_migrations_are_checked_at_commit(tmp_path: Path):
    await upgrade(f"sqlite:///{tmp_path / 'fedi.db'}")

    with closing(sqlite3.connect(tmp_path / "fedi.db")) as database:
        statements = [sql for (sql,) in database.execute("SELECT sql FROM sqlite_master") if sql]
    keys = [line for sql in statements for line in sql.splitlines() if "FOREIGN KEY" in line]
    assert keys
    assert all("DEFERRABLE INITIALLY DEFERRED" in line for line in keys)


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


def test_an_empty_database_is_migrated(tmp_path: Path):
    config = init(tmp_path)
    (tmp_path / "data" / "fedi.db").unlink()

    refused = fedi("queue", "list", "--config", config)
    assert (refused.code, refused.out) == (1, "")
    assert "fedi migrate" in refused.err
    assert not (tmp_path / "data" / "fedi.db").exists()

    assert fedi("migrate", "--config", config).code == 0
    assert fedi("queue", "list", "--config", config).code == 0


def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path):
    config = init(tmp_path)
    execute(tmp_path / "data" / "fedi.db", "UPDATE alembic_version SET version_num = '9999'")

    for command in ("serve", "migrate"):
        ended = fedi(command, "--config", config)
        assert ended.code == 1
        assert "9999, newer than this program" in ended.err
        assert len(ended.err.splitlines()) == 1
