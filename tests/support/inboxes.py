"""A node whose inbox is open on loopback, and neighbours that write to it.

    async with open_site(tmp_path, clock) as site, Neighbour() as lisbon:
        ana = lisbon.actor("ana")
        await site.deliver(ana, ana.create(ana.note("hello", to=[site.group.uri, PUBLIC])))
        await site.settle()

Everything is real: sockets, signatures, the database.
"""

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from factories import FakeClock, key_pair, make_node, make_person, remote_document, signed_request
from hostile import HostilePeer, answer, document
from sqlalchemy import func, select

from actors.appkeys import AUTHENTICATOR, JOURNAL, POLICIES
from actors.authenticate import Authenticator
from actors.followers import accept_follow, request_follow
from actors.journal import Journal
from actors.local import network_actor
from actors.models import Actor, JournalEntry
from actors.policies import Policies
from fedi.core.answers import Answer
from fedi.core.appkeys import NODE
from fedi.core.fetch import Fetcher
from fedi.core.node import Node
from fedi.core.signatures.keys import SigningKey
from fedi.core.signatures.proof import add_proof
from fedi.core.urls import Site
from fedi.core.vocab import AS2, DATA_INTEGRITY, PUBLIC
from fedi.debates.models.post import Post
from fedi.debates.threads import open_thread
from inbox.backfill import Backfiller
from inbox.guard import Guard
from inbox.keys import ACCEPTOR, GUARD
from inbox.models import InboxItem
from inbox.processor import Processor
from inbox.receive import Acceptor
from inbox.resolve import Resolver
from inbox.views import post_inbox
from outbox.models import Activity

Document = dict[str, Any]

#: The usual tracebacks, which print every variable, take seconds each.
structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
)

_numbers = itertools.count(1)


@dataclass
class Voice:
    """An actor of a neighbour: it writes, signs and is served."""

    uri: str
    home: "Neighbour"
    key: SigningKey
    proof_key: SigningKey

    def note(self, name: str = "", /, **members: Any) -> Document:
        """A post by this actor, served at its id."""
        path = f"/notes/{name if name.isidentifier() else next(_numbers)}"
        post = {
            "@context": [AS2, DATA_INTEGRITY],
            "id": self.home.url(path),
            "type": "Note",
            "attributedTo": self.uri,
            "to": [PUBLIC],
            "content": f"<p>{name or 'A note'}</p>",
            "published": "2026-11-25T08:00:00Z",
        } | members
        self.home.on(path, document(post))
        return post

    def say(self, kind: str, about: Any, **members: Any) -> Document:
        """An activity of this actor; it is not served."""
        return {
            "@context": [AS2, DATA_INTEGRITY],
            "id": self.home.url(f"/activities/{next(_numbers)}"),
            "type": kind,
            "actor": self.uri,
            "object": about,
        } | members

    def create(self, post: Document, **members: Any) -> Document:
        """The Create of a post, with the post in it."""
        addressed = {name: post[name] for name in ("to", "cc") if name in post}
        return self.say("Create", post, **{"id": f"{post['id']}#create"} | addressed | members)

    def prove(self, activity: Document, now: datetime) -> Document:
        """The same, with this actor's proof."""
        return add_proof(activity, self.proof_key, now)


class Neighbour(HostilePeer):
    """Another server, which serves its actors and posts and remembers what it was asked."""

    def actor(self, handle: str, type: str = "Person", **members: Any) -> Voice:
        """An actor of this server."""
        profile = remote_document(handle, self.origin, type, **members)
        self.on(f"/users/{handle}", document(profile))
        pair = key_pair(profile["id"])
        return Voice(
            profile["id"],
            self,
            SigningKey(f"{profile['id']}#main-key", profile["id"], pair.rsa),
            SigningKey(f"{profile['id']}#ed25519-key", profile["id"], pair.ed25519),
        )

    def gone(self, uri: str, status: int = 410) -> None:
        """Answer an id that it is no more."""
        self.on(uri.removeprefix(self.origin), answer(status))


