"""Threads: opened, found, listed; `reading` has their posts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from actors.models import Actor, Role
from fedi.core.errors import Forbidden, Invalid
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path, read_key
from fedi.debates.audience import carriers as carriers
from fedi.debates.extras import Extras, carry
from fedi.debates.joining import begin_thread
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.notifications import tell_of_post
from fedi.debates.participation import count_post
from fedi.debates.placements import follow_merges
from fedi.debates.publication import say_create
from fedi.debates.reading import latest_posts as latest_posts
from fedi.debates.reading import read_page as read_page
from fedi.debates.reading import read_post as read_post
from fedi.debates.tags import threads_tagged
from fedi.debates.writing import draft, mention_uris, read_question, read_title, render, root_type

_GROUPS = (Role.NETWORK, Role.GROUP)


# --- opening -----------------------------------------------------------------------------


async def open_thread(
    unit: Unit,
    author: Actor,
    group: Actor,
    *,
    title: str,
    question: str = "",
    text: str,
    language: str | None = None,
    mentions: Sequence[Actor] = (),
    html: str | None = None,
    kind: Literal["Article", "Note"] | None = None,
    extras: Extras | None = None,
) -> Thread:
    """Open a debate in a Group of this node and publish its first post.

    Without a `kind`, a short and plain text becomes a Note, which microblogs show whole, and
    any other an Article.  Raises `Invalid` for what was typed, `Forbidden` for a suspended member.
    """
    if group.role not in _GROUPS:
        raise Invalid("a debate is opened in a group of this network", code="not-a-group")
    if author.suspended_at is not None or group.suspended_at is not None:
        raise Forbidden("this account is suspended", code="suspended")
    title, question = read_title(title), read_question(question)
    written = await render(text, html, mentions, unit.site)
    type_ = kind or root_type(written.content, html or text)
    post = draft(unit, author, written, type=type_, language=language or group.language)
    post.title, post.summary = title, question
    post.context_uri, post.audience_uri = unit.site.context(post.key), group.uri
    post.mentions = mention_uris(author, mentions)
    await carry(unit, author, post, written.content, extras)
    listed = author.silenced_at is None
    thread = begin_thread(unit, post, uri=post.context_uri, group_id=group.id, listed=listed)
    post.url = f"{unit.site.url}{page_path(thread)}"
    unit.add(post)
    await count_post(unit, thread, post, None)
    await tell_of_post(unit, author, post, None)
    await say_create(unit, post, thread, author)
    return thread


# --- finding -----------------------------------------------------------------------------


async def find_thread(unit: Unit, url: str) -> Thread | None:
    """The thread at an address: its own id, its page, its feed; or those of any post in it.

    Of one that was merged, the thread in which it is now.

    Addresses of pages on other servers are known when their posts told them.
    """
    url = url.strip()
    if (key := read_key(unit.site, url)) is not None:
        query = select(Thread).where(Thread.key == key)
        thread = await unit.session.scalar(query)
        if thread is not None:
            return await follow_merges(unit, thread)
        return await _thread_of_post(unit, Post.key == key)
    thread = await unit.find(Thread, uri=url)
    if thread is not None:
        return await follow_merges(unit, thread)
    return await _thread_of_post(unit, or_(Post.uri == url, Post.url == url))


async def _thread_of_post(unit: Unit, condition: Any) -> Thread | None:
    query = select(Post.thread_id).where(condition).order_by(Post.id).limit(1)
    thread_id = await unit.session.scalar(query)
    return await unit.find(Thread, id=thread_id) if thread_id is not None else None


# --- listing threads ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voice:
    """A network, or another server, that takes part in a thread."""

    origin: str
    posts: int


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """One thread in a list."""

    id: int
    key: str
    uri: str
    path: str  # of its page
    title: str  # empty when the first post is gone
    question: str
    language: str | None
    tags: list[str] | None  # of its opening
    opened_at: datetime
    active_at: datetime
    post_count: int
    is_locked: bool
    group_uri: str | None
    group_name: str | None
    group_handle: str | None
    group_origin: str | None
    author_name: str
    author_origin: str
    last_author_name: str | None
    last_author_origin: str | None
    voices: tuple[Voice, ...]  # those who said most first
    cursor: str  # of the page that comes after it


@cache  # putting it together takes longer than running it
def _thread_columns() -> Any:
    group, author, last = aliased(Actor), aliased(Actor), aliased(Actor)
    return (
        select(
            Thread,
            Post.language,
            Post.tags,
            group.uri.label("group_uri"),
            group.name.label("group_name"),
            group.handle.label("group_handle"),
            group.origin.label("group_origin"),
            author.name.label("author_name"),
            author.origin.label("author_origin"),
            last.name.label("last_author_name"),
            last.origin.label("last_author_origin"),
        )
        .join(author, author.id == Thread.author_id)
        .outerjoin(Post, Post.id == Thread.root_id)
        .outerjoin(group, group.id == Thread.group_id)
        .outerjoin(last, last.id == Thread.last_author_id)
    )


async def list_threads(
    unit: Unit,
    *,
    group: Actor | None = None,
    author: Actor | None = None,
    tag: str | None = None,
    origin: str | None = None,
    which: ColumnElement[bool] | None = None,
    before: str | None = None,
    limit: int = 30,
) -> list[ThreadRow]:
    """Debates by last activity, of one group or of all; `before` is a `ThreadRow.cursor`.

    `tag` is a name as `fold` makes it, `origin` that of the node where they started, `which` a
    further condition.  Only what everybody may read is listed.
    """
    query = _thread_columns().where(Thread.listed)
    if group is not None:
        query = query.where(Thread.group_id == group.id)
    if author is not None:
        query = query.where(Thread.author_id == author.id)
    if tag is not None:
        query = query.where(Thread.id.in_(threads_tagged(tag)))
    if origin is not None:
        query = query.where(Thread.origin == origin)
    if which is not None:
        query = query.where(which)
    if (place := _read_cursor(before)) is not None:
        query = query.where(tuple_(Thread.active_at, Thread.id) < place)
    query = query.order_by(Thread.active_at.desc(), Thread.id.desc()).limit(limit)
    found = (await unit.session.execute(query)).all()
    voices = await _voices(unit, [row.Thread.id for row in found])
    return [_thread_row(row._asdict(), voices) for row in found]


async def read_threads(unit: Unit, ids: Collection[int]) -> dict[int, ThreadRow]:
    """These debates, listed or not, by their keys."""
    found = (await unit.session.execute(_thread_columns().where(Thread.id.in_(ids)))).all()
    voices = await _voices(unit, ids)
    return {row.Thread.id: _thread_row(row._asdict(), voices) for row in found}


def _thread_row(row: dict[str, Any], voices: dict[int, tuple[Voice, ...]]) -> ThreadRow:
    thread: Thread = row.pop("Thread")
    return ThreadRow(
        id=thread.id,
        key=thread.key,
        uri=thread.uri,
        path=page_path(thread),
        title=thread.title,
        question=thread.question,
        opened_at=thread.opened_at,
        active_at=thread.active_at,
        post_count=thread.post_count,
        is_locked=thread.locked_at is not None,
        voices=voices.get(thread.id, ()),
        cursor=f"{round(thread.active_at.timestamp() * 1_000_000)}-{thread.id}",
        **row,
    )


def _read_cursor(text: str | None) -> tuple[datetime, int] | None:
    """The place after which a list goes on; a cursor that is none starts it anew."""
    micros, _, identity = (text or "").partition("-")
    if not (micros.isdigit() and identity.isdigit() and len(micros) < 18 and len(identity) < 20):
        return None
    whole, rest = divmod(int(micros), 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest), int(identity)


async def voices(unit: Unit, thread: Thread) -> tuple[Voice, ...]:
    """The networks and servers that take part in a thread, those who said most first."""
    return (await _voices(unit, [thread.id])).get(thread.id, ())


async def _voices(unit: Unit, thread_ids: Collection[int]) -> dict[int, tuple[Voice, ...]]:
    posts = func.sum(Participation.post_count)
    query = (
        select(Participation.thread_id, Actor.origin, posts)
        .join(Actor, Actor.id == Participation.actor_id)
        .where(Participation.thread_id.in_(thread_ids), Participation.post_count > 0)
        .group_by(Participation.thread_id, Actor.origin)
        .order_by(posts.desc(), Actor.origin)
    )
    found: defaultdict[int, list[Voice]] = defaultdict(list)
    for thread_id, origin, count in await unit.session.execute(query):
        found[thread_id].append(Voice(origin, int(count)))
    return {thread_id: tuple(heard) for thread_id, heard in found.items()}


async def participants(unit: Unit, thread: Thread) -> list[tuple[Actor, int]]:
    """Who wrote in a thread and how many posts, those who wrote most first."""
    query = (
        select(Actor, Participation.post_count)
        .join(Participation, Participation.actor_id == Actor.id)
        .where(Participation.thread_id == thread.id, Participation.post_count > 0)
        .order_by(Participation.post_count.desc(), Actor.id)
    )
    return [(actor, count) for actor, count in await unit.session.execute(query)]
