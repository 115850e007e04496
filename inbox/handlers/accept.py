"""Accept: somebody agreed to be followed by an actor of ours."""

from actors.followers import accept_follow, find_follow
from actors.local import find_local
from actors.models import Actor, Dialect, Follow, Peer, Role
from fedi.core.jsonld import id_of
from fedi.core.unit import Unit
from fedi.debates.notifications import notify
from inbox.completion import schedule_backfill
from inbox.types import DONE, Need, Outcome, Received, ignored


async def handle_accept(unit: Unit, received: Received) -> Outcome:
    """Count the follow; of a network or a group, also fetch the debates it already had.

    A node of our kind also tells of which debates it keeps copies.
    """
    follow = await find_answered_follow(unit, received)
    if follow is None:
        return ignored("no-such-follow")
    follower = await unit.find(Actor, id=follow.follower_id)
    is_ours = follower is not None and follower.role in (Role.NETWORK, Role.GROUP)
    origin = received.actor.origin
    if is_ours and (waiting := received.ask(Need("peer", origin))) is not None:
        return waiting
    is_news = follow.accepted_at is None
    await accept_follow(unit, follow)
    if is_news and follower is not None:
        notify(unit, to=follower, kind="approval", by=received.actor)
    if is_news and is_ours:
        await schedule_backfill(unit, received.actor.outbox, reason=follow.uri)
        peer = await unit.find(Peer, uri=origin)
        if peer is not None and peer.dialect is Dialect.NODE:
            await schedule_backfill(unit, f"{origin}/m", reason=follow.uri)
    return DONE


async def find_answered_follow(unit: Unit, received: Received) -> Follow | None:
    """Our Follow that an Accept or a Reject is about, if the one who answers is who was asked.

    Found by its id, else by its two actors: some peers answer with an id of their own.
    """
    follow = await find_follow(unit, uri=received.object_uri) if received.object_uri else None
    request = received.object
    if follow is None and request is not None and request.get("type") == "Follow":
        follower = await find_local(unit, id_of(request.get("actor")) or "")
        if follower is not None:
            follow = await find_follow(unit, pair=(follower, received.actor))
    if follow is None or follow.followed_id != received.actor.id:
        return None
    return follow
