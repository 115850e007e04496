"""The play: networks follow each other, their members debate, all keep the same debate."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import permutations
from typing import Any

from sqlalchemy import func, select

from actors.local import network_actor
from actors.models import Follow
from fedi.cli.demo.cast import OPENING, QUESTION, TITLE, script
from fedi.cli.demo.client import post_to_outbox
from fedi.cli.demo.stand import Stand
from fedi.cli.network import ask_to_follow
from fedi.cli.refusals import Refused
from fedi.cli.thread import describe, read_posts, require_thread
from fedi.core.errors import NotFound
from fedi.core.vocab import AS2, PUBLIC
from fedi.debates.models.post import Post

PATIENCE = 90.0


async def follow_each_other(stands: Sequence[Stand]) -> None:
    """Make each network follow every other one; return once all have agreed."""
    for follower, followed in permutations(stands, 2):
        await ask_to_follow(follower.node, followed.network_uri)
    for stand in stands:
        await _until(partial(_is_followed_by_all, stand, len(stands) - 1), "follow")


async def _is_followed_by_all(stand: Stand, others: int) -> bool:
    async with stand.node.db.reading() as unit:
        network = await network_actor(unit)
        accepted = select(func.count()).where(Follow.accepted_at.is_not(None))
        following = await unit.session.scalar(accepted.where(Follow.follower_id == network.id))
        followers = await unit.session.scalar(accepted.where(Follow.followed_id == network.id))
    return following == followers == others


async def hold_debate(stands: Sequence[Stand]) -> str:
    """Let the members debate, each from home; returns the id of the opening post."""
    tokens = [await stand.token() for stand in stands]
    opening = {
        "@context": AS2,
        "type": "Article",
        "name": TITLE,
        "summary": QUESTION,
        **_in_french(OPENING),
        "audience": stands[0].group_uri,
        "to": [PUBLIC],
    }
    said = [await post_to_outbox(stands[0].member_uri, tokens[0], opening)]
    for line in script(len(stands)):
        speaker = stands[line.network]
        parent = said[line.answers]
        await _until(partial(_knows, speaker, parent), "arrive")
        reply = {
            "@context": AS2,
            "type": "Note",
            "inReplyTo": parent,
            **_in_french(line.text),
            "to": [PUBLIC],
        }
        said.append(await post_to_outbox(speaker.member_uri, tokens[line.network], reply))
    return said[0]


def _in_french(text: str) -> dict[str, Any]:
    return {"contentMap": {"fr": text}, "mediaType": "text/markdown"}


async def _knows(stand: Stand, uri: str) -> bool:
    async with stand.node.db.reading() as unit:
        return await unit.find(Post, uri=uri) is not None


async def same_tree_everywhere(stands: Sequence[Stand], thread: str) -> None:
    """Return once every network keeps the whole debate, in the same words and order.

    People may have added to it since the play was over.
    """
    length = 1 + len(script(len(stands)))

    async def agree() -> bool:
        trees = [await _tree(stand, thread) for stand in stands]
        return len(trees[0]) >= length and all(tree == trees[0] for tree in trees)

    await _until(agree, "be the same everywhere")


async def _tree(stand: Stand, uri: str) -> list[dict[str, Any]]:
    async with stand.node.db.reading() as unit:
        try:
            thread = await require_thread(unit, uri)
        except NotFound:
            return []
        posts: list[dict[str, Any]] = describe(thread, await read_posts(unit, thread))["posts"]
        return posts


async def _until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask again until it is so; `Refused` when it takes too long."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not await true():
        if asyncio.get_running_loop().time() > deadline:
            raise Refused(f"the debate does not {what}: read log.txt of each network")
        await asyncio.sleep(0.2)
