"""What a thread and its posts count: posts, replies, who wrote and when.

Only what everybody may read is counted, so no number tells of a private message.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select

from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.permissions import PUBLISHED, is_public

_NEW_THREADS = "debates.participation:new"


def begin_counting(unit: Unit, thread: Thread) -> None:
    """Say that a thread was made in this unit: the database knows no participation in it."""
    unit.memory.setdefault(_NEW_THREADS, set()).add(thread.id)


async def load_participations(
    unit: Unit, *, threads: Collection[int], actors: Collection[int]
) -> None:
    """Meet in one query how each of these actors took part in each of these threads."""
    pairs = {(thread, actor) for thread in threads for actor in actors}
    unmet = {pair for pair in pairs if (Participation, *pair) not in unit.memory}
    if not unmet:
        return
    unit.memory |= dict.fromkeys((Participation, *pair) for pair in unmet)
    query = select(Participation).where(
        Participation.thread_id.in_(sorted({thread for thread, _ in unmet})),
        Participation.actor_id.in_(sorted({actor for _, actor in unmet})),
    )
    for row in await unit.session.scalars(query):
        _remember(unit, row)


def _remember(unit: Unit, row: Participation) -> None:
    unit.memory[Participation, row.thread_id, row.actor_id] = row


async def find_participation(unit: Unit, thread_id: int, actor_id: int) -> Participation | None:
    """How an actor took part in a thread; asked of the database at most once in a unit."""
    if (Participation, thread_id, actor_id) not in unit.memory:
        if thread_id in unit.memory.get(_NEW_THREADS, ()):
            return None
        await load_participations(unit, threads=[thread_id], actors=[actor_id])
    found: Participation | None = unit.memory[Participation, thread_id, actor_id]
    return found


async def count_post(unit: Unit, thread: Thread, post: Post, parent: Post | None) -> None:
    """Count one more post of a thread."""
    if not is_public(post):
        return
    if parent is not None:
        count_reply(parent, post)
    await _count(unit, thread, post.author_id, 1, post.published_at)


def note_change(unit: Unit, thread: Thread) -> None:
    """Note that pages and collections of a thread, or those that list it, are other ones now."""
    thread.changed_at = unit.now
    unit.wake(f"thread/{thread.key}")


def count_reply(parent: Post, reply: Post) -> None:
    """Count one more reply to a post."""
    if is_public(reply):
        parent.reply_count += 1


async def _count(unit: Unit, thread: Thread, author_id: int, posts: int, last_at: datetime) -> None:
    last_at = min(last_at, unit.now)  # a date in the future would keep the debate on top for ever
    thread.post_count += posts
    note_change(unit, thread)
    if last_at >= thread.active_at:
        thread.active_at, thread.last_author_id = last_at, author_id
    row = await find_participation(unit, thread.id, author_id)
    if row is None:
        row = Participation(thread_id=thread.id, actor_id=author_id, post_count=0, last_at=last_at)
        _remember(unit, unit.add(row))
    row.post_count += posts
    row.last_at = max(row.last_at, last_at)


async def transfer_branch(unit: Unit, top: Post, moved: ColumnElement[bool], left_id: int) -> None:
    """Count in their new thread the posts of a branch that has moved, and not in the old one."""
    query = (
        select(Post.author_id, func.count(), func.max(Post.published_at))
        .where(moved, Post.visibility.in_(PUBLISHED))
        .group_by(Post.author_id)
        .order_by(func.max(Post.published_at))
    )
    counts = (await unit.session.execute(query)).all()
    authors = [author_id for author_id, _, _ in counts]
    await load_participations(unit, threads=[left_id, top.thread_id], actors=authors)
    thread, left = await _require(unit, top.thread_id), await _require(unit, left_id)
    note_change(unit, thread)
    note_change(unit, left)
    for author_id, posts, last_at in counts:
        await _count(unit, thread, author_id, posts, last_at)
        left.post_count -= posts
        if (row := await find_participation(unit, left.id, author_id)) is not None:
            row.post_count -= posts


async def _require(unit: Unit, thread_id: int) -> Thread:
    thread = await unit.find(Thread, id=thread_id)
    if thread is None:
        raise LookupError(f"a post belongs to thread {thread_id}, which does not exist")
    return thread


async def forget_thread(unit: Unit, thread: Thread) -> None:
    """Remove a thread whose posts have all moved elsewhere."""
    for row in list(unit.session.identity_map.values()):
        if isinstance(row, Participation) and row.thread_id == thread.id:
            unit.session.expunge(row)
    unit.session.expunge(thread)
    unit.met[Thread, "id", thread.id] = unit.met[Thread, "uri", thread.uri] = None
    await unit.session.execute(
        delete(Thread).where(Thread.id == thread.id).execution_options(synchronize_session=False)
    )
