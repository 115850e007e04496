"""A thousand posts by forty people, late, out of order and refused at first: one tree."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

from chaos import Road, bad_road
from processes import NodeProcess, Nodes, eventually, tree
from waiting import free_port

POSTS = 1000
AUTHORS = 40
AT_ONCE = 6


async def test_a_thousand_shuffled_posts_end_in_the_same_tree(tmp_path: Path) -> None:
    async with Nodes(tmp_path) as nodes, AsyncExitStack() as stack:
        networks: list[NodeProcess] = []
        roads: list[Road] = []
        for number, handle in enumerate(("tilleuls", "velo", "nord")):
            node = nodes.prepare(handle)
            node.listening = free_port()
            people = [f"{handle}{one:02}" for one in range(AUTHORS // 3 + (number < AUTHORS % 3))]
            await node.create(*people)
            roads.append(
                await stack.enter_async_context(bad_road(node.port, node.listening, number))
            )
            await node.start()
            networks.append(node)
        for one in networks:
            for other in networks:
                if one is not other:
                    await one.command("network", "follow", f"{other.url}/g/{other.handle}")

        root = await _write(networks)

        async def trees() -> list[list[tuple[str, str | None, int, bool, str]]]:
            for node in networks:  # nobody waits an hour for the third attempt
                await node.command("queue", "retry")
            return [tree(await node.thread(root)) for node in networks]

        shown = await eventually(
            trees,
            lambda found: len(found[0]) == POSTS and all(one == found[0] for one in found),
            seconds=600,
            pause=5,
        )
        assert len({post[0] for post in shown[0]}) == POSTS, "nothing twice"
        assert all(road.failed and road.passed for road in roads)


async def _write(networks: list[NodeProcess]) -> str:
    """Open the debate, then reply at random: each author to a post their node has just read."""
    chance = random.Random(20261125)  # noqa: S311  the same debate every time
    authors = [(node, name) for node in networks for name in node.tokens]
    node, name = authors[0]
    root = await node.open_debate(name, "Mille réponses", "<p>À qui le tour ?</p>")
    known = [root]
    gate = asyncio.Semaphore(AT_ONCE)

    async def reply(number: int, parent: str) -> None:
        node, name = authors[number % len(authors)]
        async with gate:
            known.append(await node.reply(name, parent, f"<p>Réponse {number}</p>"))

    async with asyncio.TaskGroup() as group:
        for number in range(1, POSTS):
            while len(known) < number - 2 * AT_ONCE:
                await asyncio.sleep(0)
            recent = known[-30:] if chance.random() < 0.7 else known
            group.create_task(reply(number, chance.choice(recent)))
            await asyncio.sleep(0)
    return root
