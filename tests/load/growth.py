"""`make growth`: what an operation costs when the node has a history.

Seeds a node with debates until it holds so many posts, and measures the processor time of each
kind of reading, of accepting, processing and delivering.  Prints a table in Markdown.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from client import call
from letters import get_page
from measuring import processor_seconds
from processes import NodeProcess, Nodes
from rounds import run, running
from rows.memory import wait_for_rest
from seeding import gather_followers, grow_threads, opened
from sqlalchemy import delete
from stage import Stage
from strangers import World

from outbox.models import Delivery

#: Posts of a seeded debate, and operations of one measurement.
LENGTH, COUNT, REPLIES, DELIVERIES = 1000, 40, 400, 320
PEERS = 10_000
PAGES = ("thread page, member", "home page", "context", "object")
COSTS = (*PAGES, "accepted", "processed", "delivered")


async def grow(sizes: Sequence[int]) -> None:
    """Print a line for each size of the node."""
    with tempfile.TemporaryDirectory(prefix="fedi-growth-") as directory:
        home = Path(directory)
        async with World(home).open() as world, Nodes(home) as nodes:
            stage = Stage(world, nodes.prepare("reseau"))
            await stage.prepare()
            async with stage.copied() as node:
                hosts = [f"https://place{number}.test" for number in range(PEERS)]
                await gather_followers(node.config, hosts, PEERS)
                print(f"| posts | {' | '.join(COSTS)} | file |")
                print("|---" * (len(COSTS) + 2) + "|")
                held = 0
                for size in sizes:
                    pages = await grow_threads(node.config, (size - held) // LENGTH, LENGTH)
                    held = size
                    print(await _line(stage, node, size, pages[-1]), flush=True)


async def _line(stage: Stage, node: NodeProcess, size: int, page: str) -> str:
    """Measure everything at one size."""
    await node.start("--role", "web")
    found = [*await _reading(stage, node, page), *await _hearing(stage, node)]
    await node.stop()
    found.append(await _speaking(stage, node))
    database = sum(file.stat().st_size for file in node.home.glob("data/fedi.db*")) / 1e6
    return f"| {size:,} | {' | '.join(f'{cost:,.0f} µs' for cost in found)} | {database:,.0f} MB |"


async def _reading(stage: Stage, node: NodeProcess, page: str) -> list[float]:
    """What each of PAGES costs."""
    cookie = await stage.sign_in(node)
    paths = (page, "/", _context(page), urlsplit(stage.roots[0]["id"]).path)
    found = []
    for name, path in zip(PAGES, paths, strict=True):
        accept = "application/activity+json" if name in ("context", "object") else "text/html"
        get = get_page(stage.host, path, cookie if "member" in name else "", accept)
        await call(node.listening, [get] * COUNT, expect=200)
        found.append(await _cost(node, [get] * COUNT, 200))
    return found


async def _hearing(stage: Stage, node: NodeProcess) -> list[float]:
    """What it costs to accept a reply, and then to process it: the second time is counted."""
    async with running("drivers/process.py", node.config) as processor:
        for _ in range(2):
            letters = stage.sign(stage.replies(REPLIES))
            accepted = await _cost(node, letters, 202)
            processed = 1e6 / (await processor.round(REPLIES)).rate
    return [accepted, processed]


async def _speaking(stage: Stage, node: NodeProcess) -> float:
    """What a delivery costs on a kept connection; what was queued meanwhile is not waited for."""
    async with opened(node.config) as looked, looked.db.unit() as unit:
        await unit.session.execute(delete(Delivery))
    certificates = str(stage.world.certificates)
    inboxes = stage.world.inboxes(closing=False)
    async with running(
        "drivers/deliver.py", node.config, *inboxes, SSL_CERT_FILE=certificates
    ) as deliverer:
        await deliverer.round(DELIVERIES)
        return 1e6 / (await deliverer.round(DELIVERIES)).rate


def _context(page: str) -> str:
    return f"/c/{urlsplit(page).path.split('/')[2]}"


async def _cost(node: NodeProcess, requests: Sequence[bytes], expect: int) -> float:
    """Microseconds of one request."""
    assert node.process is not None
    await wait_for_rest(node.process.pid)
    before = processor_seconds(node.process.pid)
    await call(node.listening, requests, expect=expect)
    return 1e6 * (processor_seconds(node.process.pid) - before) / len(requests)


def main() -> None:
    """Read up to which size."""
    parser = argparse.ArgumentParser(description="Measure the node as it grows.")
    parser.add_argument(
        "sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="posts it holds"
    )
    run(grow(parser.parse_args().sizes))


if __name__ == "__main__":
    main()
