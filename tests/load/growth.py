"""`make growth`: what an operation costs when the node has a history.

Seeds a node with debates until it holds so many posts, and measures the processor time of the
web process for each kind of reading, and of accepting.  Prints a table in Markdown.
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
from rounds import run
from rows.memory import wait_for_rest
from seeding import gather_followers, grow_threads
from stage import Stage
from strangers import World

#: Posts of a seeded debate, and operations of one measurement.
LENGTH, COUNT, REPLIES = 1000, 40, 400
PEERS = 10_000
COSTS = ("thread page, member", "home page", "context", "accepted")


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
    await node.start("--role", "web")
    cookie = await stage.sign_in(node)
    paths = {"thread page, member": page, "home page": "/", "context": _context(page)}
    found = []
    for name in COSTS[:-1]:
        accept = "application/activity+json" if name == "context" else "text/html"
        get = get_page(stage.host, paths[name], cookie if "member" in name else "", accept)
        found.append(await _cost(node, COUNT, [get] * COUNT, 200))
    letters = stage.sign(stage.replies(2 * REPLIES))
    found.append(await _cost(node, REPLIES, letters, 202))
    assert node.process is not None
    await node.stop()
    database = sum(file.stat().st_size for file in node.home.glob("data/fedi.db*")) / 1e6
    return f"| {size:,} | {' | '.join(f'{cost:,.0f} µs' for cost in found)} | {database:,.0f} MB |"


def _context(page: str) -> str:
    return f"/c/{urlsplit(page).path.split('/')[2]}"


async def _cost(node: NodeProcess, count: int, requests: Sequence[bytes], expect: int) -> float:
    """Microseconds of one request, after as many that are not counted."""
    assert node.process is not None
    half = len(requests) // 2 if len(requests) > count else len(requests)
    await call(node.listening, requests[:half], expect=expect)
    counted = requests[half:] or requests
    await wait_for_rest(node.process.pid)
    before = processor_seconds(node.process.pid)
    await call(node.listening, counted, expect=expect)
    return 1e6 * (processor_seconds(node.process.pid) - before) / len(counted)


def main() -> None:
    """Read up to which size."""
    parser = argparse.ArgumentParser(description="Measure the node as it grows.")
    parser.add_argument(
        "sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="posts it holds"
    )
    run(grow(parser.parse_args().sizes))


if __name__ == "__main__":
    main()
