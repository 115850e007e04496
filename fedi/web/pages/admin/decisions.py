"""Decisions, and the appeals that wait for an answer."""

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, Invalid
from fedi.moderation.appeals import answer_appeal, find_decision, list_decisions, waiting_appeals
from fedi.moderation.models import Act
from fedi.web.forms import Form, read_form
from fedi.web.judging import tell
from fedi.web.keys import LANGUAGE, NETWORKS
from fedi.web.render import render
from fedi.web.sessions import require_moderator

LINES = 50
#: What takes each act back, of those that can be.
_BACK = {
    Act.HIDE: "restore",
    Act.SILENCE: "unsilence",
    Act.SUSPEND: "reinstate",
}


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/decisions?before=ID"""
    require_moderator(request)
    before = request.query.get("before", "")
    async with request.app[NODE].db.reading() as unit:
        networks, language = await request.app[NETWORKS].read(unit), request[LANGUAGE]
        after = int(before) if before.isdecimal() and len(before) < 19 else None
        decisions = await list_decisions(unit, before=after, limit=LINES + 1)
        appeals = [] if after else await waiting_appeals(unit)
        told = [await tell(unit, networks, decision, language) for decision in decisions[:LINES]]
        waiting = [await tell(unit, networks, decision, language) for decision in appeals]
    older = decisions[LINES - 1].id if len(decisions) > LINES else None
    return render(request, "admin/decisions.html", told=told, waiting=waiting, older=older)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/decisions/KEY"""
    require_moderator(request)
    return await _page(request, Form())


async def answer(request: web.Request) -> web.StreamResponse:
    """POST /admin/decisions/KEY: judge an appeal."""
    member = require_moderator(request)
    form = await read_form(request)
    try:
        async with request.app[NODE].db.unit() as unit:
            decision = await find_decision(unit, request.match_info["key"])
            await answer_appeal(
                unit,
                member.account,
                decision,
                granted=form.pressed("grant"),
                answer=form["answer"],
            )
    except (Invalid, Forbidden) as error:
        form.refuse(error, "answer")
        return await _page(request, form)
    raise web.HTTPSeeOther(f"/admin/decisions/{decision.key}")


async def _page(request: web.Request, form: Form) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        decision = await find_decision(unit, request.match_info["key"])
        networks = await request.app[NETWORKS].read(unit)
        told = await tell(unit, networks, decision, request[LANGUAGE])
    return render(
        request,
        "admin/decision.html",
        status=422 if form.errors else 200,
        told=told,
        form=form,
        back=_BACK.get(decision.act) if decision.ended_at is None else None,
    )
