"""Copies of debates of other nodes, as machines read them."""

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.jsonld import Document
from fedi.core.unit import Unit
from fedi.debates.addresses import mirror_uri
from fedi.debates.digest import find_named, read_prefixes, read_tree
from fedi.debates.mirrors import (
    find_mirrored,
    kept_debates,
    mirror_authors,
    mirror_collection,
    mirror_items,
    mirror_page,
)
from fedi.debates.models.thread import Thread
from fedi.web.answers import document

MAX_NAMED = 50
MAX_CURSOR = 20


async def index(request: web.Request) -> web.Response:
    """GET /m: the debates of which copies are served here."""
    async with request.app[NODE].db.reading() as unit:
        return document(request, await kept_debates(unit, _number(request, "before")))


async def show(request: web.Request) -> web.Response:
    """GET /m/HOST/PATH — ?after=N for a page, ?posts=NAME,NAME for some, ?authors=N for people,
    ?digest=PREFIX,PREFIX for what is below these branches of its tree
    """
    async with request.app[NODE].db.reading() as unit:
        thread = await find_mirrored(unit, request.match_info["address"])
        if thread is None:
            raise web.HTTPNotFound
        content = await _read(request, unit, thread)
    return document(request, content, modified=thread.changed_at)


async def _read(request: web.Request, unit: Unit, thread: Thread) -> Document:
    query = request.query
    if "digest" in query:
        return await _digest(unit, thread, query["digest"])
    if "posts" in query:
        return await _items(unit, thread, query["posts"])
    if "authors" in query:
        return await mirror_authors(unit, thread, _number(request, "authors"))
    if "after" in query:
        return await mirror_page(unit, thread, _number(request, "after"))
    return await mirror_collection(unit, thread)


async def _digest(unit: Unit, thread: Thread, asked: str) -> Document:
    try:
        prefixes = read_prefixes(asked)
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    tree = await read_tree(unit, thread)
    uri = mirror_uri(unit.site.url, thread.uri)
    return {
        "id": f"{uri}?digest={asked}",
        "mirrorOf": thread.uri,
        "totalItems": len(tree.leaves),
        "below": tree.tell(prefixes),
    }


async def _items(unit: Unit, thread: Thread, named: str) -> Document:
    names = named.split(",")
    if len(names) > MAX_NAMED:
        raise web.HTTPBadRequest(text=f"at most {MAX_NAMED} at once")
    return await mirror_items(unit, thread, await find_named(unit, thread, names), named)


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < MAX_CURSOR):
        raise web.HTTPBadRequest(text=f"{name} is a number")
    return int(text)
