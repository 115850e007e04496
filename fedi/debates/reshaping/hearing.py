"""What Groups of peers do with the debates that they hold: followed here, when it is theirs."""

from collections.abc import Sequence

from actors.models import Actor
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.debates.holding import hold
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import holds_debate
from fedi.debates.reshaping.carrying import Act, events_of, pour, put_back, rehouse, split_off
from fedi.debates.tree import MAX_DEPTH

#: Letters kept of a title.
MAX_TITLE = 200


async def hear_split(
    unit: Unit, act: Act, source_uri: str, uris: Sequence[str], part_uri: str, title: str
) -> bool:
    """Make a debate of its own of some posts, the first of which is known; whether it was done."""
    source = await _held(unit, source_uri, act.actor)
    opening = await unit.find(Post, uri=uris[0])
    if source is None or opening is None or not same_origin(part_uri, act.actor.uri):
        return False
    if opening.thread_id != source.id or opening.id == source.root_id:
        return False
    title = strip_controls(title)[:MAX_TITLE]
    is_known = await unit.find(Thread, uri=part_uri) is not None or await events_of(unit, act.uri)
    if not title or opening.depth >= MAX_DEPTH or is_known:
        return False
    others = [uri for uri in uris[1:] if uri not in (source.root_uri, opening.uri)]
    await split_off(unit, act, source, [opening.uri, *others], uri=part_uri, title=title)
    return True


async def hear_merge(unit: Unit, act: Act, source_uri: str, target_uri: str) -> bool:
    """Bring a debate into another one of the same server; whether it was done."""
    target = await _held(unit, target_uri, act.actor)
    source = await _held(unit, source_uri, act.actor) if target is not None else None
    if source is None or target is None or source.id == target.id:
        return False
    if await events_of(unit, act.uri):
        return False
    await pour(unit, act, source, target)
    return True


async def hear_move(unit: Unit, act: Act, thread_uri: str, group_uri: str) -> bool:
    """Give a debate to another Group of the same server; whether it was done."""
    group = await unit.find(Actor, uri=group_uri)
    thread = await _held(unit, thread_uri, act.actor) if group is not None else None
    if thread is None or group is None or group.type != "Group" or thread.group_id == group.id:
        return False
    if group.origin != act.actor.origin or await events_of(unit, act.uri):
        return False
    rehouse(unit, act, thread, group)
    return True


async def hear_return(unit: Unit, act_uri: str, actor: Actor) -> bool:
    """Undo what a Group of a peer had done, because it says so; whether it was done."""
    events = await events_of(unit, act_uri)
    thread = await unit.find(Thread, id=events[0].thread_id) if events else None
    if thread is None or not await holds_debate(unit, thread, actor):
        return False
    for each in sorted({event.thread_id for event in events}):
        await _hold(unit, await unit.find(Thread, id=each))
    await put_back(unit, events)
    return True


async def _held(unit: Unit, uri: str, actor: Actor) -> Thread | None:
    """A debate that is there and that this Group holds, for oneself."""
    thread = await unit.find(Thread, uri=uri)
    if thread is None or thread.merged_into_id is not None:
        return None
    if not await holds_debate(unit, thread, actor):
        return None
    await _hold(unit, thread)
    return thread


async def _hold(unit: Unit, thread: Thread | None) -> None:
    root = await unit.find(Post, id=thread.root_id) if thread is not None else None
    if root is not None:
        await hold(unit, root)
