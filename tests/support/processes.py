"""Real nodes in real processes, for tests that watch several of them talk.

Each has its own directory, SQLite file and port on localhost; everything is done
through the command line and over HTTP, as its people and its peers would.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from commands import bare_database
from waiting import free_port

from fedi.accounts.signup import create_account
from fedi.accounts.tokens import create_token
from fedi.core.node import open_node
from fedi.core.settings import load_config

Answer = TypeVar("Answer")

PASSWORD = "une longue phrase de passe"
ACTIVITY = "application/activity+json"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


async def eventually(
    ask: Callable[[], Awaitable[Answer]],
    good: Callable[[Answer], Any],
    *,
    seconds: float = 30,
    pause: float = 0.1,
) -> Answer:
    """Ask again until the answer is good; fail with the last answer when time is up."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = await ask()
        if good(answer):
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"still not after {seconds} s: {answer!r}"[:4000])
        await asyncio.sleep(pause)


class NodeProcess:
    """One `fedi serve` and what a person may ask of it."""

    def __init__(
        self, home: Path, handle: str, session: aiohttp.ClientSession, database: str = ""
    ) -> None:
        self.home, self.handle, self.session = home, handle, session
        self.database = database  # a URL; empty: where the test keeps its rows
        self.port = free_port()
        self.listening = self.port  # another one when something stands in front of the node
        self.url = f"http://localhost:{self.port}"
        self.config = home / "fedi.toml"
        self.tokens: dict[str, str] = {}
        self.process: asyncio.subprocess.Process | None = None

    async def command(self, *arguments: str, stdin: str = "") -> str:
        """Run `fedi …` to its end and return what it printed; it must succeed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "fedi", *arguments, "--config", str(self.config),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(stdin.encode())
        assert process.returncode == 0, f"fedi {' '.join(arguments)}: {err.decode()}"
        return out.decode()

    async def create(self, *people: str) -> None:
        """Make the node with one account per name."""
        self.home.mkdir(parents=True, exist_ok=True)
        await self.command(
            "init", "--domain", f"localhost:{self.port}", "--url", self.url,
            "--handle", self.handle, "--name", f"Réseau {self.handle}",
            "--data-dir", str(self.home / "data"),
            *(("--database", self.database) if self.database else bare_database()),
        )  # fmt: skip
        await self.admit(*people)

    async def admit(self, *people: str) -> None:
        """Make accounts and tokens as the command line does, without a process for each."""
        node = open_node(load_config(self.config))
        for name in people:
            async with node.db.unit() as unit:
                account = await create_account(
                    unit, handle=name, email=f"{name}@example.org", password=PASSWORD
                )
                self.tokens[name] = await create_token(unit, account, ("read", "write"))
        await node.close()

    async def start(self, *options: str) -> None:
        """Serve, with further options of the command; return once the node answers."""
        log = (self.home / "serve.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "fedi", "serve", "--config", str(self.config),
            "--host", "127.0.0.1", "--port", str(self.listening), *options,
            stdout=log, stderr=log, env=os.environ | {"PYTHONASYNCIODEBUG": ""},
        )  # fmt: skip
        log.close()
        await eventually(self._answers, bool, seconds=30)

    async def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, (self.home / "serve.log").read_text()
        try:
            async with self.session.get(f"http://localhost:{self.listening}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop(self, how: int = signal.SIGTERM) -> int:
        """End the process and return its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), 30)

    # --- what a member's program does -----------------------------------------------------

    async def post(self, name: str, document: dict[str, Any]) -> str:
        """Send to the member's outbox; the id of what came of it."""
        async with self.session.post(
            f"{self.url}/p/{name}/outbox",
            data=json.dumps({"@context": "https://www.w3.org/ns/activitystreams"} | document),
            headers={"Authorization": f"Bearer {self.tokens[name]}", "Content-Type": ACTIVITY},
        ) as answer:
            assert answer.status == 201, f"{answer.status}: {await answer.text()}"
            return answer.headers["Location"]

    async def open_debate(self, name: str, title: str, text: str, group: str = "") -> str:
        """Open a debate in a group of this node (its network Group by default); the root's id."""
        article = {
            "type": "Article", "name": title, "content": text,
            "audience": f"{self.url}/g/{group or self.handle}",
        }  # fmt: skip
        return (await self.post(name, article)).removesuffix("#create")

    async def reply(self, name: str, to: str, text: str) -> str:
        """Reply to any post, known here or not; the reply's id."""
        note = {"type": "Note", "inReplyTo": to, "content": text, "to": [PUBLIC]}
        return (await self.post(name, note)).removesuffix("#create")

    async def edit(self, name: str, post: str, text: str) -> None:
        """Change what a post says."""
        await self.post(
            name, {"type": "Update", "object": {"id": post, "type": "Note", "content": text}}
        )

    async def act(self, name: str, kind: str, target: str) -> str:
        """Like, Delete, Follow…: an activity with a bare object."""
        return await self.post(name, {"type": kind, "object": target})

    # --- what is there --------------------------------------------------------------------

    async def get(self, url: str) -> dict[str, Any]:
        """A document, as a machine reads it."""
        async with self.session.get(url, headers={"Accept": ACTIVITY}) as answer:
            assert answer.status == 200, f"{answer.status} for {url}"
            document: dict[str, Any] = json.loads(await answer.read())
            return document

    async def thread(self, url: str) -> dict[str, Any]:
        """What `fedi thread show --json` prints; an empty thread when it is unknown here."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "fedi", "thread", "show", url, "--json",
            "--config", str(self.config),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        return json.loads(out) if process.returncode == 0 else {"posts": []}


class Nodes:
    """The nodes of one test, ended with it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stack = AsyncExitStack()
        self._nodes: list[NodeProcess] = []

    async def __aenter__(self) -> "Nodes":
        self.session = await self._stack.enter_async_context(aiohttp.ClientSession())
        return self

    async def __aexit__(self, *_: object) -> None:
        for node in self._nodes:
            if node.process is not None and node.process.returncode is None:
                await node.stop(signal.SIGKILL)
        await self._stack.aclose()

    def prepare(self, handle: str, database: str = "") -> NodeProcess:
        """A node that is neither made nor started yet, but is ended with the test."""
        node = NodeProcess(self.directory / handle, handle, self.session, database)
        self._nodes.append(node)
        return node

    async def add(self, handle: str, *people: str, database: str = "") -> NodeProcess:
        """Make and start a node with these members."""
        node = self.prepare(handle, database)
        await node.create(*people)
        await node.start()
        return node


def tree(shown: dict[str, Any]) -> list[tuple[str, str | None, int, bool, str]]:
    """What must be equal on every node: order, parents, depths, tombstones, text."""
    return [
        (post["id"], post["in_reply_to"], post["depth"], bool(post["deleted"]), post["content"])
        for post in shown["posts"]
    ]
