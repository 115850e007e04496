"""Actors of ours that go on elsewhere, or come from elsewhere (ActivityPub Move, FEP-7628)."""

from actors.followers import follower_targets
from actors.models import Actor
from fedi.core.errors import Conflict, Forbidden
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from outbox.builders import build_move
from outbox.introduction import introduce
from outbox.publish import publish


async def acknowledge(unit: Unit, actor: Actor, old_uri: str) -> None:
    """Say that an actor of ours was that one before: its server may then move followers here."""
    if old_uri not in actor.also_known_as:
        actor.also_known_as = [*actor.also_known_as, old_uri]
        actor.updated_at = unit.now
        await introduce(unit, actor)


async def move_away(unit: Unit, actor: Actor, target: Actor) -> None:
    """Ask those who follow an actor of ours to follow its new id; what it wrote stays.

    Raises `Forbidden` unless the new actor says that it is the same, `Conflict` when it has
    moved already: one may not be sent from place to place.
    """
    if actor.moved_to is not None:
        raise Conflict(f"{actor.acct} has moved to {actor.moved_to} already", code="moved")
    if actor.uri not in target.also_known_as:
        raise Forbidden(
            f"{target.acct} does not say that it is {actor.acct} too", code="not-acknowledged"
        )
    actor.moved_to, actor.updated_at = target.uri, unit.now
    await introduce(unit, actor)
    document = build_move(unit.site, new_key(), actor.uri, target.uri)
    await publish(unit, actor, document, to=await follower_targets(unit, actor))
