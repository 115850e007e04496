"""The loop that makes debates complete: it reads the collections in which peers list them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy import select

from actors.models import Actor
from fedi.core.errors import BudgetSpent, FediError, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget
from fedi.core.jobs import claim, finish, postpone
from fedi.core.jsonld import Document, id_of, one_type
from fedi.core.node import Node
from fedi.core.urls import same_origin
from fedi.core.vocab import POST_TYPES
from fedi.debates.models.post import Post
from inbox.batch import process
from inbox.completion import COOLDOWN, schedule_backfill
from inbox.crawl import Item, read_collection
from inbox.models import Backfill
from inbox.parse import read_bare_post, read_collected
from inbox.resolve import Resolver
from inbox.types import DONE, Received

log = structlog.get_logger()

AT_ONCE = 4
LEASE = timedelta(minutes=10)
IDLE_SECONDS = 30.0
MAX_ATTEMPTS = 5
#: An activity may need its author, then what it answers, then its Group.
MAX_ROUNDS = 4


def new_budget() -> Budget:
    """What one reading of one collection is worth: ten pages and two hundred posts."""
    return Budget(gets=210, hosts=20, seconds=120)


class Backfiller:
    """Reads collections until stopped, politely: one after the other, none too often."""

    def __init__(self, node: Node, resolver: Resolver) -> None:
        self._node = node
        self._resolver = resolver
        self._signal = node.signals["backfill"]
        self._stopping = False

    async def run(self) -> None:
        """Read what is due, again and again."""
        self._stopping = False
        while not self._stopping:
            self._signal.clear()
            if await self.run_once() == 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._signal.wait()

    async def stop(self) -> None:
        """Finish the collections in hand."""
        self._stopping = True
        self._signal.set()

    async def run_once(self) -> int:
        """Read the collections that are due, and return how many were."""
        async with self._node.db.unit() as unit:
            rows = await claim(unit, Backfill, limit=AT_ONCE, lease=LEASE)
        await asyncio.gather(*(self._read(row) for row in rows))
        return len(rows)

    async def _read(self, row: Backfill) -> None:
        """Read one collection, and say when it is to be read again, if it is."""
        error: FediError | None = None
        reading = _Reading(self._node, self._resolver, row.uri)
        try:
            await reading.read()
        except FediError as raised:
            error = raised
        unfinished = isinstance(error, Unreachable | BudgetSpent) and row.attempts < MAX_ATTEMPTS
        async with self._node.db.unit() as unit:
            for uri in reading.rest:
                await schedule_backfill(unit, uri, reason=row.uri, after=COOLDOWN)
            if error is not None and unfinished:
                until = unit.now + COOLDOWN * row.attempts
                await postpone(unit, Backfill, [row.id], until, error.code)
            else:
                code = error.code if error is not None else None
                await finish(unit, Backfill, [row.id], last_error=code)


class _Reading:
    """One reading of one collection."""

    def __init__(self, node: Node, resolver: Resolver, uri: str) -> None:
        self._node = node
        self._resolver = resolver
        self._uri = uri
        self._budget = new_budget()
        self._silence: Unreachable | None = None
        self._found = 0
        self._last: list[Document] = []  # the last page read of each collection

    @property
    def rest(self) -> list[str]:
        """Pages to read another time: those behind the bound, if anything new was before it."""
        following = [id_of(page.get("next")) for page in self._last] if self._found else []
        return [uri for uri in following if uri is not None and same_origin(uri, self._uri)]

    async def read(self) -> None:
        """Take in everything the collection lists that is unknown here.

        A context may lead to the history of its debate (FEP-171b): signed activities, which
        can be believed even when their authors' servers are gone.
        """
        owner = await self._owner()
        async for page, items in self._pages(self._uri):
            history = id_of(page.get("contextHistory"))
            if page.get("id") == self._uri and history and same_origin(history, self._uri):
                await self._read_history(history)
            await self._take(items, owner)
        if self._silence is not None:
            raise self._silence

    async def _read_history(self, uri: str) -> None:
        try:
            async for _, items in self._pages(uri):
                await self._take(items, None)
        except (Malformed, NotFound):
            log.debug("history unreadable", uri=uri)

    async def _pages(self, uri: str) -> AsyncIterator[tuple[Document, list[Item]]]:
        """The pages of a collection, as many as one reading is worth."""
        page: Document = {}
        async for page, items in read_collection(self._node.fetcher, uri, self._budget):
            yield page, items
        self._last.append(page)

    async def _owner(self) -> str | None:
        """The actor whose outbox this is; what is in it is said by that actor."""
        async with self._node.db.reading() as unit:
            query = select(Actor.uri).where(Actor.outbox == self._uri).limit(1)
            return await unit.session.scalar(query)

    async def _take(self, items: Sequence[Item], owner: str | None) -> None:
        known = await self._known({uri for item in items if (uri := _post_of(item)) is not None})
        batch = []
        for item in items:
            if _post_of(item) in known:
                continue
            if isinstance(item, str):
                await self._obtain(item)
            elif (received := self._interpret(item, owner)) is not None:
                batch.append(received)
            await asyncio.sleep(0)
        await self._handle(batch)

    async def _known(self, uris: set[str]) -> set[str]:
        async with self._node.db.reading() as unit:
            known = set(await unit.session.scalars(select(Post.uri).where(Post.uri.in_(uris))))
        return known | {uri for uri in uris if self._node.site.is_local(uri)}

    async def _obtain(self, uri: str) -> None:
        """Fetch one post; one that cannot be had must not keep the others away."""
        try:
            self._found += await self._resolver.obtain_post(uri, self._budget) is not None
        except BudgetSpent:
            raise
        except Unreachable as error:
            self._silence = error
        except FediError as error:
            log.debug("item refused", uri=uri, code=error.code)

    def _interpret(self, document: Document, owner: str | None) -> Received | None:
        try:
            if one_type(document.get("type"), POST_TYPES) is not None:
                return read_bare_post(document, source_uri=self._uri, way="collected")
            received = read_collected(document, self._node.site, source_uri=self._uri)
        except Malformed as error:
            log.debug("item refused", uri=document.get("id"), code=error.code)
            return None
        if received.actor_uri == owner:
            received.trust = "fetched"
        return received

    async def _handle(self, batch: list[Received]) -> None:
        """Handle activities found, asking the network for what they need as often as they need.

        A reaction may stand behind a post that has to be asked for: it waits with it.
        """
        for _ in range(MAX_ROUNDS):
            if not batch:
                return
            results = await process(self._node, batch)
            self._found += sum(outcome == DONE for _, outcome in results)
            batch = [
                received for received, outcome in results if outcome.name in ("waiting", "later")
            ]
            for received in list(batch):
                try:
                    await self._resolver.resolve(received, self._budget)
                except Unreachable as error:
                    self._silence = error
                    batch.remove(received)


def _post_of(item: Item) -> str | None:
    """The post that an item is, or creates: when it is known there is nothing to do."""
    if isinstance(item, dict) and item.get("type") == "Create":
        return id_of(item.get("object"))
    if isinstance(item, dict) and one_type(item.get("type"), POST_TYPES) is None:
        return None
    return id_of(item)
