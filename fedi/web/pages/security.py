"""How a member signs in: browsers that are signed in, password, address, codes, passkeys."""

from typing import Any

from aiohttp import web

from fedi.accounts.addresses import ask_for_address, take_address
from fedi.accounts.codes import find_authenticator
from fedi.accounts.links import Purpose, find_link
from fedi.accounts.models import Account
from fedi.accounts.passkeys import list_passkeys
from fedi.accounts.passwords import hash_password
from fedi.accounts.recovery import set_password
from fedi.accounts.secrets import digest
from fedi.accounts.sessions import (
    Member,
    end_session,
    end_sessions,
    list_sessions,
    start_session,
)
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.core.unit import Unit
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form
from fedi.web.keys import LIMITS, SESSION
from fedi.web.limits import address_of
from fedi.web.render import render
from fedi.web.sessions import (
    SessionOver,
    has_proved,
    remember_session,
    require_member,
    require_proof,
)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/security"""
    return await page(request, require_member(request), Form())


async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /settings/security/sessions: end one of them, or all but this one."""
    member = require_member(request)
    form = await read_form(request)
    one, account_id = form["session"], member.account.id
    async with request.app[NODE].db.unit() as unit:
        if form.pressed("others"):
            await end_sessions(unit, account_id, but=request[SESSION])
        elif one.isascii() and one.isdigit() and len(one) < 19:
            await end_session(unit, account_id, int(one))
    raise done("sessions")


async def change_password(request: web.Request) -> web.StreamResponse:
    """POST /settings/security/password: all sessions end, and this browser gets another."""
    member = require_proof(request)
    form = await read_form(request)
    node = request.app[NODE]
    try:
        made = await hash_password(form["password"])
    except Invalid as error:
        form.refuse(error, "password")
        return await page(request, member, form)
    async with node.db.unit() as unit:
        account = await account_of(unit, member)
        await set_password(unit, account, made)
        session = start_session(unit, account, device=device_of(request))
    response = done("password")
    remember_session(response, node.site, session)
    raise response


async def change_address(request: web.Request) -> web.StreamResponse:
    """POST /settings/security/address: a letter leaves for the new one."""
    member = require_proof(request)
    form = await read_form(request)
    request.app[LIMITS].mailing.take(f"account {member.account.id}")
    try:
        async with request.app[NODE].db.unit() as unit:
            await ask_for_address(unit, await account_of(unit, member), form["email"])
    except Invalid as error:
        form.refuse(error, "email")
        return await page(request, member, form)
    raise done("address")


async def ask_to_confirm(request: web.Request) -> web.StreamResponse:
    """GET /address/TOKEN: a button, since programs that read mail open links."""
    async with request.app[NODE].db.reading() as unit:
        await find_link(unit, request.match_info["token"], Purpose.ADDRESS)
    return render(request, "address.html", taken=False)


async def confirm_address(request: web.Request) -> web.StreamResponse:
    """POST /address/TOKEN: from whatever browser the letter is read in."""
    await read_form(request)
    request.app[LIMITS].confirming.take(address_of(request))
    async with request.app[NODE].db.unit() as unit:
        await take_address(unit, request.match_info["token"])
    return render(request, "address.html", taken=True)


def done(part: str) -> web.HTTPSeeOther:
    """Back to the page, which says what was done."""
    return web.HTTPSeeOther(f"/settings/security?done={part}")


async def account_of(unit: Unit, member: Member) -> Account:
    """The member's account, as a row of this unit."""
    account = await unit.find(Account, id=member.account.id)
    if account is None:
        raise SessionOver("this account was closed")
    return account


async def page(
    request: web.Request, member: Member, form: Form, **context: Any
) -> web.StreamResponse:
    """The whole page, with what was typed in one of its forms."""
    account, cookie = member.account, request[SESSION] or ""
    async with request.app[NODE].db.reading() as unit:
        browsers = await list_sessions(unit, account.id)
        authenticator = await find_authenticator(unit, account.id)
        passkeys = await list_passkeys(unit, account.id)
    codes = authenticator is not None and authenticator.confirmed_at is not None
    context |= {
        "form": form,
        "email": account.email,
        "browsers": [(each, each.token_hash == digest(cookie)) for each in browsers],
        "codes": codes,
        "passkeys": passkeys,
        "left": len(authenticator.recovery) if authenticator is not None else 0,
        "proven": has_proved(request, member),
        "done": request.query.get("done", ""),
    }
    return render(request, "security.html", status=422 if form.errors else 200, **context)
