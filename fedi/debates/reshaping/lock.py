"""Closing a debate, and opening it again.

A Group decides of its own debates alone.  In a debate of ours, those who look after its Group do
so in their own name, and the Group passes it on; in one of a peer, the word of its Group counts.
"""

from sqlalchemy import select

from actors.models import Actor
from fedi.core.errors import Conflict, Forbidden
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.debates.holding import hold
from fedi.debates.models.event import EventKind, ThreadEvent
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.participation import note_change
from fedi.debates.permissions import is_public, may_reshape
from fedi.debates.publication import say_lock, say_unlock

#: Letters kept of a reason.
MAX_REASON = 500


async def lock_thread(unit: Unit, moderator: Actor, thread: Thread, reason: str = "") -> None:
    """Let nobody answer any more but those who look after the Group, and tell its followers.

    Raises `Forbidden` unless the actor looks after it, `Conflict` when it is closed already.
    """
    root = await _take(unit, moderator, thread)
    if thread.locked_at is not None:
        raise Conflict("this debate is closed already", code="locked")
    reason = strip_controls(reason)[:MAX_REASON]
    _note(unit, thread, moderator, EventKind.LOCKED, reason)
    if is_public(root):
        await say_lock(unit, root, thread, moderator, reason)


async def unlock_thread(unit: Unit, moderator: Actor, thread: Thread) -> None:
    """Let everybody answer again, and tell whom the closing was told.

    Raises `Forbidden` unless the actor looks after the Group, `Conflict` when it is open.
    """
    root = await _take(unit, moderator, thread)
    if thread.locked_at is None:
        raise Conflict("this debate is open", code="not-locked")
    _note(unit, thread, moderator, EventKind.UNLOCKED)
    if is_public(root):
        await say_unlock(unit, root, thread, moderator)


async def _take(unit: Unit, moderator: Actor, thread: Thread) -> Post:
    root = await unit.find(Post, id=thread.root_id)
    if root is None or not await may_reshape(unit, thread, moderator):
        raise Forbidden("only who looks after the group may do this", code="not-a-moderator")
    await hold(unit, root)
    return root


async def accept_remote_lock(
    unit: Unit, uri: str, actor: Actor, *, locked: bool, reason: str = ""
) -> Post | None:
    """Close or open a debate, named by its opening or its context, because a peer says so.

    `actor` is the Group that holds the debate, or looks after a Group of ours.  The opening
    post; None when it is no debate, or not theirs to close, or is as they want it already.
    """
    thread = await unit.find(Thread, uri=uri)
    root = await unit.find(Post, uri=thread.root_uri if thread is not None else uri)
    thread = await unit.find(Thread, id=root.thread_id) if root is not None else None
    if root is None or thread is None or thread.root_id != root.id:
        return None
    is_its_group = actor.type == "Group" and thread.group_id == actor.id and not actor.is_local
    if not is_its_group and not await may_reshape(unit, thread, actor):
        return None
    await hold(unit, root)
    if (thread.locked_at is not None) is locked:
        return None
    kind = EventKind.LOCKED if locked else EventKind.UNLOCKED
    _note(unit, thread, actor, kind, reason[:MAX_REASON])
    return root


def _note(unit: Unit, thread: Thread, actor: Actor, kind: EventKind, reason: str = "") -> None:
    thread.locked_at = unit.now if kind is EventKind.LOCKED else None
    unit.add(
        ThreadEvent(
            thread_id=thread.id, kind=kind, actor_id=actor.id, reason=reason, created_at=unit.now
        )
    )
    note_change(unit, thread)


async def find_closing(unit: Unit, thread: Thread) -> tuple[str, str] | None:
    """Who closed a debate and why; None while it is open."""
    if thread.locked_at is None:
        return None
    query = (
        select(Actor.name, ThreadEvent.reason)
        .join(ThreadEvent, ThreadEvent.actor_id == Actor.id)
        .where(ThreadEvent.thread_id == thread.id, ThreadEvent.kind == EventKind.LOCKED)
        .order_by(ThreadEvent.id.desc())
        .limit(1)
    )
    row = (await unit.session.execute(query)).first()
    return (row[0], row[1]) if row is not None else None
