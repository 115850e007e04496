"""Keeping what arrives: whoever waits together is stored by one transaction, then answered."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import func, select

from fedi.core.errors import Overloaded
from fedi.core.insertion import insertion_of, store
from fedi.core.node import Node
from fedi.core.tables import new_id
from inbox.frame import Frame
from inbox.models import InboxItem

log = structlog.get_logger()

#: A commit costs 2 ms of processor time, for one activity or for many.
LINGER_SECONDS = 0.01
#: How often the length of the queue is looked at.
COUNT_SECONDS = 5.0

Columns = dict[str, Any]


def fingerprint(frame: Frame, signer_uri: str, body: bytes, now: datetime) -> bytes:
    """What two deliveries of one activity have in common, and two activities have not.

    GoToSocial gives every Update of a post the same id, so Updates are told apart by what they
    say.  A Follow that is repeated an hour later is a question to be answered again: the first
    Accept may have been lost.
    """
    parts = [signer_uri.encode()]
    if frame.uri is None or frame.type in ("Update", "Follow"):
        parts.append(sha256(body).digest())
    else:
        parts.append(frame.uri.encode())
    if frame.type == "Follow":
        parts.append(f"{now:%Y-%m-%dT%H}".encode())
    return sha256(b"\0".join(parts)).digest()


def new_item(
    frame: Frame, *, signer_uri: str, origin: str, recipient: str | None, body: bytes, now: datetime
) -> Columns:
    """The row of an activity whose signature was verified; `origin` is the signer's."""
    return {
        "id": new_id(),
        "fingerprint": fingerprint(frame, signer_uri, body, now),
        "activity_uri": frame.uri,
        "type": frame.type,
        "signer_uri": signer_uri,
        "origin": origin,
        "recipient": recipient,
        "body": body,
        "received_at": now,
        "next_attempt_at": now,
    }


class Acceptor:
    """Group commit: an activity is on disk when `accept` returns."""

    def __init__(self, node: Node) -> None:
        self._engine = node.db.writer
        self._reader = node.db.reader
        self._signals = node.signals
        self._limit = node.config.limits.inbox_waiting
        self._insertion = insertion_of(InboxItem, self._engine.dialect)
        # A key that another process made too is no duplicate: it must not be passed over.
        self._statement = f"{self._insertion.text} ON CONFLICT (fingerprint) DO NOTHING"
        self._waiting: list[tuple[Columns, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._unread = 0
        self._count_at = 0.0

    async def accept(self, item: Columns) -> None:
        """Return once the row is on disk; a row seen before is on disk already.

        Raises `Overloaded` when too much waits to be read, and what the commit raised.
        """
        if self._stopping or self._unread + len(self._waiting) >= self._limit:
            raise Overloaded
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((item, stored))
        self._wake.set()
        await stored

    async def run(self) -> None:
        """Store what arrives until stopped."""
        self._stopping = False
        try:
            while not self._stopping:
                await self._wake.wait()
                if not self._stopping:
                    await asyncio.sleep(LINGER_SECONDS)
                self._wake.clear()
                await self._store_waiting()
        finally:
            self._settle(self._take(), Overloaded())

    async def stop(self) -> None:
        """Store what waits, and take nothing more."""
        self._stopping = True
        self._wake.set()

    def _take(self) -> Sequence[tuple[Columns, asyncio.Future[None]]]:
        group, self._waiting = self._waiting, []
        return group

    async def _store_waiting(self) -> None:
        group = self._take()
        error: Exception | None = Overloaded()  # for those who wait when we are cancelled
        try:
            if group:
                rows = self._insertion.bind([item for item, _ in group])
                await store(self._engine, self._statement, rows)
            error = None
        except Exception as raised:
            log.exception("inbox cannot store")
            error = raised
        finally:
            self._settle(group, error)
        self._signals.tell("inbox")
        await self._count_unread()

    def _settle(
        self, group: Sequence[tuple[Columns, asyncio.Future[None]]], error: Exception | None
    ) -> None:
        for _, stored in group:
            if stored.done():  # The peer hung up; what it sent is stored all the same.
                continue
            if error is not None:
                stored.set_exception(error)
            else:
                stored.set_result(None)

    async def _count_unread(self) -> None:
        """Learn now and then how much waits to be read, counting no further than the bound."""
        now = asyncio.get_running_loop().time()
        if now < self._count_at:
            return
        self._count_at = now + COUNT_SECONDS
        due = select(InboxItem.id).where(InboxItem.next_attempt_at.is_not(None)).limit(self._limit)
        async with self._reader.connect() as connection:
            count = await connection.scalar(select(func.count()).select_from(due.subquery()))
            self._unread = count or 0
