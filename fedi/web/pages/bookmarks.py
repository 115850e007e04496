"""Messages that a member wants to find again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.html import excerpt
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.bookmarks import Marked, add_bookmark, list_bookmarks, remove_bookmark
from fedi.debates.models.post import Post
from fedi.web.forms import read_form, safe_path
from fedi.web.keys import LANGUAGE, NETWORKS
from fedi.web.listing import untitled
from fedi.web.networks import Networks
from fedi.web.people import Byline, byline
from fedi.web.posts import find_shown
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member

#: Bookmarks on one page, and how much of a message is shown there.
SHELF, EXCERPT = 30, 280


@dataclass(frozen=True)
class Line:
    """One message that was marked."""

    key: str
    path: str
    title: str
    by: Byline
    published_at: datetime
    language: str | None
    excerpt: str  # empty when the message is gone


async def index(request: web.Request) -> web.StreamResponse:
    """GET /bookmarks?before=CURSOR"""
    member = require_member(request)
    before = request.query.get("before", "")
    after = int(before) if before.isdecimal() and len(before) < 20 else None
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        marked = await list_bookmarks(unit, member.actor, before=after, limit=SHELF + 1)
    shown = marked[:SHELF]
    return render(
        request,
        "bookmarks.html",
        lines=[_line(one, networks, request[LANGUAGE]) for one in shown],
        before=after,
        older=shown[-1].id if len(marked) > SHELF else None,
    )


def _line(one: Marked, networks: Networks, language: Language) -> Line:
    post, thread = one.post, one.thread
    is_gone = post.deleted_at is not None
    return Line(
        post.key,
        post_path(thread, post.key, depth=post.depth, lasting=True),
        thread.title or untitled(language),
        byline(
            networks,
            uri=post.author_uri,
            handle=post.author_handle,
            name=post.author_name,
            origin=post.author_origin,
        ),
        post.published_at,
        post.language,
        "" if is_gone else excerpt(post.content, EXCERPT),
    )


async def add(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/bookmark"""
    return await _change(request, add_bookmark)


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/unbookmark"""
    return await _change(request, remove_bookmark)


async def _change(
    request: web.Request, verb: Callable[[Unit, Actor, Post], Awaitable[bool]]
) -> web.StreamResponse:
    """Do it; then the button alone for htmx, and for anybody else the page they came from."""
    member = require_member(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        post, _, shown = await find_shown(request, unit, key=request.match_info["key"])
        await verb(unit, await actor_of(unit, member), post)
    if "HX-Request" in request.headers:
        return render(request, "bookmark.html", post=replace(shown, marked=verb is add_bookmark))
    raise web.HTTPSeeOther(safe_path(form["next"]) if form.pressed("next") else shown.link)
