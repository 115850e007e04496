"""Posts as they are read: columns instead of rows, pages as ranges of an index.

The hundredth page of a debate costs what the first one does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Label,
    Select,
    bindparam,
    exists,
    false,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.types import NullType

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.models.post import Post, Reaction, Visibility
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import readable
from fedi.debates.tree import below_path

_OF_AUTHOR = "id uri name handle origin icon url type"
_OF_POST = (
    "id key uri path depth parent_id parent_uri type title summary content language url visibility "
    "published_at updated_at deleted_at removal_reason like_count reply_count share_count "
    "hat tags images"
)
#: Of posts whose author is suspended here.
_WITHHELD: dict[str, Any] = {"content": "", "hat": None, "tags": None, "images": None}


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post as it is read.  Of what is gone, or of a suspended author, there is no content."""

    id: int
    key: str
    uri: str
    path: str  # the cursor of the page that comes after it
    depth: int
    parent_id: int | None
    parent_uri: str | None
    type: str
    title: str
    summary: str
    content: str
    language: str | None
    url: str | None
    visibility: Visibility
    published_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None
    removal_reason: str | None
    like_count: int
    reply_count: int
    share_count: int
    hat: str | None  # for whom its author says to speak
    tags: list[str] | None
    images: list[dict[str, Any]] | None  # of ours
    author_id: int
    author_uri: str
    author_name: str
    author_handle: str
    author_origin: str
    author_icon: str | None
    author_url: str | None
    author_type: str
    author_is_local: bool
    author_is_suspended: bool
    remover_name: str | None
    remover_is_local: bool
    is_liked: bool  # by the viewer

    @property
    def is_orphan(self) -> bool:
        """Whether what it answers is unknown here."""
        return self.parent_id is None and self.parent_uri is not None


class ThreadEdition(NamedTuple):
    """Which edition of a thread there is: it is another one when anything around its posts is.

    The moment is as the database gives it, only to be compared.
    """

    id: int
    root_id: int
    title: str
    changed_at: object
    locked_at: object
    post_count: int


class Since(NamedTuple):
    """A place in the order in which a thread was written: a moment, and the last post of then."""

    moment: datetime
    last: int = 0


class Edition(NamedTuple):
    """Which edition of a post there is: few columns, one of which is another when it reads
    differently.

    Moments are as the database gives them, only to be compared.
    """

    id: int
    path: str
    updated_at: object
    deleted_at: object
    like_count: int
    author_id: int
    author_origin: str
    author_updated_at: object
    author_suspended_at: object
    is_liked: bool  # by the viewer

    @property
    def is_withheld(self) -> bool:
        """Whether only a sentence is left of it: it was removed, or its author is suspended."""
        return self.deleted_at is not None or self.author_suspended_at is not None


def _post_columns(viewer: Actor | None) -> Select[Any]:
    return _readable_by(viewer.id, viewer.uri) if viewer is not None else _readable_by(None, None)


@lru_cache(maxsize=256)  # putting it together takes longer than many a page
def _readable_by(viewer_id: int | None, viewer_uri: str | None) -> Select[Any]:
    author, remover = aliased(Actor), aliased(Actor)
    suspended = author.suspended_at.is_not(None)
    return (
        select(
            *(getattr(Post, name) for name in _OF_POST.split()),
            *(getattr(author, name).label(f"author_{name}") for name in _OF_AUTHOR.split()),
            author.role.is_not(None).label("author_is_local"),
            suspended.label("author_is_suspended"),
            remover.name.label("remover_name"),
            remover.role.is_not(None).label("remover_is_local"),
            _is_liked(viewer_id).label("is_liked"),
        )
        .join(author, author.id == Post.author_id)
        .outerjoin(remover, remover.id == Post.removed_by_id)
        .where(readable(viewer_uri))
    )


def _is_liked(viewer_id: int | None) -> ColumnElement[bool]:
    if viewer_id is None:
        return false()
    return exists().where(
        Reaction.actor_id == viewer_id, Reaction.post_id == Post.id, Reaction.kind == "like"
    )


