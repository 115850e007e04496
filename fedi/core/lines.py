"""The line between the processes of one node: PostgreSQL itself, or sockets in the data directory.

A line carries topics and may lose them (`fedi.core.wakes` says why that is enough).
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

CHANNEL = "fedi_wakes"
#: Bytes of a message; a notification of PostgreSQL holds less than 8,000.
LONGEST = 7000

Hear = Callable[[Collection[str]], None]


class Line(Protocol):
    """A way to all other processes of the node."""

    @property
    def is_alone(self) -> bool:
        """Whether it is known that there is no other process."""

    def listening(self, hear: Hear, lost: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Pass what others send to `hear` inside the block; `lost` is called when that ends early.

        Raises whatever keeps the line from being opened.
        """

    async def send(self, topics: Collection[str]) -> bool:
        """Send to all others, with or without listening; False when one of them was too busy.

        Raises when the line that was opened is no more.
        """


def _compose(sender: str, topics: Collection[str]) -> str:
    message = "\n".join((sender, *topics))
    if len(message.encode()) > LONGEST:  # a word stands for all its keys
        message = "\n".join((sender, *{topic.partition("/")[0] for topic in topics}))
    return message


class Postgres:
    """`LISTEN` and `NOTIFY` on a connection kept for it.

    Topics are sent after the commit they tell of, not with it: a transaction that notifies
    holds a lock until it is on disk that every other one which notifies waits for.
    """

    is_alone = False  # other machines may be at work

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._name = secrets.token_hex(6)
        self._connection: Any = None  # asyncpg's own

    @asynccontextmanager
    async def listening(self, hear: Hear, lost: Callable[[], None]) -> AsyncIterator[None]:
        def receive(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            sender, *topics = payload.split("\n")
            if sender != self._name:
                hear(topics)

        async with self._engine.connect() as borrowed:
            raw = await borrowed.get_raw_connection()
            connection: Any = raw.driver_connection
            raw.detach()  # the pool must not miss it
            connection.add_termination_listener(lambda _: lost())
            await connection.add_listener(CHANNEL, receive)
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None
                await connection.remove_listener(CHANNEL, receive)

    async def send(self, topics: Collection[str]) -> bool:
        message = _compose(self._name, topics)
        if self._connection is not None:
            await self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, message, timeout=10)
        else:
            query = text("SELECT pg_notify(:channel, :message)")
            async with self._engine.connect() as connection:
                await connection.execute(query, {"channel": CHANNEL, "message": message})
        return True


class Sockets:
    """Datagrams between Unix sockets of one folder: processes of one machine.

    Whoever comes says hello, so that a process which is alone never has to look around.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{os.getpid()}-{secrets.token_hex(3)}"
        self._others: set[str] = set()
        self._is_open = False

    @property
    def is_alone(self) -> bool:
        return self._is_open and not self._others

    @asynccontextmanager
    async def listening(self, hear: Hear, lost: Callable[[], None]) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with _datagrams() as bound:
            with self._reachable() as folder:
                bound.bind(f"{folder}/{self._name}")
            loop.add_reader(bound, self._receive, bound, hear)
            self._is_open = True
            try:
                await self.send(())
                yield
            finally:
                self._is_open = False
                loop.remove_reader(bound)
                (self._folder / self._name).unlink(missing_ok=True)

    def _receive(self, bound: socket.socket, hear: Hear) -> None:
        with suppress(BlockingIOError):
            while True:
                sender, *topics = bound.recv(LONGEST).decode().split("\n")
                self._others.add(sender)
                hear(topics)

    async def send(self, topics: Collection[str]) -> bool:
        if not self._is_open or not topics:
            self._look_around()
        if not self._others:
            return True
        message = _compose(self._name, topics).encode()
        with self._reachable() as folder, _datagrams() as sender:
            reached = [self._reach(sender, folder, name, message) for name in [*self._others]]
        return all(reached)

    def _look_around(self) -> None:
        names = {path.name for path in self._folder.iterdir()} if self._folder.exists() else set()
        if self._is_open and self._name not in names:
            raise FileNotFoundError(f"{self._folder / self._name} was removed")
        self._others = names - {self._name}

    def _reach(self, sender: socket.socket, folder: str, name: str, message: bytes) -> bool:
        try:
            sender.sendto(message, f"{folder}/{name}")
        except BlockingIOError:
            return False
        except ConnectionRefusedError:  # left behind by a process that was killed
            self._others.discard(name)
            (self._folder / name).unlink(missing_ok=True)
        except OSError:  # it has ended, or is not ours to speak with
            self._others.discard(name)
        return True

    @contextmanager
    def _reachable(self) -> Iterator[str]:
        """A short name of the folder: the address of a socket holds 107 bytes."""
        number = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
