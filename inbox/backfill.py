"""The loop that makes debates complete: it reads the collections in which peers list them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import select

from actors.journal import record
from actors.models import Actor
from fedi.core.errors import BudgetSpent, FediError, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget
from fedi.core.jobs import claim, finish, postpone
from fedi.core.jsonld import Document, id_of
from fedi.core.node import Node
from fedi.core.rounds import Rounds
from fedi.core.unit import Unit
from fedi.core.urls import origin_of, same_origin
from fedi.debates.gaps import note_gaps
from fedi.debates.mirrors import is_mirror
from inbox.completion import COOLDOWN, schedule_backfill, schedule_mirrors
from inbox.copies import CopyReading, IndexReading, is_index
from inbox.crawl import Item, read_collection
from inbox.gathering import Gatherer
from inbox.models import Backfill
from inbox.resolve import Resolver

log = structlog.get_logger()

AT_ONCE = 4
LEASE = timedelta(minutes=10)
IDLE_SECONDS = 30.0
MAX_ATTEMPTS = 5


class Reading(Protocol):
    """One reading of one collection."""

    rest: list[str]  # pages to read another time

    @property
    def context(self) -> str | None:
        """The debate whose posts it lists, if it is known."""

    async def read(self) -> None:
        """Take in what is unknown here."""


def new_budget() -> Budget:
    """What one reading of one collection is worth: ten pages and two hundred posts."""
    return Budget(gets=210, hosts=20, seconds=120)


class Backfiller(Rounds):
    """Reads collections until stopped, politely: one after the other, none too often."""

    def __init__(self, node: Node, resolver: Resolver) -> None:
        super().__init__(node.signals["backfill"], rest=IDLE_SECONDS)
        self._node = node
        self._resolver = resolver

    async def run_once(self) -> int:
        """Read the collections that are due, and return how many were."""
        async with self._node.db.unit() as unit:
            rows = await claim(unit, Backfill, limit=AT_ONCE, lease=LEASE)
        await asyncio.gather(*(self._read(row) for row in rows))
        return len(rows)

    async def _read(self, row: Backfill) -> None:
        """Read one collection, and say when it is to be read again, if it is."""
        error: FediError | None = None
        budget = new_budget()
        gatherer = Gatherer(self._node, self._resolver, row.uri, budget)
        reading = self._begin(row.uri, gatherer, budget)
        try:
            await reading.read()
        except FediError as raised:
            error = raised
        error = error or gatherer.silence
        async with self._node.db.unit() as unit:
            await note_gaps(unit, reading.context, row.uri, gatherer.missing)
            await _note_refused(unit, row.uri, gatherer)
            for uri in reading.rest:
                await schedule_backfill(unit, uri, reason=row.uri, after=COOLDOWN)
            if error is not None:
                await schedule_mirrors(unit, row.uri)
            await _conclude(unit, row, error)

    def _begin(self, uri: str, gatherer: Gatherer, budget: Budget) -> Reading:
        if is_index(uri):
            return IndexReading(self._node, uri, budget)
        if is_mirror(uri):
            return CopyReading(self._node, uri, gatherer, budget)
        return _Reading(self._node, uri, gatherer, budget)


async def _note_refused(unit: Unit, uri: str, gatherer: Gatherer) -> None:
    """Let those who look after the node see who hands on what is not true."""
    for (code, subject), count in gatherer.refused.items():
        await record(
            unit,
            direction="in",
            origin=str(origin_of(uri)),
            code=code,
            subject=subject,
            detail=uri,
            count=count,
        )


async def _conclude(unit: Unit, row: Backfill, error: FediError | None) -> None:
    if isinstance(error, Unreachable | BudgetSpent) and row.attempts < MAX_ATTEMPTS:
        until = unit.now + COOLDOWN * row.attempts
        await postpone(unit, Backfill, [row.id], until, error.code)
    else:
        code = error.code if error is not None else None
        await finish(unit, Backfill, [row.id], last_error=code)


class _Reading:
    """One reading of one collection."""

    def __init__(self, node: Node, uri: str, gatherer: Gatherer, budget: Budget) -> None:
        self._node = node
        self._uri = uri
        self._gatherer = gatherer
        self._budget = budget
        self._last: list[Document] = []  # the last page read of each collection
        self.context = uri  # of a debate, or of nothing
        self.rest: list[str] = []

    def _following(self) -> list[str]:
        """Pages to read another time: those behind the bound, if anything new was before it."""
        following = [id_of(page.get("next")) for page in self._last] if self._gatherer.found else []
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
            await self._gatherer.take(items, owner)
            self.rest = self._following()
        self.rest = self._following()

    async def _read_history(self, uri: str) -> None:
        try:
            async for _, items in self._pages(uri):
                await self._gatherer.take(items)
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
