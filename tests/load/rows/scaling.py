"""More processes, and longer debates: each figure compares the node with itself.

What two processes can do is *computed*: the number of processes divided by what an operation
costs them together, each having a core of its own.  Time on the wall is remarked beside it; on
a machine with two cores, which load and database share, it says little.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
from functools import partial

from client import call
from letters import get_page
from measuring import Figures, processor_seconds
from processes import NodeProcess, eventually
from rows.memory import wait_for_rest
from seeding import gather_followers, grow_threads, opened
from sqlalchemy import func, select
from stage import MEMBER, Stage, environment
from waiting import free_port

from outbox.models import Delivery

REPLIES = 1500
HOSTS, DEBATES = 200, 6
GETS = 60
SMALL, LARGE = 100, 10_000


async def two_web_processes(stage: Stage, runs: int) -> Figures:
    """Signed activities accepted by two web processes, compared with one."""
    async with stage.copied() as node:
        costs: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        async with _more(node, "web", 2) as both:
            for _ in range(runs + 1):
                for many, found in costs.items():
                    found.append(await _accept(stage, both[:many]))
        return _compared(costs)


async def _accept(stage: Stage, nodes: Sequence[NodeProcess]) -> tuple[float, float]:
    """Seconds of processor and of wall for one request."""
    requests = stage.sign(stage.replies(REPLIES))
    shares = [requests[number :: len(nodes)] for number in range(len(nodes))]
    before, began = _seconds(nodes), time.monotonic()
    await asyncio.gather(
        *(
            call(node.listening, share, expect=202)
            for node, share in zip(nodes, shares, strict=True)
        )
    )
    return (_seconds(nodes) - before) / REPLIES, (time.monotonic() - began) / REPLIES


async def two_workers(stage: Stage, runs: int) -> Figures:
    """Deliveries to 200 servers by two worker processes, compared with one."""
    costs: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    async with stage.copied() as node:
        await gather_followers(node.config, stage.world.places(HOSTS), HOSTS)
        await node.start("--role", "web")
        with environment(SSL_CERT_FILE=str(stage.world.certificates)):
            for many, found in costs.items():
                async with _more(node, "worker", many) as workers:
                    for _ in range(runs + 1):
                        found.append(await _deliver(node, workers))
        return _compared(costs)


async def _deliver(node: NodeProcess, workers: Sequence[NodeProcess]) -> tuple[float, float]:
    """Seconds of processor and of wall for one delivery."""
    async with opened(node.config) as looked:

        async def count(*conditions: object) -> int:
            query = select(func.count()).select_from(Delivery).where(*conditions)
            async with looked.db.reading() as unit:
                return await unit.session.scalar(query) or 0

        delivered = await count(Delivery.outcome == "delivered")
        before, began = _seconds(workers), time.monotonic()
        for number in range(DEBATES):
            await node.open_debate(MEMBER, f"À tous {number}", "<p>Ouvert.</p>")
        waiting = partial(count, Delivery.next_attempt_at.is_not(None))
        await eventually(waiting, lambda left: not left, seconds=120, pause=0.2)
        delivered = await count(Delivery.outcome == "delivered") - delivered
        if delivered < DEBATES * HOSTS:
            raise RuntimeError(f"only {delivered} were delivered")
        return (_seconds(workers) - before) / delivered, (time.monotonic() - began) / delivered


@asynccontextmanager
async def _more(node: NodeProcess, role: str, many: int) -> AsyncIterator[Sequence[NodeProcess]]:
    """So many processes of one node, at rest, each at a port of its own: workers answer who
    watches them, and one that asks for the port of the web ends."""
    async with AsyncExitStack() as stack:
        nodes = []
        for _ in range(many):
            one = copy(node)
            one.listening = free_port()
            await one.start("--role", role)
            stack.push_async_callback(one.stop)
            nodes.append(one)
        for one in nodes:
            assert one.process is not None
            await wait_for_rest(one.process.pid)
        yield nodes


def _seconds(nodes: Sequence[NodeProcess]) -> float:
    return sum(processor_seconds(node.process.pid) for node in nodes if node.process)


def _compared(costs: dict[int, list[tuple[float, float]]]) -> Figures:
    """How much more two can do than one, of each pair of measurements but the first."""
    pairs = list(zip(costs[1][1:], costs[2][1:], strict=True))
    values = [2 * one[0] / two[0] for one, two in pairs]
    wall = sum(one[1] for one, _ in pairs) / sum(two[1] for _, two in pairs)
    return Figures(values, "×", more_is_better=True, remark=f"{wall:.2f} × on the wall")


async def show_long_thread(stage: Stage, runs: int) -> Figures:
    """The first page of a debate of 10,000 posts for a member, compared with one of 100."""
    async with stage.copied() as node:
        (small,) = await grow_threads(node.config, 1, SMALL)
        (large,) = await grow_threads(node.config, 1, LARGE)
        await node.start("--role", "web")
        assert node.process is not None
        cookie = await stage.sign_in(node)
        costs = []
        for _ in range(runs + 1):
            pair = []
            for page in (small, large):
                requests = [get_page(stage.host, page, cookie)] * GETS
                before = processor_seconds(node.process.pid)
                await call(node.listening, requests, expect=200)
                pair.append(processor_seconds(node.process.pid) - before)
            costs.append(pair[1] / pair[0])
        return Figures(costs[1:], "×")
