"""What an actor of ours has said, as its outbox lists it."""

from sqlalchemy import ColumnElement, and_, func, select

from actors.models import Actor
from fedi.core.unit import Unit
from outbox.models import Activity


async def outbox_page(
    unit: Unit, actor: Actor, before: int | None = None, limit: int = 50
) -> list[Activity]:
    """The public activities of an actor, newest first; `before` is the id where a page ended."""
    query = select(Activity).where(_listed(actor)).order_by(Activity.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Activity.id < before)
    return list(await unit.session.scalars(query))


async def count_outbox(unit: Unit, actor: Actor) -> int:
    """How many public activities an actor has."""
    query = select(func.count()).select_from(Activity).where(_listed(actor))
    return await unit.session.scalar(query) or 0


def _listed(actor: Actor) -> ColumnElement[bool]:
    return and_(Activity.actor_id == actor.id, Activity.public, ~Activity.passed_on)
