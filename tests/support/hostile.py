"""A peer that does not play by the rules: a real socket and a script per path."""

import asyncio
import contextlib
import gzip
import itertools
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from fedi.core.errors import FediError
from fedi.core.fetch import Fetcher
from fedi.core.urls import Site

ACTIVITY_JSON = "application/activity+json"
AS2 = "https://www.w3.org/ns/activitystreams"
ENDLESS = "HTTP/1.1 200 OK\nContent-Type: application/activity+json\nTransfer-Encoding: chunked\n\n"
#: On a loopback address of its own, a peer stands for one of the Internet.
INTERNET = "127.0.0.2"
#: The node that asks; nothing listens there.
SITE = Site("http://localhost:1")

#: Makes a client with further settings.
Open = Callable[..., Fetcher]


@dataclass(frozen=True)
class Request:
    """What the peer was asked, as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class HostilePeer:
    """Answers each path by its script, counts what it is asked and what it gets rid of."""

    host: str = "127.0.0.1"
    name: str = ""
    tls: ssl.SSLContext | None = None
    scripts: dict[str, Script] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> "HostilePeer":
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, self.host, 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def origin(self) -> str:
        """The address under which documents of this peer have their ids."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.name or self.host}:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The paths asked so far, in order."""
        return [request.target for request in self.requests]

    def url(self, path: str) -> str:
        """The address of a path here."""
        return f"{self.origin}{path}"

    def on(self, path: str, script: Script) -> str:
        """Answer a path by a script; returns its address."""
        self.scripts[path] = script
        return self.url(path)

    def serve(self, path: str, **members: object) -> str:
        """Answer a path by an ordinary document with its own id; returns its address."""
        note = {"@context": AS2, "id": self.url(path), "type": "Note", **members}
        return self.on(path, document(note))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    request = await _read_request(reader)
                    self.requests.append(request)
                    await self.scripts.get(request.target, answer(404))(writer)
                    await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.rstrip().split("\r\n")
    method, target, _ = start.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


def answer(status: int, body: bytes = b"", content_type: str = "", **headers: str) -> Script:
    """An answer that is complete; header names are written with underscores."""
    lines = {"Content-Length": str(len(body)), "Content-Type": content_type or "text/plain"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status} So\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode("latin-1") + b"\r\n" + body)

    return script


def document(value: object, content_type: str = ACTIVITY_JSON, **headers: str) -> Script:
    """A JSON document, served as it should be unless told otherwise."""
    return answer(200, json.dumps(value).encode(), content_type, **headers)


def redirect(location: str, status: int = 302) -> Script:
    """A redirect."""
    return answer(status, Location=location)


def gzip_bomb(size: int = 50 * 1024 * 1024) -> Script:
    """A document of kilobytes that becomes megabytes."""
    body = gzip.compress(b'{"a":"' + b"0" * size + b'"}')
    return answer(200, body, ACTIVITY_JSON, Content_Encoding="gzip")


def begins(text: str, *, then: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Script:
    """An answer that begins well and goes on as the iterator says."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(text.replace("\n", "\r\n").encode())
        for piece in then():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return script


def drip() -> Iterator[bytes]:
    """Spaces, one chunk each, without end."""
    return itertools.repeat(b"1\r\n \r\n")


async def silence(writer: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await asyncio.Event().wait()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Take the request and close the connection."""
    writer.close()


async def code_of(fetching: Awaitable[object]) -> str:
    """The code of the error a fetch ends with."""
    with pytest.raises(FediError) as failed:
        await fetching
    return failed.value.code


class Names(AbstractResolver):
    """A DNS with a will of its own: for each name the answers to the first, second… question.

    The last answer is repeated.
    """

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): rows for name, rows in answers.items()}
        self.questions: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the next answer for a name, or none for a name it does not know."""
        self.questions.append(host)
        rows = self.answers.get(host)
        if rows is None:
            raise OSError(f"no such name: {host}")
        row = rows.pop(0) if len(rows) > 1 else rows[0]
        return [_result(host, address, port) for address in row]

    async def close(self) -> None:
        """Nothing is open."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
