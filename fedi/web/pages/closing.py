"""Closing a debate and opening it again, for those who look after its group."""

from aiohttp import web

from fedi.accounts.models import Account
from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, NotFound
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import may_reshape
from fedi.debates.reshaping.lock import lock_thread, unlock_thread
from fedi.debates.threads import find_thread
from fedi.moderation.audit import record
from fedi.web.forms import read_form
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member


async def ask(request: web.Request) -> web.StreamResponse:
    """GET /threads/KEY/close: say what will happen."""
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        thread = await _find(request, unit)
        if not await may_reshape(unit, thread, await actor_of(unit, member)):
            raise Forbidden("only who looks after the group may do this", code="not-a-moderator")
    return render(request, "close.html", thread=thread, path=page_path(thread))


async def close(request: web.Request) -> web.StreamResponse:
    """POST /threads/KEY/close: do it, and go back to the debate."""
    member = require_member(request)
    reason = (await read_form(request)).line("reason")
    async with request.app[NODE].db.unit() as unit:
        thread = await _find(request, unit)
        await lock_thread(unit, await actor_of(unit, member), thread, reason)
        who = await unit.find(Account, id=member.account.id)
        await record(unit, who=who, act="lock", target=thread.uri, reason=reason)
    raise web.HTTPSeeOther(page_path(thread))


async def reopen(request: web.Request) -> web.StreamResponse:
    """POST /threads/KEY/reopen: let everybody answer again."""
    member = require_member(request)
    await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        thread = await _find(request, unit)
        await unlock_thread(unit, await actor_of(unit, member), thread)
        who = await unit.find(Account, id=member.account.id)
        await record(unit, who=who, act="unlock", target=thread.uri)
    raise web.HTTPSeeOther(page_path(thread))


async def _find(request: web.Request, unit: Unit) -> Thread:
    thread = await find_thread(unit, request.match_info["key"])
    if thread is None:
        raise NotFound("there is no such debate here")
    return thread
