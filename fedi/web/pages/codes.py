"""Signing in with a code besides: a square to scan, a first code, codes for later."""

from importlib import import_module

from aiohttp import web
from markupsafe import Markup

from fedi.accounts.codes import (
    address_of_secret,
    begin_codes,
    confirm_codes,
    find_authenticator,
    renew_recovery,
    secret_of,
    stop_codes,
)
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.web.forms import Form, read_form
from fedi.web.keys import LIMITS
from fedi.web.pages.security import account_of, done
from fedi.web.render import render
from fedi.web.sessions import require_proof


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /settings/codes: make a secret, or codes for later, or ask for none any more."""
    member = require_proof(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        account = await account_of(unit, member)
        if form.pressed("renew"):
            recovery = await renew_recovery(unit, account.id)
            return render(request, "recovery_codes.html", recovery=recovery)
        if form.pressed("stop"):
            await stop_codes(unit, account)
        else:
            await begin_codes(unit, account)
    raise done("no-codes") if form.pressed("stop") else web.HTTPSeeOther("/settings/codes")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/codes: the secret that waits for its first code."""
    return await _page(request, Form())


async def confirm(request: web.Request) -> web.StreamResponse:
    """POST /settings/codes/confirm: from now on a code is asked for; those for later, once."""
    member = require_proof(request)
    form = await read_form(request)
    request.app[LIMITS].proving.take(str(member.account.id))
    try:
        async with request.app[NODE].db.unit() as unit:
            account = await account_of(unit, member)
            recovery = await confirm_codes(unit, account, form.line("code"))
    except Invalid as error:
        form.refuse(error, "code")
        return await _page(request, form)
    return render(request, "recovery_codes.html", recovery=recovery)


async def _page(request: web.Request, form: Form) -> web.StreamResponse:
    member, node = require_proof(request), request.app[NODE]
    async with node.db.reading() as unit:
        authenticator = await find_authenticator(unit, member.account.id)
        if authenticator is None or authenticator.confirmed_at is not None:
            raise web.HTTPSeeOther("/settings/security")
        secret = secret_of(unit, authenticator)
    address = address_of_secret(secret, member.account.email, node.config.network.name)
    return render(
        request,
        "codes.html",
        status=422 if form.errors else 200,
        form=form,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        square=_square(address),
    )


def _square(text: str) -> Markup:
    """A QR code as SVG, without a script or a style in it."""
    made = import_module("segno").make_qr(text, error="m")
    drawn = made.svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - drawn by us, of squares
