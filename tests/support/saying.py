"""Saying something to listening peers, and looking at what became of it."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random

from factories import make_person, make_remote_actor
from listener import Listener
from sqlalchemy import select

from actors.followers import targets_of
from actors.models import Actor, JournalEntry, Peer
from fedi.core.jsonld import Document
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import AS2, PUBLIC
from outbox.builders import build_create
from outbox.models import Delivery
from outbox.publish import publish

#: Opens a listening peer that answers in some way, on some port.
Open = Callable[..., Awaitable[Listener]]


class Fair(Random):
    """Chance without luck: retries come exactly when they are planned."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


# --- saying ------------------------------------------------------------------------------


async def camille_of(unit: Unit) -> Actor:
    camille = await unit.find(Actor, uri=unit.site.actor("person", "camille"))
    return camille or await make_person(unit, "camille")


async def say(
    node: Node, *origins: str, document: Document | None = None, times: int = 1
) -> list[str]:
    """Let camille say something, new unless given, to one actor of each of these servers."""
    said = []
    async with node.db.unit() as unit:
        camille = await camille_of(unit)
        people = [await make_remote_actor(unit, "ana", origin) for origin in origins]
        to = await targets_of(unit, people, "addressed")
        for _ in range(times):
            activity = await publish(unit, camille, document or create(unit, camille), to=to)
            said.append(activity.uri)
    return said


def create(unit: Unit, author: Actor) -> Document:
    note = {
        "@context": [AS2],
        "id": unit.site.object(new_key()),
        "type": "Note",
        "attributedTo": author.uri,
        "to": [PUBLIC],
        "content": "<p>Oui.</p>",
    }
    return build_create(unit.site, author.uri, note, unit.now)


# --- looking -----------------------------------------------------------------------------


async def rows(node: Node) -> Sequence[Delivery]:
    async with node.db.reading() as unit:
        return (await unit.session.scalars(select(Delivery).order_by(Delivery.id))).all()


async def row(node: Node) -> Delivery:
    (found,) = await rows(node)
    return found


async def peer_of(node: Node, origin: str) -> Peer:
    async with node.db.reading() as unit:
        return (await unit.session.scalars(select(Peer).where(Peer.uri == origin))).one()


async def journal(node: Node) -> list[tuple[str, str]]:
    async with node.db.reading() as unit:
        entries = await unit.session.scalars(select(JournalEntry))
        return [(entry.code, entry.subject) for entry in entries]


async def outcomes(node: Node) -> list[str | None]:
    return [found.outcome for found in await rows(node)]


async def all_delivered(node: Node) -> bool:
    return set(await outcomes(node)) == {"delivered"}


def heard_by(*peers: Listener) -> Callable[[], Awaitable[int]]:
    """How much these peers have heard, to be asked again and again."""

    async def count() -> int:
        return sum(len(peer.heard) for peer in peers)

    return count
