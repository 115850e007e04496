"""Asking a node of its own addresses, as others do, without a network."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from fedi.app import create_app
from fedi.core.node import Node


@dataclass(frozen=True)
class Said:
    """What the node answered."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def media(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


class Asking:
    """Puts one question after the other to a node in this process."""

    def __init__(self, socket: str, domain: str) -> None:
        self._socket = socket
        self._domain = domain

    async def get(self, target: str, accept: str) -> Said:
        """GET a path with its query."""
        reader, writer = await asyncio.open_unix_connection(self._socket, limit=2**24)
        lines = (
            f"GET {target} HTTP/1.1",
            f"Host: {self._domain}",
            f"Accept: {accept}",
            "Connection: close",
        )
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        body = await reader.read()
        writer.close()
        fields = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        return Said(int(head[0].split()[1]), headers, body)


@asynccontextmanager
async def asking(node: Node) -> AsyncIterator[Asking]:
    """Let a node answer on a socket in a directory of its own, its loops at rest."""
    with TemporaryDirectory() as directory:
        socket = str(Path(directory, "node.sock"))
        runner = web.AppRunner(create_app(node, "web"), access_log=None)
        await runner.setup()
        try:
            await web.UnixSite(runner, socket).start()
            yield Asking(socket, node.site.domain)
        finally:
            await runner.cleanup()
