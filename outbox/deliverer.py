"""The loop that sends what was published.

deliveries ──claim──> lanes, one per peer ──> POST ──> results ──> deliveries
    ^       200 rows                      64 at once              one unit for many
    └── woken by a unit that queued something, by results, or by the next due time
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

import structlog

from actors.policies import Policies
from actors.remote import obtain_actor
from fedi.core.errors import Blocked, FediError
from fedi.core.metrics import DELIVERIES, DELIVERIES_IN_FLIGHT, DELIVERY_LAG, DELIVERY_SECONDS
from fedi.core.node import Node
from fedi.core.unit import Unit
from outbox.claims import Claim, Claims
from outbox.delivery import Parcel, Result, Verdict, deliver
from outbox.lanes import Lanes
from outbox.outcomes import actors_to_recheck, give_back, write_results
from outbox.queue import give_up_on_the_lost, heard_again, hold_for_the_paused, look_ahead, resume

log = structlog.get_logger()

BATCH = 200  # rows of one claim, results of one unit
#: Deliveries begun before the loop looks at anything else: 3 ms of signing, 30 on a small board.
#: With a turn of the loop for each, 50 µs of every delivery went into changing between them.
TOGETHER = 8
#: Seconds that results may wait for others to be written with.
LINGER = 0.2
#: Seconds after which an answer counts as slow.
SLOW = 5.0
#: More than two requests may take, one for each scheme of signatures.
LONGEST_ATTEMPT = timedelta(seconds=40)
#: Seconds that stopping leaves to what is in flight.
GRACE = 10.0
_LISTEN_EVERY = timedelta(seconds=5)
_SWEEP_EVERY = timedelta(hours=1)


class Deliverer:
    """Delivers what is due, each peer at its own pace; any number of processes may have one."""

    def __init__(self, node: Node, rng: Random | None = None) -> None:
        self._node = node
        self._rng = rng or Random()  # noqa: S311 - it spreads retries, it keeps no secret
        self._policies = Policies(node.db, node.config.federation.mode)
        self._claims = Claims()
        self._lanes = Lanes()
        self._signal = node.signals["outbox"]
        self._turning = asyncio.Lock()
        self._stopping = False
        self._in_flight: dict[int, Parcel] = {}
        self._senders: set[asyncio.Task[None]] = set()
        self._rechecks: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._returned: list[Parcel] = []
        self._timer: asyncio.TimerHandle | None = None
        self._listened_at: datetime | None = None
        self._swept_at: datetime | None = None

    async def run(self) -> None:
        """Deliver until stopped; it sleeps while nothing is due."""
        try:
            while not self._stopping:
                self._signal.clear()
                # A unit cut off in its middle could leave SQLite locked, so it is let finish.
                pause = await asyncio.shield(self._turn())
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause.total_seconds()):
                        await self._signal.wait()
        except asyncio.CancelledError:
            self._stopping = True
            async with self._turning:
                await self._abandon()
            raise

    async def run_once(self) -> int:
        """Claim once, send it all and write it down; how many attempts that was."""
        await self._turn()
        while self._senders:
            await asyncio.wait(self._senders)
        made = len(self._results)
        await self._write_down()
        await asyncio.gather(*self._rechecks)
        return made

    async def stop(self) -> None:
        """Give what is in flight ten seconds, and everything else back to the queue."""
        self._stopping = True
        self._signal.set()
        async with self._turning:  # so no turn claims anything behind our back
            self._returned += self._lanes.empty()
        if self._senders:
            await asyncio.wait(self._senders, timeout=GRACE)
        await self._abandon()
        await self._write_down()

    async def _abandon(self) -> None:
        """Cut off what is in flight; those peers may hear the same activity again."""
        if self._timer is not None:
            self._timer.cancel()
        self._returned += self._in_flight.values()
        cut = [*self._senders, *self._rechecks]
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)

    # --- turns: between the database and the lanes ---------------------------------------

    async def _turn(self) -> timedelta:
        """Write down what has ended, claim what is due, start what there is room for.

        Returns how long nothing more will be due.
        """
        async with self._turning:
            if self._stopping:
                return timedelta()
            claim, pause = await self._write_down(min(BATCH, self._lanes.room))
            for number, parcel in enumerate(claim.parcels, start=1):
                self._lanes.add(parcel)
                self._launch()
                if number % TOGETHER == 0:
                    await asyncio.sleep(0)  # others wait for the loop
            return pause

    async def _write_down(self, limit: int = 0) -> tuple[Claim, timedelta]:
        """One unit for all results so far, and for a claim; nothing is forgotten if it fails.

        Returns the claim, and how long there will be nothing else to do.
        """
        results, returned = list(self._results), list(self._returned)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        async with self._node.db.unit() as unit:
            await give_back(unit, returned)
            await write_results(unit, results, self._rng)
            gone = await actors_to_recheck(unit, results)
            await self._look_after(unit)
            await unit.flush()
            busy = self._lanes.busy()
            claim = await self._claims.take(unit, limit=limit, busy=busy) if limit else Claim()
            pause = await look_ahead(unit) if claim.is_last else timedelta()
        del self._results[: len(results)]
        del self._returned[: len(returned)]
        for uri in gone:
            self._keep(self._rechecks, self._recheck(uri))
        DELIVERIES_IN_FLIGHT.set(len(self._in_flight))
        return claim, pause

    async def _look_after(self, unit: Unit) -> None:
        """Resume what waits for peers that were heard again; give up on those that are lost."""
        if self._listened_at is None or unit.now >= self._listened_at + _LISTEN_EVERY:
            await hold_for_the_paused(unit)
            await resume(unit, await heard_again(unit))
            self._listened_at = unit.now
        if self._swept_at is None or unit.now >= self._swept_at + _SWEEP_EVERY:
            await give_up_on_the_lost(unit)
            self._swept_at = unit.now

    # --- attempts: between the lanes and the peers ---------------------------------------

    def _launch(self) -> None:
        """Start whatever there is room for."""
        while (parcel := self._next()) is not None:
            self._keep(self._senders, self._send_on(parcel))

    def _next(self) -> Parcel | None:
        parcel = self._lanes.next()
        if parcel is not None:
            self._in_flight[parcel.id] = parcel
        return parcel

    async def _send_on(self, parcel: Parcel | None) -> None:
        """Send a parcel, then whatever may go in its place: a task costs more than a turn."""
        while parcel is not None:
            await self._send(parcel)
            parcel = self._next()
            self._launch()  # two may go to a peer that has just proved itself

    async def _send(self, parcel: Parcel) -> None:
        well = False
        try:
            if self._node.clock() < parcel.leased_until - LONGEST_ATTEMPT:
                well = await self._try(parcel)
            else:  # somebody else may claim it while we try
                self._returned.append(parcel)
        finally:
            self._in_flight.pop(parcel.id, None)
        self._returned += self._lanes.finish(parcel.origin, well=well)
        self._report()

    async def _try(self, parcel: Parcel) -> bool:
        """Make an attempt; whether the peer answered at all and in time."""
        started = asyncio.get_running_loop().time()
        result = await self._attempt(parcel)
        seconds = asyncio.get_running_loop().time() - started
        self._results.append(result)
        self._count(result, seconds)
        if result.status == 401:
            self._claims.forget_key(parcel.signer_id)
        return seconds < SLOW and not result.silent and result.retry_after is None

    def _count(self, result: Result, seconds: float) -> None:
        parcel = result.parcel
        DELIVERIES[parcel.dialect, result.verdict].inc()
        DELIVERY_SECONDS[parcel.dialect].observe(seconds)
        if result.verdict is Verdict.DELIVERED:
            lag = self._node.clock() - parcel.created_at
            DELIVERY_LAG[parcel.dialect].observe(lag.total_seconds())
        log.debug(
            result.verdict.value,
            activity=parcel.message.uri,
            object=parcel.message.object_uri,
            peer=parcel.origin,
            code=result.code,
            attempt=parcel.attempts,
        )

    async def _attempt(self, parcel: Parcel) -> Result:
        try:
            await self._policies.check(parcel.origin)
            return await deliver(self._node.fetcher, parcel, self._node.clock)
        except Blocked as error:
            return Result(parcel, Verdict.REFUSED, error.code, detail=str(error))
        except Exception:
            log.exception("delivery failed", activity=parcel.message.uri, inbox=parcel.inbox)
            return Result(parcel, Verdict.RETRY, "internal")

    def _report(self) -> None:
        """Have results written: at once when nothing else is under way, or else with others."""
        if len(self._results) >= BATCH or not self._lanes.in_hand:
            self._signal.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._signal.set)

    def _keep(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _recheck(self, uri: str) -> None:
        """Ask for an actor whose inbox is gone: its document tells where it is, if anywhere."""
        with suppress(FediError):
            await obtain_actor(self._node, uri)
