"""Whom a post is addressed to, and where it travels."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from actors.followers import Target, follower_targets, targets_of
from actors.local import network_actor
from actors.models import Actor, Dialect, Follow, Peer
from fedi.core.unit import Unit
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Participation, Thread


def address(
    post: Post,
    author: Actor,
    group: Actor | None,
    answered: Actor | None,
    mentioned: Sequence[Actor],
) -> tuple[list[str], list[str]]:
    """The ids a public post of ours is addressed to: `to` and `cc`.

    There is one Group in them, the same as in `audience`: Lemmy refuses a post otherwise.
    """
    to: list[str | None] = [PUBLIC]
    cc: list[str | None] = [author.followers]
    if post.parent_uri is None:
        to.insert(0, post.audience_uri)
        cc.append(group.followers if group is not None else None)
    else:
        to.insert(0, answered.uri if answered is not None else None)
        cc.insert(0, post.audience_uri)
    cc.extend(actor.uri for actor in mentioned)
    return _distinct(to, {author.uri}), _distinct(cc, {author.uri, *to})


def _distinct(uris: Sequence[str | None], left_out: set[str | None]) -> list[str]:
    return [uri for uri in dict.fromkeys(uris) if uri is not None and uri not in left_out]


async def post_targets(unit: Unit, post: Post, thread: Thread) -> list[Target]:
    """Where the author's own activities about a public post go, most direct reasons first.

    No reply depends on a hub to travel: besides whom it addresses and the author's followers,
    every server that takes part in the thread gets it, and every node that keeps it.  Only
    when the Group is ours are those nodes left to `groups.relay`, which reaches them anyway.
    """
    author = await unit.find(Actor, id=post.author_id)
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    answered, mentioned = await named_actors(unit, post)
    addressed = [actor for actor in (answered, *mentioned, group) if actor is not None]
    targets = await targets_of(unit, addressed, "addressed")
    if author is not None:
        targets += await follower_targets(unit, author)
    targets += await participant_targets(unit, thread)
    if group is None or not group.is_local:
        targets += await carrier_targets(unit, thread)
    return targets


async def named_actors(unit: Unit, post: Post) -> tuple[Actor | None, list[Actor]]:
    """Who wrote the post that a post answers, and whom it mentions."""
    parent = await unit.find(Post, id=post.parent_id) if post.parent_id else None
    answered = await unit.find(Actor, id=parent.author_id) if parent is not None else None
    await unit.load(Actor, uri=post.mentions)
    mentioned = [await unit.find(Actor, uri=uri) for uri in post.mentions]
    return answered, [actor for actor in mentioned if actor is not None]


async def participant_targets(unit: Unit, thread: Thread) -> list[Target]:
    """The actors of peers who wrote in a thread."""
    await unit.flush()
    query = (
        select(Actor)
        .join(Participation, Participation.actor_id == Actor.id)
        .where(
            Participation.thread_id == thread.id,
            Participation.post_count > 0,
            Actor.role.is_(None),
        )
        .order_by(Actor.id)
    )
    return await targets_of(unit, await unit.session.scalars(query), "participant")


async def carriers(unit: Unit, thread: Thread) -> list[Actor]:
    """The networks that keep a thread besides us, by their Groups.

    They follow one of ours, or the Group of the debate tells that they keep it.  A debate of
    somebody else is kept, too, by the networks that ours follows, and by the Group where it was
    opened when its node is of our kind.
    """
    network = await network_actor(unit)
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    followed = {network.id, thread.group_id or network.id}
    accepted = Follow.accepted_at.is_not(None)
    keeps = [
        Actor.id.in_(select(Follow.follower_id).where(Follow.followed_id.in_(followed), accepted)),
        Actor.id == thread.group_id,
    ]
    if group is not None and group.mirrors and not group.is_local:
        keeps.append(Actor.uri.in_(group.mirrors))
    if thread.origin != unit.site.url:
        ours = select(Follow.followed_id).where(Follow.follower_id == network.id, accepted)
        keeps.append(Actor.id.in_(ours))
    query = (
        select(Actor)
        .join(Peer, Peer.uri == Actor.origin)
        .where(
            Peer.dialect == Dialect.NODE,
            Actor.type == "Group",
            Actor.role.is_(None),
            or_(*keeps),
        )
        .order_by(Actor.id)
    )
    await unit.flush()
    return list(await unit.session.scalars(query))


async def carrier_targets(unit: Unit, thread: Thread) -> list[Target]:
    """The nodes that keep a thread."""
    return await targets_of(unit, await carriers(unit, thread), "carrier")
