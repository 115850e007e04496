"""Run by alembic, on the connection given by `upgrade` or by `python -m fedi.migrations`."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, String

from fedi.core.tables import UtcDateTime
from fedi.debates.search.index import is_declared
from fedi.migrations.tables import TABLES


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write plain types into revisions: they must not change when ours do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(item) is String:
        return "TEXT"  # script.py.mako says what that is
    return False


def run(connection: Connection) -> None:
    """Run the scripts asked for inside the caller's transaction."""
    context.configure(
        connection=connection,
        target_metadata=TABLES,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        include_object=is_declared,
        transactional_ddl=True,  # SQLite has it once nothing commits behind our back
    )
    context.run_migrations()


run(context.config.attributes["connection"])
