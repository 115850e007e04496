"""Who may join: invitations, and requests that wait for an answer."""

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.accounts.joining import (
    accept,
    invite,
    list_applications,
    list_invitations,
    refuse,
    withdraw,
)
from fedi.accounts.letters import write_letter
from fedi.accounts.models import Account, Application
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, Invalid, NotFound
from fedi.moderation.audit import record
from fedi.web.forms import Form, read_form
from fedi.web.keys import CHOSEN, LANGUAGE
from fedi.web.render import render
from fedi.web.sessions import require_administrator


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/invitations"""
    return await _page(request, Form())


async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/invitations: make one; its link is shown this once, and mailed if asked."""
    member = require_administrator(request)
    form = await read_form(request)
    try:
        uses, days = _number(form, "uses"), _number(form, "days")
        async with request.app[NODE].db.unit() as unit:
            link = unit.site.url + invite(unit, member.account, uses=uses, days=days)
            if email := form.line("email"):
                by, language = member.actor.name, request[LANGUAGE].tag
                await write_letter(unit, email, "invitation", language, by=by, link=link)
            told = f"{uses} uses, {days} days"
            await record(unit, who=member.account, act="invite", target="invitation", after=told)
    except (Invalid, Conflict) as error:
        form.refuse(error, {"bad-days": "days"}.get(error.code, "uses"))
        return await _page(request, form)
    return await _page(request, Form(), link=link)


def _number(form: Form, name: str) -> int:
    text = form.line(name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /admin/invitations/withdraw"""
    member = require_administrator(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        await withdraw(unit, _key(form["invitation"]))
        await record(unit, who=member.account, act="withdraw-invitation", target="invitation")
    raise web.HTTPSeeOther("/admin/invitations")


async def answer(request: web.Request) -> web.StreamResponse:
    """POST /admin/invitations/requests: accept one or refuse it, with a word."""
    member = require_administrator(request)
    form = await read_form(request)
    word = form.line("word")
    try:
        async with request.app[NODE].db.unit() as unit:
            query = select(Application).where(Application.id == _key(form["request"]))
            application = await unit.session.scalar(query)
            if application is None:
                raise NotFound("this request was answered already")
            target = f"@{application.handle}"
            if form.pressed("accept"):
                await accept(unit, application, word)
                await record(unit, who=member.account, act="accept-member", target=target)
            else:
                await refuse(unit, application, word)
                await record(
                    unit, who=member.account, act="refuse-member", target=target, reason=word
                )
    except Conflict as error:
        form.refuse(error, "request")
        return await _page(request, form)
    raise web.HTTPSeeOther("/admin/invitations")


def _key(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise NotFound("there is no such row")
    return int(text)


async def _page(request: web.Request, form: Form, *, link: str = "") -> web.Response:
    require_administrator(request)
    async with request.app[NODE].db.reading() as unit:
        invitations, waiting = await list_invitations(unit), await list_applications(unit)
        made_by = {row.account_id for row in invitations}
        names = select(Account.id, Actor.name).join(Actor, Actor.id == Account.actor_id)
        found = await unit.session.execute(names.where(Account.id.in_(made_by)))
        inviters = {row.id: row.name for row in found}
    return render(
        request,
        "admin/invitations.html",
        status=422 if form.errors else 200,
        form=form,
        link=link,
        invitations=invitations,
        inviters=inviters,
        waiting=waiting,
        how=request.app[CHOSEN].now.registration,
    )
