"""What a member has begun to write: kept while they type, found again, thrown away."""

from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.i18n import Language
from fedi.debates.drafts import DEBATE, Begun, discard_draft, keep_draft, list_drafts
from fedi.web.forms import read_form, safe_path
from fedi.web.keys import LANGUAGE, LIMITS
from fedi.web.listing import untitled
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member

#: How much of a draft its list shows.
EXCERPT = 280


@dataclass(frozen=True)
class Line:
    """One draft in the list of them."""

    place: str
    path: str  # where one goes on writing
    title: str
    answers: str  # whoever wrote the message it answers; empty for a debate to be opened
    excerpt: str
    updated_at: datetime


async def index(request: web.Request) -> web.StreamResponse:
    """GET /drafts"""
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        begun = await list_drafts(unit, member.actor)
    return render(request, "drafts.html", lines=[_line(one, request[LANGUAGE]) for one in begun])


def _line(one: Begun, language: Language) -> Line:
    if one.thread is None:
        path, title = "/open", one.fields.get("title", "") or language.gettext("A debate to open")
    else:
        path, title = f"/posts/{one.place}/reply", one.thread.title or untitled(language)
    text = one.fields.get("text", "") or one.fields.get("question", "")
    return Line(
        one.place,
        path,
        title,
        one.answers,
        shorten(text, EXCERPT, placeholder=" …"),
        one.updated_at,
    )


async def keep(request: web.Request) -> web.StreamResponse:
    """POST /drafts/PLACE: keep it, and say so in a line."""
    member = require_member(request)
    form = await read_form(request)
    request.app[LIMITS].drafting.take(str(member.account.id))
    place = request.match_info["place"]
    async with request.app[NODE].db.unit() as unit:
        actor = await actor_of(unit, member)
        is_kept = await keep_draft(unit, actor, place, form.written)
    return render(request, "draft.html", place=place, is_kept=is_kept)


async def discard(request: web.Request) -> web.StreamResponse:
    """POST /drafts/PLACE/discard: throw it away, and go back to what it was to answer."""
    member = require_member(request)
    form = await read_form(request)
    place = request.match_info["place"]
    async with request.app[NODE].db.unit() as unit:
        await discard_draft(unit, await actor_of(unit, member), place)
    came_from = "/" if place == DEBATE else f"/o/{place}"
    raise web.HTTPSeeOther(safe_path(form["next"]) if form.pressed("next") else came_from)
