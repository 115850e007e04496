"""The node's own deliverer in a process of its own, with a queue of its own making."""

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from letters import LONG, write_text
from measuring import Round
from rounds import answer, run
from sqlalchemy import func, select

from actors.followers import Target
from actors.local import network_actor
from actors.models import Dialect
from fedi.cli.serving import COLLECT_AFTER
from fedi.core.jsonld import Document
from fedi.core.log import set_up_log
from fedi.core.node import Node, open_node
from fedi.core.settings import load_config
from fedi.core.urls import Site, new_key, origin_of
from fedi.core.vocab import PUBLIC
from outbox.builders import build_create
from outbox.deliverer import Deliverer
from outbox.models import Delivery
from outbox.publish import publish

#: Seconds between two looks at what is left; one look costs about a millisecond.
PAUSE = 0.25


async def main(config: Path, inboxes: Sequence[str]) -> None:
    """Deliver as often as asked, to each inbox equally often."""
    settings = load_config(config)
    set_up_log(settings.log.level, settings.log.format)
    node = open_node(settings)
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    targets = [_target(inbox) for inbox in inboxes]

    async def turn(count: int) -> Round:
        for _ in range(count // len(targets)):
            await _say(node, targets)
        before = await _count(node, Delivery.outcome == "delivered")
        deliverer = Deliverer(node)
        started = time.process_time()
        loop = asyncio.create_task(deliverer.run())
        while await _count(node, Delivery.next_attempt_at.is_not(None)):
            await asyncio.sleep(PAUSE)
        await deliverer.stop()
        await loop
        seconds = time.process_time() - started
        delivered = await _count(node, Delivery.outcome == "delivered") - before
        if delivered != count // len(targets) * len(targets):
            raise RuntimeError(f"only {delivered} of {count} were delivered")
        return Round(delivered, seconds)

    try:
        await answer(turn)
    finally:
        await node.close()


def _target(inbox: str) -> Target:
    origin = str(origin_of(inbox))
    return Target(0, inbox, inbox, inbox, origin, Dialect.NODE, "follower")


async def _say(node: Node, targets: Sequence[Target]) -> None:
    async with node.db.unit() as unit:
        author = await network_actor(unit)
        note = _note(unit.site, author.uri)
        create = build_create(unit.site, author.uri, note, unit.now)
        await publish(unit, author, create, to=targets)


def _note(site: Site, author: str) -> Document:
    return {
        "id": site.object(new_key()),
        "type": "Note",
        "attributedTo": author,
        "to": [PUBLIC],
        "cc": [f"{author}/followers"],
        "content": write_text(LONG),
    }


async def _count(node: Node, *conditions: object) -> int:
    query = select(func.count()).select_from(Delivery).where(*conditions)
    async with node.db.reading() as unit:
        return await unit.session.scalar(query) or 0


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), sys.argv[2:]))
