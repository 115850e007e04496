"""Actors of peers: found over the network, then stored.

These functions wait for other servers, so none of them may be called inside a unit.
`known.py` holds what can be.
"""

from datetime import datetime, timedelta
from functools import partial

from actors.document import read_actor
from actors.known import FetchedActor, forget_actor, store_actor
from actors.local import find_local, get_local
from actors.models import Actor
from actors.policies import read_book
from actors.webfinger import lookup, read_handle
from fedi.core.errors import Blocked, FediError, Gone, Malformed, NotFound
from fedi.core.fetch import Budget
from fedi.core.jsonld import Document, one_owner, one_type
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.core.vocab import ACTOR_TYPES

__all__ = [
    "FetchedActor",
    "fetch_actor",
    "forget_actor",
    "obtain_actor",
    "obtain_by_handle",
    "remember_actor",
    "store_actor",
]

MAX_AGE = timedelta(days=1)
#: A server that did not answer for its actors is not asked again about each of them sooner.
SILENT_FOR = timedelta(hours=1)


async def fetch_actor(
    node: Node,
    uri: str,
    budget: Budget | None = None,
    *,
    any_origin: bool = False,
    fresh: bool = False,
) -> FetchedActor:
    """Fetch the document of an actor from its own server, by its id or by the id of a key.

    A key may have an address of its own (GoToSocial's `/main-key` answers a stub, others a bare
    key): then the actor it names is fetched.  `any_origin` is for links that people paste, and
    `fresh` asks although it failed a short while ago.

    Raises `Unreachable`, `NotFound`, `Gone`, `Malformed`, `BudgetSpent`.
    """
    fetched = await node.fetcher.get_document(uri, budget, any_origin=any_origin, fresh=fresh)
    owner = _owner_of_key(fetched.document)
    if owner is not None:
        if not same_origin(owner, fetched.url):
            raise Malformed("the key belongs to an actor of another server", code="key-owner")
        fetched = await node.fetcher.get_document(owner, budget, fresh=fresh)
    return FetchedActor(read_actor(fetched.document), fetched.body)


def _owner_of_key(document: Document) -> str | None:
    """Whose key this is, when the document is a bare key."""
    if one_type(document.get("type"), ACTOR_TYPES) is not None:
        return None
    return one_owner(document.get("owner") or document.get("controller"))


async def obtain_actor(
    node: Node, uri: str, budget: Budget | None = None, *, max_age: timedelta = MAX_AGE
) -> Actor:
    """The row of an actor, ours or a peer's, fetched when it is unknown or older than `max_age`.

    An older row is better than none: it is used when its server does not answer.  The row is
    read-only: a unit that changes it finds it again.  It is the row of that very id: an alias
    of it is refused, because it would be a second name of one actor.

    Raises `Gone`, `Blocked`, and for actors we never met what `fetch_actor` raises.
    """
    async with node.db.reading() as unit:
        if unit.site.is_local(uri):
            return _found(await find_local(unit, uri), uri)
        known = await unit.find(Actor, uri=uri)
        if known is not None and known.gone_at is not None:
            raise Gone(f"{uri} was removed")
        if known is not None and _is_fresh(known, unit.now, max_age):
            return known
        await _refuse_blocked(unit, node, uri)
    try:
        fetched = await fetch_actor(node, uri, budget or Budget())
        if fetched.document.uri != uri:
            raise Malformed(f"{uri} is not the id of an actor", code="actor-id")
        return await remember_actor(node, fetched)
    except Gone:
        if known is not None:
            async with node.db.unit() as unit:
                await forget_actor(unit, _found(await unit.find(Actor, uri=uri), uri))
        raise
    except FediError:
        if known is None:
            raise
        return known


def _is_fresh(known: Actor, now: datetime, max_age: timedelta) -> bool:
    """Whether a row says what its server would; that of a silent server is tried again hourly."""
    if known.vouched_by is not None:
        return bool(max_age) and known.updated_at > now - SILENT_FOR
    return known.fetched_at is not None and known.fetched_at > now - max_age


async def obtain_by_handle(node: Node, text: str, budget: Budget | None = None) -> Actor:
    """The actor that a person means: `@name@host`, `name@host`, `acct:…`, or an address of it.

    Raises `NotFound`, `Unreachable`, `Blocked`, and `Malformed` for what is neither.
    """
    budget = budget or Budget()
    text = text.strip()
    if "://" in text:
        return await _obtain_by_address(node, text, budget)
    handle = read_handle(text)
    if handle.host == node.site.domain:
        async with node.db.reading() as unit:
            return _found(await get_local(unit, handle.name.lower()), text)
    async with node.db.reading() as unit:
        await _refuse_blocked(unit, node, f"https://{handle.host}")
    return await obtain_actor(node, await lookup(node.fetcher, text, budget), budget)


async def _obtain_by_address(node: Node, url: str, budget: Budget) -> Actor:
    """By the id of an actor, or by the address of its page."""
    async with node.db.reading() as unit:
        known = await unit.find(Actor, uri=url)
        if known is None:
            await _refuse_blocked(unit, node, url)
    if known is not None or node.site.is_local(url):
        return await obtain_actor(node, url, budget)
    fetched = await fetch_actor(node, url, budget, any_origin=True)
    async with node.db.reading() as unit:
        await _refuse_blocked(unit, node, fetched.document.uri)
    return await remember_actor(node, fetched)


async def remember_actor(node: Node, fetched: FetchedActor) -> Actor:
    """Store an actor that was just fetched, in a unit of its own."""
    return await node.db.attempt(partial(store_actor, fetched=fetched))


async def _refuse_blocked(unit: Unit, node: Node, url: str) -> None:
    book = await read_book(unit, node.config.federation.mode)
    if book.refuses(url) or book.is_suspended(url):
        raise Blocked(f"this node does not ask {url}", code="peer-blocked")


def _found(actor: Actor | None, name: str) -> Actor:
    if actor is None:
        raise NotFound(f"there is no actor {name} here")
    return actor
