"""Showing once more who one is, before what cannot be undone; and the code that comes second."""

from aiohttp import web

from fedi.accounts.codes import asks_for_code, take_code
from fedi.accounts.entering import Entry, enter, take_second_step, who_steps
from fedi.accounts.passwords import verify_password
from fedi.accounts.sessions import prove
from fedi.core.appkeys import NODE
from fedi.core.errors import Unauthenticated
from fedi.core.i18n import N_
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form, safe_path
from fedi.web.keys import LIMITS, SESSION
from fedi.web.limits import address_of
from fedi.web.render import render
from fedi.web.sessions import remember_session, require_member

WRONG_CODE = N_("this code is not right, or it was used already")


async def ask(request: web.Request) -> web.StreamResponse:
    """GET /settings/proof?next=/where/one/was"""
    require_member(request)
    return await _page(request, Form(), safe_path(request.query.get("next")))


async def give(request: web.Request) -> web.StreamResponse:
    """POST /settings/proof: the password, and a code when the member signs in with one."""
    member = require_member(request)
    form = await read_form(request)
    next_path, account = safe_path(form["next"]), member.account
    request.app[LIMITS].proving.take(str(account.id))
    node, session = request.app[NODE], request[SESSION]
    if not await verify_password(form["password"], account.password_hash):
        form.refuse(Unauthenticated("this is not your password"), "password")
        return await _page(request, form, next_path)
    async with node.db.unit() as unit:
        asked = await asks_for_code(unit, account.id)
        if asked and not await take_code(unit, account.id, form.line("code")):
            form.errors["code"] = WRONG_CODE
        elif session is not None:
            await prove(unit, session)
    if form.errors:
        return await _page(request, form, next_path)
    raise web.HTTPSeeOther(next_path)


async def _page(request: web.Request, form: Form, next_path: str) -> web.Response:
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        asked = await asks_for_code(unit, member.account.id)
    status = 422 if form.errors else 200
    return render(request, "proof.html", status=status, form=form, next=next_path, asked=asked)


def proceed(request: web.Request, entry: Entry, next_path: str) -> web.Response:
    """Let in whoever showed all that is asked, or ask for the code that is missing."""
    if not entry.session:
        return _ask_code(request, Form({"step": entry.step}), next_path)
    response = web.HTTPSeeOther(next_path)
    remember_session(response, request.app[NODE].site, entry.session)
    raise response


async def take_step(request: web.Request) -> web.StreamResponse:
    """POST /sign-in/code: after the password or the link, a code; five tries, then all over."""
    form = await read_form(request)
    node, next_path = request.app[NODE], safe_path(form["next"])
    limits = request.app[LIMITS]
    limits.sign_in_address.take(address_of(request))
    async with node.db.reading() as unit:
        limits.proving.take(str(await who_steps(unit, form["step"])))
    session = ""
    async with node.db.unit() as unit:
        account = await take_second_step(unit, form["step"], form.line("code"))
        if account is not None:
            device = device_of(request)
            session = await enter(unit, account, replaces=request[SESSION], device=device)
    if not session:
        form.errors["code"] = WRONG_CODE
        return _ask_code(request, form, next_path)
    return proceed(request, Entry(session=session), next_path)


def _ask_code(request: web.Request, form: Form, next_path: str) -> web.Response:
    status = 403 if form.errors else 200
    return render(request, "second_step.html", status=status, form=form, next=next_path)