@lru_cache(maxsize=256)
def _editions(
    viewer_id: int | None, viewer_uri: str | None, *, after: bool, branch: bool, since: bool
) -> Select[Any]:
    """The statement of `read_editions`, which takes its values as parameters."""
    author = aliased(Actor)
    ranges: list[ColumnElement[bool]] = [Post.path > bindparam("after")] if after else []
    top: Any = bindparam("branch")
    ranges += [below_path(top)] if branch else []
    order: tuple[Any, ...] = (Post.path,)
    if since:
        order = (Post.published_at, Post.id)
        last: Any = bindparam("moment", type_=Post.published_at.type), bindparam("last")
        ranges += [tuple_(*order) > tuple_(*last), Post.id != Thread.root_id]
    return (
        select(
            Thread.id.label("thread_id"),
            Thread.root_id,
            Thread.title,
            _unread(Thread.changed_at),
            _unread(Thread.locked_at),
            Thread.post_count,
            Post.id,
            Post.path,
            _unread(Post.updated_at),
            _unread(Post.deleted_at),
            Post.like_count,
            Post.author_id,
            author.origin,
            _unread(author.updated_at, "author_"),
            _unread(author.suspended_at, "author_"),
            _is_liked(viewer_id).label("is_liked"),
        )
        .join(Thread, Thread.id == Post.thread_id)
        .join(author, author.id == Post.author_id)
        .where(Thread.key == bindparam("key"), readable(viewer_uri), *ranges)
        .order_by(*order)
        .limit(bindparam("limit"))
    )


def _unread(column: InstrumentedAttribute[Any], prefix: str = "") -> Label[Any]:
    """A moment as it is stored: to read it would take longer than all the rest."""
    return type_coerce(column, NullType()).label(prefix + column.key)


async def read_editions(
    unit: Unit,
    key: str,
    *,
    after: str | None = None,
    limit: int = 100,
    viewer: Actor | None = None,
    branch: str | None = None,
    since: Since | None = None,
) -> tuple[ThreadEdition, list[Edition]] | None:
    """A page of the thread of this key, as `read_page` gives it, but only which editions it has.

    With `since`, in the order in which it was written, without the opening.  One statement,
    whatever the page; None when there is nothing on it.
    """
    who = (viewer.id, viewer.uri) if viewer is not None else (None, None)
    query = _editions(*who, after=bool(after), branch=bool(branch), since=bool(since))
    values = {"key": key, "after": after, "branch": branch, "limit": limit}
    values |= since._asdict() if since else {}
    connection = await unit.session.connection()  # the session would make objects of the rows
    rows = (await connection.execute(query, values)).all()
    if not rows:
        return None
    width = len(ThreadEdition._fields)
    return ThreadEdition(*rows[0][:width]), [Edition(*row[width:]) for row in rows]


async def read_posts(
    unit: Unit, ids: Collection[int], *, viewer: Actor | None = None
) -> list[PostRow]:
    """These posts, those that the viewer may read, in any order."""
    return await _read_posts(unit, _post_columns(viewer).where(Post.id.in_(ids))) if ids else []


async def read_page(
    unit: Unit,
    thread: Thread,
    *,
    after: str | None = None,
    limit: int = 100,
    viewer: Actor | None = None,
    branch: str | None = None,
) -> list[PostRow]:
    """A page of a thread in reading order; `after` is the path of the last post before it.

    Given the path of a post as `branch`, only that post and what is below it.  A thread in
    which the viewer may read nothing is to be treated like one that does not exist.
    """
    query = _post_columns(viewer).where(Post.thread_id == thread.id)
    if after:
        query = query.where(Post.path > after)
    if branch:
        query = query.where(below_path(branch))
    return await _read_posts(unit, query.order_by(Post.path).limit(limit))


async def read_post(unit: Unit, post: Post, *, viewer: Actor | None = None) -> PostRow | None:
    """One post as it is read; None when the viewer may not."""
    rows = await _read_posts(unit, _post_columns(viewer).where(Post.id == post.id))
    return rows[0] if rows else None


async def latest_posts(unit: Unit, thread: Thread, *, limit: int = 50) -> list[PostRow]:
    """The newest posts of a thread that everybody may read and that are still there."""
    query = _post_columns(None).where(Post.thread_id == thread.id, Post.deleted_at.is_(None))
    newest = query.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit)
    return await _read_posts(unit, newest)


async def posts_by(
    unit: Unit, author: Actor, *, before: int | None = None, limit: int = 30
) -> list[PostRow]:
    """What an actor wrote that everybody may read, newest first; `before` is the id of a post."""
    query = _post_columns(None).where(Post.author_id == author.id, Post.deleted_at.is_(None))
    if before is not None:
        query = query.where(Post.id < before)
    return await _read_posts(unit, query.order_by(Post.id.desc()).limit(limit))


async def _read_posts(unit: Unit, query: Select[Any]) -> list[PostRow]:
    return [
        PostRow(**row | (_WITHHELD if row["author_is_suspended"] else {}))
        for row in map(dict, (await unit.session.execute(query)).mappings())
    ]
