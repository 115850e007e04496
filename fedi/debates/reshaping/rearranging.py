"""What those who look after a Group of ours do with its debates: split, merge, move, and undo.

Only places change: what people wrote stays as they signed it, and what leads to it still does.
The Group tells everybody who follows it.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from actors.models import Actor, Role
from fedi.core.errors import Conflict, Forbidden, Invalid
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.holding import hold
from fedi.debates.models.event import ThreadEvent
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import is_moderator, is_public, may_reshape
from fedi.debates.publication import pass_on_again, say_rearrangement, say_return
from fedi.debates.reshaping.carrying import Act, events_of, pour, put_back, rehouse, split_off
from fedi.debates.reshaping.lock import MAX_REASON
from fedi.debates.tree import MAX_DEPTH
from fedi.debates.writing import read_title

#: How long such an act can be undone.
UNDO = timedelta(hours=24)
#: Messages that are taken out of a debate at once.
MAX_CHOSEN = 100


async def split_thread(
    unit: Unit,
    moderator: Actor,
    thread: Thread,
    posts: Sequence[Post],
    *,
    title: str,
    reason: str = "",
) -> Thread:
    """Make a debate of its own of these messages and all that hangs below them.

    The first by date opens it.  Raises `Forbidden` unless the actor looks after the Group,
    `Invalid` for the title and for messages that cannot be taken out.
    """
    root = await _take(unit, moderator, thread)
    title = read_title(title)
    tops = _topmost(thread, posts)
    part_uri = unit.site.context(new_key())
    act = Act(unit.site.activity(key := new_key()), moderator, _read_reason(reason))
    uris = [post.uri for post in tops]
    await say_rearrangement(
        unit, root, thread, act.actor, key, uris, target=part_uri, name=title, summary=act.reason
    )
    return await split_off(unit, act, thread, uris, uri=part_uri, title=title)


async def merge_thread(
    unit: Unit, moderator: Actor, thread: Thread, target: Thread, reason: str = ""
) -> None:
    """Bring a debate into another, below its opening; what led to it leads there.

    Raises `Forbidden` unless the actor looks after the Groups of both, `Invalid` for itself.
    """
    if thread.id == target.id:
        raise Invalid("a debate cannot go into itself", code="same-debate")
    for each in sorted((thread, target), key=lambda one: one.id):
        await _take(unit, moderator, each)
    root = await _root_of(unit, thread)
    act = Act(unit.site.activity(key := new_key()), moderator, _read_reason(reason))
    document = await say_rearrangement(
        unit, root, thread, moderator, key, thread.uri, target=target.uri, summary=act.reason
    )
    if target.group_id != thread.group_id:
        await pass_on_again(unit, root, target, moderator, document)
    await pour(unit, act, thread, target)


async def move_thread(
    unit: Unit, moderator: Actor, thread: Thread, group: Actor, reason: str = ""
) -> None:
    """Give a debate to another group of this node.

    Raises `Forbidden` unless the actor looks after both, `Invalid` when it is no other group.
    """
    root = await _take(unit, moderator, thread)
    left = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    if left is None or group.id == left.id or group.role not in (Role.GROUP, Role.NETWORK):
        raise Invalid("a debate moves to another group of this network", code="not-a-group")
    if not await is_moderator(unit, group.id, moderator):
        raise Forbidden("only who looks after both groups may do this", code="not-a-moderator")
    act = Act(unit.site.activity(key := new_key()), moderator, _read_reason(reason))
    document = await say_rearrangement(
        unit,
        root,
        thread,
        moderator,
        key,
        thread.uri,
        origin=left.uri,
        target=group.uri,
        summary=act.reason,
    )
    rehouse(unit, act, thread, group)
    await pass_on_again(unit, root, thread, moderator, document)


async def undo(unit: Unit, moderator: Actor, act_uri: str) -> Thread:
    """Undo a split, a merge or a move; the debate to which it had been done.

    Raises `Forbidden` unless the actor looks after the Group, `Conflict` when it is undone
    already, too long ago, or when something else was done to these debates since.
    """
    events = await events_of(unit, act_uri)
    thread = await unit.find(Thread, id=events[0].thread_id) if events else None
    if thread is None:
        raise Conflict("this is undone already", code="undone")
    for each in sorted({event.thread_id for event in events}):
        concerned = await unit.find(Thread, id=each)
        if concerned is None or not await may_reshape(unit, concerned, moderator):
            raise Forbidden("only who looks after the group may do this", code="not-a-moderator")
        await hold(unit, await _root_of(unit, concerned))
    if not can_undo(unit, events[0]):
        raise Conflict("this was done more than a day ago", code="too-late")
    if await _has_sequel(unit, events):
        raise Conflict("something was done to these debates since: undo that first", code="sequel")
    homes = {thread.group_id, events[0].left_group_id}
    root = await _root_of(unit, thread)
    document = await say_return(unit, root, thread, moderator, act_uri)
    others = [await unit.find(Thread, id=event.thread_id) for event in events[1:]]
    await put_back(unit, events)
    for other in (thread, *others):
        if document is not None and other is not None and len(homes | {other.group_id}) > 1:
            await pass_on_again(unit, root, other, moderator, document)
            break
    return thread


def can_undo(unit: Unit, event: ThreadEvent) -> bool:
    """Whether there is still time to undo what is told."""
    return event.undone_at is None and unit.now - event.created_at <= UNDO


async def _has_sequel(unit: Unit, events: Sequence[ThreadEvent]) -> bool:
    query = select(ThreadEvent.id).where(
        ThreadEvent.thread_id.in_([event.thread_id for event in events]),
        ThreadEvent.id > max(event.id for event in events),
        ThreadEvent.act_uri.is_not(None),
        ThreadEvent.undone_at.is_(None),
    )
    return await unit.session.scalar(query.limit(1)) is not None


async def _take(unit: Unit, moderator: Actor, thread: Thread) -> Post:
    """The opening of a debate, once it is sure that it is theirs and nobody else changes it."""
    if not await may_reshape(unit, thread, moderator):
        raise Forbidden("only who looks after the group may do this", code="not-a-moderator")
    root = await _root_of(unit, thread)
    await hold(unit, root)
    if thread.merged_into_id is not None or not is_public(root):
        raise Conflict("there is nothing left of this debate to arrange", code="emptied")
    return root


async def _root_of(unit: Unit, thread: Thread) -> Post:
    root = await unit.find(Post, id=thread.root_id)
    if root is None:
        raise LookupError(f"{thread.uri} has no first post")
    return root


def _topmost(thread: Thread, posts: Sequence[Post]) -> list[Post]:
    """Those that hang below none of the others, by date."""
    if not posts or len(posts) > MAX_CHOSEN:
        raise Invalid("choose the messages that become a debate of their own", code="none-chosen")
    for post in posts:
        is_part = post.thread_id == thread.id and post.id != thread.root_id
        if not is_part or post.depth >= MAX_DEPTH or not is_public(post):
            raise Invalid("this message cannot be taken out", code="not-a-part")
    tops: list[Post] = []
    for post in sorted(posts, key=lambda one: one.path):
        if not any(post.path.startswith(top.path) for top in tops):
            tops.append(post)
    return sorted(tops, key=lambda one: (one.published_at, one.uri))


def _read_reason(reason: str) -> str:
    return strip_controls(reason)[:MAX_REASON]
