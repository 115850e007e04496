"""The database server goes away under a node, and comes back."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import pytest
from factories import make_remote_actor, remote_key, signed_request
from listener import Listener, accepts
from postgres import ENVIRONMENT, FORGETFUL, Cluster, Server, private_cluster
from processes import PUBLIC, eventually
from sqlalchemy import select
from staffed import Staffed

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor
from fedi.core.node import Node, open_node
from fedi.core.settings import load_config
from fedi.debates.models.post import Post

AS2 = "https://www.w3.org/ns/activitystreams"

pytestmark = pytest.mark.skipif(ENVIRONMENT in os.environ, reason="that server is not ours to stop")


@dataclass
class Scene:
    """A node of two web processes and a worker, and a peer that follows it."""

    ours: Staffed
    node: Node  # its database, as the test looks into it
    peer: Listener
    eve: Actor  # of the peer

    async def deliver(self, uri: str, parent: str) -> int:
        """Send a reply to the node, once, as the peer would; the status of the answer."""
        note = {"id": uri, "type": "Note", "attributedTo": self.eve.uri, "inReplyTo": parent,
                "content": "<p>Chez nous aussi.</p>", "to": [PUBLIC],
                "published": self.node.clock().isoformat()}  # fmt: skip
        create = {"@context": AS2, "id": f"{uri}/create", "type": "Create", "object": note}
        body = orjson.dumps(create | {"actor": self.eve.uri, "to": [PUBLIC]})
        request = signed_request(self.node, remote_key(self.eve), body)
        async with self.ours.session.post(
            f"{self.ours.url}/inbox", data=body, headers=dict(request.headers)
        ) as answer:
            return answer.status

    async def ask(self, path: str, **headers: str) -> tuple[int, str | None, str]:
        """Status, Retry-After and text of a GET."""
        async with self.ours.session.get(f"{self.ours.url}{path}", headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After"), await answer.text()

    async def status(self, path: str = "/readyz") -> int:
        return (await self.ask(path))[0]

    async def told(self) -> set[str]:
        """What the peer heard of, as a Create or an Announce."""
        objects = [one.activity["object"] for one in self.peer.heard]
        return {each["id"] if isinstance(each, dict) else each for each in objects}

    async def posts(self) -> set[str]:
        """The posts that anybody sees at the node."""
        async with self.node.db.reading() as unit:
            return set(await unit.session.scalars(select(Post.uri)))

    @property
    def processes(self) -> list[int]:
        return [*self.ours.web_processes(), *(worker.pid for worker in self.ours.workers)]


@pytest.fixture
def server() -> Iterator["Switch"]:
    with private_cluster() as cluster, ExitStack() as running:
        switch = Switch(cluster, running)
        switch.on()
        yield switch


@dataclass
class Switch:
    """Turns a server off and on."""

    cluster: Cluster
    running: ExitStack

    def on(self) -> Server:
        return self.running.enter_context(self.cluster.running(FORGETFUL))

    def off(self) -> None:
        self.running.close()


@pytest.fixture
async def scene(tmp_path: Path, server: Switch) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = await Server(server.cluster.url).create_database()
        ours = Staffed(tmp_path / "ours", "ateliers", session, url)
        stack.push_async_callback(ours.dismiss)
        await ours.create("ana")
        peer = await stack.enter_async_context(Listener(accepts))
        node = open_node(load_config(ours.config))
        stack.push_async_callback(node.close)
        async with node.db.unit() as unit:
            eve = await make_remote_actor(unit, "eve", peer.origin)
            follow = await request_follow(unit, f"{eve.uri}/follow", eve, await network_actor(unit))
            await accept_follow(unit, follow)
        await ours.start()
        await ours.hire()
        yield Scene(ours, node, peer, eve)


async def test_a_node_waits_for_its_server_and_goes_on(scene: Scene, server: Switch):
    ours, at_work = scene.ours, scene.processes
    root = await ours.open_debate("ana", "Nos outils", "<p>Comment ?</p>")
    await eventually(scene.told, lambda uris: root in uris)

    server.off()
    reply = f"{scene.eve.uri}/posts/1"
    assert await scene.deliver(reply, root) == 503
    assert await scene.status("/livez") == 200
    for path in ("/readyz", "/", "/groups", "/o/none", "/nodeinfo/2.1"):
        status, after, text = await scene.ask(path)
        assert (status, bool(after), "PostgreSQL" in text) == (503, True, False), (path, text)
    for language, words in (("en", "reach its database"), ("fr", "sa base de données")):
        reader = {"Accept": "text/html", "Accept-Language": language}
        status, after, text = await scene.ask("/", **reader)
        assert (status, bool(after), words in text) == (503, True, True), text
    with pytest.raises(AssertionError, match="503"):
        await ours.reply("ana", root, "<p>Je réponds.</p>")

    server.on()
    await eventually(scene.status, lambda status: status == 200)
    assert await scene.deliver(reply, root) == 202
    mine = await ours.reply("ana", root, "<p>Je réponds encore.</p>")
    await eventually(scene.posts, lambda uris: uris == {root, reply, mine}, seconds=60)
    await eventually(scene.told, lambda uris: mine in uris, seconds=60)
    await eventually(ours.led, lambda leaders: len(leaders) == 2, seconds=60)
    assert scene.processes == at_work
    assert "Traceback" not in ours.said()
