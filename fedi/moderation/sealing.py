"""The audit log is append-only where it is kept: the database refuses to change or delete a row.

Triggers do that, on both databases.  No revision speaks of them: they are made where missing.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, event, text

from fedi.core.tables import Base
from fedi.moderation.models import AuditEntry

_TABLE = AuditEntry.__tablename__
_WORDS = f"{_TABLE} is append-only"


def make_triggers(connection: Connection) -> None:
    """Make the triggers that are missing."""
    on_postgresql = connection.dialect.name == "postgresql"
    for statement in _on_postgresql() if on_postgresql else _on_sqlite():
        connection.execute(text(statement))


def _on_sqlite() -> Iterator[str]:
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER IF NOT EXISTS {_TABLE}_{verb.lower()} BEFORE {verb} ON {_TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
        )


def _on_postgresql() -> Iterator[str]:
    yield (
        f"CREATE OR REPLACE FUNCTION {_TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER {_TABLE}_change BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {_TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {_TABLE}_refuse()"
    )


@event.listens_for(Base.metadata, "after_create")
def _after_create(_: object, connection: Connection, **__: object) -> None:
    make_triggers(connection)


@event.listens_for(Base.metadata, "after_drop")
def _after_drop(_: object, connection: Connection, **__: object) -> None:
    """A function of PostgreSQL outlives the table whose triggers call it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP FUNCTION IF EXISTS {_TABLE}_refuse()"))
