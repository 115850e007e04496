"""What moderators did, for everybody to read; and each decision, for whoever it is about."""

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import Gone, Invalid, NotFound
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.debates.moderating import last_words
from fedi.debates.permissions import is_moderator, may_read
from fedi.moderation.appeals import appeal, decisions_about, find_decision, list_decisions
from fedi.web.forms import Form, read_form
from fedi.web.judging import ROLES, WORDS, tell
from fedi.web.keys import LANGUAGE, LIMITS, MEMBER, NETWORKS
from fedi.web.limits import address_of
from fedi.web.people import byline_of
from fedi.web.posts import set_scene
from fedi.web.render import render
from fedi.web.sessions import require_member

LINES = 50


async def show(request: web.Request) -> web.StreamResponse:
    """GET /moderation?before=ID: what was done, why, and by which role; nobody is named."""
    before = request.query.get("before", "")
    async with request.app[NODE].db.reading() as unit:
        after = int(before) if before.isdecimal() and len(before) < 19 else None
        decisions = await list_decisions(unit, before=after, limit=LINES + 1)
    return render(
        request,
        "moderation.html",
        for_all=True,
        decisions=decisions[:LINES],
        older=decisions[LINES - 1].id if len(decisions) > LINES else None,
        words=WORDS,
        roles=ROLES,
    )


async def about_me(request: web.Request) -> web.StreamResponse:
    """GET /decisions: what was decided about the member who asks."""
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        decisions = await decisions_about(unit, member.actor.id)
    return render(request, "decisions.html", decisions=decisions, words=WORDS)


async def show_decision(request: web.Request) -> web.StreamResponse:
    """GET /decisions/KEY: open to whoever has its address, for the suspended cannot sign in."""
    return await _decision_page(request, Form())


async def send_appeal(request: web.Request) -> web.StreamResponse:
    """POST /decisions/KEY: answer, once."""
    form = await read_form(request)
    request.app[LIMITS].reporting.take(address_of(request))
    try:
        async with request.app[NODE].db.unit() as unit:
            decision = await find_decision(unit, request.match_info["key"])
            await appeal(unit, decision, form["text"])
    except Invalid as error:
        form.refuse(error, "text")
        return await _decision_page(request, form)
    raise web.HTTPSeeOther(f"/decisions/{decision.key}")


async def _decision_page(request: web.Request, form: Form) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        decision = await find_decision(unit, request.match_info["key"])
        told = await tell(unit, await request.app[NETWORKS].read(unit), decision, request[LANGUAGE])
    status = 422 if form.errors else 200
    return render(request, "decision.html", status=status, told=told, form=form)


async def show_removed(request: web.Request) -> web.StreamResponse:
    """GET /posts/KEY/removed: what another network removed, which for us is its advice.

    What was hidden here is shown to those who look after it.
    """
    member = request[MEMBER]
    async with request.app[NODE].db.reading() as unit:
        query = select(Post).where(Post.key == request.match_info["key"])
        post = await unit.session.scalar(query)
        reader = member.actor if member is not None else None
        if post is None or not may_read(post, reader.uri if reader is not None else None):
            raise NotFound("there is no such message here")
        remover = await unit.find(Actor, id=post.removed_by_id) if post.removed_by_id else None
        words = await last_words(unit, post)
        if remover is None or words is None:
            raise Gone("this message was removed")
        thread = await thread_of(unit, post)
        moderates = reader is not None and await is_moderator(unit, thread.group_id, reader)
        staff = member is not None and member.account.moderates
        if remover.is_local and not (moderates or staff):
            raise Gone("this message was removed")
        scene = await set_scene(request, unit, thread)
        author = await unit.find(Actor, id=post.author_id)
        by = byline_of(scene.networks, author) if author is not None else None
    return render(
        request,
        "removed.html",
        post=post,
        thread=thread,
        path=scene.link(post),
        words=words,
        by=by,
        remover=scene.networks.ours.actor if remover.is_local else remover,
        hidden_here=remover.is_local,
    )
