"""What members have read of debates whose posts went elsewhere: nothing becomes new by that."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import false, or_, select

from fedi.accounts.models import Account
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Attention, Reading
from fedi.debates.models.thread import Thread
from fedi.debates.readings import AHEAD
from fedi.debates.tree import branch


@dataclass(frozen=True)
class _Known:
    """What a member has read of a debate."""

    until: int
    ahead: Collection[int] = field(default=())
    attention: Attention | None = None

    def holds(self, post: int) -> bool:
        return post <= self.until or post in self.ahead


async def carry_readings(
    unit: Unit, source: Thread, target: Thread, tops: Collection[Post]
) -> None:
    """Let what was read in one debate be read in the other, to which these branches went."""
    await unit.flush()
    query = (
        select(Reading, Account)
        .join(Account, Account.actor_id == Reading.actor_id)
        .where(Reading.thread_id.in_([source.id, target.id]))
    )
    rows = (await unit.session.execute(query)).all()
    theirs = {(row.actor_id, row.thread_id): row for row, _ in rows}
    accounts = {row.actor_id: max(account.id, account.read_until) for row, account in rows}
    posts = select(Post.id).where(Post.thread_id == target.id).order_by(Post.id)
    arrived = set(
        await unit.session.scalars(posts.where(or_(false(), *(branch(top) for top in tops))))
    )
    everything = list(await unit.session.scalars(posts))
    for actor_id, since in accounts.items():
        there = _known(theirs.get((actor_id, source.id)), since)
        row = theirs.get((actor_id, target.id))
        here = _known(row, since)
        if row is None:
            row = unit.add(Reading(actor_id=actor_id, thread_id=target.id, read_at=None))
        read = [post for post in everything if (there if post in arrived else here).holds(post)]
        unread = sorted(set(everything).difference(read))
        row.read_until = unread[0] - 1 if unread else max(there.until, here.until)
        row.ahead = [post for post in read if post > row.read_until][-AHEAD:]
        row.attention = here.attention or there.attention


def _known(row: Reading | None, since: int) -> _Known:
    if row is None:
        return _Known(since)
    return _Known(max(row.read_until, since), frozenset(row.ahead), row.attention)