@dataclass
class OpenSite:
    """A node with an open inbox and the loops of that room, turned by hand."""

    node: Node
    clock: FakeClock
    network: Actor
    processor: Processor
    backfiller: Backfiller
    resolver: Resolver
    journal: Journal
    policies: Policies
    acceptor: Acceptor
    client: Fetcher = field(repr=False)

    async def post(
        self,
        body: bytes,
        key: SigningKey,
        *,
        target: str = "/inbox",
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """POST signed bytes; `headers` replaces or removes headers after signing."""
        request = signed_request(self.node, key, body, target=target)
        fields: dict[str, str | None] = dict(request.headers) | (headers or {})
        sent = {name: value for name, value in fields.items() if value is not None}
        return await self.client.post(f"{self.node.site.url}{target}", body, sent)

    async def deliver(self, signer: Voice, activity: Document, *, target: str = "/inbox") -> int:
        """POST an activity signed by an actor; the status of the answer."""
        answer = await self.post(json.dumps(activity).encode(), signer.key, target=target)
        return answer.status

    async def settle(self) -> None:
        """Process everything that is due."""
        while await self.processor.run_once():
            pass

    async def hear(self, signer: Voice, *activities: Document) -> None:
        """Deliver activities, each accepted, and process them."""
        for activity in activities:
            assert await self.deliver(signer, activity) == 202
        await self.settle()

    async def wait(self, **time: float) -> None:
        """Let time pass, and process what is due then."""
        self.clock.advance(timedelta(**time))
        await self.settle()

    async def items(self) -> list[InboxItem]:
        """What was received, in order."""
        async with self.node.db.reading() as unit:
            return list(await unit.session.scalars(select(InboxItem).order_by(InboxItem.id)))

    async def outcomes(self) -> list[str]:
        """What became of each activity received, and why."""
        return [f"{item.outcome}:{item.reason or ''}" for item in await self.items()]

    async def last_outcome(self) -> str:
        """What became of the activity received last."""
        return (await self.outcomes())[-1]

    async def open_debate(self) -> Post:
        """A debate in the network's Group, opened by camille; its first post."""
        async with self.node.db.unit() as unit:
            camille = await make_person(unit, "camille")
            group = await unit.find(Actor, id=self.network.id)
            assert group is not None
            thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui décide ?")
            post = await unit.find(Post, id=thread.root_id)
            assert post is not None
            return post

    async def follow(self, followed: Voice, *, accepted: bool = True) -> str:
        """Let the network's Group follow an actor of a peer; the id of the Follow."""
        uri = f"{self.node.site.url}/a/follow-{next(_numbers)}"
        await self.hear(followed, followed.say("Like", "https://far.example/o/1"))
        async with self.node.db.unit() as unit:
            network = await unit.find(Actor, id=self.network.id)
            actor = await unit.find(Actor, uri=followed.uri)
            assert network is not None
            assert actor is not None
            request = await request_follow(unit, uri, network, actor)
            if accepted:
                await accept_follow(unit, request)
        return uri

    async def count(self, model: Any) -> int:
        """How many rows a table has."""
        async with self.node.db.reading() as unit:
            return await unit.session.scalar(select(func.count()).select_from(model)) or 0

    async def said(self, kind: str) -> list[Document]:
        """The activities of one type that the node published or passed on."""
        async with self.node.db.reading() as unit:
            query = select(Activity.body).where(Activity.type == kind).order_by(Activity.id)
            return [json.loads(body) for body in await unit.session.scalars(query)]

    async def post_of(self, uri: str) -> Post | None:
        """The post of that id, as stored."""
        async with self.node.db.reading() as unit:
            return await unit.find(Post, uri=uri)

    async def posts(self) -> list[str]:
        """The ids of all posts, in the order of their threads and paths."""
        async with self.node.db.reading() as unit:
            query = select(Post.uri).order_by(Post.thread_id, Post.path)
            return list(await unit.session.scalars(query))

    async def journal_codes(self) -> set[str]:
        """The codes in the journal."""
        await self.journal.flush()
        async with self.node.db.reading() as unit:
            return set(await unit.session.scalars(select(JournalEntry.code)))


@contextlib.asynccontextmanager
async def open_site(
    tmp_path: Path, clock: FakeClock, **sections: dict[str, Any]
) -> AsyncIterator[OpenSite]:
    """A node that answers on loopback, with the network Group `reseau`."""
    listener = socket.create_server(("127.0.0.1", 0))
    domain = f"127.0.0.1:{listener.getsockname()[1]}"
    node = await make_node(tmp_path, domain, url=f"http://{domain}", clock=clock, **sections)
    policies = Policies(node.db, node.config.federation.mode)
    journal = Journal(node.db)
    acceptor = Acceptor(node)
    resolver = Resolver(node, policies)
    app = _make_app(node, policies, journal, acceptor)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    accepting = asyncio.create_task(acceptor.run())
    client = Fetcher(
        Site("http://localhost:1"), user_agent="test", allow_private=True, allow_http=True
    )
    async with node.db.reading() as unit:
        network = await network_actor(unit)
    try:
        yield OpenSite(
            node,
            clock,
            network,
            Processor(node, resolver, journal),
            Backfiller(node, resolver),
            resolver,
            journal,
            policies,
            acceptor,
            client,
        )
    finally:
        await client.close()
        await runner.cleanup()
        await acceptor.stop()
        await accepting
        await node.close()


def _make_app(
    node: Node, policies: Policies, journal: Journal, acceptor: Acceptor
) -> web.Application:
    app = web.Application()
    app[NODE] = node
    app[POLICIES] = policies
    app[JOURNAL] = journal
    app[AUTHENTICATOR] = Authenticator(node, policies, journal)
    app[ACCEPTOR] = acceptor
    app[GUARD] = Guard(node.config.limits.inbox_per_minute)
    for path in ("/inbox", "/actor/inbox", "/p/{name}/inbox", "/g/{name}/inbox"):
        app.router.add_post(path, post_inbox)
    return app
