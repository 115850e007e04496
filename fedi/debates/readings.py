"""How far a member has read, and what of a thread they want to hear.

The keys of posts say in which order they came here.  A thread is read up to one of them, and
beyond it where pages were read out of order.  What somebody wrote themselves is never new to
them, nor what was said before they became a member.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from actors.models import Actor, Role
from fedi.accounts.models import Account
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Attention, Bookmark, Draft, Reading
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.permissions import readable

#: Posts that are remembered as read although older ones are not; beyond, the oldest are new again.
AHEAD = 1000

#: What was shown to somebody and is not written down yet: keys of posts by the key of their thread.
Shown = Mapping[int, Collection[int]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A member who reads; what has a key up to `since` is nothing new to them."""

    id: int  # of the actor
    uri: str
    since: int


def reader_of(account: Account, actor: Actor) -> Reader:
    """The reader that a member is."""
    return Reader(actor.id, actor.uri, max(account.id, account.read_until))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a thread is to a reader, and what they have in it."""

    reader: Reader
    read_until: int
    ahead: frozenset[int]
    is_followed: bool
    is_muted: bool
    news: int  # posts they have not read, on whatever page
    read_at: datetime | None  # when they last read in it
    bookmarks: frozenset[int]  # keys of posts, among others those asked for
    draft: Mapping[str, str]

    def is_known(self, post_id: int, author_id: int) -> bool:
        """Whether the reader has seen a post, or wrote it."""
        is_read = post_id <= self.read_until or post_id in self.ahead
        return is_read or author_id == self.reader.id


# --- reading -----------------------------------------------------------------------------


async def read_standing(
    unit: Unit,
    reader: Reader,
    thread_id: int,
    posts: Collection[int],
    *,
    place: str = "",
    shown: Collection[int] = (),
) -> Standing:
    """What a thread is to a reader, with their bookmarks among these posts and their draft at
    that place: one statement."""
    values = {
        "reader": reader.id,
        "since": reader.since,
        "thread": thread_id,
        "first": min(posts, default=0),
        "last": max(posts, default=0),
        "place": place,
    }
    rows = (await unit.session.execute(_standing(reader.uri), values)).all()
    read_until, ahead, attention, read_at, wrote, news, fields = rows[0][1:]
    until = max(read_until or 0, reader.since)
    known = frozenset(key for key in [*(ahead or ()), *shown] if key > until)
    follows = attention is Attention.FOLLOW or (attention is None and bool(wrote))
    return Standing(
        reader,
        until,
        known,
        is_followed=follows,
        is_muted=attention is Attention.MUTE,
        news=max(0, news - len(known)),
        read_at=read_at,
        bookmarks=frozenset(row[0] for row in rows if row[0] is not None),
        draft=fields or {},
    )


@lru_cache(maxsize=256)
def _standing(uri: str) -> Select[Any]:
    """The statement of `read_standing`; who may read what is in its text, so one for each."""
    me: Any = bindparam("reader", type_=BigInteger)
    since: Any = bindparam("since", type_=BigInteger)
    news = (
        select(func.count())
        .where(Post.thread_id == Thread.id, _is_after(since), *_counts(me, uri))
        .correlate(Thread, Reading)
        .scalar_subquery()
    )
    span = Bookmark.post_id.between(bindparam("first"), bindparam("last"))
    place: Any = bindparam("place")
    return (
        select(
            Bookmark.post_id,
            Reading.read_until,
            Reading.ahead,
            Reading.attention,
            Reading.read_at,
            Participation.post_count,
            news,
            Draft.fields,
        )
        .select_from(Thread)
        .outerjoin(Reading, and_(Reading.thread_id == Thread.id, Reading.actor_id == me))
        .outerjoin(
            Participation,
            and_(Participation.thread_id == Thread.id, Participation.actor_id == me),
        )
        .outerjoin(Draft, and_(Draft.actor_id == me, Draft.place == place))
        .outerjoin(Bookmark, and_(Bookmark.actor_id == me, span))
        .where(Thread.id == bindparam("thread"))
    )


def _is_after(since: Any) -> ColumnElement[bool]:
    """Whether a post came after all that is read of its thread, as a range of one index."""
    return Post.id > case((Reading.read_until > since, Reading.read_until), else_=since)


def _counts(reader_id: Any, uri: str) -> tuple[ColumnElement[bool], ...]:
    """Whether a post is one that can be new to a reader."""
    return Post.author_id != reader_id, Post.deleted_at.is_(None), readable(uri)


async def count_news(
    unit: Unit, reader: Reader, thread_ids: Collection[int], *, shown: Shown | None = None
) -> dict[int, int]:
    """How many posts of these threads a reader has not seen; of none when a thread is muted."""
    query = (
        select(Thread.id, Reading.ahead, func.count(Post.id))
        .outerjoin(Reading, and_(Reading.thread_id == Thread.id, Reading.actor_id == reader.id))
        .join(Post, and_(Post.thread_id == Thread.id, _is_after(reader.since)))
        .where(
            Thread.id.in_(thread_ids),
            Reading.attention.is_distinct_from(Attention.MUTE),
            *_counts(reader.id, reader.uri),
        )
        .group_by(Thread.id, Reading.id)
    )
    news, known = {}, set[int]()
    for thread_id, ahead, count in await unit.session.execute(query):
        news[thread_id] = count
        known.update(ahead or (), (shown or {}).get(thread_id, ()))
    if known:
        for thread_id, count in await _count_known(unit, reader, news, known):
            news[thread_id] -= count
    return {thread_id: count for thread_id, count in news.items() if count > 0}


async def _count_known(
    unit: Unit, reader: Reader, thread_ids: Iterable[int], known: Collection[int]
) -> Iterable[tuple[int, int]]:
    """How many of these posts were counted although they are read."""
    query = (
        select(Thread.id, func.count(Post.id))
        .join(Post, Post.thread_id == Thread.id)
        .outerjoin(Reading, and_(Reading.thread_id == Thread.id, Reading.actor_id == reader.id))
        .where(
            Post.id.in_(sorted(known)),
            Thread.id.in_(list(thread_ids)),
            _is_after(reader.since),
            *_counts(reader.id, reader.uri),
        )
        .group_by(Thread.id)
    )
    return [(thread_id, count) for thread_id, count in await unit.session.execute(query)]


async def find_first_new(
    unit: Unit, reader: Reader, thread: Thread, *, shown: Collection[int] = ()
) -> Post | None:
    """The first post that a reader has not seen, in reading order."""
    row = await _find(unit, reader.id, thread.id)
    until = max(row.read_until if row else 0, reader.since)
    known = {key for key in [*(row.ahead if row else ()), *shown] if key > until}
    query = (
        select(Post)
        .where(
            Post.thread_id == thread.id,
            Post.id > until,
            Post.id.not_in(sorted(known)),
            *_counts(reader.id, reader.uri),
        )
        .order_by(Post.path)
        .limit(1)
    )
    return (await unit.session.scalars(query)).one_or_none()


def has_news(reader: Reader) -> ColumnElement[bool]:
    """The threads of a list in which there is something that a reader has not seen."""
    theirs = aliased(Reading)
    about = and_(theirs.thread_id == Thread.id, theirs.actor_id == reader.id)
    until = select(func.max(theirs.read_until)).where(about).correlate(Thread).scalar_subquery()
    later = case((until > reader.since, until), else_=reader.since)
    new = select(Post.id).where(
        Post.thread_id == Thread.id, Post.id > later, *_counts(reader.id, reader.uri)
    )
    return and_(
        new.correlate(Thread).exists(),
        ~exists().where(about, theirs.attention == Attention.MUTE),
    )


def is_followed(reader: Reader) -> ColumnElement[bool]:
    """The threads of a list that a reader follows, because they said so or wrote there."""
    theirs = aliased(Reading)
    about = and_(theirs.thread_id == Thread.id, theirs.actor_id == reader.id)
    wrote = select(Participation.id).where(
        Participation.thread_id == Thread.id,
        Participation.actor_id == reader.id,
        Participation.post_count > 0,
    )
    return or_(
        exists().where(about, theirs.attention == Attention.FOLLOW),
        and_(
            wrote.correlate(Thread).exists(), ~exists().where(about, theirs.attention.is_not(None))
        ),
    )


async def followers_of(unit: Unit, thread: Thread) -> list[Actor]:
    """The members who want to hear what is new in a thread."""
    await unit.flush()
    theirs = aliased(Reading)
    about = and_(theirs.thread_id == thread.id, theirs.actor_id == Actor.id)
    chosen = select(Reading.actor_id).where(
        Reading.thread_id == thread.id, Reading.attention == Attention.FOLLOW
    )
    wrote = select(Participation.actor_id).where(
        Participation.thread_id == thread.id, Participation.post_count > 0
    )
    query = select(Actor).where(
        Actor.id.in_(chosen.union(wrote)),
        Actor.role == Role.PERSON,
        Actor.suspended_at.is_(None),
        Actor.gone_at.is_(None),
        ~exists().where(about, theirs.attention.in_([Attention.NONE, Attention.MUTE])),
    )
    return list(await unit.session.scalars(query.order_by(Actor.id)))


# --- marking -----------------------------------------------------------------------------


async def note_read(unit: Unit, reader: Reader, thread_id: int, posts: Collection[int]) -> None:
    """Write down that these posts of a thread were shown to a reader."""
    row = await _obtain(unit, reader.id, thread_id)
    until = max(row.read_until, reader.since)
    known = {key for key in [*row.ahead, *posts] if key > until}
    query = select(func.min(Post.id)).where(
        Post.thread_id == thread_id,
        Post.id > until,
        Post.id.not_in(sorted(known)),
        *_counts(reader.id, reader.uri),
    )
    first_new = await unit.session.scalar(query)
    row.read_until = first_new - 1 if first_new is not None else max(known, default=until)
    row.ahead = sorted(key for key in known if key > row.read_until)[-AHEAD:]
    row.read_at = unit.now


async def read_whole(unit: Unit, reader: Reader, thread: Thread) -> None:
    """Count all that is in a thread as read."""
    newest = select(func.max(Post.id)).where(Post.thread_id == thread.id)
    row = await _obtain(unit, reader.id, thread.id)
    row.read_until = max(row.read_until, await unit.session.scalar(newest) or 0)
    row.ahead, row.read_at = [], unit.now


def read_everything(account: Account, until: int) -> None:
    """Count as read all that has a key up to `until`, in every thread."""
    account.read_until = max(account.read_until, until)


async def set_attention(
    unit: Unit, actor: Actor, thread: Thread, attention: Attention | None
) -> None:
    """Say what a member wants to hear of a thread; None: whatever is usual."""
    row = await _obtain(unit, actor.id, thread.id)
    row.attention = attention


async def _obtain(unit: Unit, actor_id: int, thread_id: int) -> Reading:
    """A member's reading of a thread; begun when there is none."""
    row = await _find(unit, actor_id, thread_id)
    if row is None:
        row = unit.add(
            Reading(
                actor_id=actor_id,
                thread_id=thread_id,
                read_until=0,
                ahead=[],
                attention=None,
                read_at=None,
            )
        )
        unit.memory[Reading, actor_id, thread_id] = row
    return row


async def _find(unit: Unit, actor_id: int, thread_id: int) -> Reading | None:
    """A member's reading of a thread; asked of the database at most once in a unit."""
    key = Reading, actor_id, thread_id
    if key not in unit.memory:
        query = select(Reading).where(Reading.actor_id == actor_id, Reading.thread_id == thread_id)
        unit.memory[key] = await unit.session.scalar(query)
    found: Reading | None = unit.memory[key]
    return found
