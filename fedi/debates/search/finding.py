"""What is found: debates, and in each the posts that say what is sought."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, func, select

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import findable
from fedi.debates.reading import PostRow, read_posts
from fedi.debates.search.people import authors_called, groups_called, networks_called
from fedi.debates.search.query import Query
from fedi.debates.search.seeking import matches
from fedi.debates.threads import ThreadRow, read_threads

#: Posts that match, the newest ones, among which the best are sought: what bounds the cost.  More
#: of them when a group or a date is named, which the index does not know.
LOOKED_AT, LOOKED_AT_FURTHER = 5000, 20_000
#: Debates on a page, and posts that are shown of each.
DEBATES, POSTS = 10, 3
#: Scores that differ by less than this part of the best one count as the same.
STEP = 0.1


@dataclass(frozen=True)
class Found:
    """A debate, the posts in it that match best, and how many match."""

    thread: ThreadRow
    posts: Sequence[PostRow]
    count: int


@dataclass(frozen=True)
class Results:
    """A page of what was found."""

    debates: Sequence[Found] = ()
    total: int = 0  # debates on all pages
    posts: int = 0  # in all of them
    cut_at: int = 0  # how many were looked at, when there may be older ones
    unknown: Sequence[str] = ()  # what is named in the question and nobody is called


@dataclass
class _Terms:
    """What the operators mean here."""

    marks: list[list[str]] = field(default_factory=list)
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def add_marks(self, name: str, marks: list[str]) -> None:
        """Ask for one of these marks, which stand for a name."""
        self.marks.append(marks)
        if not marks:
            self.unknown.append(name)


async def find_debates(
    unit: Unit, query: Query, *, viewer: Actor | None = None, page: int = 1
) -> Results:
    """Find debates: the best ones first, a word of the title above one of a text, then the newest.

    Only what the viewer may find is in it, and counted (`permissions.findable`).
    """
    terms = await _understand(unit, query, viewer)
    if query.is_empty or terms.unknown:
        return Results(unknown=terms.unknown)
    limit = LOOKED_AT_FURTHER if terms.conditions else LOOKED_AT
    hits = matches(unit, query, terms.marks, limit)
    rows = await _look(unit, hits, terms, viewer)
    by_thread: defaultdict[int, list[int]] = defaultdict(list)
    for row in _in_order(rows):
        by_thread[row.thread_id].append(row.id)
    shown = list(by_thread)[(page - 1) * DEBATES : page * DEBATES]
    looked_at = await unit.session.scalar(select(func.count()).select_from(hits)) or 0
    return Results(
        debates=await _read(unit, {thread: by_thread[thread] for thread in shown}, viewer),
        total=len(by_thread),
        posts=len(rows),
        cut_at=limit if looked_at >= limit else 0,
    )


async def _understand(unit: Unit, query: Query, viewer: Actor | None) -> _Terms:
    terms = _Terms()
    for name in query.authors:
        terms.add_marks(name, await authors_called(unit, name, viewer))
    for name in query.networks:
        terms.add_marks(name, await networks_called(unit, name))
    for name in query.groups:
        groups = await groups_called(unit, name)
        terms.conditions.append(Thread.group_id.in_(groups))
        terms.unknown += [] if groups else [name]
    if query.since is not None:
        terms.conditions.append(Post.published_at >= _beginning(query.since))
    if query.before is not None:
        terms.conditions.append(Post.published_at < _beginning(query.before))
    return terms


def _beginning(day: date) -> datetime:
    """When a day begins, where the node is."""
    return datetime.combine(day, time()).astimezone()


async def _look(
    unit: Unit, hits: Subquery, terms: _Terms, viewer: Actor | None
) -> Sequence[Row[Any]]:
    query = (
        select(Post.id, Post.thread_id, Post.published_at, hits.c.score)
        .join(hits, hits.c.id == Post.id)
        .join(Actor, Actor.id == Post.author_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(findable(viewer), *terms.conditions)
    )
    return (await unit.session.execute(query)).all()


def _in_order(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    best = max((row.score for row in rows), default=0) or 1
    return sorted(
        rows,
        key=lambda row: (round(row.score / best / STEP), row.published_at, row.id),
        reverse=True,
    )


async def _read(
    unit: Unit, found: Mapping[int, Sequence[int]], viewer: Actor | None
) -> list[Found]:
    threads = await read_threads(unit, found.keys())
    wanted = [post for posts in found.values() for post in posts[:POSTS]]
    posts = {post.id: post for post in await read_posts(unit, wanted, viewer=viewer)}
    return [
        Found(
            threads[thread],
            [posts[post] for post in ids[:POSTS] if post in posts],
            len(ids),
        )
        for thread, ids in found.items()
        if thread in threads
    ]
