"""What members are told, written along by the unit that stores what happened.

Writing costs a row and no question.  What a member does not want to hear of, by kind or by
debate, is left out when it is read: so it comes and goes with their choice.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update

from actors.local import find_local
from actors.models import Actor, Role
from fedi.accounts.models import Account
from fedi.core.tables import made_at
from fedi.core.unit import Unit
from fedi.debates.addresses import read_key
from fedi.debates.models.notification import Notification, NotificationKind
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Attention, Reading
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import may_read

#: What a member always hears of: it is about their account, or waits for their answer.
ALWAYS = frozenset({NotificationKind.WARNING, NotificationKind.REPORT})
#: Messages whose authors hear that one message quotes them.
MAX_QUOTED = 3

_LINK = re.compile(r'<blockquote\b.*?<a\b[^>]*\bhref="([^"]+)".*?</blockquote>', re.S)


# --- telling -----------------------------------------------------------------------------


def notify(
    unit: Unit, *, to: Actor, kind: str, by: Actor | None = None, post: Post | None = None
) -> None:
    """Tell a member of ours what happened; of anybody else, and of one's own acts, nothing.

    Within a unit the same is told once; who stores what happened sees to it that it is stored
    once.  Raises `ValueError` for a kind that there is not.
    """
    wanted = NotificationKind(kind)
    if to.role is not Role.PERSON or to.gone_at is not None or (by is not None and by.id == to.id):
        return
    about = Notification, to.id, wanted, post and post.id, by and by.id
    if about in unit.memory:
        return
    unit.memory[about] = True
    unit.write(
        Notification,
        actor_id=to.id,
        kind=wanted,
        by_id=by and by.id,
        post_id=post and post.id,
        read_at=None,
    )
    unit.wake(_topic(to.id))


async def tell_of_post(unit: Unit, author: Actor, post: Post, parent: Post | None) -> None:
    """Tell whom a new post answers, names or quotes; each of them once, by the first of these.

    Who is named in a private post without being among its readers learns nothing of it.
    """
    told: set[int] = set()
    if parent is not None:
        answered = await unit.find(Actor, id=parent.author_id)
        _tell(unit, answered, NotificationKind.REPLY, author, post, told)
    for uri in post.mentions or ():
        named = await find_local(unit, uri)
        _tell(unit, named, NotificationKind.MENTION, author, post, told)
    for quoted in await _quoted(unit, post, parent):
        whose = await unit.find(Actor, id=quoted.author_id)
        _tell(unit, whose, NotificationKind.QUOTE, author, post, told)


def _tell(
    unit: Unit,
    to: Actor | None,
    kind: NotificationKind,
    author: Actor,
    post: Post,
    told: set[int],
) -> None:
    if to is None or to.id in told or not may_read(post, to.uri):
        return
    told.add(to.id)
    notify(unit, to=to, kind=kind, by=author, post=post)


async def _quoted(unit: Unit, post: Post, parent: Post | None) -> Sequence[Post]:
    """The posts to which quotations link at this node; what is answered is no news."""
    if "<blockquote" not in post.content:
        return ()
    links = [link for link in _LINK.findall(post.content) if unit.site.is_local(link)]
    keys = dict.fromkeys(key for link in links if (key := read_key(unit.site, link)))
    if parent is not None:
        keys.pop(parent.key, None)
    if not keys:
        return ()
    query = select(Post).where(Post.key.in_(list(keys)[:MAX_QUOTED]), Post.deleted_at.is_(None))
    return (await unit.session.scalars(query)).all()


async def forget(unit: Unit, *, to: Actor | None, kind: str, by: Actor, post: Post | None) -> None:
    """Tell no longer what was taken back: a like, a wish to follow."""
    if to is None or to.role is not Role.PERSON:
        return
    await unit.flush()
    about = NotificationKind(kind)
    unit.memory.pop((Notification, to.id, about, post and post.id, by.id), None)
    await unit.session.execute(
        delete(Notification)
        .where(
            Notification.actor_id == to.id,
            Notification.kind == about,
            Notification.by_id == by.id,
            Notification.post_id == post.id if post else Notification.post_id.is_(None),
        )
        .execution_options(synchronize_session=False)
    )
    unit.wake(_topic(to.id))


def _topic(actor_id: int) -> str:
    return f"notifications/{actor_id}"


# --- reading -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """One thing a member is told, with what it is about."""

    id: int
    kind: NotificationKind
    is_read: bool
    by: Actor | None
    post: Post | None
    thread: Thread | None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return made_at(self.id)


async def list_unread(unit: Unit, account: Account, *, limit: int) -> list[Told]:
    """What a member has not looked at, latest first."""
    return await _list(unit, _of(account, Notification.read_at.is_(None)), limit)


async def list_read(
    unit: Unit, account: Account, *, before: int | None = None, limit: int
) -> list[Told]:
    """What they have looked at, latest first; `before` is the last of the page before."""
    query = _of(account, Notification.read_at.is_not(None))
    if before is not None:
        query = query.where(Notification.id < before)
    return await _list(unit, query, limit)


async def count_unread(unit: Unit, account: Account, *, limit: int = 100) -> int:
    """How many things a member has not looked at; beyond the limit nobody counts."""
    rows = (
        _of(account, Notification.read_at.is_(None)).limit(limit).with_only_columns(Notification.id)
    )
    return await unit.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


async def _list(
    unit: Unit, query: "Select[Notification, Actor, Post, Thread]", limit: int
) -> list[Told]:
    rows = await unit.session.execute(query.order_by(Notification.id.desc()).limit(limit))
    return [
        Told(row.id, row.kind, row.read_at is not None, by, post, thread)
        for row, by, post, thread in rows
    ]


def _of(
    account: Account, *conditions: ColumnElement[bool]
) -> "Select[Notification, Actor, Post, Thread]":
    """What a member wants to be told and may still see."""
    muted = exists().where(
        Reading.actor_id == account.actor_id,
        Reading.thread_id == Post.thread_id,
        Reading.attention == Attention.MUTE,
    )
    return (
        select(Notification, Actor, Post, Thread)
        .outerjoin(Actor, Actor.id == Notification.by_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .outerjoin(Thread, Thread.id == Post.thread_id)
        .where(
            Notification.actor_id == account.actor_id,
            Notification.kind.not_in(unwanted(account)),
            or_(Notification.post_id.is_(None), Post.deleted_at.is_(None) & ~muted),
            *conditions,
        )
    )


def unwanted(account: Account) -> Collection[NotificationKind]:
    """The kinds of things a member does not want to be told."""
    return [kind for kind in NotificationKind if kind in account.untold and kind not in ALWAYS]


# --- marking -----------------------------------------------------------------------------


async def mark_read(unit: Unit, account: Account, *, only: Collection[int] | None = None) -> int:
    """Count as read these, or all; how many were not."""
    unread = [Notification.actor_id == account.actor_id, Notification.read_at.is_(None)]
    if only is not None:
        unread.append(Notification.id.in_(only))
    done = await unit.session.execute(
        update(Notification)
        .where(*unread)
        .values(read_at=unit.now)
        .execution_options(synchronize_session=False)
    )
    unit.wake(_topic(account.actor_id))
    return done.rowcount  # type: ignore[attr-defined,no-any-return]  # of a CursorResult
