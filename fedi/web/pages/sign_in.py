"""Signing in and out."""

from aiohttp import web

from fedi.accounts.entering import let_in
from fedi.accounts.sessions import recognise, sign_out
from fedi.belongings.closing import come_back
from fedi.core.appkeys import NODE
from fedi.core.errors import Unauthenticated
from fedi.moderation.appeals import suspension_of
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form, safe_path
from fedi.web.keys import LIMITS, MEMBER, SESSION
from fedi.web.limits import address_of
from fedi.web.pages.proof import proceed
from fedi.web.render import render
from fedi.web.sessions import forget_session


async def show(request: web.Request) -> web.StreamResponse:
    """GET /sign-in?next=/where/one/was"""
    next_path = safe_path(request.query.get("next"))
    if request[MEMBER] is not None:
        raise web.HTTPSeeOther(next_path)
    return render(request, "sign_in.html", form=Form(), next=next_path)


async def enter(request: web.Request) -> web.StreamResponse:
    """POST /sign-in: one answer for an unknown name and for a wrong password."""
    form = await read_form(request)
    node, next_path = request.app[NODE], safe_path(form["next"])
    login = form.line("login")
    limits = request.app[LIMITS]
    limits.sign_in_address.take(address_of(request))
    limits.sign_in_login.take(login.lower())
    await come_back(node.db, login, form["password"])
    try:
        account = await recognise(node.db, login, form["password"])
    except Unauthenticated as error:
        if decision := await suspension_of(node.db, login, form["password"]):
            raise web.HTTPSeeOther(f"/decisions/{decision.key}") from error
        form.errors["login"] = str(error)
        return render(request, "sign_in.html", status=403, form=form, next=next_path)
    async with node.db.unit() as unit:
        device = device_of(request)
        entry = await let_in(unit, account, replaces=request[SESSION], device=device)
    return proceed(request, entry, next_path)


async def leave(request: web.Request) -> web.StreamResponse:
    """POST /sign-out: end this session, here and in the database."""
    await read_form(request)
    node, session = request.app[NODE], request[SESSION]
    if session is not None:
        async with node.db.unit() as unit:
            await sign_out(unit, session)
    response = web.HTTPSeeOther("/")
    forget_session(response, node.site)
    raise response
