"""Move: an actor goes on under another id."""

from collections.abc import Sequence

from sqlalchemy import select, update

from actors.followers import request_follow, targets_of
from actors.models import Actor, Follow
from fedi.core.jsonld import id_of
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.thread import Thread
from inbox.handlers.rearrange import handle_rearrangement
from inbox.types import DONE, Need, Outcome, Received, ignored
from outbox.builders import build_follow
from outbox.publish import publish


async def handle_move(unit: Unit, received: Received) -> Outcome:
    """Let our followers of an actor follow its new id, if that one confirms that it is the same.

    Groups move debates with the same word, whose object is another one.
    """
    if received.object_uri != received.actor_uri:
        return await handle_rearrangement(unit, received.actor, received)
    target_uri = id_of(received.activity.get("target"))
    if target_uri in (None, received.actor_uri):
        return ignored("not-an-actor")
    if received.actor.moved_to is not None:
        return ignored("moved-before")  # One move per actor: chains and loops end here.
    need = Need("refresh", target_uri)
    if (waiting := received.ask(need)) is not None:
        return waiting
    target = await unit.find(Actor, uri=target_uri)
    if target is None or received.answers[need] != "found":
        return ignored("unknown-target")
    if received.actor_uri not in target.also_known_as:
        return ignored("not-acknowledged")
    received.actor.moved_to = target.uri
    if received.actor.type == "Group":
        await _take_debates_along(unit, received.actor, target)
    for follower in await _our_followers(unit, received.actor):
        await _follow_instead(unit, follower, target)
    return DONE


async def _take_debates_along(unit: Unit, group: Actor, target: Actor) -> None:
    """Let new replies in the debates of a Group go where it has gone."""
    if target.type == "Group":
        await unit.flush()
        change = update(Thread).where(Thread.group_id == group.id).values(group_id=target.id)
        await unit.session.execute(change.execution_options(synchronize_session=False))


async def _our_followers(unit: Unit, actor: Actor) -> Sequence[Actor]:
    query = (
        select(Actor)
        .join(Follow, Follow.follower_id == Actor.id)
        .where(Follow.followed_id == actor.id, Actor.role.is_not(None))
    )
    return (await unit.session.scalars(query)).all()


async def _follow_instead(unit: Unit, follower: Actor, target: Actor) -> None:
    document = build_follow(unit.site, new_key(), follower.uri, target.uri)
    await request_follow(unit, document["id"], follower, target)
    await publish(
        unit,
        follower,
        document,
        to=await targets_of(unit, [target], "addressed"),
        public=False,
    )
