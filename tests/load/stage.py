"""The node under load: founded once with its debates and followers, then started from a copy."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from client import call
from letters import LONG, SHORT, post, write_follow, write_reply
from postgres import Server
from processes import NodeProcess, eventually
from seeding import opened
from strangers import World

from fedi.accounts.sessions import find_account, start_session
from fedi.web.sessions import session_cookie

#: The bench is one peer that sends more in a minute than any does; nothing else is changed.
SETTINGS = """
[limits]
inbox_per_minute = 1000000
inbox_waiting = 100000
posts_per_hour = 1000

[log]
level = "warning"
"""
MEMBER = "camille"
DEBATES = 10
PAGE_POSTS = 100


@dataclass(frozen=True)
class Serving:
    """A node that runs."""

    pid: int
    port: int
    config: Path


def _change(config: Path, old: str, new: str) -> None:
    config.write_text(config.read_text().replace(old, new, 1))


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Variables for the processes that are started in the block."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


class Stage:
    """A node with ten debates that await replies and one of 100 posts, in a network that five
    other nodes follow."""

    def __init__(self, world: World, node: NodeProcess, server: Server | None = None) -> None:
        self.world = world
        self.base = node
        self.server = server  # PostgreSQL, when the node is on it
        self._database = ""
        self.roots: Sequence[dict[str, Any]] = ()
        self._copies = count()
        self.page = ""  # the address of the debate of 100 posts

    @property
    def database(self) -> int | None:
        """The process whose work counts as the node's: PostgreSQL, for a node that is on it."""
        return self.server.pid if self.server else None

    async def place(self, name: str) -> str:
        """Where a reference may keep its data, in a database like the node's: a file, or a URL."""
        if self.server:
            return await self.server.create_database()
        return str(self.world.directory / f"{name}.db")

    @property
    def host(self) -> str:
        """The value of the Host header."""
        return f"localhost:{self.base.port}"

    async def prepare(self) -> None:
        """Found the node and let it live until it is as the bench wants it."""
        if self.server:
            self._database = await self.server.create_database()
        with environment(FEDI_NODE__DATABASE=self._database):
            await self.base.create(MEMBER)
        _change(self.base.config, "[node]", f'[node]\ndatabase = "{self._database}"')
        with self.base.config.open("a") as file:
            file.write(SETTINGS)
        await self.base.start()
        await self._gather_followers()
        self.roots = [await self._open(f"Débat {number}") for number in range(DEBATES)]
        full = await self._open("Un débat de cent messages")
        await self._fill(full)
        self.page = urlsplit(full["url"]).path
        await self._settle(full)
        await self.base.stop()

    async def _gather_followers(self) -> None:
        """Let five nodes follow the network, and wait until ours knows what they are."""
        followed = f"{self.base.url}/g/{self.base.handle}"
        await self.post([write_follow(one, followed) for one in self.world.followers])
        await eventually(
            self._known_nodes, lambda known: len(known) == len(self.world.followers), seconds=60
        )

    async def _known_nodes(self) -> list[str]:
        peers = json.loads(await self.base.command("peers", "list", "--json"))
        return [peer["host"] for peer in peers if peer["dialect"] == "node"]

    async def _open(self, title: str) -> dict[str, Any]:
        return await self.base.get(await self.base.open_debate(MEMBER, title, "<p>Ouvert.</p>"))

    async def _fill(self, root: dict[str, Any]) -> None:
        """Grow a tree: each post is answered by up to three others."""
        posts = [root["id"]]
        for number in range(PAGE_POSTS - 1):
            sender = self.world.senders[number % len(self.world.senders)]
            reply = write_reply(sender, posts[number // 3], root["context"], SHORT)
            posts.append(reply["object"]["id"])
            await self.post([reply])

    async def _settle(self, root: dict[str, Any]) -> None:
        """Wait until everything was processed and delivered."""
        await eventually(
            lambda: self.base.thread(root["id"]), lambda shown: len(shown["posts"]) == PAGE_POSTS
        )
        await eventually(self._queue, lambda queue: not queue)

    async def _queue(self) -> Any:
        return json.loads(await self.base.command("queue", "list", "--json"))

    @asynccontextmanager
    async def copied(self) -> AsyncIterator[NodeProcess]:
        """The node as it was prepared, to be started and changed as one likes."""
        node = copy(self.base)
        node.home = self.base.home.with_name(f"copy{next(self._copies)}")
        node.config = node.home / self.base.config.name
        shutil.copytree(self.base.home, node.home)
        database = await self.server.create_database(self._database) if self.server else ""
        _change(node.config, f'"{self._database}"', f'"{database}"')
        try:
            yield node
        finally:
            if node.process is not None:
                await node.stop()
            shutil.rmtree(node.home)
            if self.server:
                await self.server.drop_database(database)

    @asynccontextmanager
    async def serving(self, role: str) -> AsyncIterator[Serving]:
        """A copy that serves, in this role, until the end of the block."""
        async with self.copied() as node:
            await node.start("--role", role)
            assert node.process is not None
            yield Serving(node.process.pid, node.listening, node.config)

    async def sign_in(self, node: NodeProcess) -> str:
        """The cookie of a member's browser."""
        async with opened(node.config) as looked, looked.db.unit() as unit:
            account = await find_account(unit, MEMBER)
            assert account is not None
            return f"{session_cookie(looked.site)}={start_session(unit, account)}"

    async def post(self, activities: Iterable[dict[str, Any]]) -> None:
        """Send activities to the node, which must accept them."""
        await call(self.base.port, self.sign(activities), expect=202)

    def sign(self, activities: Iterable[dict[str, Any]]) -> list[bytes]:
        """Ready requests, signed now."""
        return [post(self.world.key, self.host, activity) for activity in activities]

    def replies(self, number: int) -> list[dict[str, Any]]:
        """New replies of all senders to all debates."""
        senders, roots = self.world.senders, self.roots
        return [
            write_reply(
                senders[turn % len(senders)],
                roots[turn % len(roots)]["id"],
                roots[turn % len(roots)]["context"],
                LONG,
            )
            for turn in range(number)
        ]
