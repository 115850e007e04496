"""Reference for accepting: aiohttp, a signature verified, one thread that commits for many.

No policy, no freshness, no checks of the activity: what is left is the price of HTTP, RSA and
a durable row.  A group is whatever has arrived while the one before was written: in SQLite by a
thread, in PostgreSQL by one statement.
"""

import asyncio
import sqlite3
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import asyncpg
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from references.cavage import verify
from rounds import run, serve

TABLES = """
PRAGMA journal_mode=wal;
PRAGMA synchronous=full;
CREATE TABLE items (
    id INTEGER PRIMARY KEY, uri TEXT UNIQUE, type TEXT, signer TEXT, body BLOB, received_at REAL,
    next_attempt_at REAL
);
CREATE INDEX due ON items (next_attempt_at, id);
CREATE INDEX signers ON items (signer, id);
"""
INSERT = "INSERT OR IGNORE INTO items VALUES (NULL, ?, ?, ?, ?, ?, ?)"

POSTGRES_TABLES = """
CREATE TABLE items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, uri text UNIQUE, type text, signer text,
    body bytea, received_at float8, next_attempt_at float8
);
CREATE INDEX due ON items (next_attempt_at, id);
CREATE INDEX signers ON items (signer, id);
"""
POSTGRES_INSERT = """
INSERT INTO items (uri, type, signer, body, received_at, next_attempt_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::float8[], $6::float8[])
ON CONFLICT DO NOTHING
"""

Row = tuple[object, ...]


class Writer:
    """A thread with the only connection: it commits what waits, then answers all at once."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[tuple[Row, asyncio.Future[None]]] = SimpleQueue()
        self._path = path
        threading.Thread(target=self._write, daemon=True).start()

    async def store(self, row: Row) -> None:
        """Return once the row is on disk."""
        stored = self._loop.create_future()
        self._waiting.put((row, stored))
        await stored

    def _write(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.executescript(TABLES)
        while True:
            group = [self._waiting.get()]
            while not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, [row for row, _ in group])
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_settle, [stored for _, stored in group])


class PostgresWriter:
    """One connection: what waits goes out as one statement, then all are answered at once."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[tuple[Row, asyncio.Future[None]]] = asyncio.Queue()
        self._task = asyncio.create_task(self._write(url))

    async def store(self, row: Row) -> None:
        """Return once the row is on disk."""
        stored = self._loop.create_future()
        self._waiting.put_nowait((row, stored))
        await stored

    async def _write(self, url: str) -> None:
        connection: Any = await asyncpg.connect(url)
        await connection.execute(POSTGRES_TABLES)
        while True:
            group = [await self._waiting.get()]
            while not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            await connection.execute(POSTGRES_INSERT, *zip(*(row for row, _ in group), strict=True))
            _settle([stored for _, stored in group])


def _settle(group: list[asyncio.Future[None]]) -> None:
    for stored in group:
        if not stored.done():
            stored.set_result(None)


async def main(database: str, pem: bytes, key_ids: list[str]) -> None:
    """Take in signed activities until killed."""
    keys = dict.fromkeys(key_ids, load_pem_public_key(pem))
    writer = (PostgresWriter if database.startswith("postgresql:") else Writer)(database)

    async def accept(request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.decode().lower(): value.decode() for name, value in request.raw_headers}
        signer = verify(keys, request.method, request.raw_path, headers, body)
        activity, now = orjson.loads(body), time.time()
        await writer.store((activity["id"], activity["type"], signer, body, now, now))
        return web.Response(status=202, body=b"{}", content_type="application/json")

    app = web.Application()
    app.router.add_post("/inbox", accept)
    await serve(app)


if __name__ == "__main__":
    run(main(sys.argv[1], Path(sys.argv[2]).read_bytes(), sys.argv[3:]))
