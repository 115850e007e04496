"""Carrying parts of debates from one to another, and back: what here and peers' words have alike.

Where a post stands follows from what it answers and from what was decided, so whoever hears the
same decisions has the same trees, whatever came first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.core.urls import new_key, origin_of
from fedi.debates.models.event import EventKind, Placement, ThreadEvent
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.participation import begin_counting, note_change
from fedi.debates.permissions import is_public, readable
from fedi.debates.placements import placements_of
from fedi.debates.reshaping.attending import carry_readings
from fedi.debates.tree import transplant


@dataclass(frozen=True)
class Act:
    """A decision about whole debates: its activity, who made it and why."""

    uri: str
    actor: Actor
    reason: str = ""


async def split_off(
    unit: Unit, act: Act, source: Thread, uris: Sequence[str], *, uri: str, title: str
) -> Thread:
    """Make a debate of these posts, the first its opening and the others below that.

    All that hangs below them comes along.  The first is known; others may come later.
    """
    opening = await unit.find(Post, uri=uris[0])
    if opening is None:
        raise LookupError(f"{uris[0]} is not known")
    part = _begin_part(unit, source, opening, uri=uri, title=title)
    told_below = opening.parent_id
    tops = await _place(unit, act, source, part, uris, above_uri=None)
    _tell(unit, act, source, EventKind.SPLIT, other=part, post_id=told_below)
    _tell(unit, act, part, EventKind.PARTED, other=source, post_id=opening.id)
    await _settle_accounts(unit, source, part, tops)
    return part


async def pour(unit: Unit, act: Act, source: Thread, target: Thread) -> None:
    """Bring a whole debate into another, below the opening of that one."""
    tops = await _place(unit, act, source, target, [source.root_uri], above_uri=target.root_uri)
    _close_down(source, target)
    _tell(unit, act, source, EventKind.MERGED, other=target)
    _tell(unit, act, target, EventKind.JOINED, other=source, post_id=source.root_id)
    await _settle_accounts(unit, source, target, tops)


def rehouse(unit: Unit, act: Act, thread: Thread, group: Actor) -> None:
    """Give a debate to another Group."""
    _tell(unit, act, thread, EventKind.MOVED, left_group_id=thread.group_id)
    thread.group_id = group.id
    note_change(unit, thread)


async def events_of(unit: Unit, act_uri: str) -> Sequence[ThreadEvent]:
    """What an act did and is not undone: in the debate it was done to, then in the other."""
    await unit.flush()
    query = select(ThreadEvent).where(
        ThreadEvent.act_uri == act_uri, ThreadEvent.undone_at.is_(None)
    )
    return (await unit.session.scalars(query.order_by(ThreadEvent.id))).all()


async def put_back(unit: Unit, events: Sequence[ThreadEvent]) -> None:
    """Undo an act: everything stands again where it would without it, late posts too."""
    first = events[0]
    thread = await _require(unit, first.thread_id)
    for event in events:
        event.undone_at = unit.now
    if first.kind is EventKind.MOVED:
        thread.group_id = first.left_group_id
        note_change(unit, thread)
        return
    other = await _require(unit, first.other_id or 0)
    query = select(Placement).where(Placement.act_uri == first.act_uri)
    placements = (await unit.session.scalars(query.order_by(Placement.id.desc()))).all()
    await unit.session.execute(
        delete(Placement)
        .where(Placement.act_uri == first.act_uri)
        .execution_options(synchronize_session=False)
    )
    sent = [await _send_home(unit, placement) for placement in placements]
    if first.kind is EventKind.SPLIT:
        _close_down(other, thread)
    else:
        root = await unit.find(Post, id=thread.root_id)
        thread.merged_into_id = None
        thread.listed = root is not None and is_public(root) and thread.group_id is not None
    await _settle_accounts(unit, other, thread, [post for post in sent if post is not None])


# --- posts -------------------------------------------------------------------------------


def _begin_part(unit: Unit, source: Thread, opening: Post, *, uri: str, title: str) -> Thread:
    key = uri.rpartition("/")[2] if unit.site.is_local(uri) else new_key()
    part = unit.add(
        Thread(
            uri=uri,
            key=key,
            origin=str(origin_of(uri)),
            root_id=opening.id,
            root_uri=opening.uri,
            group_id=source.group_id,
            author_id=opening.author_id,
            title=title,
            question="",
            opened_at=opening.published_at,
            active_at=min(opening.published_at, unit.now),
            last_author_id=opening.author_id,
            post_count=0,
            locked_at=None,
            listed=source.listed,
            is_rearranged=False,
            changed_at=unit.now,
        )
    )
    begin_counting(unit, part)
    return part


async def _place(
    unit: Unit,
    act: Act,
    source: Thread,
    target: Thread,
    uris: Sequence[str],
    *,
    above_uri: str | None,
) -> list[Post]:
    """Decide where posts of a debate stand; without `above_uri`, the first opens the other.

    Those that are known and went there.
    """
    gone = []
    for uri in uris:
        unit.add(
            Placement(
                act_uri=act.uri,
                post_uri=uri,
                from_id=source.id,
                thread_id=target.id,
                above_uri=above_uri,
            )
        )
        post = await unit.find(Post, uri=uri)
        if post is not None and post.thread_id == source.id:
            above = await unit.find(Post, uri=above_uri) if above_uri else None
            await transplant(unit, post, target.id, above.path if above is not None else "")
            gone.append(post)
        above_uri = above_uri or uri
    return gone


async def _send_home(unit: Unit, undone: Placement) -> Post | None:
    """Where a post goes that is no longer placed: where it was placed before, or else below what
    it answers; an opening opens its own debate again.  None when it is not there any more.
    """
    post = await unit.find(Post, uri=undone.post_uri)
    source = await _require(unit, undone.from_id)
    if post is None or post.thread_id != undone.thread_id:
        return None
    if source.root_id == post.id:
        await transplant(unit, post, source.id)
        return post
    before = [each for each in await placements_of(unit, post.uri) if each.thread_id == source.id]
    above = await unit.find(Post, uri=before[-1].above_uri or "") if before else None
    if above is None and post.parent_id is not None:
        above = await unit.find(Post, id=post.parent_id)
    above = above or await unit.find(Post, id=source.root_id)
    if above is not None:
        await transplant(unit, post, above.thread_id, above.path)
    return post


async def _require(unit: Unit, thread_id: int) -> Thread:
    thread = await unit.find(Thread, id=thread_id)
    if thread is None:
        raise LookupError(f"there is no thread {thread_id}")
    return thread


# --- what is known of the debates ----------------------------------------------------------


def _tell(
    unit: Unit,
    act: Act,
    thread: Thread,
    kind: EventKind,
    *,
    other: Thread | None = None,
    post_id: int | None = None,
    left_group_id: int | None = None,
) -> None:
    unit.add(
        ThreadEvent(
            thread_id=thread.id,
            kind=kind,
            actor_id=act.actor.id,
            reason=act.reason,
            act_uri=act.uri,
            other_id=other.id if other is not None else None,
            post_id=post_id,
            left_group_id=left_group_id,
            created_at=unit.now,
        )
    )
    thread.is_rearranged = True
    note_change(unit, thread)


def _close_down(emptied: Thread, into: Thread) -> None:
    emptied.merged_into_id, emptied.listed = into.id, False


async def _settle_accounts(
    unit: Unit, source: Thread, target: Thread, tops: Sequence[Post]
) -> None:
    """After branches went from one debate to another: who read what, which was active when."""
    await carry_readings(unit, source, target, tops)
    for thread in (source, target):
        query = (
            select(Post.published_at, Post.author_id)
            .where(Post.thread_id == thread.id, readable())
            .order_by(Post.published_at.desc(), Post.id.desc())
            .limit(1)
        )
        if (newest := (await unit.session.execute(query)).first()) is not None:
            thread.active_at, thread.last_author_id = min(newest[0], unit.now), newest[1]
        note_change(unit, thread)
