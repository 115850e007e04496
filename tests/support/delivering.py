"""A deliverer in a process of its own, so that a test can kill it."""

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from fedi.core.config import Config
from fedi.core.node import Node, open_node
from outbox.deliverer import Deliverer

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def doomed(node: Node) -> AsyncIterator[None]:
    """Let another process deliver what waits on this node, at the same time of day; kill it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        pickle.dumps(node.config).hex(),
        node.clock().isoformat(),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def deliver(config: Config, now: datetime) -> None:
    """Deliver for ever, while the clock stands still."""
    node = open_node(config, clock=lambda: now)
    await Deliverer(node).run()


if __name__ == "__main__":
    given = pickle.loads(bytes.fromhex(sys.argv[1]))  # noqa: S301 - by the test above
    asyncio.run(deliver(given, datetime.fromisoformat(sys.argv[2])))
