"""The members of this network."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.debates.members import Membership, list_members
from fedi.web.keys import NETWORKS
from fedi.web.networks import Networks
from fedi.web.people import Byline, byline_of
from fedi.web.render import render

#: Members on one page.
SHOWN = 50


@dataclass(frozen=True)
class MemberLine:
    """One member in the list of them."""

    by: Byline
    summary: str
    debates: int
    last_at: datetime | None


async def index(request: web.Request) -> web.StreamResponse:
    """GET /members; `after` is the handle that the page before ended with"""
    after = request.query.get("after", "")
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        found = await list_members(unit, after=after, limit=SHOWN + 1)
    shown = found[:SHOWN]
    return render(
        request,
        "members.html",
        for_all=True,
        members=[_line(networks, item) for item in shown],
        after=after,
        further=shown[-1].actor.handle if len(found) > SHOWN else "",
    )


def _line(networks: Networks, item: Membership) -> MemberLine:
    return MemberLine(
        byline_of(networks, item.actor), item.actor.summary, item.debates, item.last_at
    )
