"""What members were shown, to be written down: a page that is read waits for no writer.

Pages note which posts were new on them.  A few seconds later all of it is written in one unit;
until then whoever asks in this process is told of it, so no list calls new what was just read.
A process that is killed forgets the last seconds, and those posts are new once more.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from fedi.core.db import Database
from fedi.core.unit import Unit
from fedi.debates.readings import Reader, Shown, note_read, reader_of
from fedi.web.keys import MEMBER


class Seen:
    """What was shown by this process and is not written down yet."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._readers: dict[int, Reader] = {}
        self._posts: defaultdict[int, dict[int, set[int]]] = defaultdict(dict)

    def note(self, reader: Reader, thread_id: int, posts: Collection[int]) -> None:
        """Remember that these new posts of a thread were shown to a reader."""
        if posts:
            self._readers[reader.id] = reader
            self._posts[reader.id].setdefault(thread_id, set()).update(posts)

    def of(self, reader: Reader) -> Shown:
        """What was shown to a reader, by thread."""
        return self._posts.get(reader.id, {})

    async def flush(self) -> None:
        """Write it down."""
        written = {
            (self._readers[reader_id], thread_id): frozenset(posts)
            for reader_id, threads in self._posts.items()
            for thread_id, posts in threads.items()
        }
        if not written:
            return

        async def write(unit: Unit) -> None:
            for (reader, thread_id), posts in written.items():
                await note_read(unit, reader, thread_id, posts)

        await self._db.attempt(write)
        for (reader, thread_id), posts in written.items():
            self._forget(reader.id, thread_id, posts)

    def _forget(self, reader_id: int, thread_id: int, posts: Collection[int]) -> None:
        """Drop what is written; more may have been shown meanwhile."""
        threads = self._posts[reader_id]
        threads[thread_id].difference_update(posts)
        if not threads[thread_id]:
            del threads[thread_id]
        if not threads:
            del self._posts[reader_id], self._readers[reader_id]


@dataclass(frozen=True)
class Memory:
    """What a member has read, with what was shown to them a moment ago."""

    reader: Reader
    shown: Shown


SEEN: web.AppKey[Seen] = web.AppKey("seen", Seen)


def reader_here(request: web.Request) -> Reader | None:
    """Who reads this page, if it is a member."""
    member = request[MEMBER]
    return reader_of(member.account, member.actor) if member is not None else None


def memory_here(request: web.Request) -> Memory | None:
    """What the member who reads this page has read before."""
    reader = reader_here(request)
    return Memory(reader, request.app[SEEN].of(reader)) if reader is not None else None
