"""Reference for delivering: claim fifty, sign, POST with aiohttp, acknowledge fifty; no more.

No retries, no health of peers, no guards: what is left is RSA, HTTP, TLS and the queue.
"""

import asyncio
import sqlite3
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from letters import ACTIVITY, LONG, write_reply
from measuring import Round
from references.cavage import digest, sign
from rounds import answer, run
from strangers import Stranger
from yarl import URL

TABLES = """
PRAGMA journal_mode=wal;
PRAGMA synchronous=full;
CREATE TABLE activities (id INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY, activity_id INTEGER REFERENCES activities, host TEXT, inbox TEXT,
    state TEXT, attempts INTEGER, next_at REAL, lease_until REAL
);
CREATE INDEX due ON deliveries (next_at, id);
CREATE INDEX hosts ON deliveries (host, next_at);
"""
CLAIM = """
UPDATE deliveries SET lease_until = :lease, attempts = attempts + 1
WHERE id IN (SELECT id FROM deliveries WHERE next_at <= :now
             AND (lease_until IS NULL OR lease_until <= :now) ORDER BY next_at, id LIMIT 50)
RETURNING id, activity_id, inbox
"""
ACKNOWLEDGE = "UPDATE deliveries SET state = 'delivered', next_at = NULL WHERE id = ?"
WORKERS = 64

Claimed = tuple[int, int, str]


class Queue:
    """The rows; SQLite is called in the loop's own thread, which is cheapest."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(TABLES)
        self._done: list[tuple[int]] = []
        self._claimed: list[Claimed] = []
        self.messages: dict[int, tuple[bytes, str]] = {}

    def fill(self, bodies: Sequence[bytes], inboxes: Sequence[str]) -> None:
        """Queue each activity for each inbox."""
        now = time.time()
        with self._transaction():
            for body in bodies:
                row = self._connection.execute("INSERT INTO activities VALUES (NULL, ?)", (body,))
                self._connection.executemany(
                    "INSERT INTO deliveries VALUES (NULL, ?, ?, ?, 'due', 0, ?, NULL)",
                    [(row.lastrowid, urlsplit(inbox).netloc, inbox, now) for inbox in inboxes],
                )

    def next(self) -> Claimed | None:
        """The next delivery; claimed, and read, fifty at a time."""
        if not self._claimed:
            now = time.time()
            with self._transaction():
                claim = self._connection.execute(CLAIM, {"now": now, "lease": now + 120})
                self._claimed = claim.fetchall()
            for _, activity_id, _ in self._claimed:
                self._read(activity_id)
        return self._claimed.pop() if self._claimed else None

    def _read(self, activity_id: int) -> None:
        if activity_id not in self.messages:
            query = "SELECT body FROM activities WHERE id = ?"
            (body,) = self._connection.execute(query, (activity_id,)).fetchone()
            self.messages[activity_id] = (body, digest(body))

    def acknowledge(self, delivery_id: int) -> None:
        """Note a success, to be written with others."""
        self._done.append((delivery_id,))
        if len(self._done) >= 50:
            self.write_down()

    def write_down(self) -> None:
        """Write what was noted."""
        with self._transaction():
            self._connection.executemany(ACKNOWLEDGE, self._done)
        self._done.clear()

    def _transaction(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection


async def deliver(session: aiohttp.ClientSession, queue: Queue, key: RSAPrivateKey) -> None:
    """Send until nothing is due."""
    while (claimed := queue.next()) is not None:
        delivery_id, activity_id, inbox = claimed
        body, body_digest = queue.messages[activity_id]
        url = URL(inbox, encoded=True)
        headers = sign(key, KEY_ID, url.authority, url.raw_path, body_digest, ACTIVITY)
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer_:
            assert answer_.status == 202
            await answer_.read()
        queue.acknowledge(delivery_id)


KEY_ID = "http://here.test/p/ada#main-key"


async def main(path: Path, certificates: Path, inboxes: list[str]) -> None:
    """Deliver as often as asked, to each inbox equally often."""
    key = generate_private_key(65537, 2048)
    queue = Queue(path)
    connector = aiohttp.TCPConnector(
        limit=100,
        limit_per_host=2,
        keepalive_timeout=60,
        ssl=ssl.create_default_context(cafile=str(certificates)),
    )
    reply = write_reply(Stranger("http://here.test"), "http://here.test/o/1", "", LONG)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def turn(count: int) -> Round:
            queue.fill([orjson.dumps(reply)] * (count // len(inboxes)), inboxes)
            started = time.process_time()
            await asyncio.gather(*(deliver(session, queue, key) for _ in range(WORKERS)))
            queue.write_down()
            return Round(count // len(inboxes) * len(inboxes), time.process_time() - started)

        await answer(turn)


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
