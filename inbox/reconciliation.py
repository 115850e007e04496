"""Comparing debates of peers with how their origins keep them, night after night.

What is delivered may be lost: a node was down for too long, a server answered 202 and forgot.
The collection of the origin lists everything, so what is missing here is found there.
"""

from datetime import timedelta

import structlog
from sqlalchemy import select

from fedi.core.node import Node
from fedi.core.urls import same_origin
from fedi.debates.models.thread import Thread
from inbox.completion import MAX_POSTS, schedule_backfill
from inbox.models import Backfill

log = structlog.get_logger()

#: Debates in which something was said in that time are compared.
ACTIVE = timedelta(days=30)
#: One that was read in that time is not read again.
LATELY = timedelta(hours=20)
#: Debates of one night; the others have their turn in the next.
AT_MOST = 200


async def reconcile(node: Node) -> int:
    """Have active debates of peers read again, those read longest ago first; how many."""
    async with node.db.unit() as unit:
        query = (
            select(Thread.uri, Thread.origin)
            .outerjoin(Backfill, Backfill.uri == Thread.uri)
            .where(
                Thread.origin != unit.site.url,
                Thread.uri != Thread.root_uri,  # such a one has no collection
                Thread.listed.in_((True, False)),  # the index of what is active begins with it
                Thread.active_at > unit.now - ACTIVE,
                Thread.post_count <= MAX_POSTS,
                Backfill.id.is_(None) | (Backfill.finished_at < unit.now - LATELY),
            )
            .order_by(Backfill.finished_at.asc().nulls_first(), Thread.active_at.desc())
            .limit(AT_MOST)
        )
        rows = (await unit.session.execute(query)).all()
        uris = [uri for uri, origin in rows if same_origin(uri, origin)]
        await unit.load(Backfill, uri=uris)
        for uri in uris:
            await schedule_backfill(unit, uri, reason="nightly")
    log.info("reconciling", debates=len(uris))
    return len(uris)
