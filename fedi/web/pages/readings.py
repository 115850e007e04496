"""What is new to a member: where it begins, and calling it read; what they want to hear of."""

from aiohttp import web

from fedi.accounts.models import Account
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid, NotFound
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path, post_path
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Attention
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import may_read
from fedi.debates.readings import (
    find_first_new,
    read_everything,
    read_whole,
    reader_of,
    set_attention,
)
from fedi.debates.threads import find_thread
from fedi.web.forms import read_form, safe_path
from fedi.web.keys import MEMBER
from fedi.web.seen import SEEN, reader_here
from fedi.web.sessions import actor_of, require_member


async def go_to_first_new(request: web.Request) -> web.StreamResponse:
    """GET /threads/KEY/new: to the first message that is new to the reader, on its page.

    To the beginning for visitors, and when nothing is new.
    """
    async with request.app[NODE].db.reading() as unit:
        thread = await _find(request, unit)
        reader = reader_here(request)
        first = None
        if reader is not None:
            shown = request.app[SEEN].of(reader).get(thread.id, ())
            first = await find_first_new(unit, reader, thread, shown=shown)
    if first is None:
        raise web.HTTPSeeOther(page_path(thread))
    raise web.HTTPSeeOther(post_path(thread, first.key, depth=first.depth))


async def read_thread(request: web.Request) -> web.StreamResponse:
    """POST /threads/KEY/read: all that is in it counts as read."""
    member = require_member(request)
    await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        thread = await _find(request, unit)
        await read_whole(unit, reader_of(member.account, member.actor), thread)
    raise web.HTTPSeeOther(page_path(thread))


async def read_all(request: web.Request) -> web.StreamResponse:
    """POST /read: all that had come when the page was made counts as read, in every debate."""
    member = require_member(request)
    form = await read_form(request)
    until = int(form["until"]) if form["until"].isdecimal() else 0
    async with request.app[NODE].db.unit() as unit:
        account = await unit.find(Account, id=member.account.id)
        if account is not None:
            read_everything(account, min(until, new_id()))
    raise web.HTTPSeeOther(safe_path(form["next"]))


async def attend(request: web.Request) -> web.StreamResponse:
    """POST /threads/KEY/attention: follow it, hear no more of it, or not even see what is new."""
    member = require_member(request)
    form = await read_form(request)
    if form["attention"] not in set(Attention):
        raise Invalid("choose what you want to hear of this debate")
    async with request.app[NODE].db.unit() as unit:
        thread = await _find(request, unit)
        actor = await actor_of(unit, member)
        await set_attention(unit, actor, thread, Attention(form["attention"]))
    raise web.HTTPSeeOther(page_path(thread))


async def _find(request: web.Request, unit: Unit) -> Thread:
    """The debate in the address, if its opening is for this reader."""
    member = request[MEMBER]
    thread = await find_thread(unit, request.match_info["key"])
    root = await unit.find(Post, id=thread.root_id) if thread is not None else None
    viewer = member.actor.uri if member is not None else None
    if thread is None or root is None or not may_read(root, viewer):
        raise NotFound("there is no such debate here")
    return thread
