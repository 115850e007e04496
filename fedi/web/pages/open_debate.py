"""Opening a debate."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from actors.local import local_groups
from actors.models import Actor
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.core.i18n import N_
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path
from fedi.debates.drafts import DEBATE, discard_draft
from fedi.debates.tags import all_labels, read_labels
from fedi.debates.threads import open_thread
from fedi.debates.writing import render as render_text
from fedi.debates.writing import root_type
from fedi.web.composing import (
    ROOM,
    chooses_images,
    chosen_extras,
    language_of,
    read_composer,
    take_images,
)
from fedi.web.drafting import begun, keep_form
from fedi.web.forms import Form, read_form
from fedi.web.keys import LIMITS, NETWORKS
from fedi.web.mentions import find_named
from fedi.web.people import Byline, byline_of
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member


@dataclass(frozen=True)
class Preview:
    """A debate before it is published."""

    title: str
    question: str
    content: str
    is_whole: bool  # short and plain enough for microblogs to show all of it
    group: str
    by: Byline
    tags: Sequence[str]


async def show(request: web.Request) -> web.StreamResponse:
    """GET /open?group=HANDLE"""
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        form = await begun(unit, member, DEBATE)
    return await _page(request, Form({"group": request.query.get("group", ""), **form.values}))


async def publish(request: web.Request) -> web.StreamResponse:
    """POST /open: show how it will look, or publish it."""
    member = require_member(request)
    form = await read_form(request, room=ROOM)
    adds = chooses_images(form)
    if not adds:
        form.require("title", N_("a debate needs a title"))
        form.require("text", N_("there is nothing to publish: write a text"))
    form = await take_images(request, member, form)
    named = await find_named(request.app[NODE], form["text"])
    if not form.errors and not adds and not form.pressed("preview"):
        request.app[LIMITS].posting.take(str(member.account.id))
        try:
            path = await _publish(request, member, form, named)
        except Invalid as error:
            form.refuse(error, "text")
        else:
            raise web.HTTPSeeOther(path)
    await keep_form(request, member, DEBATE, form)
    preview = None if form.errors or adds else await _preview(request, form, named)
    is_wrong = form.errors and "HX-Request" not in request.headers
    return await _page(request, form, preview, status=422 if is_wrong else 200)


async def _publish(request: web.Request, member: Member, form: Form, named: Sequence[Actor]) -> str:
    async with request.app[NODE].db.unit() as unit:
        author = await actor_of(unit, member)
        thread = await open_thread(
            unit,
            author,
            await _chosen_group(unit, form),
            title=form.line("title"),
            question=form.line("question"),
            text=form["text"],
            language=language_of(form, member, request),
            mentions=named,
            extras=await chosen_extras(unit, member, form),
        )
        await discard_draft(unit, author, DEBATE)
        return page_path(thread)


async def _chosen_group(unit: Unit, form: Form) -> Actor:
    """The group that was chosen; the network's own when none was."""
    groups = await local_groups(unit)
    return next((group for group in groups if group.handle == form["group"]), groups[0])


async def _preview(request: web.Request, form: Form, named: Sequence[Actor]) -> Preview | None:
    try:
        tags = read_labels(form["tags"])
        written = await render_text(form["text"], None, named, request.app[NODE].site)
    except Invalid as error:
        form.refuse(error, "text")
        return None
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        group = await _chosen_group(unit, form)
        by = byline_of(await request.app[NETWORKS].read(unit), member.actor)
    title, question = form.line("title"), form.line("question")
    is_whole = root_type(written.content, form["text"]) == "Note"
    return Preview(
        title,
        question,
        written.content,
        is_whole,
        group.name,
        by,
        all_labels(tags, written.content) or (),
    )


async def _page(
    request: web.Request, form: Form, preview: Preview | None = None, *, status: int = 200
) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        groups = await local_groups(unit)
        composer = await read_composer(request, unit, require_member(request), form)
    return render(
        request,
        "open.html",
        status=status,
        form=form,
        groups=groups,
        preview=preview,
        composer=composer,
    )
