"""An actor of ours as others are shown it: its row, its keys, and who keeps its debates."""

from sqlalchemy import select

from actors.document import write_actor
from actors.followers import follower_targets
from actors.keys import public_keys
from actors.local import network_actor
from actors.models import Actor, Dialect, Role
from fedi.core.jsonld import Document
from fedi.core.unit import Unit

#: Partners that a Group names: the longest standing ones.
MAX_MIRRORS = 50


async def describe_actor(unit: Unit, actor: Actor) -> Document:
    """The document of an actor of ours, as it stands now."""
    mirrors = await mirrors_of(unit, actor) if actor.role in (Role.NETWORK, Role.GROUP) else []
    return write_actor(actor, await public_keys(unit, actor), unit.site, mirrors=mirrors)


async def mirrors_of(unit: Unit, group: Actor) -> list[str]:
    """The networks of our kind that follow a Group of ours, or its network: they keep copies."""
    targets = [
        *await follower_targets(unit, group, among=[Dialect.NODE]),
        *await follower_targets(unit, await network_actor(unit), among=[Dialect.NODE]),
    ]
    ids = sorted({target.actor_id for target in targets})
    query = select(Actor.uri).where(Actor.id.in_(ids), Actor.type == "Group").order_by(Actor.id)
    return list(await unit.session.scalars(query.limit(MAX_MIRRORS)))
