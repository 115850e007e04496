"""One node in several processes on PostgreSQL: everything once, whoever is killed."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from factories import make_remote_actor, remote_key, signed_request
from listener import Listener, accepts
from postgres import Server
from processes import PUBLIC, eventually
from sqlalchemy import text
from staffed import Staffed

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor
from fedi.core.jobs import take_back
from fedi.core.node import Node, open_node
from fedi.core.settings import load_config
from inbox.models import InboxItem
from outbox.models import Delivery

LOCKS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
AS2 = "https://www.w3.org/ns/activitystreams"


@dataclass
class Scene:
    """A node of two web processes and two workers, and the peers that follow it."""

    ours: Staffed
    node: Node  # its database, as the test looks into it
    peers: list[Listener]
    authors: list[Actor]
    said: list[str] = field(default_factory=list)

    async def ask(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.node.db.reading() as unit:
            return [tuple(row) for row in await unit.session.execute(text(query), values)]

    async def one(self, query: str, **values: Any) -> Any:
        ((value,),) = await self.ask(query, **values)
        return value

    async def send(self, author: Actor, activity: dict[str, Any]) -> None:
        """Deliver to the node as a server would: again until it is taken."""
        body = orjson.dumps({"@context": AS2, "actor": author.uri, "to": [PUBLIC], **activity})
        request = signed_request(self.node, remote_key(author), body)
        while True:
            with suppress(aiohttp.ClientError):
                async with self.ours.session.post(
                    f"{self.ours.url}/inbox", data=body, headers=dict(request.headers)
                ) as answer:
                    if answer.status == 202:
                        return
            await asyncio.sleep(0.1)

    async def reply(self, author: Actor, parent: str, number: int) -> str:
        uri = f"{author.uri}/posts/{number}"
        note = {
            "id": uri, "type": "Note", "attributedTo": author.uri, "inReplyTo": parent,
            "content": f"<p>Réponse {number}</p>", "to": [PUBLIC],
            "published": self.node.clock().isoformat(),
        }  # fmt: skip
        await self.send(author, {"id": f"{uri}/create", "type": "Create", "object": note})
        return uri

    async def like(self, author: Actor, post: str, number: int) -> None:
        await self.send(
            author, {"id": f"{author.uri}/likes/{number}", "type": "Like", "object": post}
        )

    async def settled(self, *, dead: bool = False) -> None:
        """Wait until nothing is left to do; `dead`: end the leases of a worker that was killed."""
        await eventually(self._idle, bool, seconds=60)
        if dead:
            async with self.node.db.unit() as unit:
                for jobs in (InboxItem, Delivery):
                    await take_back(unit, jobs)
                unit.wake("inbox", "outbox")
        await eventually(self._pending, lambda pending: pending == 0, seconds=60)

    async def _pending(self) -> int:
        query = "SELECT count(*) FROM {} WHERE next_attempt_at IS NOT NULL"
        return sum([await self.one(query.format(t)) for t in ("inbox_items", "deliveries")])

    async def _idle(self) -> bool:
        """Whether all that waits is what somebody had in hand a while ago."""
        before = await self._waiting()
        await asyncio.sleep(2)
        after = await self._waiting()
        return before == after and all(locked for _, _, locked in after)

    async def _waiting(self) -> list[tuple[Any, ...]]:
        query = "SELECT '{0}', id, locked_until FROM {0} WHERE next_attempt_at IS NOT NULL"
        tables = ("inbox_items", "deliveries")
        return await self.ask(" UNION ALL ".join(query.format(t) for t in tables) + " ORDER BY 2")


@pytest.fixture
async def scene(tmp_path: Path, postgres: Server) -> AsyncIterator[Scene]:
    url = await postgres.create_database()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        ours = Staffed(tmp_path / "ours", "ateliers", session, url)
        stack.push_async_callback(ours.dismiss)
        await ours.create("ana")
        peers = [await stack.enter_async_context(Listener(accepts)) for _ in range(4)]
        node = open_node(load_config(ours.config))
        stack.push_async_callback(node.close)
        async with node.db.unit() as unit:
            network = await network_actor(unit)
            authors = []
            for number, peer in enumerate(peers):
                author = await make_remote_actor(unit, f"eve{number}", peer.origin)
                follow = await request_follow(unit, f"{author.uri}/follow", author, network)
                await accept_follow(unit, follow)
                authors.append(author)
        await asyncio.gather(ours.start(), ours.hire())
        await ours.hire()
        yield Scene(ours, node, peers, authors)
    await postgres.drop_database(url)


def heard(peer: Listener) -> Counter[str]:
    return Counter(uri for _, uri in peer.said)


def order_of(peer: Listener, post: str) -> Iterable[str]:
    """What a peer heard directly about a post, in order."""
    activities = (one.activity for one in peer.heard)
    return [
        activity["type"]
        for activity in activities
        if isinstance(activity["object"], dict)
        and activity["object"].get("id") == post
        and activity["type"] != "Announce"
    ]


async def test_two_workers_do_everything_once_and_in_order(scene: Scene):
    ours = scene.ours
    root = await ours.open_debate("ana", "Nos outils", "<p>Comment ?</p>")
    numbers = range(120)
    authors = [scene.authors[number % 4] for number in numbers]
    foreign = await asyncio.gather(
        *(
            scene.reply(author, root, number)
            for number, author in zip(numbers, authors, strict=True)
        )
    )
    await asyncio.gather(
        *(scene.like(author, root, n) for n, author in enumerate(scene.authors)),
        *(ours.reply("ana", root, f"<p>Locale {number}</p>") for number in range(20)),
    )
    mine = await ours.reply("ana", root, "<p>Un.</p>")
    await ours.edit("ana", mine, "<p>Deux.</p>")
    await ours.act("ana", "Delete", mine)
    await scene.settled()

    posts = 1 + len(foreign) + 20 + 1
    assert await scene.one("SELECT count(*) FROM posts") == posts
    assert await scene.one("SELECT post_count FROM threads") == posts
    counts = await scene.ask("SELECT reply_count, like_count FROM posts WHERE uri = :uri", uri=root)
    assert counts == [(posts - 1, 4)]
    assert await scene.one("SELECT sum(post_count) FROM participations") == posts
    assert await scene.one("SELECT count(DISTINCT path) FROM posts") == posts
    assert await scene.one("SELECT max(attempts) FROM inbox_items") == 1
    assert await scene.one("SELECT max(attempts) FROM deliveries") == 1
    relayed = await scene.ask(
        "SELECT object_uri, count(*) FROM activities WHERE type = 'Announce'"
        " GROUP BY object_uri HAVING count(*) > 1"
    )
    assert relayed == []
    for peer in scene.peers:
        assert max(heard(peer).values()) == 1
        assert order_of(peer, mine)[:2] == ["Create", "Update"]
        # Two at once of each worker: that is the courtesy of a node of two.
        assert peer.most_at_once <= 4


async def test_nothing_is_lost_when_a_process_of_each_kind_is_killed(scene: Scene):
    ours = scene.ours
    root = await ours.open_debate("ana", "Nos outils", "<p>Comment ?</p>")
    sending = asyncio.gather(
        *(scene.reply(scene.authors[number % 4], root, number) for number in range(150))
    )
    await eventually(lambda: scene.one("SELECT count(*) FROM posts"), lambda count: count > 20)
    ours.workers[0].kill()
    os.kill(ours.web_processes()[0], signal.SIGKILL)
    foreign = await sending
    await scene.settled(dead=True)

    assert await scene.one("SELECT count(*) FROM posts") == 1 + len(foreign)
    assert await scene.one("SELECT post_count FROM threads") == 1 + len(foreign)
    assert await scene.one("SELECT count(*) FROM inbox_items WHERE outcome = 'done'") >= len(
        foreign
    )
    assert await scene.one("SELECT count(*) FROM deliveries WHERE outcome <> 'delivered'") == 0
    for peer in scene.peers:
        sent = await scene.ask(
            "SELECT a.uri FROM activities a JOIN deliveries d ON d.activity_id = a.id"
            " WHERE d.origin = :origin",
            origin=peer.origin,
        )
        assert {uri for (uri,) in sent} == set(heard(peer))
        # What was on its way when the worker was killed may be heard twice: nobody can know.
        assert sum(heard(peer).values()) - len(heard(peer)) <= 2
    assert len(await eventually(_alive(ours), lambda pids: len(pids) == 2)) == 2


async def test_another_process_leads_when_the_leader_is_cut_off_or_dies(scene: Scene):
    ours = scene.ours

    async def holders() -> list[int]:
        return [pid for (pid,) in await scene.ask(LOCKS)]

    (first,) = await eventually(holders, lambda pids: len(pids) == 1)
    await scene.ask("SELECT pg_terminate_backend(:pid)", pid=first)
    (second,) = await eventually(
        holders, lambda pids: len(pids) == 1 and pids != [first], seconds=60
    )
    (*_, leader) = await eventually(ours.led, lambda leaders: len(leaders) == 2)
    leader.kill()
    (third,) = await eventually(
        holders, lambda pids: len(pids) == 1 and pids != [second], seconds=60
    )
    assert len({first, second, third}) == 3


def _alive(node: Staffed) -> Any:
    async def ask() -> list[int]:
        return node.web_processes()

    return ask
