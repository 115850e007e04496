"""A member comes from another server with the address of a message or of somebody there."""

from aiohttp import web

from actors.remote import obtain_by_handle
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError, NotFound, Unreachable
from fedi.debates.permissions import may_reply
from fedi.web.keys import FIND_POST, LIMITS, MEMBER, NETWORKS
from fedi.web.networks import actor_path
from fedi.web.pages.follows import relation_to
from fedi.web.pages.groups import plain_summary
from fedi.web.people import byline_of
from fedi.web.posts import find_shown
from fedi.web.render import render
from fedi.web.sessions import require_member


async def show(request: web.Request) -> web.StreamResponse:
    """GET /authorize_interaction?uri=…: the message found, with what one may do here.

    The address may be that of a message, of its page, or of an actor; each is fetched when
    it is unknown.  Raises `NotFound` when it leads to none, `Unreachable` when nobody answers.
    """
    member = require_member(request)
    request.app[LIMITS].looking_up.take(str(member.account.id))
    uri = request.query.get("uri", "").strip()
    post = await _find_post(request, uri)
    if post is None:
        return await _show_actor(request, uri)
    async with request.app[NODE].db.reading() as unit:
        _, scene, shown = await find_shown(request, unit, uri=post)
        locked = not await may_reply(unit, scene.thread, member.actor)
    return render(request, "authorize.html", thread=scene.thread, post=shown, locked=locked)


async def _find_post(request: web.Request, uri: str) -> str | None:
    """The id of the post at an address, ours or a peer's."""
    try:
        post = await request.app[FIND_POST](uri)
    except FediError:
        return None
    return post.uri if post is not None else None


async def _show_actor(request: web.Request, uri: str) -> web.Response:
    try:
        actor = await obtain_by_handle(request.app[NODE], uri.removeprefix("acct:"))
    except Unreachable:
        raise
    except FediError as error:
        raise NotFound("this address leads to no message and to nobody") from error
    if actor.type == "Group":
        raise web.HTTPSeeOther(actor_path(actor))
    async with request.app[NODE].db.reading() as unit:
        by = byline_of(await request.app[NETWORKS].read(unit), actor)
        relation = await relation_to(unit, request[MEMBER], actor)
    return render(
        request,
        "authorize.html",
        post=None,
        actor=actor,
        by=by,
        relation=relation,
        summary=plain_summary(actor),
    )
