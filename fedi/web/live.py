"""Readers who keep a debate open: a seat for each, and word when something new is said.

A reader waits for the topic `thread/KEY`, which every unit wakes that stores a post; and
looks by itself now and then, for a wake may be lost.  The number of posts is read once for
all readers of a debate, however many there are.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import select

from fedi.core.departure import Departure
from fedi.core.node import Node
from fedi.debates.models.thread import Thread
from fedi.web.limits import TooMany

#: Readers of this process, and of one address: a whole space may sit behind one.
SEATS, SEATS_OF_ONE = 1000, 50
#: Seconds between two words to one reader at least, however lively the debate.
REST = 1.0
#: Seconds after which a silent reader is spoken to, so that proxies keep the connection.
HEARTBEAT = 20.0
#: Heartbeats after which a reader looks by itself.
LOOK_EVERY = 3
#: Seconds after which whoever found no seat may try again.
LATER = 60


class Live:
    """The readers of one process."""

    def __init__(self, node: Node, departure: Departure) -> None:
        self._node = node
        self._departure = departure
        self._seats: Counter[str] = Counter()
        self._counts: dict[str, asyncio.Task[int | None]] = {}
        self._waiting: set[asyncio.Event] = set()
        node.signals.listen("thread", self._forget)
        departure.listen(self._end)

    @contextmanager
    def seat(self, address: str) -> Iterator[None]:
        """Keep one reader; raises `TooMany` when there is no room, for all or for this address."""
        if self._seats.total() >= SEATS or self._seats[address] >= SEATS_OF_ONE:
            raise TooMany(LATER)
        self._seats[address] += 1
        try:
            yield
        finally:
            self._seats[address] -= 1
            self._seats += Counter()  # drops addresses without a reader

    async def follow(self, key: str) -> AsyncGenerator[int | None, None]:
        """The number of posts of a debate, now and whenever it changes; None for a heartbeat.

        Ends with the debate, and when the process is on its way out.
        """
        told, silences = -1, 0
        with self._hearing(key) as heard:
            while not self._departure.is_letting_go:
                heard.clear()
                count = await self._count(key)
                if count is None:
                    return
                yield count if count != told else None
                told = count
                await asyncio.sleep(REST)
                silences = 0
                while not await _comes(heard) and silences < LOOK_EVERY:
                    silences += 1
                    yield None
                if silences == LOOK_EVERY:
                    self._forget(key)

    async def watch(self, topic: str) -> AsyncGenerator[bool, None]:
        """Say when to look, now and after each wake of a topic; False for a heartbeat.

        Ends when the process is on its way out.
        """
        silences = 0
        with self._waiting_for(topic) as heard:
            while not self._departure.is_letting_go:
                heard.clear()
                yield True
                await asyncio.sleep(REST)
                silences = 0
                while not await _comes(heard) and silences < LOOK_EVERY:
                    silences += 1
                    yield False

    @contextmanager
    def _waiting_for(self, topic: str) -> Iterator[asyncio.Event]:
        with self._node.signals.hearing(topic) as heard:
            self._waiting.add(heard)
            try:
                yield heard
            finally:
                self._waiting.discard(heard)

    @contextmanager
    def _hearing(self, key: str) -> Iterator[asyncio.Event]:
        with self._waiting_for(f"thread/{key}") as heard:
            try:
                yield heard
            finally:
                self._forget(key)

    async def _count(self, key: str) -> int | None:
        if key not in self._counts:
            self._counts[key] = asyncio.create_task(self._read(key))
        try:
            return await asyncio.shield(self._counts[key])
        except Exception:
            self._forget(key)
            raise

    async def _read(self, key: str) -> int | None:
        query = select(Thread.post_count).where(Thread.key == key)
        async with self._node.db.reading() as unit:
            return await unit.session.scalar(query)

    def _forget(self, key: str) -> None:
        """Read the number again before it is told next: of one debate, or of all."""
        if key:
            self._counts.pop(key, None)
        else:
            self._counts.clear()

    def _end(self) -> None:
        for event in self._waiting:
            event.set()


async def _comes(event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARTBEAT):
            await event.wait()
    return event.is_set()
