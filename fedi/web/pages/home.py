"""The list of debates."""

from aiohttp import web
from sqlalchemy import func, select

from actors.local import local_groups
from fedi.core.appkeys import NODE
from fedi.core.i18n import Language
from fedi.core.numerals import spell
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.debates.models.thread import Thread
from fedi.web.filters import choices, read_filters
from fedi.web.keys import LANGUAGE, NETWORKS
from fedi.web.listing import read_pinned, read_shelf
from fedi.web.networks import Networks, with_health
from fedi.web.render import render
from fedi.web.seen import memory_here
from fedi.web.words import health


async def show(request: web.Request) -> web.StreamResponse:
    """GET /?group=HANDLE&network=HOST&tag=NAME&show=unread&before=CURSOR"""
    node, language = request.app[NODE], request[LANGUAGE]
    before = request.query.get("before")
    async with node.db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        groups = await local_groups(unit)
        filters = await read_filters(unit, request.query, groups, networks)
        shelf = await read_shelf(
            unit,
            networks,
            language,
            group=next((group for group in groups if group.handle == filters.group), None),
            tag=filters.tag_name,
            origin=filters.origin,
            before=before,
            memory=memory_here(request),
            show=filters.show,
        )
        total = await count_threads(unit)
        pinned = await read_pinned(unit, networks.ours.actor, language)
        followed = await with_health(unit, networks.followed)
    return render(
        request,
        "home.html",
        for_all=True,
        network=networks.ours,
        groups=groups,
        filters=filters,
        choices=choices(networks),
        threads=shelf.threads,
        until=new_id(),
        total=total,
        before=before,
        first_page=filters.path(),
        older=shelf.older and filters.path(before=shelf.older),
        pinned=pinned,
        first_visit=_first_visit(networks, language),
        followed=[
            (network, health(network.peer, language, node.clock()))
            for network in followed
            if network.peer is not None
        ],
    )


async def count_threads(unit: Unit) -> int:
    """How many debates there are to read."""
    query = select(func.count()).select_from(Thread).where(Thread.listed)
    return await unit.session.scalar(query) or 0


def _first_visit(networks: Networks, language: Language) -> str:
    number = 1 + sum(network.debates_here for network in networks.followed)
    if number == 1:
        return language.gettext(
            "This network debates here, on its own server. Everything can be read without an "
            "account."
        )
    text = language.gettext(
        "%(number)s networks debate here, each from its own server. Everything can be read "
        "without an account."
    )
    word = spell(number, language.tag)
    return text % {"number": word[:1].upper() + word[1:]}
