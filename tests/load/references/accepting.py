"""Reference for accepting: aiohttp, a signature verified, one thread that commits for many.

No policy, no freshness, no checks of the activity: what is left is the price of HTTP, RSA and
a durable row.  A group is whatever has arrived while the one before was written.
"""

import asyncio
import sqlite3
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue

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

Row = tuple[object, ...]


class Writer:
    """A thread with the only connection: it commits what waits, then answers all at once."""

    def __init__(self, path: Path) -> None:
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


def _settle(group: list[asyncio.Future[None]]) -> None:
    for stored in group:
        if not stored.done():
            stored.set_result(None)


async def main(database: Path, pem: bytes, key_ids: list[str]) -> None:
    """Take in signed activities until killed."""
    keys = dict.fromkeys(key_ids, load_pem_public_key(pem))
    writer = Writer(database)

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
    run(main(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), sys.argv[3:]))
