"""A member follows somebody, or a group."""

from enum import StrEnum

from aiohttp import web

from actors.followers import find_follow
from actors.models import Actor
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.core.unit import Unit
from fedi.debates.relations import follow, unfollow
from fedi.web.forms import read_form
from fedi.web.networks import actor_path
from fedi.web.sessions import actor_of, require_member


class Relation(StrEnum):
    """What the reader is to the actor of a page."""

    NONE = ""  # a visitor, or the same actor
    STRANGER = "stranger"
    ASKED = "asked"  # the other has not answered yet
    FOLLOWER = "follower"


async def relation_to(unit: Unit, member: Member | None, actor: Actor) -> Relation:
    """Tell what a reader may be offered: to follow, or to stop."""
    if member is None or member.actor.id == actor.id:
        return Relation.NONE
    known = await find_follow(unit, pair=(member.actor, actor))
    if known is None or known.rejected_at is not None:
        return Relation.STRANGER
    return Relation.FOLLOWER if known.accepted_at is not None else Relation.ASKED


async def start(request: web.Request) -> web.StreamResponse:
    """POST /follow: ask to follow the actor whose id the form holds."""
    return await _change(request, wanted=True)


async def stop(request: web.Request) -> web.StreamResponse:
    """POST /unfollow: follow it no more."""
    return await _change(request, wanted=False)


async def _change(request: web.Request, *, wanted: bool) -> web.StreamResponse:
    member = require_member(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        target = await unit.find(Actor, uri=form["actor"])
        if target is None or target.gone_at is not None:
            raise NotFound("there is nobody here by that name")
        verb = follow if wanted else unfollow
        await verb(unit, await actor_of(unit, member), target)
    raise web.HTTPSeeOther(actor_path(target))
