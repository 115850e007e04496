"""The load: requests that are ready as bytes, sent over a few connections as answers come.

It understands just enough HTTP to know where an answer ends, so that it takes a small part of
the processor time that the server takes.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

CONNECTIONS = 32
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Caller(asyncio.Protocol):
    """One connection: a request, its whole answer, the next request."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[int]) -> None:
        self._requests, self._statuses = requests, statuses
        self._buffer = bytearray()
        self._end = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
            return
        self.done.set_result(None)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._end:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._buffer, 0, head)
            if length is None:
                self._fail("the answer does not tell its length")
                return
            self._end = head + 4 + int(length[1])
        if len(self._buffer) >= self._end:
            self._statuses[int(self._buffer[9:12])] += 1
            self._buffer.clear()
            self._end = 0
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(reason))
            self._transport.abort()


async def call(
    port: int, requests: Sequence[bytes], *, expect: int, connections: int = CONNECTIONS
) -> None:
    """Send every request; `RuntimeError` when some answer has another status than expected.

    They are dealt out to the connections in turn, so that requests of eight senders in turn
    come over 32 connections as from eight servers: four at once from each, in their order.
    """
    statuses: Counter[int] = Counter()
    loop = asyncio.get_running_loop()
    connections = min(connections, len(requests))
    callers = []
    for number in range(connections):
        make = partial(_Caller, iter(requests[number::connections]), statuses)
        callers.append((await loop.create_connection(make, "127.0.0.1", port))[1])
    await asyncio.gather(*(caller.done for caller in callers))
    if set(statuses) != {expect}:
        raise RuntimeError(f"answers other than {expect}: {dict(statuses)}")
