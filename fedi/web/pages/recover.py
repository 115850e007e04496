"""Signing in by a letter, and choosing a new password by one."""

from aiohttp import web

from fedi.accounts.entering import let_in
from fedi.accounts.links import Purpose, find_link
from fedi.accounts.passwords import hash_password
from fedi.accounts.recovery import ask_for_link, open_member_link, set_password
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form
from fedi.web.keys import LANGUAGE, LIMITS, SESSION
from fedi.web.limits import address_of
from fedi.web.pages.proof import proceed
from fedi.web.render import render


async def show(request: web.Request) -> web.StreamResponse:
    """GET /sign-in/link"""
    return render(request, "recover.html", form=Form())


async def ask(request: web.Request) -> web.StreamResponse:
    """POST /sign-in/link: a letter leaves, to whoever has an account and to whoever has none."""
    form = await read_form(request)
    node, email = request.app[NODE], form.line("email").lower()
    limits = request.app[LIMITS]
    limits.sign_in_address.take(address_of(request))
    limits.mailing.take(f"mail {email}")
    purpose = Purpose.PASSWORD if form.pressed("forgotten") else Purpose.SIGN_IN
    try:
        async with node.db.unit() as unit:
            await ask_for_link(unit, email, purpose, request[LANGUAGE].tag)
    except Invalid as error:
        form.refuse(error, "email")
        return render(request, "recover.html", status=422, form=form)
    return render(request, "letter_sent.html", sends=bool(node.config.mail.host))


async def ask_to_enter(request: web.Request) -> web.StreamResponse:
    """GET /enter/TOKEN: a button, since programs that read mail open links."""
    async with request.app[NODE].db.reading() as unit:
        await find_link(unit, request.match_info["token"], Purpose.SIGN_IN)
    return render(request, "enter.html")


async def enter(request: web.Request) -> web.StreamResponse:
    """POST /enter/TOKEN: a new session, or a code is asked for; a link stands for a password."""
    await read_form(request)
    request.app[LIMITS].confirming.take(address_of(request))
    async with request.app[NODE].db.unit() as unit:
        account = await open_member_link(unit, request.match_info["token"], Purpose.SIGN_IN)
        device = device_of(request)
        entry = await let_in(unit, account, replaces=request[SESSION], device=device)
    return proceed(request, entry, "/")


async def ask_password(request: web.Request) -> web.StreamResponse:
    """GET /password/TOKEN"""
    async with request.app[NODE].db.reading() as unit:
        await find_link(unit, request.match_info["token"], Purpose.PASSWORD)
    return render(request, "password.html", form=Form())


async def choose_password(request: web.Request) -> web.StreamResponse:
    """POST /password/TOKEN: every session ends, and the new password signs in."""
    form = await read_form(request)
    request.app[LIMITS].confirming.take(address_of(request))
    try:
        made = await hash_password(form["password"])
    except Invalid as error:
        form.refuse(error, "password")
        return render(request, "password.html", status=422, form=form)
    async with request.app[NODE].db.unit() as unit:
        account = await open_member_link(unit, request.match_info["token"], Purpose.PASSWORD)
        await set_password(unit, account, made)
    raise web.HTTPSeeOther("/sign-in")
