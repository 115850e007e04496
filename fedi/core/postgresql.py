"""Opening a PostgreSQL database: what libpq understands in a URL is understood here.

Loaded only by nodes that have one.
"""

import re
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import ExceptionContext, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fedi.core.trouble import DatabaseDown

#: Connections that are kept, and as many again for a rush; a process has two such pools.
POOL_SIZE = 4
#: Seconds until a connection, or a statement, is given up: a dead network says nothing.
CONNECT_SECONDS, STATEMENT_SECONDS = 10.0, 60.0
#: Compiling a plan takes longer than any statement of a node.
SETTINGS = {"application_name": "fedi", "jit": "off"}


def open_postgresql(
    url: str, options: dict[str, Any], *, write: bool, patient: bool
) -> AsyncEngine:
    """Open a database; nothing is asked of the server yet.

    asyncpg reads the URL, its `sslmode`, `passfile` and hosts included, and the environment
    (PGPASSWORD, ~/.pgpass); the password is in no name or message of the engine.
    """
    settings = SETTINGS if write else SETTINGS | {"default_transaction_read_only": "on"}
    connect = partial(
        asyncpg.connect,
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=None if patient else STATEMENT_SECONDS,
        server_settings=settings,
    )

    async def create() -> Any:
        try:
            return await connect()
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseDown(f"PostgreSQL does not let us in: {error}") from error

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=create,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _replace_closed)
    event.listen(engine.sync_engine, "handle_error", _hide_values)
    return engine


def _replace_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Take another connection when the server has hung up on this one; that costs no question."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


#: Where a message begins to repeat what was to be stored.
_REPEATING = re.compile(r"(query argument \$\d+):.*|\nDETAIL:.*", re.DOTALL)


def _hide_values(context: ExceptionContext) -> None:
    """Let neither a message nor a traceback tell the values of a statement that failed."""
    error: BaseException | None = context.sqlalchemy_exception
    while error is not None:
        error.args = tuple(_REPEATING.sub(r"\1", str(part)) for part in error.args)
        if isinstance(error, asyncpg.PostgresError):
            error.detail = None
        error = error.__cause__ or getattr(error, "orig", None)
