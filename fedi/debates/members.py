"""The members of this network, and how they take part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from actors.models import Actor, Role
from fedi.core.unit import Unit
from fedi.debates.models.thread import Participation, Thread


@dataclass(frozen=True, slots=True)
class Membership:
    """A member, with the debates they wrote in that everybody may see."""

    actor: Actor
    debates: int
    last_at: datetime | None


async def list_members(unit: Unit, *, after: str = "", limit: int) -> list[Membership]:
    """Members in the order of their handles, from the first one after `after`."""
    query = (
        select(Actor)
        .where(
            Actor.role == Role.PERSON,
            Actor.suspended_at.is_(None),
            Actor.gone_at.is_(None),
            Actor.handle > after,
        )
        .order_by(Actor.handle)
        .limit(limit)
    )
    people = list(await unit.session.scalars(query))
    voices = await _voices(unit, people)
    return [Membership(person, *voices.get(person.id, (0, None))) for person in people]


async def _voices(unit: Unit, people: Sequence[Actor]) -> dict[int, tuple[int, datetime]]:
    query = (
        select(Participation.actor_id, func.count(), func.max(Participation.last_at))
        .join(Thread, Thread.id == Participation.thread_id)
        .where(Participation.actor_id.in_([person.id for person in people]), Thread.listed)
        .group_by(Participation.actor_id)
    )
    return {actor: (count, last) for actor, count, last in await unit.session.execute(query)}
