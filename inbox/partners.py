"""Knowing the partners of the networks we follow: those who keep copies of their debates.

A Group names them in its document.  They are met while it can still be asked, so that what our
members say reaches them when it no longer can.
"""

from sqlalchemy import select

from actors.local import network_actor
from actors.models import Actor, Dialect, Follow, Peer
from actors.nodeinfo import ensure_described
from actors.remote import obtain_actor
from fedi.core.errors import FediError
from fedi.core.fetch import Budget
from fedi.core.node import Node

#: Partners met, and Groups asked again, in one round.
AT_MOST = 10
#: Servers that are looked at, and Groups on them.
MOST_ORIGINS, MOST_GROUPS = 200, 200


async def meet_partners(node: Node) -> int:
    """Meet partners that are named and unknown, and read Groups again once a day; how many."""
    async with node.db.reading() as unit:
        network = await network_actor(unit)
        followed = select(Follow.followed_id).where(Follow.follower_id == network.id)
        servers = select(Actor.origin).where(Actor.id.in_(followed), Actor.role.is_(None))
        origins = sorted(set(await unit.session.scalars(servers)))[:MOST_ORIGINS]
        query = (
            select(Actor.uri, Actor.mirrors, Actor.successors)
            .join(Peer, Peer.uri == Actor.origin)
            .where(
                Actor.origin.in_(origins),
                Actor.type == "Group",
                Peer.dialect == Dialect.NODE,
                Actor.vouched_by.is_(None),
            )
            .order_by(Actor.fetched_at, Actor.id)
            .limit(MOST_GROUPS)
        )
        groups = (await unit.session.execute(query)).all()
        named = {uri for row in groups for uri in [*(row[1] or ()), *(row[2] or ())]}
        known = set(await unit.session.scalars(select(Actor.uri).where(Actor.uri.in_(named))))
    wanted = sorted(uri for uri in named - known if not node.site.is_local(uri))[:AT_MOST]
    wanted += [row.uri for row in groups[:AT_MOST]]  # fetched only when that was a day ago
    budget = Budget(gets=10 * AT_MOST, hosts=2 * AT_MOST, seconds=60)
    met = 0
    for uri in wanted:
        try:
            actor = await obtain_actor(node, uri, budget)
            await ensure_described(node, actor.origin, budget)
            met += uri not in known
        except FediError:
            continue  # another day
    return met
