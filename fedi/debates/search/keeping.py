"""Keeping the words of posts and names up to date, behind those who write."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, func, or_, select

from actors.models import Actor
from fedi.core.db import Database
from fedi.core.html import plain
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.search import ActorWords, PostWords
from fedi.debates.search.index import drop_indexes, make_indexes
from fedi.debates.search.matching import EVERY, mark_author, mark_origin
from fedi.debates.search.words import fold_all, index

#: Rows whose words are stored in one transaction.
BATCH = 50
#: Seconds after which it looks for changes by itself, and that it waits for more once woken.
IDLE_SECONDS, LINGER_SECONDS = 30.0, 1.0
#: Of a second, how much it works at most when there is much to do: others come first.
SHARE = 0.3
#: Stamps are made a while before they are stored: so far back it looks for what it missed.
BEHIND = 60_000 << 20  # a minute, as keys count

Report = Callable[[int], None]


@dataclass(frozen=True)
class Shelf:
    """A table of words, what it is made of, and how."""

    words: type[PostWords] | type[ActorWords]
    changed: Any  # rows whose words are not those that are kept, in the order of stamps
    stamp: Any
    take: Callable[[Row[Any]], dict[str, str] | None]  # the words of a row; None: of what is gone


def _words_of_post(row: Row[Any]) -> dict[str, str] | None:
    if row.deleted_at is not None:
        return None
    shown = [image.get("text") for image in row.images or ()]
    text = "\n".join(filter(None, (row.summary, plain(row.content), *(row.tags or ()), *shown)))
    return {
        "title": index(row.title, row.language),
        "text": index(text, row.language),
        "marks": f"{EVERY} {mark_author(row.author_id)} {mark_origin(row.origin)}",
    }


def _words_of_actor(row: Row[Any]) -> dict[str, str]:
    return {"name": " ".join(fold_all(f"{row.name} {row.handle}"))}


_POSTS = Shelf(
    PostWords,
    select(
        Post.id, Post.stamp, Post.title, Post.summary, Post.content, Post.language,
        Post.author_id, Post.deleted_at, Post.tags, Post.images, Actor.origin,
    )
    .join(Actor, Actor.id == Post.author_id)
    .outerjoin(PostWords, PostWords.id == Post.id)
    .where(
        or_(
            PostWords.stamp != Post.stamp,
            PostWords.id.is_(None) & Post.deleted_at.is_(None),
        )
    ),
    Post.stamp,
    _words_of_post,
)  # fmt: skip
_ACTORS = Shelf(
    ActorWords,
    select(Actor.id, Actor.stamp, Actor.name, Actor.handle)
    .outerjoin(ActorWords, ActorWords.id == Actor.id)
    .where(or_(ActorWords.stamp != Actor.stamp, ActorWords.id.is_(None))),
    Actor.stamp,
    _words_of_actor,
)


class Indexer:
    """Follows what is written, edited and deleted, and who is called how, until stopped.

    What is already kept tells how far it came, so it has nothing to remember, and doing a thing
    twice, or in two processes, does no harm.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._signal = db.signals["thread"]
        self._stopping = False

    async def run(self) -> None:
        """Look for changes when a debate has one, and now and then."""
        self._stopping = False
        while not self._stopping:
            self._signal.clear()
            await self.run_once()
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._signal.wait()
            if not self._stopping:
                await asyncio.sleep(LINGER_SECONDS)

    async def stop(self) -> None:
        """Finish the batch in hand."""
        self._stopping = True
        self._signal.set()

    async def run_once(self, report: Report | None = None) -> int:
        """Store the words of all that changed; how many rows that were."""
        return sum([await self._keep(shelf, report) for shelf in (_POSTS, _ACTORS)])

    async def _keep(self, shelf: Shelf, report: Report | None) -> int:
        async with self._db.reading() as unit:
            newest = await unit.session.scalar(select(func.max(shelf.words.stamp))) or 0
        last, count = newest - BEHIND, 0
        while not self._stopping:
            started = asyncio.get_running_loop().time()
            async with self._db.reading() as unit:
                query = shelf.changed.where(shelf.stamp > last).order_by(shelf.stamp).limit(BATCH)
                rows = (await unit.session.execute(query)).all()
            if not rows:
                break
            await self._db.attempt(partial(_store, shelf, await _take(shelf, rows)))
            last, count = rows[-1].stamp, count + len(rows)
            if report is not None:
                report(count)
            else:
                spent = asyncio.get_running_loop().time() - started
                await asyncio.sleep(spent * (1 / SHARE - 1))
        return count


async def _take(shelf: Shelf, rows: Sequence[Row[Any]]) -> dict[int, dict[str, Any] | None]:
    taken: dict[int, dict[str, Any] | None] = {}
    for row in rows:
        words = shelf.take(row)
        taken[row.id] = words and {"id": row.id, "stamp": row.stamp, **words}
        await asyncio.sleep(0)  # a long text takes as long as a page
    return taken


async def _store(shelf: Shelf, taken: dict[int, dict[str, Any] | None], unit: Unit) -> None:
    await unit.session.execute(
        delete(shelf.words)
        .where(shelf.words.id.in_(list(taken)))
        .execution_options(synchronize_session=False)
    )
    for words in taken.values():
        if words is not None:
            unit.write(shelf.words, **words)


async def rebuild(db: Database, report: Report) -> int:
    """Make the index anew, from nothing; how many rows it has.

    `report` is told how far it is.  Until it is done less is found.  The node may serve
    meanwhile.
    """
    async with db.unit() as unit:
        connection = await unit.session.connection()
        await connection.run_sync(drop_indexes)
        for words in (PostWords, ActorWords):
            await unit.session.execute(delete(words).execution_options(synchronize_session=False))
        await connection.run_sync(make_indexes)
    return await Indexer(db).run_once(report)
