"""The loop that reads what was received: claim, read, handle, and ask the network when needed."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from actors.journal import Journal
from actors.peers import heard_from
from fedi.core.errors import FediError, Malformed
from fedi.core.jobs import claim, finish, postpone
from fedi.core.jsonld import ids_of
from fedi.core.log import about
from fedi.core.metrics import INBOX_LAG, INBOX_PROCESSED
from fedi.core.node import Node
from fedi.core.unit import Unit
from inbox.batch import Result, process
from inbox.models import InboxItem
from inbox.parse import read_item
from inbox.resolve import Resolver
from inbox.types import DONE, Outcome, Received
from outbox.queue import retry_now
from outbox.reception import receive

log = structlog.get_logger()

BATCH = 50
#: A queue that one batch did not empty is read in batches of twice the size, up to these: of
#: two hundred, each activity costs a sixth less than of fifty.
LARGE_BATCH = 200
#: Longer than the slowest peer takes to answer everything one activity may ask of it.
LEASE = timedelta(minutes=10)
#: Activities that may wait for the network at once; beyond, no more are claimed.
MAX_ASKING = 200
#: A batch costs little more than one activity, so a short queue is left to grow a little.
LINGER_SECONDS = 0.2
IDLE_SECONDS = 5.0

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MAX_ATTEMPTS = 5
#: How often an activity is put off in the hope that what it is about arrives.
MAX_WAITS = 3


class Processor:
    """Reads the inbox until stopped."""

    def __init__(self, node: Node, resolver: Resolver, journal: Journal) -> None:
        self._node = node
        self._resolver = resolver
        self._journal = journal
        self._signal = node.signals["inbox"]
        self._asking: dict[asyncio.Task[None], Received] = {}
        self._answered: list[Received] = []
        self._size = BATCH
        self._stopping = False

    async def run(self) -> None:
        """Read what is due, again and again."""
        self._stopping = False
        clock = asyncio.get_running_loop().time
        try:
            while not self._stopping:
                started = clock()
                self._signal.clear()
                if await self._turn() < BATCH:
                    await self._linger(started + LINGER_SECONDS)
        finally:
            await self._give_back()

    async def stop(self) -> None:
        """Finish the batch in hand."""
        self._stopping = True
        self._signal.set()

    async def run_once(self) -> int:
        """Read what is due now, wait for what it asks of the network, and read that; its number."""
        count = await self._turn()
        while self._asking or self._answered:
            if self._asking:
                await asyncio.wait(self._asking)
            await self._turn(claiming=False)
        return count

    async def _linger(self, until: float) -> None:
        clock = asyncio.get_running_loop().time
        if not self._answered:
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._signal.wait()
        await asyncio.sleep(max(0.0, until - clock()))

    async def _turn(self, *, claiming: bool = True) -> int:
        size = self._size
        batch, self._answered = self._answered[:size], self._answered[size:]
        claimed = 0
        if claiming and len(batch) < size and len(self._asking) < MAX_ASKING:
            items = await self._claim(size - len(batch))
            claimed = len(items)
            batch += await self._read(items)
            self._size = min(2 * size, LARGE_BATCH) if len(batch) == size else BATCH
        if batch:
            book = await self._resolver.book()
            results = await process(self._node, batch, self._conclude, book=book)
            await self._follow_up(results)
        await self._journal.flush()
        return claimed

    async def _claim(self, limit: int) -> Sequence[InboxItem]:
        async with self._node.db.unit() as unit:
            return await claim(unit, InboxItem, limit=limit, lease=LEASE)

    async def _read(self, items: Sequence[InboxItem]) -> list[Received]:
        batch = []
        for item in items:
            try:
                batch.append(read_item(item, self._node.site))
            except Malformed as error:  # What an older version accepted.
                batch.append(_unreadable(item, error))
            await asyncio.sleep(0)  # Cleaning HTML takes its time: let others have a turn.
        return batch

    async def _conclude(self, unit: Unit, results: Sequence[Result]) -> None:
        """Note what became of each activity, in the transaction that holds its effect."""
        ends: defaultdict[Outcome, list[int]] = defaultdict(list)
        for received, outcome in results:
            if received.item_id is not None:
                ends[_last(received, outcome)].append(received.item_id)
        for outcome, ids in ends.items():
            if outcome.name == "later":
                await postpone(
                    unit, InboxItem, ids, unit.now + DELAYS[0], outcome.reason or outcome.name
                )
            elif outcome.name in ("done", "ignored"):
                await finish(unit, InboxItem, ids, outcome=outcome.name, reason=outcome.reason)
        await receive(unit, _addressed(results))
        origins = {received.origin for received, _ in results if received.origin is not None}
        for origin in await heard_from(unit, origins):
            await retry_now(unit, origin)
            unit.wake("outbox")

    async def _follow_up(self, results: Sequence[Result]) -> None:
        """What follows from a batch once it is stored."""
        for received, outcome in results:
            self._count(received, _last(received, outcome))
            if outcome.name == "waiting":
                task = asyncio.create_task(self._ask(received))
                self._asking[task] = received
                task.add_done_callback(self._asking.pop)
            elif outcome.name == "failed":
                await self._put_off(received, outcome.reason or "failed")
            elif _last(received, outcome).name == "ignored" and outcome.reason != "known":
                self._note(received, outcome.reason or "")

    def _count(self, received: Received, end: Outcome) -> None:
        INBOX_PROCESSED[end.name].inc()
        if end.name in ("done", "ignored") and received.received_at is not None:
            INBOX_LAG.observe((self._node.clock() - received.received_at).total_seconds())
        log.debug(
            "processed",
            activity=received.uri,
            type=received.type,
            outcome=end.name,
            reason=end.reason,
            peer=received.origin,
        )

    async def _ask(self, received: Received) -> None:
        try:
            with about(activity=received.uri):
                await self._resolver.resolve(received)
        except FediError as error:
            await self._put_off(received, error.code)
        except Exception as error:
            log.exception("resolving failed", activity=received.uri)
            await self._put_off(received, type(error).__name__)
        else:
            self._answered.append(received)
            self._signal.set()

    async def _put_off(self, received: Received, code: str) -> None:
        """Try again later; an activity that has failed five times is parked for a person to see."""
        if received.item_id is None:
            return
        ids = [received.item_id]
        async with self._node.db.unit() as unit:
            if received.attempts >= MAX_ATTEMPTS:
                await finish(unit, InboxItem, ids, outcome="parked", reason=code)
                self._note(received, "parked", code)
            else:
                until = unit.now + DELAYS[received.attempts - 1]
                await postpone(unit, InboxItem, ids, until, code)

    def _note(self, received: Received, code: str, detail: str = "") -> None:
        self._journal.note(
            direction="in",
            origin=received.origin or "",
            code=code,
            subject=received.uri or received.object_uri or received.actor_uri,
            detail=detail or received.type,
        )

    async def _give_back(self) -> None:
        """Let another process, or the next start, have at once what still waits for the network."""
        unfinished = [*self._asking.values(), *self._answered]
        tasks = list(self._asking)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._answered.clear()
        ids = [received.item_id for received in unfinished if received.item_id is not None]
        if ids:
            async with self._node.db.unit() as unit:
                await postpone(
                    unit, InboxItem, ids, unit.now, "stopped", attempts=InboxItem.attempts - 1
                )


def _unreadable(item: InboxItem, error: Malformed) -> Received:
    received = Received(
        {}, item.body, item.activity_uri, item.type, item.signer_uri, item.signer_uri, None
    )
    received.item_id, received.origin = item.id, item.origin
    received.received_at = item.received_at
    received.refusal = error.code
    return received


def _addressed(results: Sequence[Result]) -> dict[str, list[str]]:
    """Who is told by each activity with an effect: whom it names, and whose inbox it came to."""
    heard = [part for received, end in results if end == DONE for part in received.parts()]
    return {part.uri: _told_by(part) for part in heard if part.uri is not None}


def _told_by(part: Received) -> list[str]:
    named = [
        uri
        for document in (part.activity, part.object or {})
        for name in ("to", "cc")
        for uri in ids_of(document.get(name))
    ]
    return [*named, part.recipient] if part.recipient else named


def _last(received: Received, outcome: Outcome) -> Outcome:
    """What has been put off too often is ignored for the reason why it was put off."""
    if outcome.name == "later" and received.attempts >= MAX_WAITS:
        return Outcome("ignored", outcome.reason)
    return outcome
