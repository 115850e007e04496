"""A bad road in front of a node: requests are late, out of order, and fail at first."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

#: One in five requests is answered 500 the first time it comes.
FAILING = 0.2
#: Seconds a request may wait before it goes on, so that later ones overtake it.
LONGEST_WAIT = 0.2


class Road:
    """Passes requests on to a node that listens elsewhere; inbox POSTs have a hard time."""

    def __init__(self, to: str, session: aiohttp.ClientSession, seed: int) -> None:
        self.to, self.session = to, session
        self.chance = random.Random(seed)  # noqa: S311  not a secret
        self.failed: set[bytes] = set()
        self.passed = 0

    async def take(self, request: web.Request) -> web.Response:
        """Fail, or wait and pass on."""
        body = await request.read()
        if request.method == "POST" and request.path.endswith("/inbox"):
            name = hashlib.sha256(body).digest()
            if name not in self.failed and self.chance.random() < FAILING:
                self.failed.add(name)
                return web.Response(status=500)
            self.failed.add(name)
            await asyncio.sleep(self.chance.uniform(0, LONGEST_WAIT))
            self.passed += 1
        async with self.session.request(
            request.method, f"{self.to}{request.raw_path}", data=body, headers=request.headers,
            allow_redirects=False,
        ) as answer:  # fmt: skip
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in DROPPED}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


DROPPED = frozenset({"transfer-encoding", "content-length", "content-encoding", "connection"})


@asynccontextmanager
async def bad_road(port: int, to_port: int, seed: int) -> AsyncIterator[Road]:
    """Listen on `port` and pass everything on to `to_port`."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        road = Road(f"http://127.0.0.1:{to_port}", session, seed)
        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", road.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield road
        finally:
            await runner.cleanup()
