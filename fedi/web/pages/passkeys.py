"""Passkeys: added and removed by members, and shown instead of a password and a code.

A script asks for a challenge and puts the answer of the key into a form; the rest is forms.
"""

from aiohttp import web

from fedi.accounts.entering import Entry, enter
from fedi.accounts.passkeys import (
    add_passkey,
    begin_passkey,
    begin_signing,
    load,
    remove_passkey,
    whose_passkey,
)
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, Gone, Invalid, NotFound, Unauthenticated
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form, safe_path
from fedi.web.keys import LIMITS, SESSION
from fedi.web.limits import address_of
from fedi.web.pages.proof import proceed
from fedi.web.pages.security import account_of, done, page
from fedi.web.render import render
from fedi.web.sessions import require_proof


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /settings/passkeys/challenge: what the browser is asked, for the script."""
    member = require_proof(request)
    await read_form(request)
    node = request.app[NODE]
    await load()
    async with node.db.unit() as unit:
        account, name = await account_of(unit, member), node.config.network.name
        asked = await begin_passkey(unit, account, member.actor.name, name)
    return _asked(*asked)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/passkeys"""
    member = require_proof(request)
    form = await read_form(request)
    await load()
    try:
        async with request.app[NODE].db.unit() as unit:
            account = await account_of(unit, member)
            name = form.line("passkey-name") or (device_of(request) or "")
            await add_passkey(unit, account, form["challenge"], form["credential"], name)
    except (Invalid, Conflict) as error:
        form.refuse(error, "passkey-name")
        return await page(request, member, form)
    raise done("passkey")


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /settings/passkeys/remove"""
    member = require_proof(request)
    form = await read_form(request)
    chosen = form["passkey"]
    async with request.app[NODE].db.unit() as unit:
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            await remove_passkey(unit, member.account.id, int(chosen))
    raise done("no-passkey")


async def ask(request: web.Request) -> web.StreamResponse:
    """POST /sign-in/passkey/challenge: what the browser is asked, for the script."""
    await read_form(request)
    request.app[LIMITS].sign_in_address.take(address_of(request))
    await load()
    async with request.app[NODE].db.unit() as unit:
        asked = await begin_signing(unit)
    return _asked(*asked)


async def sign(request: web.Request) -> web.StreamResponse:
    """POST /sign-in/passkey: the key recognised its owner, so nothing else is asked."""
    form = await read_form(request)
    next_path = safe_path(form["next"])
    request.app[LIMITS].sign_in_address.take(address_of(request))
    await load()
    try:
        async with request.app[NODE].db.unit() as unit:
            account = await whose_passkey(unit, form["challenge"], form["credential"])
            device = device_of(request)
            session = await enter(unit, account, replaces=request[SESSION], device=device)
    except (Unauthenticated, NotFound, Gone):
        refused = Form(errors={"login": _REFUSED})
        return render(request, "sign_in.html", status=422, form=refused, next=next_path)
    return proceed(request, Entry(session=session), next_path)


_REFUSED = "this passkey could not be used: try again, or sign in another way"


def _asked(challenge: str, asked: str) -> web.Response:
    headers = {"Challenge": challenge, "Cache-Control": "no-store"}
    return web.Response(text=asked, content_type="application/json", headers=headers)
