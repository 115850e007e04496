"""What is told in a debate of what was done to it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.models.event import EventKind, ThreadEvent
from fedi.debates.models.thread import Thread
from fedi.debates.placements import follow_merges
from fedi.debates.reshaping.rearranging import can_undo


@dataclass(frozen=True)
class Notice:
    """One thing that was done to a debate and holds."""

    kind: EventKind
    name: str  # who did it
    reason: str
    post_id: int | None  # below which it is told
    other: Thread | None  # where what the other debate was is now
    other_title: str
    left_group: str
    act_key: str | None  # by which it can still be undone


async def read_notices(unit: Unit, thread: Thread) -> list[Notice]:
    """What was done to a debate besides closing it, the first first."""
    if not thread.is_rearranged:
        return []
    group = aliased(Actor)
    query = (
        select(ThreadEvent, Actor.name, Actor.handle, group.name, group.handle)
        .join(Actor, Actor.id == ThreadEvent.actor_id)
        .outerjoin(group, group.id == ThreadEvent.left_group_id)
        .where(
            ThreadEvent.thread_id == thread.id,
            ThreadEvent.act_uri.is_not(None),
            ThreadEvent.undone_at.is_(None),
        )
        .order_by(ThreadEvent.id)
    )
    notices = []
    for event, name, handle, left, left_handle in await unit.session.execute(query):
        other = await unit.find(Thread, id=event.other_id) if event.other_id else None
        uri = event.act_uri or ""
        is_ours = unit.site.is_local(uri) and can_undo(unit, event)
        notices.append(
            Notice(
                event.kind,
                name or handle,
                event.reason,
                event.post_id,
                await follow_merges(unit, other) if other is not None else None,
                other.title if other is not None else "",
                left or left_handle or "",
                uri.rpartition("/")[2] if is_ours else None,
            )
        )
    return notices
