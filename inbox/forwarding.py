"""Passing on what others said: to the followers of our Groups, to the keepers of a debate."""

from actors.followers import targets_of
from actors.local import network_actor
from actors.models import Actor, Peer
from fedi.core.errors import Malformed
from fedi.core.jsonld import ids_of
from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.debates.audience import carriers
from fedi.debates.groups import relay
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import is_public
from inbox.types import Received
from outbox.publish import destinations, forward

#: A debate that is kept in more places than this needs no help of ours to be heard.
MAX_TARGETS = 1000


async def pass_on(unit: Unit, received: Received, post: Post) -> None:
    """Make an accepted activity about a post heard by those who would not hear of it.

    In a debate of ours, our Group redistributes it.  In a debate of a peer, what answers or
    likes a post of a member of ours often reaches only us, so we forward it; and everything while
    its origin is silent, since nobody else tells those who only follow us.  What came
    through somebody else's Announce, or was fetched, has been heard already.
    """
    if received.way != "sent" or received.uri is None or not is_public(post):
        return
    thread = await unit.find(Thread, id=post.thread_id)
    if thread is None:
        return
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    if group is not None and group.is_local:
        await relay(
            unit,
            thread,
            actor=received.actor,
            uri=received.uri,
            type=received.type,
            object_uri=post.uri,
            document=received.activity,
            body=received.body,
            root=post.id == thread.root_id,
        )
    elif not received.is_relayed and (
        await _concerns_a_member(unit, received, post) or await _is_silent(unit, thread)
    ):
        await _forward(unit, received, thread, group)


async def _is_silent(unit: Unit, thread: Thread) -> bool:
    """Whether the origin of a debate does not answer: then those who follow us hear of it here."""
    peer = await unit.find(Peer, uri=thread.origin)
    return peer is not None and peer.failing_since is not None


async def _concerns_a_member(unit: Unit, received: Received, post: Post) -> bool:
    """Whether a post of ours was answered or liked: others of that thread may not be told.

    A post that answers ours brings its edits and its end with it.
    """
    about: Post | None = post
    if received.type in ("Create", "Update", "Delete"):
        about = await unit.find(Post, id=post.parent_id) if post.parent_id else None
    author = await unit.find(Actor, id=about.author_id) if about is not None else None
    return author is not None and author.is_local


async def _forward(unit: Unit, received: Received, thread: Thread, group: Actor | None) -> None:
    """Send the bytes as they came to the origin of a debate and to those who keep it.

    Only once, one hop from where it was said (ActivityPub §7.1.2): who receives it that way
    fetches it again, or checks its proof.  Servers that the author addressed know already.
    """
    keepers = [*await carriers(unit, thread), *([group] if group is not None else [])]
    told = _addressed_origins(received) | {received.actor.origin}
    targets = await targets_of(unit, {actor.id: actor for actor in keepers}.values(), "carrier")
    targets = [target for target in targets if target.origin not in told]
    if targets and received.uri is not None:
        await forward(
            unit,
            uri=received.uri,
            type=received.type,
            object_uri=received.object_uri,
            actor=received.actor,
            body=received.body,
            signer=await network_actor(unit),
            to=await destinations(unit, targets[:MAX_TARGETS]),
        )


def _addressed_origins(received: Received) -> set[str]:
    origins = set()
    for name in ("to", "cc"):
        for uri in ids_of(received.activity.get(name)):
            try:
                origins.add(str(origin_of(uri)))
            except Malformed:
                continue
    return origins
