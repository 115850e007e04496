"""Where the nodes of a test keep their rows: in SQLite files, or on a PostgreSQL server.

The fixture `database` of tests/conftest.py decides it for each test; `make_node`, and the
commands that make a node, ask here.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import asyncpg
from postgres import Server
from sqlalchemy import create_engine, delete

from fedi.core.db import open_engine
from fedi.migrations.tables import TABLES

Answer = TypeVar("Answer")

#: Milliseconds that a test may leave a transaction open after its end.
PATIENCE = 2000


@cache
def blank_file() -> bytes:
    """A SQLite file with every table and no row: a copy costs a thirtieth of making it."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "blank.db")
        engine = create_engine(f"sqlite:///{file}")
        TABLES.create_all(engine)
        engine.dispose()
        return file.read_bytes()


class Lender:
    """Databases of one server, lent to a test and given to the next one without their rows."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._template = ""  # a database that is copied
        self._free: list[str] = []
        self._lent: list[str] = []
        self._bare: list[str] = []

    async def lend(self) -> str:
        """A database with every table and no row; its URL."""
        url = self._free.pop() if self._free else await self._make()
        self._lent.append(url)
        return url

    async def lend_bare(self) -> str:
        """A database without tables, for what makes them."""
        url = await self._server.create_database()
        self._bare.append(url)
        return url

    async def take_back(self) -> None:
        """What the test has borrowed is for others now."""
        for url in self._bare:
            await self._server.drop_database(url)
        for url in self._lent:
            if await _emptied(url):
                self._free.append(url)
            else:
                await self._server.drop_database(url)
        self._bare, self._lent = [], []

    async def _make(self) -> str:
        if not self._template:
            self._template = await self._server.create_database()
            engine = open_engine(self._template, write=True)
            async with engine.begin() as connection:
                await connection.run_sync(TABLES.create_all)
            await engine.dispose()
        return await self._server.create_database(self._template)


async def _emptied(url: str) -> bool:
    """Whether every row could be deleted; not so while somebody left over still works there."""
    statements = [f"SET lock_timeout = {PATIENCE}", "SET session_replication_role = replica"]
    statements += [str(delete(table)) for table in TABLES.tables.values()]
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(";".join(statements))
        return True
    except asyncpg.PostgresError:
        return False
    finally:
        await connection.close()


def keep_on(request: Any) -> Iterator[str]:
    """Let nodes keep their rows on the database that is the parameter of a fixture; its name."""
    if request.param == "sqlite":
        yield request.param
        return
    Databases.lender = request.getfixturevalue("lender")
    try:
        yield request.param
    finally:
        in_thread(Databases.lender.take_back())
        Databases.lender = None


class Databases:
    """Where nodes keep their rows just now."""

    lender: Lender | None = None  # on SQLite

    @classmethod
    async def lend(cls) -> str:
        """What to put under node.database, with tables there unless it is empty."""
        return await cls.lender.lend() if cls.lender else ""

    @classmethod
    def lend_bare(cls) -> str:
        """What to give to `fedi init --database`; nothing for SQLite."""
        return in_thread(cls.lender.lend_bare()) if cls.lender else ""


def in_thread(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Await it from a function that is not async, whether or not a loop is running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Onlooker:
    """Reads the database of a node that runs, through a connection that cannot write."""

    def __init__(self, url: str) -> None:
        self._url = url
        # A loop in a thread: whoever asks may be in a loop that is not to be left.
        self._thread, self._runner = ThreadPoolExecutor(1), asyncio.Runner()
        self._connection: Any = None

    def query(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What is in it now; `?` stands for a value, also on PostgreSQL."""
        if self._url.startswith("sqlite:"):
            address = f"file:{self._url.removeprefix('sqlite:///')}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as database:
                database.row_factory = sqlite3.Row
                return [dict(row) for row in database.execute(statement, values)]
        places = count(1)
        parts = statement.split("?")
        numbered = "".join(f"{part}${next(places)}" for part in parts[:-1]) + parts[-1]
        return self._await(self._fetch(numbered, values))

    async def _fetch(self, statement: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        if self._connection is None:
            settings = {"default_transaction_read_only": "on"}
            self._connection = await asyncpg.connect(self._url, server_settings=settings)
        return [dict(row) for row in await self._connection.fetch(statement, *values)]

    def _await(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self._thread.submit(self._runner.run, work).result()

    def close(self) -> None:
        """Look no longer."""
        if self._connection is not None:
            self._await(self._connection.close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()
