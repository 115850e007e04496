"""A peer that only listens: inboxes on a real socket, which answer as the test tells them.

    async with Listener(answers(503, 202)) as peer: …

Signatures are checked as a strict peer would, with the keys given to `trust`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from fedi.core.signatures.errors import BadSignature
from fedi.core.signatures.keys import PublicKey
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import read_key_id, verify


@dataclass(frozen=True)
class Heard:
    """One POST, as it came over the wire."""

    path: str
    body: bytes
    headers: dict[str, str]
    scheme: str
    key_id: str
    signer: str | None  # the key's owner, when the signature holds

    @property
    def activity(self) -> dict[str, Any]:
        activity: dict[str, Any] = json.loads(self.body)
        return activity

    @property
    def said(self) -> tuple[str, str]:
        return self.activity["type"], self.activity["id"]


Answerer = Callable[[Heard], Awaitable[web.Response]]


@dataclass
class Listener:
    """What it heard is in `heard`, whatever it answered."""

    answer: Answerer
    heard: list[Heard] = field(default_factory=list)
    keys: dict[str, PublicKey] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)  # by path, for GET
    most_at_once: int = 0
    port: int = 0

    async def __aenter__(self) -> "Listener":
        app = web.Application()
        app.router.add_post("/{path:.*}", self._listen)
        app.router.add_get("/{path:.*}", self._serve)
        self._now = 0
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> list[tuple[str, str]]:
        """Type and id of every activity heard, in order."""
        return [heard.said for heard in self.heard]

    def trust(self, *keys: PublicKey) -> None:
        """Check signatures made with these keys."""
        self.keys |= {key.id: key for key in keys}

    async def _listen(self, request: web.Request) -> web.Response:
        body = await request.read()
        heard = self._read(request, body)
        self.heard.append(heard)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            return await self.answer(heard)
        finally:
            self._now -= 1

    def _read(self, request: web.Request, body: bytes) -> Heard:
        headers = list(request.headers.items())
        signed = Request("POST", "http", request.host, request.raw_path, headers, body)
        claim = read_key_id(signed)
        signer = None
        with suppress(BadSignature):
            if (key := self.keys.get(claim.key_id)) is not None:
                verify(signed, claim, key, datetime.fromisoformat("2026-11-25T09:00:00Z"))
                signer = key.owner
        names = {name.lower(): value for name, value in headers}
        return Heard(request.raw_path, body, names, claim.scheme, claim.key_id, signer)

    async def _serve(self, request: web.Request) -> web.Response:
        if request.path not in self.documents:
            return web.Response(status=410)
        return web.Response(
            body=self.documents[request.path], content_type="application/activity+json"
        )


async def accepts(heard: Heard) -> web.Response:
    """Take everything."""
    return web.Response(status=202)


def answers(*statuses: int, **headers: str) -> Answerer:
    """Answer with these statuses one after the other, the last one for ever."""
    left = list(statuses)

    async def answer(heard: Heard) -> web.Response:
        status = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(
            status=status, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    return answer


def refuses_ed25519(status: int) -> Answerer:
    """Take requests signed with RSA keys, and refuse the others."""

    async def answer(heard: Heard) -> web.Response:
        return web.Response(status=status if heard.key_id.endswith("#ed25519-key") else 202)

    return answer


def only(scheme: str, status: int = 401) -> Answerer:
    """Take requests signed in one scheme, and refuse the other."""

    async def answer(heard: Heard) -> web.Response:
        return web.Response(status=202 if heard.scheme == scheme else status)

    return answer


@dataclass
class Held:
    """Answer only when released."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    knocking: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, heard: Heard) -> web.Response:
        self.knocking.set()
        await self.gate.wait()
        return web.Response(status=202)
