"""The networks that ours follows, and those that follow it."""

from contextlib import suppress
from dataclasses import dataclass, replace

from aiohttp import web
from sqlalchemy import func, select

from actors.models import Actor, Follow
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError, Forbidden, NotFound
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.models.thread import Participation, Thread
from fedi.moderation.choosing import follow_networks
from fedi.web.forms import Form, read_form
from fedi.web.keys import CHOSEN, FRAGMENTS, LANGUAGE, MORE_DEBATES, NETWORKS
from fedi.web.looking_up import look_up
from fedi.web.networks import Network, Networks, with_health
from fedi.web.pages.groups import plain_summary
from fedi.web.render import render
from fedi.web.sessions import require_member
from fedi.web.words import Health, health


@dataclass(frozen=True)
class NetworkLine:
    """One network in the list of them."""

    network: Network
    summary: str
    health: Health | None
    shared: int


@dataclass(frozen=True)
class Found:
    """What an address led to, before anything is asked of it."""

    actor: Actor
    name: str
    summary: str


async def show(request: web.Request) -> web.StreamResponse:
    """GET /networks"""
    return await _page(request, Form())


async def follow(request: web.Request) -> web.StreamResponse:
    """POST /networks: look an address up; once confirmed, ask that network for its debates."""
    member = require_member(request)
    form = await read_form(request)
    if not member.account.administers:
        raise Forbidden("only administrators choose which networks are followed")
    node = request.app[NODE]
    lookup = await look_up(node, form.line("address"))
    if (actor := lookup.network) is None:
        form.errors["address"] = lookup.why
        return await _page(request, form, status=422)
    if not form.pressed("confirm"):
        found = Found(actor, actor.name or actor.handle, plain_summary(actor))
        return await _page(request, form, found=found)
    async with node.db.unit() as unit:
        await follow_networks(unit, member.account, request.app[CHOSEN].now, [actor])
    raise web.HTTPSeeOther("/networks")


async def ask_for_more(request: web.Request) -> web.StreamResponse:
    """POST /networks/more: have earlier debates of a network that ours follows read."""
    require_member(request)
    form = await read_form(request)
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
    origins = {network.actor.origin for network in networks.followed if network.debates_here}
    origin = form.line("origin")
    if origin not in origins:
        raise NotFound("only networks that ours follows are asked for their debates")
    with suppress(FediError):  # a server that does not answer is asked another time
        await request.app[MORE_DEBATES](origin)
    raise web.HTTPSeeOther("/networks")


async def _page(
    request: web.Request, form: Form, *, status: int = 200, found: Found | None = None
) -> web.Response:
    node, language = request.app[NODE], request[LANGUAGE]
    async with node.db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        people = await _people(request, unit, networks)
        networks = replace(networks, others=tuple(await with_health(unit, networks.others)))
        shared = await _shared(unit, [network.actor.origin for network in networks.others])

    def line(network: Network) -> NetworkLine:
        state = health(network.peer, language, node.clock()) if network.peer else None
        return NetworkLine(
            network, plain_summary(network.actor), state, shared.get(network.actor.origin, 0)
        )

    return render(
        request,
        "networks.html",
        status=status,
        for_all=status == 200,
        form=form,
        found=found,
        followed=[line(network) for network in networks.followed],
        following=[line(network) for network in networks.following],
        people=_people_in_words(*people, language),
    )


async def _shared(unit: Unit, origins: list[str]) -> dict[str, int]:
    """In how many listed debates somebody of each of these servers takes part."""
    query = (
        select(Actor.origin, func.count(func.distinct(Participation.thread_id)))
        .join(Participation, Participation.actor_id == Actor.id)
        .join(Thread, Thread.id == Participation.thread_id)
        .where(Actor.origin.in_(origins), Thread.listed, Participation.post_count > 0)
        .group_by(Actor.origin)
    )
    return dict((await unit.session.execute(query)).all())


async def _people(request: web.Request, unit: Unit, networks: Networks) -> tuple[int, int]:
    """Those who follow ours; they are counted again when a network has changed."""
    kept, key = request.app[FRAGMENTS], ("people", networks)
    people: tuple[int, int] | None = kept.get(key)
    return people or kept.keep(key, await _count_people(unit, networks.ours.actor), 0)


async def _count_people(unit: Unit, network: Actor) -> tuple[int, int]:
    """How many persons follow the network, and from how many other servers."""
    query = (
        select(func.count(), func.count(func.distinct(Actor.origin)))
        .join(Follow, Follow.follower_id == Actor.id)
        .where(
            Follow.followed_id == network.id,
            Follow.accepted_at.is_not(None),
            Actor.type != "Group",
            Actor.role.is_(None),
        )
    )
    persons, servers = (await unit.session.execute(query)).one()
    return persons, servers


def _people_in_words(persons: int, servers: int, language: Language) -> str:
    if not persons:
        return ""
    who = language.count("And %(num)d person", "And %(num)d people", persons)
    where = language.count("from %(num)d server.", "from %(num)d servers.", servers)
    return f"{who}, {where}"
