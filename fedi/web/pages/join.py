"""Becoming a member: asking for an account, with an invitation or without, and confirming."""

from aiohttp import web

from fedi.accounts.joining import Candidate, ask_to_join, confirm
from fedi.accounts.links import Purpose, find_link
from fedi.accounts.passwords import hash_password
from fedi.accounts.sessions import start_session
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, Invalid
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form
from fedi.web.keys import CHOSEN, LANGUAGE, LIMITS, MEMBER
from fedi.web.limits import address_of
from fedi.web.render import render
from fedi.web.sessions import remember_session


async def show(request: web.Request) -> web.StreamResponse:
    """GET /join and /join/TOKEN: the form, or how one becomes a member here instead."""
    if request[MEMBER] is not None:
        raise web.HTTPSeeOther("/")
    if token := request.match_info.get("token", ""):
        async with request.app[NODE].db.reading() as unit:
            await find_link(unit, token, Purpose.INVITATION)
    return _page(request, Form())


async def ask(request: web.Request) -> web.StreamResponse:
    """POST /join and /join/TOKEN: one answer, whether the address is known here or not."""
    form = await read_form(request)
    node, token = request.app[NODE], request.match_info.get("token", "")
    how = request.app[CHOSEN].now.registration
    if not token and how not in ("open", "approval"):
        return _page(request, form, status=422)
    limits = request.app[LIMITS]
    limits.confirming.take(address_of(request))
    email = form.line("email").lower()
    try:
        candidate = Candidate(
            handle=form.line("handle").lower().removeprefix("@"),
            email=email,
            password_hash=await hash_password(form["password"]),
            name=form.line("name"),
            language=request[LANGUAGE].tag,
            reason=form.line("reason"),
        )
        async with node.db.unit() as unit:
            approval = how == "approval" and not token
            await ask_to_join(unit, candidate, invitation=token, approval=approval)
            limits.joining.take(address_of(request))
            limits.mailing.take(f"mail {email}")
    except (Invalid, Conflict) as error:
        form.refuse(error, "handle")
        return _page(request, form)
    return _sent(request)


async def ask_to_confirm(request: web.Request) -> web.StreamResponse:
    """GET /confirm/TOKEN: a button, since programs that read mail open links."""
    async with request.app[NODE].db.reading() as unit:
        await find_link(unit, request.match_info["token"], Purpose.JOINING)
    return render(request, "confirm.html", waits=False)


async def do_confirm(request: web.Request) -> web.StreamResponse:
    """POST /confirm/TOKEN: the account is made and signed in, or an administrator is asked."""
    await read_form(request)
    request.app[LIMITS].confirming.take(address_of(request))
    node = request.app[NODE]
    async with node.db.unit() as unit:
        account = await confirm(unit, request.match_info["token"])
        session = start_session(unit, account, device=device_of(request)) if account else None
    if session is None:
        return render(request, "confirm.html", waits=True)
    response = web.HTTPSeeOther("/")
    remember_session(response, node.site, session)
    raise response


def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    invited = "token" in request.match_info
    how = request.app[CHOSEN].now.registration
    return render(
        request,
        "join.html",
        status=422 if form.errors else status,
        form=form,
        invited=invited,
        possible=invited or how in ("open", "approval"),
        approval=how == "approval" and not invited,
    )


def _sent(request: web.Request) -> web.Response:
    sends = bool(request.app[NODE].config.mail.host)
    return render(request, "letter_sent.html", sends=sends)
