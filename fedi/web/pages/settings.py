"""What a member says about themselves: name, portrait, for whom they speak."""

from aiohttp import web

from actors.local import update_actor
from actors.remote import obtain_by_handle
from fedi.accounts.hats import Hat, add_hat, hats_of, remove_hat
from fedi.accounts.profile import describe
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, FediError, Invalid
from fedi.core.images import MAX_SENT
from fedi.core.tongues import TONGUES
from fedi.core.urls import read_id
from fedi.debates.images import change_portrait
from fedi.web.forms import Form, read_form
from fedi.web.keys import GALLERY, LANGUAGE, LIMITS
from fedi.web.networks import read_networks
from fedi.web.people import byline_of
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member

#: The boxes of the profile; each is a property of the actor.
CONSENTS = ("discoverable", "indexable", "approves_followers")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings"""
    member = require_member(request)
    return await _page(request, member, _profile(member), Form())


async def change_profile(request: web.Request) -> web.StreamResponse:
    """POST /settings/profile: the name, the text, the language, the portrait."""
    member = require_member(request)
    form = await read_form(request, room=MAX_SENT + 256 * 1024)
    try:
        await _change(request, member, form)
    except Invalid as error:
        form.refuse(error, "name")
        if "images" in form.errors:
            form.errors["portrait"] = form.errors.pop("images")
        return await _page(request, member, form, Form())
    raise _done("profile")


async def _change(request: web.Request, member: Member, form: Form) -> None:
    sent = next(iter(form.files.get("portrait", ())), None)
    painted = None
    if sent is not None:
        request.app[LIMITS].painting.take(str(member.account.id))
        painted = await request.app[GALLERY].take_in(sent, portrait=True)
    async with request.app[NODE].db.unit() as unit:
        actor = await actor_of(unit, member)
        if form["language"] in TONGUES and form["language"] != actor.language:
            await update_actor(unit, actor, language=form["language"])
        icon = None
        if painted is not None or form.pressed("no-portrait"):
            path = await change_portrait(unit, actor, painted)
            icon = unit.site.url + path if path else ""
        await describe(
            unit,
            member.account,
            name=form.line("name"),
            summary=form["summary"],
            icon=icon,
            **_consents(form),
        )


def _consents(form: Form) -> dict[str, bool]:
    """What the member agrees to; nothing, for a form that did not ask."""
    if not form.pressed("consents"):
        return {}
    return {name: form.pressed(name) for name in CONSENTS}


async def speak_for(request: web.Request) -> web.StreamResponse:
    """POST /settings/hats: add a place or a network; its handle is looked up, or its address."""
    member = require_member(request)
    form = await read_form(request)
    try:
        link = await _find_link(request, form)
        hat = Hat.read(form.line("hat-name"), form.line("hat-place"), link)
        async with request.app[NODE].db.unit() as unit:
            await describe(unit, await add_hat(unit, member.account.id, hat))
    except (Invalid, Conflict) as error:
        form.refuse(error, "hat-name")
        return await _page(request, member, _profile(member), form)
    raise _done("hats")


async def _find_link(request: web.Request, form: Form) -> str:
    """The page behind what was typed: an address, or the handle of a network."""
    text = form.line("hat-link")
    if not text:
        return ""
    try:
        if "@" not in text.partition("://")[2] and "://" in text:
            return read_id(text)
        request.app[LIMITS].looking_up.take(str(require_member(request).account.id))
        actor = await obtain_by_handle(request.app[NODE], text)
    except FediError as error:
        raise Invalid("this address leads nowhere: check it", code="bad-link") from error
    return actor.url or actor.uri


async def stop_speaking_for(request: web.Request) -> web.StreamResponse:
    """POST /settings/hats/remove"""
    member = require_member(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        await describe(unit, await remove_hat(unit, member.account.id, form["hat"]))
    raise _done("hats")


def _done(part: str) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/settings?done={part}#{part}")


def _profile(member: Member) -> Form:
    actor = member.actor
    fields = {"name": actor.name, "summary": actor.summary, "language": actor.language or ""}
    return Form(fields | {name: "on" for name in CONSENTS if getattr(actor, name)})


async def _page(
    request: web.Request, member: Member, profile: Form, adding: Form
) -> web.StreamResponse:
    async with request.app[NODE].db.reading() as unit:
        by = byline_of(await read_networks(unit), await actor_of(unit, member))
    return render(
        request,
        "settings.html",
        status=422 if profile.errors or adding.errors else 200,
        by=by,
        profile=profile,
        adding=adding,
        hats=hats_of(member.account),
        tongues=TONGUES,
        tongue=profile["language"] or request[LANGUAGE].tag,
        done=request.query.get("done", ""),
    )
