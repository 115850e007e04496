"""Follow: somebody asks to hear what an actor of ours says."""

from actors.followers import accept_follow, find_follow, request_follow, targets_of
from actors.local import find_local
from actors.models import Actor, Dialect, Peer, Role
from fedi.core.jsonld import Document
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.notifications import notify
from fedi.debates.retractions import is_retracted
from inbox.types import DONE, Need, Outcome, Received, ignored
from outbox.builders import build_accept, build_reject
from outbox.introduction import introduce
from outbox.publish import publish


async def handle_follow(unit: Unit, received: Received) -> Outcome:
    """Record the request, and accept at once unless the actor approves by hand.

    A repeated Follow is accepted again: the peer may have lost our first Accept.
    """
    uri = received.uri
    followed = await find_local(unit, received.object_uri or "")
    if followed is None or uri is None:
        return ignored("not-an-actor")
    if followed.role is Role.INSTANCE or followed.gone_at or followed.suspended_at:
        await _answer(unit, followed, received, accept=False)
        return ignored("not-followable")
    if await is_retracted(unit, uri, received.actor_uri):
        return ignored("retracted")
    known = await find_follow(unit, uri=uri)
    if known is not None and known.follower_id != received.actor.id:
        return ignored("follow-id-taken")
    if (waiting := await _know_peer(unit, received)) is not None:
        return waiting

    asked = await find_follow(unit, pair=(received.actor, followed))
    follow = await request_follow(unit, uri, received.actor, followed)
    if asked is None:
        notify(unit, to=followed, kind="follow", by=received.actor)
    if followed.approves_followers and follow.accepted_at is None:
        return DONE
    is_news = follow.accepted_at is None
    await accept_follow(unit, follow)
    await _answer(unit, followed, received, accept=True)
    if is_news and await _keeps_copies(unit, received.actor) and followed.type == "Group":
        await introduce(unit, followed)  # it names those who keep its debates
    return DONE


async def _keeps_copies(unit: Unit, follower: Actor) -> bool:
    """Whether a follower is a network of our kind."""
    peer = await unit.find(Peer, uri=follower.origin)
    return follower.type == "Group" and peer is not None and peer.dialect is Dialect.NODE


async def _know_peer(unit: Unit, received: Received) -> Outcome | None:
    """Ask what the follower's server runs before anything is sent there: dialects differ."""
    peer = await unit.find(Peer, uri=received.actor.origin)
    if peer is not None and peer.described_at is not None:
        return None
    return received.ask(Need("peer", received.actor.origin))


async def _answer(unit: Unit, followed: Actor, received: Received, *, accept: bool) -> None:
    build = build_accept if accept else build_reject
    request: Document = {
        "id": received.uri,
        "type": "Follow",
        "actor": received.actor_uri,
        "object": followed.uri,
    }
    document = build(unit.site, new_key(), followed.uri, request)
    targets = await targets_of(unit, [received.actor], "addressed")
    await publish(unit, followed, document, to=targets, public=False)
