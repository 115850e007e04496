"""Telling others that an actor of ours is not what it was: its name, its keys, its plans."""

from actors.describing import describe_actor
from actors.followers import Target, follower_targets
from actors.local import network_actor
from actors.models import Actor, Role
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from outbox.builders import build_update
from outbox.models import Activity
from outbox.publish import publish


async def introduce(unit: Unit, actor: Actor) -> Activity:
    """Publish an actor as it is now, to those who follow it or its network."""
    await unit.flush()
    document = await describe_actor(unit, actor)
    cc = [actor.followers] if actor.followers else []
    update = build_update(unit.site, new_key(), actor.uri, document, to=[PUBLIC], cc=cc)
    return await publish(unit, actor, update, to=await _targets(unit, actor))


async def _targets(unit: Unit, actor: Actor) -> list[Target]:
    targets = list(await follower_targets(unit, actor))
    if actor.role is not Role.NETWORK:
        targets += await follower_targets(unit, await network_actor(unit))
    return targets
