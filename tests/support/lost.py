"""Debates of a server that is no more, as nodes keep them that heard it in time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from factories import FakeClock, key_pair, make_node, make_remote_actor
from sqlalchemy import select

from actors.appkeys import POLICIES
from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor, Dialect
from actors.peers import find_peer
from actors.policies import Policies
from actors.remote import obtain_actor
from fedi.core.jsonld import Document, dumps
from fedi.core.node import Node
from fedi.core.signatures.keys import SigningKey
from fedi.core.signatures.proof import add_proof
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import AS2, DATA_INTEGRITY, PUBLIC
from fedi.debates.archive import Evidence
from fedi.debates.digest import Tree, read_tree
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import accept_remote_delete, accept_remote_edit, accept_remote_post
from fedi.debates.received_note import read_object
from inbox.backfill import Backfiller
from inbox.completion import schedule_backfill
from inbox.resolve import Resolver

__all__ = ["POLICIES", "Lost", "read_copy", "reader"]

#: Nobody listens there.
ORIGIN = "http://127.0.0.1:1"
START = datetime.fromisoformat("2026-11-24T09:00:00+00:00")


class Lost:
    """A debate of a lost server, told to nodes as its authors once did."""

    group = f"{ORIGIN}/users/communs"

    def __init__(self, name: str = "debate") -> None:
        self.name = name
        self.context = f"{ORIGIN}/c/{name}"

    def uri(self, number: int) -> str:
        """The id of the post of that number; the first opens the debate."""
        return f"{ORIGIN}/notes/{self.name}/{number}"

    def note(self, number: int, parent: int | None = None, **more: Any) -> Document:
        """A post; without a parent it answers the first."""
        answers = {} if number == 0 else {"inReplyTo": self.uri(parent or 0)}
        heading = {"name": "Clés ?", "type": "Article"} if number == 0 else {"type": "Note"}
        return {
            "@context": [AS2, DATA_INTEGRITY],
            "id": self.uri(number),
            **heading,
            "attributedTo": f"{ORIGIN}/users/{self.author(number)}",
            "context": self.context,
            "audience": self.group,
            "to": [PUBLIC],
            "content": f"<p>Message {number}</p>",
            "published": (START + timedelta(seconds=number)).isoformat(),
            **answers,
            **more,
        }

    def author(self, number: int) -> str:
        """Who wrote the post of that number: four take turns."""
        return ("ana", "rui", "eva", "gil")[number % 4]

    async def tell(self, unit: Unit, *numbers: int, trust: Any = "proof") -> None:
        """Let a node keep these posts."""
        for number in numbers:
            await self._hear(unit, number, self.note(number), "Create", trust=trust)

    async def edit(self, unit: Unit, number: int, at: datetime) -> None:
        """Let a node keep an edit."""
        await self._hear(unit, number, self.edited(number, at), "Update")

    def edited(self, number: int, at: datetime, parent: int | None = None) -> Document:
        """A post as it reads after an edit."""
        content = f"<p>Changé {at:%H:%M}</p>"
        return self.note(number, parent, content=content, updated=at.isoformat())

    async def delete(self, unit: Unit, number: int) -> None:
        """Let a node hear that the author took a post back."""
        await self._hear(unit, number, self.tombstone(number), "Delete")

    def tombstone(self, number: int, parent: int | None = None) -> Document:
        """What stands where a post stood."""
        note = self.note(number, parent)
        place = {name: note[name] for name in ("inReplyTo", "context", "published")}
        gone = {"id": note["id"], "type": "Tombstone", "attributedTo": note["attributedTo"]}
        return gone | place

    def activity(self, number: int, thing: Document, kind: str) -> Document:
        """What the author of a post says about it, proved."""
        author = f"{ORIGIN}/users/{self.author(number)}"
        moment = thing.get("updated", "")
        suffix = {"Create": "#create", "Update": f"/update{moment}", "Delete": "/delete"}[kind]
        activity: Document = {
            "@context": [AS2, DATA_INTEGRITY],
            "id": f"{self.uri(number)}{suffix}",
            "type": kind,
            "actor": author,
            "to": [PUBLIC],
            "object": thing,
        }
        key = SigningKey(f"{author}#ed25519-key", author, key_pair(author).ed25519)
        return add_proof(activity, key, START)

    async def _hear(
        self, unit: Unit, number: int, thing: Document, kind: str, trust: Any = "proof"
    ) -> None:
        author = await self.meet(unit, self.author(number))
        activity = self.activity(number, thing, kind)
        key_uri = activity["proof"]["verificationMethod"]
        evidence = Evidence(activity["id"], kind, dumps(activity), trust, author.uri, key_uri)
        if kind == "Delete":
            await accept_remote_delete(unit, thing["id"], author, evidence=evidence)
        elif kind == "Update":
            await accept_remote_edit(unit, read_object(thing), author, evidence=evidence)
        else:
            await accept_remote_post(unit, read_object(thing), author, evidence=evidence)

    async def meet(self, unit: Unit, handle: str, type: str = "Person") -> Actor:
        """Let a node know an actor of that server, as it was fetched in time."""
        known = await unit.find(Actor, uri=f"{ORIGIN}/users/{handle}")
        return known or await make_remote_actor(unit, handle, ORIGIN, type)

    async def tree(self, node: Node) -> Tree:
        """What a node holds of the debate."""
        async with node.db.reading() as unit:
            thread = await unit.find(Thread, uri=self.context)
            assert thread is not None
            return await read_tree(unit, thread)

    async def thread(self, unit: Unit) -> Thread:
        """The debate as a node keeps it."""
        thread = await unit.find(Thread, uri=self.context)
        assert thread is not None
        return thread

    async def post(self, unit: Unit, number: int) -> Post:
        """A post of it as a node keeps it."""
        post = await unit.find(Post, uri=self.uri(number))
        assert post is not None
        return post


@asynccontextmanager
async def reader(
    tmp_path: Path, clock: FakeClock, name: str = "reader.test"
) -> AsyncIterator[tuple[Node, Backfiller]]:
    """A node that reads what others keep, and is asked nothing itself."""
    node = await make_node(tmp_path, name, clock=clock)
    try:
        yield node, Backfiller(node, Resolver(node, Policies(node.db, "open")))
    finally:
        await node.close()


async def follow(node: Node, network_uri: str) -> None:
    """Let a node's network follow another one of our kind."""
    await obtain_actor(node, network_uri)
    async with node.db.unit() as unit:
        followed = await unit.find(Actor, uri=network_uri)
        assert followed is not None
        (await find_peer(unit, followed.origin)).dialect = Dialect.NODE
        uri = unit.site.activity(new_key())
        await accept_follow(
            unit, await request_follow(unit, uri, await network_actor(unit), followed)
        )


async def read_copy(node: Node, backfiller: Backfiller, uri: str) -> None:
    """Read one collection now, and what follows from it."""
    async with node.db.unit() as unit:
        await schedule_backfill(unit, uri, reason="test")
    while await backfiller.run_once():
        pass


async def posts_of(node: Node) -> list[str]:
    """The ids of all posts of a node."""
    async with node.db.reading() as unit:
        return list(await unit.session.scalars(select(Post.uri)))
