"""Reporting a message or a person, with an account or without, and reading what came of it."""

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.accounts.signup import check_email
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid, NotFound
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.moderation.reports import find_report, write_report
from fedi.web.forms import Form, read_form
from fedi.web.keys import LANGUAGE, LIMITS, MEMBER, NETWORKS
from fedi.web.limits import address_of
from fedi.web.pages.groups import find_actor
from fedi.web.people import byline_of
from fedi.web.posts import find_shown
from fedi.web.render import render
from fedi.web.sessions import actor_of


async def ask(request: web.Request) -> web.StreamResponse:
    """GET /report/KEY or /report?person=NAME: what is reported, and a place for the reason."""
    post = {"post": key} if (key := request.match_info.get("key")) else {}
    return await _page(request, Form({**request.query, **post}))


async def send(request: web.Request) -> web.StreamResponse:
    """POST /report: keep it for the moderators; whoever fills in what nobody sees is a program."""
    form, member = await read_form(request), request[MEMBER]
    if form["website"]:
        raise web.HTTPSeeOther("/moderation")
    request.app[LIMITS].reporting.take(address_of(request))
    try:
        answer_to = check_email(form.line("answer-to")) if form.line("answer-to") else ""
    except Invalid as error:
        form.refuse(error, "answer-to")
        form.errors = {"answer-to": str(error)}
        return await _page(request, form)
    try:
        async with request.app[NODE].db.unit() as unit:
            post, person = await _subject(request, unit, form)
            report = await write_report(
                unit,
                reason=form["reason"],
                post=post,
                actor=person,
                reporter=await actor_of(unit, member) if member is not None else None,
                answer_to="" if member is not None else answer_to,
                language=request[LANGUAGE].tag,
                forward=form.pressed("forward"),
            )
    except Invalid as error:
        form.refuse(error, "reason")
        return await _page(request, form)
    raise web.HTTPSeeOther(f"/reports/{report.key}")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/KEY: what came of a report, for whoever has its address."""
    async with request.app[NODE].db.reading() as unit:
        report = await find_report(unit, request.match_info["key"])
    return render(request, "reported.html", report=report)


async def _subject(
    request: web.Request, unit: Unit, form: Form
) -> tuple[Post | None, Actor | None]:
    if key := form.line("post"):
        post, _, _ = await find_shown(request, unit, key=key)
        return post, None
    if not form.line("person"):
        raise NotFound("there is nothing to report at this address")
    return None, await find_actor(unit, form.line("person"), group=False)


async def _page(request: web.Request, form: Form) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        post, person = await _subject(request, unit, form)
        shown = None
        if post is not None:
            _, _, shown = await find_shown(request, unit, key=post.key)
            query = select(Actor).where(Actor.id == post.author_id)
            person = (await unit.session.scalars(query)).one()
        by = byline_of(await request.app[NETWORKS].read(unit), person) if person else None
    return render(
        request,
        "report.html",
        status=422 if form.errors else 200,
        form=form,
        post=shown,
        by=by,
        elsewhere=person.domain if person is not None and not person.is_local else "",
    )
