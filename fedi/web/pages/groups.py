"""The groups of this network, and any group by its name."""

from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup
from sqlalchemy import func, select

from actors.local import get_local, local_groups
from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import Gone, NotFound
from fedi.core.html import plain
from fedi.core.unit import Unit
from fedi.debates.groups import moderators
from fedi.debates.models.thread import Thread
from fedi.debates.threads import list_threads
from fedi.web.keys import LANGUAGE, MEMBER, NETWORKS
from fedi.web.listing import Listed, list_thread, read_pinned, read_shelf
from fedi.web.marks import mark
from fedi.web.networks import actor_path, with_health
from fedi.web.pages.follows import relation_to
from fedi.web.people import byline_of
from fedi.web.render import FEED, render
from fedi.web.seen import memory_here
from fedi.web.words import health


@dataclass(frozen=True)
class GroupLine:
    """One group in the list of them."""

    name: str
    summary: str
    acct: str
    path: str
    mark: Markup
    debates: int
    latest: Listed | None


async def index(request: web.Request) -> web.StreamResponse:
    """GET /groups"""
    language = request[LANGUAGE]
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        groups = await local_groups(unit)
        counts = await _counts(unit, groups)
        lines = []
        for group in groups:
            latest = await list_threads(unit, group=group, limit=1)
            lines.append(
                GroupLine(
                    group.name or group.handle,
                    group.summary,
                    group.acct,
                    actor_path(group),
                    mark(group.uri),
                    counts.get(group.id, 0),
                    list_thread(latest[0], networks, language) if latest else None,
                )
            )
    return render(request, "groups.html", for_all=True, network=networks.ours, groups=lines)


async def _counts(unit: Unit, groups: list[Actor]) -> dict[int, int]:
    query = (
        select(Thread.group_id, func.count())
        .where(Thread.listed, Thread.group_id.in_([group.id for group in groups]))
        .group_by(Thread.group_id)
    )
    return {group: count for group, count in await unit.session.execute(query) if group is not None}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /g/NAME, and /g/NAME@host for a group of a peer"""
    node, language = request.app[NODE], request[LANGUAGE]
    before = request.query.get("before")
    async with node.db.reading() as unit:
        group = await find_actor(unit, request.match_info["name"], group=True)
        networks = await request.app[NETWORKS].read(unit)
        memory = memory_here(request)
        shelf = await read_shelf(
            unit, networks, language, group=group, before=before, memory=memory
        )
        same = [item for item in networks.others if item.actor.id == group.id]
        known = next(iter(await with_health(unit, same)), None)
        pinned = await read_pinned(unit, group, language)
        relation = await relation_to(unit, request[MEMBER], group)
        people = [byline_of(networks, person) for person in await moderators(unit, group)]
    path = actor_path(group)
    return render(
        request,
        "group.html",
        for_all=True,
        document=group.uri,
        group=group,
        local=group.is_local,
        label=networks.label(group.origin),
        mark=mark(group.uri),
        summary=plain_summary(group),
        threads=shelf.threads,
        path=path,
        feed=f"{path}{FEED}" if group.is_local else FEED,
        before=before,
        older=shelf.older and f"{path}?before={shelf.older}",
        health=known and known.peer and health(known.peer, language, node.clock()),
        followed=known is not None and known.accepted_at is not None,
        people=people,
        relation=relation,
        pinned=pinned,
    )


async def find_actor(unit: Unit, name: str, *, group: bool) -> Actor:
    """A person or a group by the name in an address: `NAME` or `NAME@host`.

    Only those already known are found: a GET asks nothing of other servers.
    Raises `NotFound`, and `Gone` for one that was closed.
    """
    handle, _, host = name.removeprefix("@").partition("@")
    if host in ("", unit.site.domain):
        actor = await get_local(unit, handle.lower())
    else:
        query = select(Actor).where(
            Actor.origin.in_([f"https://{host}", f"http://{host}"]),
            func.lower(Actor.handle) == handle.lower(),
            (Actor.type == "Group") == group,
        )
        actor = (await unit.session.scalars(query.order_by(Actor.id))).first()
    if actor is None or (actor.type == "Group") != group or actor.suspended_at is not None:
        raise NotFound("there is nobody here by that name")
    if actor.gone_at is not None:
        raise Gone("this account was closed")
    return actor


def plain_summary(actor: Actor) -> str:
    """What an actor says of itself, as text: ours is text, a peer's is HTML."""
    return actor.summary if actor.is_local else plain(actor.summary)
