"""What a member has here: taking it along as a file, or leaving for good."""

from aiohttp import hdrs, web

from fedi.belongings.closing import GRACE, close_account
from fedi.belongings.exports import ask_for_export, latest_export, place_of
from fedi.belongings.models import Export
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, NotFound
from fedi.core.i18n import N_
from fedi.web.forms import Form, read_form
from fedi.web.keys import LANGUAGE
from fedi.web.render import render
from fedi.web.sessions import forget_session, has_proved, require_member, require_proof

MEGABYTE = 1_000_000


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/data"""
    require_member(request)
    return await _page(request, Form())


async def ask(request: web.Request) -> web.StreamResponse:
    """POST /settings/data: ask for a file with everything; a loop of the worker makes it."""
    member = require_proof(request)
    await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        await ask_for_export(unit, member.account, request[LANGUAGE].tag)
    raise web.HTTPSeeOther("/settings/data#take")


async def fetch(request: web.Request) -> web.StreamResponse:
    """GET /settings/data/KEY: the file, for whom it was made alone, as long as it is kept."""
    member, node = require_proof(request), request.app[NODE]
    async with node.db.reading() as unit:
        export = await latest_export(unit, member.account.id)
    key = request.match_info["key"]
    if export is None or export.key != key or export.size is None:
        raise NotFound("this file is not here any more: ask for another one")
    name = f"{member.actor.handle}-{export.created_at:%Y-%m-%d}.zip"
    headers = {
        hdrs.CONTENT_TYPE: "application/zip",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
        hdrs.CACHE_CONTROL: "private, no-store",
    }
    return web.FileResponse(place_of(node, key), headers=headers)


async def leave(request: web.Request) -> web.StreamResponse:
    """POST /settings/data/leave: close the account of whoever has just shown who they are."""
    member, node = require_proof(request), request.app[NODE]
    form = await read_form(request)
    form.require("sure", N_("tick the box, so that nobody leaves by accident"))
    if form.errors:
        return await _page(request, form)
    try:
        async with node.db.unit() as unit:
            await close_account(unit, member.account.id, who=member.account)
    except Conflict as error:
        form.refuse(error, "sure")
        return await _page(request, form)
    response = web.HTTPSeeOther("/left")
    forget_session(response, node.site)
    raise response


async def left(request: web.Request) -> web.StreamResponse:
    """GET /left: what whoever has just closed their account reads."""
    return render(request, "left.html", days=GRACE.days)


def room(size: int) -> str:
    """So many bytes, in what people know."""
    return f"{max(1, round(size / 1000))} kB" if size < MEGABYTE else f"{size / MEGABYTE:.1f} MB"


async def _page(request: web.Request, form: Form) -> web.StreamResponse:
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        export: Export | None = await latest_export(unit, member.account.id)
    return render(
        request,
        "data.html",
        status=422 if form.errors else 200,
        form=form,
        export=export,
        size=room(export.size) if export is not None and export.size else "",
        proven=has_proved(request, member),
        days=GRACE.days,
    )
