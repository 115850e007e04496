"""Who has an account here: found by address, handle or name; closed, and opened again."""

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.accounts.joining import find_members
from fedi.accounts.models import Account
from fedi.accounts.sessions import end_sessions
from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, NotFound
from fedi.moderation.audit import record
from fedi.web.forms import read_form
from fedi.web.render import render
from fedi.web.sessions import require_administrator


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/members?q="""
    member = require_administrator(request)
    words = request.query.get("q", "")[:200]
    async with request.app[NODE].db.reading() as unit:
        members = await find_members(unit, words)
    return render(request, "admin/members.html", members=members, words=words, me=member.account.id)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /admin/members: close an account, or open it again; nobody closes their own."""
    member = require_administrator(request)
    form = await read_form(request)
    closing = form.pressed("close")
    async with request.app[NODE].db.unit() as unit:
        query = select(Account, Actor).join(Actor, Actor.id == Account.actor_id)
        row = (
            await unit.session.execute(
                query.where(Actor.handle == form["handle"], Actor.role.is_not(None))
            )
        ).one_or_none()
        if row is None:
            raise NotFound("there is no such member")
        account, actor = row
        if account.id == member.account.id:
            raise Forbidden("nobody closes their own account here", code="oneself")
        account.disabled_at = unit.now if closing else None
        await end_sessions(unit, account.id)
        act = "close-account" if closing else "open-account"
        await record(unit, who=member.account, act=act, target=f"@{actor.handle}")
    raise web.HTTPSeeOther("/admin/members")
