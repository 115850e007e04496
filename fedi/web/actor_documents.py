"""Actors and their collections, as machines read them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from actors.document import write_actor
from actors.followers import count_followers, count_following, followers_page, following_page
from actors.keys import public_keys
from actors.local import get_local, instance_actor
from actors.models import Actor, Role
from fedi.core.appkeys import NODE
from fedi.core.db import Unit
from fedi.core.jsonld import embed
from fedi.core.vocab import AS2
from fedi.debates.groups import featured_objects, moderators
from fedi.web.answers import document
from outbox.collection import count_outbox, outbox_page

PAGE = 50
MAX_CURSOR = 20
#: The letter of an actor's address says what it is.
SHELVES = {"p": (Role.PERSON,), "g": (Role.GROUP, Role.NETWORK)}


@dataclass(frozen=True)
class Item:
    """What a page lists, and where the page after it goes on."""

    item: Any
    cursor: str


Page = Callable[[Unit, Actor, str], Awaitable[list[Item]]]
FIRST = "1"


async def instance(request: web.Request) -> web.Response:
    """GET /actor: the actor that signs this node's own requests; readable by anybody (FEP-2677)."""
    async with request.app[NODE].db.reading() as unit:
        return await _actor(request, unit, await instance_actor(unit))


async def actor(request: web.Request) -> web.Response:
    """GET /p/NAME and /g/NAME"""
    async with request.app[NODE].db.reading() as unit:
        return await _actor(request, unit, await local_actor(request, unit))


async def _actor(request: web.Request, unit: Unit, found: Actor) -> web.Response:
    content = write_actor(found, await public_keys(unit, found), unit.site)
    return document(request, content, modified=found.updated_at)


async def local_actor(request: web.Request, unit: Unit) -> Actor:
    """The actor of this address; raises 404 when there is none of that kind.

    An actor never answers 410: others would delete everything it wrote.
    """
    found = await get_local(unit, request.match_info["name"])
    shelf = request.path.split("/")[1]
    if found is None or found.role not in SHELVES[shelf]:
        raise web.HTTPNotFound
    return found


async def followers(request: web.Request) -> web.Response:
    """GET …/followers: everybody is counted; Groups and persons who wish it are listed."""
    return await _paged(request, "followers", count_followers, _followers)


async def following(request: web.Request) -> web.Response:
    """GET …/following"""
    return await _paged(request, "following", count_following, _following)


async def outbox(request: web.Request) -> web.Response:
    """GET …/outbox: what the actor said in public, newest first."""
    return await _paged(request, "outbox", count_outbox, _said)


async def _followers(unit: Unit, actor: Actor, cursor: str) -> list[Item]:
    after = None if cursor == FIRST else cursor
    return [Item(uri, quote(uri)) for uri in await followers_page(unit, actor, after, PAGE)]


async def _following(unit: Unit, actor: Actor, cursor: str) -> list[Item]:
    after = None if cursor == FIRST else cursor
    return [Item(uri, quote(uri)) for uri in await following_page(unit, actor, after, PAGE)]


async def _said(unit: Unit, actor: Actor, cursor: str) -> list[Item]:
    """Whole activities: Lemmy and PieFed read a Group's first page when they meet it."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < MAX_CURSOR):
        raise web.HTTPBadRequest(text="page is a number")
    before = None if cursor == FIRST else int(cursor)
    rows = await outbox_page(unit, actor, before, PAGE)
    return [Item(embed(row.body), str(row.id)) for row in rows]


async def _paged(
    request: web.Request,
    name: str,
    count: Callable[[Unit, Actor], Awaitable[int]],
    page: Page,
) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        found = await local_actor(request, unit)
        uri = f"{found.uri}/{name}"
        cursor = request.query.get("page")
        if cursor is None:
            content = _collection(uri, await count(unit, found))
        else:
            content = _page(uri, cursor, await page(unit, found, cursor))
    return document(request, content)


def _collection(uri: str, total: int) -> dict[str, Any]:
    return {
        "@context": [AS2],
        "id": uri,
        "type": "OrderedCollection",
        "totalItems": total,
        "first": f"{uri}?page=1",
    }


def _page(uri: str, cursor: str, items: list[Item]) -> dict[str, Any]:
    content: dict[str, Any] = {
        "@context": [AS2],
        "id": f"{uri}?page={quote(cursor)}",
        "type": "OrderedCollectionPage",
        "partOf": uri,
        "orderedItems": [item.item for item in items],
    }
    if len(items) == PAGE:
        content["next"] = f"{uri}?page={items[-1].cursor}"
    return content


async def featured(request: web.Request) -> web.Response:
    """GET /g/NAME/featured: the debates a Group keeps at hand, whole, as Lemmy reads them."""
    async with request.app[NODE].db.reading() as unit:
        found = await local_actor(request, unit)
        items: list[Any] = await featured_objects(unit, found)
    return document(request, _whole(f"{found.uri}/featured", items))


async def moderators_of(request: web.Request) -> web.Response:
    """GET /g/NAME/moderators: who looks after a Group."""
    async with request.app[NODE].db.reading() as unit:
        found = await local_actor(request, unit)
        items = [person.uri for person in await moderators(unit, found)]
    return document(request, _whole(f"{found.uri}/moderators", items))


def _whole(uri: str, items: list[Any]) -> dict[str, Any]:
    return {
        "@context": [AS2],
        "id": uri,
        "type": "OrderedCollection",
        "totalItems": len(items),
        "orderedItems": items,
    }
