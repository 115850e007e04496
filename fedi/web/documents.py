"""Posts, threads and activities, as machines read them."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from actors.appkeys import AUTHENTICATOR
from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError
from fedi.core.jsonld import Document
from fedi.core.signatures.message import Request
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path
from fedi.debates.collections import (
    context_collection,
    context_page,
    history_collection,
    history_page,
    likes_collection,
    replies_collection,
    replies_page,
    shares_collection,
)
from fedi.debates.joining import thread_named
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.note import write_tombstone
from fedi.debates.permissions import is_public, may_read
from fedi.web.answers import document, private
from outbox.models import Activity

MAX_PAGE = 1_000_000


async def post(request: web.Request) -> web.Response:
    """GET /o/KEY: the post with its author's proof; 410 and a Tombstone when it was removed."""
    async with request.app[NODE].db.reading() as unit:
        found = await _readable_post(request, unit)
        if found.deleted_at is not None:
            author = await unit.session.get_one(Actor, found.author_id)
            return document(request, write_tombstone(found, author.uri), status=410)
    if found.document is None:
        raise web.HTTPNotFound
    if not is_public(found):
        return private(found.document)
    return document(request, found.document, modified=found.updated_at or found.published_at)


async def _readable_post(request: web.Request, unit: Unit) -> Post:
    """The post of ours at this address; one the caller may not read does not exist for them."""
    found = await unit.find(Post, uri=unit.site.object(request.match_info["key"]))
    if found is None:
        raise web.HTTPNotFound
    if not is_public(found) and not may_read(found, await _viewer(request)):
        raise web.HTTPNotFound
    return found


async def _viewer(request: web.Request) -> str | None:
    """Who signed this request; nobody when it is unsigned or the signature does not hold."""
    if "Signature" not in request.headers:
        return None
    signed = Request(
        method=request.method,
        scheme=request.app[NODE].site.origin.scheme,
        host=request.host,
        target=request.raw_path,
        headers=tuple(request.headers.items()),
        body=b"",
    )
    try:
        return (await request.app[AUTHENTICATOR].authenticate(signed)).uri
    except FediError:
        return None


async def replies(request: web.Request) -> web.Response:
    """GET /o/KEY/replies"""
    return await _about_post(request, replies_collection, replies_page)


async def likes(request: web.Request) -> web.Response:
    """GET /o/KEY/likes"""
    return await _about_post(request, likes_collection)


async def shares(request: web.Request) -> web.Response:
    """GET /o/KEY/shares"""
    return await _about_post(request, shares_collection)


async def _about_post(
    request: web.Request,
    whole: Callable[[Unit, Post], Awaitable[Document]],
    paged: Callable[[Unit, Post, int], Awaitable[Document]] | None = None,
) -> web.Response:
    page = _page(request)
    async with request.app[NODE].db.reading() as unit:
        found = await _readable_post(request, unit)
        if page is None or paged is None:
            content = await whole(unit, found)
        else:
            content = await paged(unit, found, page)
    return _fresh(document(request, content)) if is_public(found) else private(content)


async def context(request: web.Request) -> web.Response:
    """GET /c/KEY: every post of a thread (FEP-f228)."""
    return await _about_thread(request, context_collection, context_page)


async def history(request: web.Request) -> web.Response:
    """GET /c/KEY/history: every activity of a thread, as signed by its author (FEP-171b)."""
    return await _about_thread(request, history_collection, history_page)


async def _about_thread(
    request: web.Request,
    whole: Callable[[Unit, Thread, str], Awaitable[Document]],
    paged: Callable[[Unit, Thread, int, str], Awaitable[Document]],
) -> web.Response:
    page = _page(request)
    async with request.app[NODE].db.reading() as unit:
        uri = unit.site.context(request.match_info["key"])
        found = await thread_named(unit, uri)
        root = await unit.find(Post, id=found.root_id) if found is not None else None
        if found is None or root is None or not is_public(root):
            raise web.HTTPNotFound
        content = await (whole(unit, found, uri) if page is None else paged(unit, found, page, uri))
        home = unit.site.url + page_path(found)
    response = _fresh(document(request, content, modified=found.changed_at))
    response.headers[hdrs.LINK] = f'<{home}>; rel="alternate"; type="text/html"'
    return response


def _fresh(response: web.Response) -> web.Response:
    """Collections are asked again each time, by ETag: NodeBB drops a reply not listed yet."""
    response.headers[hdrs.CACHE_CONTROL] = "public, no-cache"
    return response


def _page(request: web.Request) -> int | None:
    text = request.query.get("page")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text[:10]) > MAX_PAGE:
        raise web.HTTPBadRequest(text="page is a number")
    return int(text)


async def activity(request: web.Request) -> web.Response:
    """GET /a/KEY: an activity of ours that was said in public."""
    async with request.app[NODE].db.reading() as unit:
        found = await unit.find(Activity, uri=unit.site.activity(request.match_info["key"]))
    if found is None or not found.public:
        raise web.HTTPNotFound
    return document(request, found.body, modified=found.published_at)
