"""One trip to the thread of a SQLite connection for each statement, instead of four.

aiosqlite goes there to make a cursor, to execute, to fetch and to close, and each trip costs
40 to 200 µs of processor time, more than most of our statements.  Here the statement goes out
and its rows come back at once; what begins a transaction goes out with its first statement.
Rows are never streamed, so no query of a node may be unbounded.
"""

from collections.abc import Sequence
from sqlite3 import Cursor, connect
from typing import Any

from aiosqlite import Connection

Parameters = Sequence[Any]


class OneTripCursor:
    """What SQLAlchemy asks of an aiosqlite cursor."""

    def __init__(self, connection: "OneTripConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "OneTripCursor":
        return self

    async def execute(self, statement: str, parameters: Parameters = ()) -> "OneTripCursor":
        """Execute, and have all rows."""
        await self._go(Cursor.execute, statement, parameters)
        return self

    async def executemany(self, statement: str, rows: Sequence[Parameters]) -> "OneTripCursor":
        """Execute once for each row of parameters."""
        await self._go(Cursor.executemany, statement, rows)
        return self

    async def _go(self, method: Any, statement: str, parameters: Any) -> None:
        opening = self._connection.take_opening()
        await self._connection.run(self._execute, opening, method, statement, parameters)

    def _execute(self, opening: str, method: Any, statement: str, parameters: Any) -> None:
        """In the thread of the connection."""
        cursor = self._connection.raw.cursor()
        try:
            if opening:
                cursor.execute(opening)
            method(cursor, statement, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> list[Any]:
        """The rows that came back and were not taken yet."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left open."""


class OneTripConnection(Connection):
    """A connection whose cursors make one trip; aiosqlite keeps its thread and its end."""

    def __init__(self, path: str) -> None:
        super().__init__(lambda: connect(path, check_same_thread=False), iter_chunk_size=64)
        self._thread.daemon = True  # a process that fails must not wait for it
        self._opening = ""
        self._is_open = False

    @property
    def raw(self) -> Any:
        """The connection of sqlite3, for its own thread."""
        return self._conn

    async def store(self, statement: str, rows: Sequence[Parameters]) -> None:
        """Execute once for each row, in a transaction of its own: all in one trip."""
        await self.run(self._store, statement, rows)

    def _store(self, statement: str, rows: Sequence[Parameters]) -> None:
        """In the thread of the connection."""
        with self.raw as connection:  # commits, or rolls back
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)

    def begin(self, statement: str) -> None:
        """Begin a transaction with this statement, unless it ends before anything is done in it."""
        self._opening = statement

    def take_opening(self) -> str:
        """What has to go out before the next statement, if anything; it is on its way now."""
        opening, self._opening = self._opening, ""
        self._is_open = self._is_open or bool(opening)
        return opening

    async def commit(self) -> None:
        """End the transaction, if there is one."""
        if self._ends():
            await super().commit()

    async def rollback(self) -> None:
        """End it undone; SQLAlchemy asks for this, too, whenever it takes a connection back."""
        if self._ends():
            await super().rollback()

    def _ends(self) -> bool:
        """Whether the end of a transaction is worth a trip."""
        was_open, self._is_open, self._opening = self._is_open, False, ""
        return was_open

    async def run(self, function: Any, *arguments: Any) -> None:
        """Call this in the thread of the connection."""
        trip: Any = self._execute  # not annotated by aiosqlite
        await trip(function, *arguments)

    def cursor(self) -> OneTripCursor:  # type: ignore[override]  # no trip, nothing to await
        """Make a cursor."""
        return OneTripCursor(self)


async def connect_to(path: str) -> OneTripConnection:
    """Open a file, for `create_async_engine(async_creator=…)`."""
    connection = OneTripConnection(path)
    await connection
    return connection
