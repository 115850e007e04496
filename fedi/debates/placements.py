"""Where posts stand because a Group decided so, and where what leads to a merged debate leads."""

from collections.abc import Sequence

from sqlalchemy import select

from fedi.core.unit import Unit
from fedi.debates.models.event import Placement
from fedi.debates.models.thread import Thread


async def follow_merges(unit: Unit, thread: Thread) -> Thread:
    """The debate in which all of this one is now; itself, when nothing was done to it."""
    while thread.merged_into_id is not None:
        into = await unit.find(Thread, id=thread.merged_into_id)
        if into is None:
            break
        thread = into
    return thread


async def decided_place(unit: Unit, uri: str, thread_id: int) -> Placement | None:
    """Where a post stands that answers something in this thread; None: below what it answers.

    It costs nothing in debates to which nothing was done.
    """
    decided = None
    thread = await unit.find(Thread, id=thread_id)
    if thread is None or not thread.is_rearranged:
        return None
    for placement in await placements_of(unit, uri):
        if placement.from_id == thread_id:
            decided, thread_id = placement, placement.thread_id
    return decided


async def placements_of(unit: Unit, uri: str) -> Sequence[Placement]:
    """All that was decided of a post and not undone, in the order in which it was."""
    await unit.flush()
    query = select(Placement).where(Placement.post_uri == uri).order_by(Placement.id)
    return (await unit.session.scalars(query)).all()
