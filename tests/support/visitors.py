"""People in front of pages: a node that answers on a real port, and browsers without a screen.

async with pages(tmp_path) as site:
    elise = await site.member("elise")
    page = await elise.get("/open")
    page = await elise.send("/open", title="…", text="…")
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from aiohttp import CookieJar, FormData
from aiohttp.test_utils import TestClient, TestServer
from factories import FakeClock, make_node
from multidict import CIMultiDictProxy
from waiting import free_port

from fedi.accounts.signup import create_account
from fedi.app import create_app
from fedi.core.node import Node

PASSWORD = "quatre mots bien choisis"


@dataclass
class Page:
    """What came back."""

    status: int
    path: str  # where one ended after redirects, with the query
    text: str
    headers: CIMultiDictProxy[str]

    @property
    def title(self) -> str:
        """What the window is called, without the name of the network."""
        found = re.search(r"<title>(.*?) — ", self.text, re.S)
        return unescape(found[1]) if found else ""

    @property
    def words(self) -> str:
        """What one reads, without tags; every space is a plain one."""
        body = re.sub(r"(?s)<(script|style|svg).*?</\1>", " ", self.text)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())

    def links(self, containing: str = "") -> list[str]:
        """Where its links lead."""
        return [
            urljoin(self.path, unescape(link))
            for link in re.findall(r'href="([^"]*)"', self.text)
            if containing in link
        ]


@dataclass
class Visitor:
    """A browser: it keeps cookies, follows redirects and says where its forms come from."""

    client: TestClient[Any, Any]
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page."""
        return await self._ask("GET", path, headers, None)

    async def send(
        self,
        path: str,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        files: Sequence[tuple[str, str, bytes]] = (),
        **fields: str,
    ) -> Page:
        """Send a form from a page of the site, with the token that the page holds.

        `files` are fields, names and contents of files that were chosen.
        """
        token = re.search(r'name="token" value="(\w+)"', (await self.get("/")).text)
        if token is not None:
            fields = {"token": token[1]} | fields
        sent: Any = fields
        if files:
            sent = FormData(fields, default_to_multipart=True)
            for place, name, content in files:
                sent.add_field(place, BytesIO(content), filename=name, content_type="image/jpeg")
        return await self._ask("POST", path, {"Origin": self.origin} | dict(headers or {}), sent)

    @property
    def origin(self) -> str:
        """The site that is visited."""
        return str(self.client.make_url("/").origin())

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], fields: Any) -> Page:
        asked = {"Accept": "text/html", "Accept-Language": "en"} | self.headers | dict(headers)
        async with self.client.request(method, path, headers=asked, data=fields) as response:
            return Page(
                response.status,
                response.url.raw_path_qs,
                await response.text(),
                response.headers,
            )


@dataclass
class Site:
    """A node with pages, and who comes to read them."""

    node: Node
    server: TestServer
    clients: list[TestClient[Any, Any]] = field(default_factory=list)

    def visitor(self, **headers: str) -> Visitor:
        """Somebody with a browser of their own."""
        client: TestClient[Any, Any] = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        return Visitor(client, headers)

    async def account(self, handle: str, *, admin: bool = False) -> None:
        """Make an account; its password is `PASSWORD`."""
        async with self.node.db.unit() as unit:
            await create_account(
                unit,
                handle=handle,
                email=f"{handle}@mail.example",
                password=PASSWORD,
                display_name=handle.capitalize(),
                admin=admin,
            )

    async def member(self, handle: str, *, admin: bool = False) -> Visitor:
        """A member of the network, signed in."""
        await self.account(handle, admin=admin)
        visitor = self.visitor()
        page = await visitor.send("/sign-in", login=handle, password=PASSWORD)
        assert page.status == 200, page.words
        return visitor


@asynccontextmanager
async def pages(
    tmp_path: Path, clock: FakeClock | None = None, *, host: str = "127.0.0.1", **sections: Any
) -> AsyncIterator[Site]:
    """Run a node whose pages can be read on a port of its own."""
    port = free_port()
    node = await make_node(
        tmp_path, f"{host}:{port}", url=f"http://{host}:{port}", clock=clock, **sections
    )
    site = Site(node, TestServer(create_app(node, "web"), port=port))
    try:
        await site.server.start_server()
        yield site
    finally:
        for client in site.clients:
            await client.session.close()
        await site.server.close()
        await node.close()
