"""Search: debates, people and groups; or straight to whatever an address leads to."""

import re
from urllib.parse import quote, urlencode

from aiohttp import web
from sqlalchemy import exists, or_, select

from actors.models import Actor
from actors.webfinger import read_handle
from fedi.core.appkeys import NODE
from fedi.core.errors import Malformed
from fedi.core.unit import Unit
from fedi.core.urls import parse_url
from fedi.debates.addresses import page_path, post_path, read_key
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import readable
from fedi.debates.search.finding import DEBATES, find_debates
from fedi.debates.search.people import find_people
from fedi.debates.search.query import MAX_LENGTH, read_query
from fedi.web.found import show_debates, show_person
from fedi.web.keys import LANGUAGE, LIMITS, MEMBER, NETWORKS
from fedi.web.limits import address_of
from fedi.web.networks import actor_path
from fedi.web.render import render

OPENSEARCH = "application/opensearchdescription+xml"

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?:acct:|@)?[\w.-]+@[\w-]+(?:\.[\w-]+)*(?::\d+)?")
#: How servers that show people under their handles write the address of one.
_PROFILE = re.compile(r"/(?:@|users/|u/|g/|p/|c/)([\w.-]+)/?")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /search?q=…&page=…: what is found, or nothing yet when nothing is asked.

    An address or a handle leads to what it is of.  What is unknown is fetched for members, by
    the page that does so for whoever comes from another server.
    """
    typed = request.query.get("q", "").strip()
    member = request[MEMBER]
    if typed:
        who = str(member.account.id) if member is not None else address_of(request)
        request.app[LIMITS].searching.take(who)
    if _ADDRESS.fullmatch(typed) or _HANDLE.fullmatch(typed):
        return await _follow(request, typed)
    return await _find(request, typed[:MAX_LENGTH])


async def _find(request: web.Request, typed: str) -> web.Response:
    language, member = request[LANGUAGE], request[MEMBER]
    viewer = member.actor if member is not None else None
    query, number = read_query(typed), _read_page(request.query.get("page"))
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        results = await find_debates(unit, query, viewer=viewer, page=number)
        debates = await show_debates(unit, results, query, networks, language)
        first = number == 1 and query.words
        people = await find_people(unit, query.words, viewer=viewer) if first else []
    return render(
        request,
        "search.html",
        typed=typed,
        unknown_here="",
        asked=not query.is_empty,
        results=results,
        debates=debates,
        people=[show_person(actor, networks) for actor in people],
        misread=query.misread,
        better=_path(typed, number - 1) if number > 1 else None,
        further=_path(typed, number + 1) if results.total > number * DEBATES else None,
    )


def _read_page(text: str | None) -> int:
    number = int(text) if text is not None and re.fullmatch(r"[0-9]{1,4}", text) else 1
    return max(1, number)


def _path(typed: str, page: int) -> str:
    return f"/search?{urlencode({'q': typed} | ({'page': page} if page > 1 else {}))}"


# --- addresses ---------------------------------------------------------------------------


async def _follow(request: web.Request, typed: str) -> web.Response:
    """Lead on to what has this address."""
    member = request[MEMBER]
    async with request.app[NODE].db.reading() as unit:
        viewer = member.actor if member is not None else None
        path = await _find_known(unit, typed, viewer)
    if path is not None:
        raise web.HTTPSeeOther(path)
    if member is not None:
        raise web.HTTPSeeOther(f"/authorize_interaction?uri={quote(typed, safe='')}")
    return render(request, "search.html", typed=typed, unknown_here=typed)


async def _find_known(unit: Unit, typed: str, viewer: Actor | None) -> str | None:
    """Where on this node is what has an address or a handle."""
    if not _ADDRESS.fullmatch(typed):
        return await _find_actor(unit, typed)
    try:
        address = parse_url(typed)
    except Malformed:
        return None
    reader = viewer.uri if viewer is not None else None
    if (post := await _find_post(unit, str(address), reader)) is not None:
        return post
    if (thread := await _find_thread(unit, str(address), reader)) is not None:
        return thread
    actor = await unit.find(Actor, uri=str(address))
    if actor is not None:
        return actor_path(actor)
    profile = _PROFILE.fullmatch(address.target)
    host = address.origin.authority
    return await _find_actor(unit, f"{profile[1]}@{host}") if profile is not None else None


async def _find_post(unit: Unit, address: str, reader: str | None) -> str | None:
    key = read_key(unit.site, address)
    named = Post.key == key if key is not None else or_(Post.uri == address, Post.url == address)
    query = (
        select(Post, Thread)
        .join(Thread, Thread.id == Post.thread_id)
        .where(named, readable(reader))
        .order_by(Post.id)
        .limit(1)
    )
    found = (await unit.session.execute(query)).first()
    return post_path(found.Thread, found.Post.key, depth=found.Post.depth) if found else None


async def _find_thread(unit: Unit, address: str, reader: str | None) -> str | None:
    something = exists().where(Post.thread_id == Thread.id, readable(reader))
    query = select(Thread).where(Thread.uri == address, something)
    thread = await unit.session.scalar(query)
    return page_path(thread) if thread is not None else None


async def _find_actor(unit: Unit, handle: str) -> str | None:
    try:
        read = read_handle(handle)
    except Malformed:
        return None
    query = (
        select(Actor)
        .where(
            Actor.origin.in_([f"https://{read.host}", f"http://{read.host}"]),
            or_(Actor.handle == read.name, Actor.handle == read.name.lower()),
            Actor.type != "Application",
        )
        .order_by(Actor.id)
    )
    actor = (await unit.session.scalars(query)).first()
    return actor_path(actor) if actor is not None else None


# --- for browsers ------------------------------------------------------------------------


async def describe(request: web.Request) -> web.Response:
    """GET /opensearch.xml: how a browser asks this node from its own field (OpenSearch 1.1)."""
    response = render(request, "opensearch.xml", for_all=True)
    response.content_type = OPENSEARCH
    return response
