"""The queue of reports: read, taken, closed with an answer."""

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.debates.addresses import post_path
from fedi.debates.joining import thread_of
from fedi.debates.moderating import last_words
from fedi.moderation.acts import account_of
from fedi.moderation.reports import (
    close_report,
    find_report,
    list_reports,
    take_report,
    with_subjects,
)
from fedi.web.forms import Form, read_form
from fedi.web.keys import NETWORKS
from fedi.web.people import byline_of
from fedi.web.render import render
from fedi.web.sessions import require_moderator


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/reports?show=closed"""
    require_moderator(request)
    closed = request.query.get("show") == "closed"
    async with request.app[NODE].db.reading() as unit:
        reports = await list_reports(unit, closed=closed)
    return render(request, "admin/reports.html", reports=reports, closed=closed)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/reports/KEY: what is reported, why, and what can be done."""
    return await _page(request, Form())


async def handle(request: web.Request) -> web.StreamResponse:
    """POST /admin/reports/KEY: look after it, or close it with an answer."""
    member = require_moderator(request)
    form = await read_form(request)
    try:
        async with request.app[NODE].db.unit() as unit:
            report = await find_report(unit, request.match_info["key"])
            if form.pressed("take"):
                await take_report(unit, member.account, report)
            else:
                await close_report(unit, member.account, report, form["answer"])
    except Invalid as error:
        form.refuse(error, "answer")
        return await _page(request, form)
    ends = "" if form.pressed("take") else "?done=closed"
    raise web.HTTPSeeOther(f"/admin/reports{'/' + report.key if form.pressed('take') else ends}")


async def _page(request: web.Request, form: Form) -> web.Response:
    require_moderator(request)
    async with request.app[NODE].db.reading() as unit:
        report = await find_report(unit, request.match_info["key"])
        (reported,) = await with_subjects(unit, [report])
        networks = await request.app[NETWORKS].read(unit)
        post, person = reported.post, reported.actor
        path, words = None, None
        if post is not None:
            thread = await thread_of(unit, post)
            path = post_path(thread, post.key, depth=post.depth)
            words = await last_words(unit, post)
        account = await account_of(unit, person) if person is not None else None
    return render(
        request,
        "admin/report.html",
        status=422 if form.errors else 200,
        report=report,
        reported=reported,
        post=post,
        path=path,
        content=words.content if words is not None else post.content if post is not None else "",
        by=byline_of(networks, person) if person is not None else None,
        person=person,
        account=account,
        form=form,
    )
