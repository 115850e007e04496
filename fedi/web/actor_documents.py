"""Actors and their collections, as machines read them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from urllib.parse import quote

from aiohttp import web

from actors.describing import describe_actor
from actors.followers import count_followers, count_following, followers_page, following_page
from actors.local import get_local, instance_actor
from actors.models import Actor, Role
from fedi.core.appkeys import NODE
from fedi.core.jsonld import embed
from fedi.core.unit import Unit
from fedi.core.vocab import AS2, TOMBSTONE
from fedi.debates.featured import featured_objects
from fedi.debates.groups import announced_debates, count_announced_debates, moderators
from fedi.web.answers import document
from outbox.collection import count_outbox, outbox_page

PAGE = 50
MAX_CURSOR = 20
#: The letter of an actor's address says what it is.
SHELVES = {"p": (Role.PERSON,), "g": (Role.GROUP, Role.NETWORK)}


@dataclass(frozen=True)
class Slice:
    """What one page lists, and where the page after it goes on, if there is one."""

    items: list[Any]
    next: str | None


Page = Callable[[Unit, Actor, str], Awaitable[Slice]]
FIRST = "1"
#: Bytes of activities on one page: peers refuse documents of more than a megabyte.
ROOM = 512 * 1024


async def actor(request: web.Request) -> web.Response:
    """GET /p/NAME, /g/NAME, and /actor, which signs what the node asks for itself (FEP-2677).

    Anybody may read them: keys have to be read before a signature can be checked.
    """
    async with request.app[NODE].db.reading() as unit:
        found = await local_actor(request, unit)
        if found.gone_at is not None:
            tombstone = {"@context": AS2, "id": found.uri, "type": TOMBSTONE}
            return document(request, tombstone, status=410)
        content = await describe_actor(unit, found)
    return document(request, content, modified=found.updated_at)


async def local_actor(request: web.Request, unit: Unit) -> Actor:
    """The actor of this address; raises 404 when there is none of that kind.

    One answers 410 only when its account was erased: others delete everything it wrote then.
    """
    name = request.match_info.get("name")
    if name is None:
        return await instance_actor(unit)
    found = await get_local(unit, name)
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
    """GET …/outbox: what a member said in public, or which debates a Group has; newest first.

    Lemmy and PieFed read what stands in a Group's outbox itself, and no page of it.
    """
    return await _paged(request, "outbox", _count_said, _said, inline=True)


async def _followers(unit: Unit, actor: Actor, cursor: str) -> Slice:
    after = None if cursor == FIRST else cursor
    return _listed(await followers_page(unit, actor, after, PAGE))


async def _following(unit: Unit, actor: Actor, cursor: str) -> Slice:
    after = None if cursor == FIRST else cursor
    return _listed(await following_page(unit, actor, after, PAGE))


def _listed(uris: Sequence[str]) -> Slice:
    return Slice(list(uris), quote(uris[-1]) if len(uris) == PAGE else None)


async def _count_said(unit: Unit, actor: Actor) -> int:
    count = count_announced_debates if actor.type == "Group" else count_outbox
    return await count(unit, actor)


async def _said(unit: Unit, actor: Actor, cursor: str) -> Slice:
    """Whole activities, as many as there is room for."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < MAX_CURSOR):
        raise web.HTTPBadRequest(text="page is a number")
    before = None if cursor == FIRST else int(cursor)
    read = announced_debates if actor.type == "Group" else outbox_page
    rows = await read(unit, actor, before=before, limit=PAGE)
    fitting = [
        row
        for row, length in zip(rows, accumulate(len(row.body) for row in rows), strict=True)
        if length <= ROOM or row is rows[0]
    ]
    whole = len(fitting) == len(rows) < PAGE
    return Slice([embed(row.body) for row in fitting], None if whole else str(fitting[-1].id))


async def _paged(
    request: web.Request,
    name: str,
    count: Callable[[Unit, Actor], Awaitable[int]],
    page: Page,
    *,
    inline: bool = False,
) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        found = await local_actor(request, unit)
        uri = f"{found.uri}/{name}"
        cursor = request.query.get("page")
        if cursor is not None:
            content = _page(uri, cursor, await page(unit, found, cursor))
        else:
            content = _collection(uri, await count(unit, found))
            if inline and found.type == "Group":
                content["orderedItems"] = (await page(unit, found, FIRST)).items
    return document(request, content)


def _collection(uri: str, total: int) -> dict[str, Any]:
    return {
        "@context": [AS2],
        "id": uri,
        "type": "OrderedCollection",
        "totalItems": total,
        "first": f"{uri}?page={FIRST}",
    }


def _page(uri: str, cursor: str, found: Slice) -> dict[str, Any]:
    return {
        "@context": [AS2],
        "id": f"{uri}?page={quote(cursor)}",
        "type": "OrderedCollectionPage",
        "partOf": uri,
        **({"next": f"{uri}?page={found.next}"} if found.next is not None else {}),
        "orderedItems": found.items,
    }


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
