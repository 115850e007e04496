"""What one of our actors is to another: follows it, wants no more of it, reports it."""

from collections.abc import Sequence

from sqlalchemy import select

from actors.followers import (
    Target,
    accept_follow,
    find_follow,
    reject_follow,
    remove_follow,
    request_follow,
    targets_of,
)
from actors.local import instance_actor
from actors.models import Actor, Follow
from fedi.core.errors import Forbidden, Invalid
from fedi.core.jsonld import Document
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.post import Post
from fedi.debates.notifications import forget, notify
from outbox.builders import (
    build_accept,
    build_block,
    build_flag,
    build_follow,
    build_reject,
    build_undo,
)
from outbox.models import Activity
from outbox.publish import publish


async def follow(unit: Unit, actor: Actor, target: Actor) -> Follow:
    """Ask to follow; asking again repeats the request.

    Actors of this node answer at once; the others' Accept makes it count.  Raises `Invalid`
    for oneself.
    """
    if actor.id == target.id:
        raise Invalid("nobody follows themselves", code="self")
    document = build_follow(unit.site, new_key(), actor.uri, target.uri)
    is_news = await find_follow(unit, pair=(actor, target)) is None
    wanted = await request_follow(unit, document["id"], actor, target)
    if is_news:
        notify(unit, to=target, kind="follow", by=actor)
    if target.is_local and not target.approves_followers:
        await accept_follow(unit, wanted)
    await _tell(unit, actor, document, target)
    return wanted


async def unfollow(unit: Unit, actor: Actor, target: Actor) -> bool:
    """Stop following; False when there was nothing to stop."""
    known = await find_follow(unit, pair=(actor, target))
    if known is None:
        return False
    undone = _named(known, actor, target)
    await remove_follow(unit, actor, target)
    await forget(unit, to=target, kind="follow", by=actor, post=None)
    await _tell(unit, actor, build_undo(unit.site, new_key(), actor.uri, undone), target)
    return True


async def wishes_to_follow(unit: Unit, actor: Actor) -> list[tuple[Follow, Actor]]:
    """Who asked to follow a member and waits for the answer, the oldest first."""
    query = (
        select(Follow, Actor)
        .join(Actor, Actor.id == Follow.follower_id)
        .where(
            Follow.followed_id == actor.id,
            Follow.accepted_at.is_(None),
            Follow.rejected_at.is_(None),
            Actor.gone_at.is_(None),
        )
        .order_by(Follow.id)
    )
    return [(wish, who) for wish, who in await unit.session.execute(query)]


async def answer_wish(unit: Unit, actor: Actor, wish: Follow, *, accept: bool) -> None:
    """Let somebody follow a member, or not, and tell them.  Raises `Forbidden` for another's."""
    if wish.followed_id != actor.id:
        raise Forbidden("this request is for somebody else", code="not-yours")
    who = await unit.find(Actor, id=wish.follower_id)
    if who is None or wish.accepted_at is not None:
        return
    await (accept_follow if accept else reject_follow)(unit, wish)
    if accept:
        notify(unit, to=who, kind="approval", by=actor)
    build = build_accept if accept else build_reject
    document = build(unit.site, new_key(), actor.uri, _named(wish, who, actor))
    await _tell(unit, actor, document, who)


def _named(known: Follow, actor: Actor, target: Actor) -> Document:
    return {
        "id": known.uri,
        "type": "Follow",
        "actor": actor.uri,
        "object": target.uri,
        "to": [target.uri],
    }


async def block(unit: Unit, actor: Actor, target: Actor) -> Activity:
    """Have nothing more to do with an actor: the follows between the two end, and it is told."""
    await remove_follow(unit, actor, target)
    await remove_follow(unit, target, actor)
    document = build_block(unit.site, new_key(), actor.uri, target.uri)
    return await _tell(unit, actor, document, target)


async def report(unit: Unit, author: Actor, posts: Sequence[Post], reason: str) -> Activity:
    """Tell the server of an actor what it wrote; who reports stays unnamed, as at Mastodon."""
    instance = await instance_actor(unit)
    objects = [author.uri, *(post.uri for post in posts)]
    document = build_flag(unit.site, new_key(), instance.uri, objects, reason, to=[author.uri])
    return await _tell(unit, instance, document, author)


async def _tell(unit: Unit, actor: Actor, document: Document, target: Actor) -> Activity:
    to: list[Target] = await targets_of(unit, [target], "addressed")
    return await publish(unit, actor, document, to=to, public=False)
