"""The index of the words: FTS5 on SQLite, a `tsvector` with a GIN index on PostgreSQL.

It is made of `post_words` and `actor_words` alone and follows them by itself, row by row: on
SQLite by triggers, on PostgreSQL because its column is computed.  So it is never written to nor
copied, and no revision of the database speaks of it: it is made where it is missing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, event, inspect, text

from fedi.core.tables import Base
from fedi.debates.models.search import ActorWords, PostWords


@dataclass(frozen=True)
class Index:
    """The index of a table of words; each column has a letter for PostgreSQL's weights."""

    table: Table
    letters: dict[str, str]

    @property
    def name(self) -> str:
        """The FTS5 table of SQLite."""
        return f"{self.table.name}_index"


_TABLES = Base.metadata.tables
POSTS = Index(_TABLES[PostWords.__tablename__], {"title": "A", "text": "D", "marks": "B"})
ACTORS = Index(_TABLES[ActorWords.__tablename__], {"name": "D"})
INDEXES = (POSTS, ACTORS)


def make_indexes(connection: Connection) -> None:
    """Make the indexes that are missing, of the words that are there."""
    on_postgresql = connection.dialect.name == "postgresql"
    for index in INDEXES:
        if on_postgresql:
            _execute(connection, _made_on_postgresql(index))
        elif not inspect(connection).has_table(index.name):
            _execute(connection, _made_on_sqlite(index))


def drop_indexes(connection: Connection) -> None:
    """Remove the indexes; what changes meanwhile is in none."""
    on_postgresql = connection.dialect.name == "postgresql"
    for index in INDEXES:
        gone = _gone_on_postgresql if on_postgresql else _gone_on_sqlite
        _execute(connection, gone(index))


def _made_on_sqlite(index: Index) -> Iterator[str]:
    table, name = index.table.name, index.name
    columns = ", ".join(index.letters)
    old, new = (
        ", ".join(f"{row}.{column}" for column in ("id", *index.letters)) for row in ("old", "new")
    )
    # The names are those of our own tables.
    into = f"INSERT INTO {name} (rowid, {columns}) VALUES ({new});"  # noqa: S608
    out = f"INSERT INTO {name} ({name}, rowid, {columns}) VALUES ('delete', {old});"  # noqa: S608
    # Words come as they are sought: nothing is left to do but to part them.
    yield (
        f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='{table}', "
        "content_rowid='id', tokenize='ascii')"
    )
    for moment, actions in (("insert", into), ("delete", out), ("update", f"{out} {into}")):
        yield (
            f"CREATE TRIGGER IF NOT EXISTS {name}_{moment} AFTER {moment.upper()} ON {table} "
            f"BEGIN {actions} END"
        )
    yield f"INSERT INTO {name} ({name}) VALUES ('rebuild')"  # noqa: S608


def _gone_on_sqlite(index: Index) -> Iterator[str]:
    for moment in ("insert", "delete", "update"):
        yield f"DROP TRIGGER IF EXISTS {index.name}_{moment}"
    yield f"DROP TABLE IF EXISTS {index.name}"


def _made_on_postgresql(index: Index) -> Iterator[str]:
    words = " || ".join(
        f"setweight(to_tsvector('simple'::regconfig, {column}), '{letter}')"
        for column, letter in index.letters.items()
    )
    table = index.table.name
    yield (
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS vector tsvector "
        f"GENERATED ALWAYS AS ({words}) STORED"
    )
    yield f"CREATE INDEX IF NOT EXISTS ix_{table}_vector ON {table} USING gin (vector)"


def _gone_on_postgresql(index: Index) -> Iterator[str]:
    yield f"ALTER TABLE {index.table.name} DROP COLUMN IF EXISTS vector"


def _execute(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(text(statement))


def is_declared(
    _: object, name: str | None, _kind: str, is_reflected: bool, declared: object
) -> bool:
    """Whether something in a database is of the declared tables, and not of these indexes.

    It has the parameters of alembic's `include_object`.
    """
    if not is_reflected or declared is not None or name is None:
        return True
    on_sqlite = tuple(index.name for index in INDEXES)  # FTS5 has tables behind each of its own
    on_postgresql = {"vector", *(f"ix_{index.table.name}_vector" for index in INDEXES)}
    return not (name.startswith(on_sqlite) or name in on_postgresql)


@event.listens_for(Base.metadata, "after_create")
def _after_create(_: object, connection: Connection, **__: object) -> None:
    make_indexes(connection)


@event.listens_for(Base.metadata, "before_drop")
def _before_drop(_: object, connection: Connection, **__: object) -> None:
    drop_indexes(connection)
