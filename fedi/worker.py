"""The loops of a node: receive, process, deliver, complete threads, keep the journal.

Each loop is an object with `run()`, which works until told otherwise, and `stop()`,
which lets what is in flight finish.  A loop that fails is logged and started again:
its rows have leases, so nothing is lost and nothing waits for a person.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol

import structlog

from fedi.core.errors import Overloaded
from fedi.core.leader import Leadership
from fedi.core.metrics import LEADER

log = structlog.get_logger()

#: Seconds before a failed loop starts again: first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
#: Seconds after the start before what is done daily is done for the first time.
SOON = 600.0
#: Seconds that stopping loops have to finish what is in flight.
GRACE = 12.0


class Loop(Protocol):
    """Work that goes on for as long as the node runs."""

    async def run(self) -> None:
        """Work until cancelled or stopped."""

    async def stop(self) -> None:
        """Finish what is in flight, then let `run` return."""


class Chore:
    """Something small to do every few seconds, and a last time at the end if asked."""

    def __init__(
        self, work: Callable[[], Awaitable[object]], *, every: float, at_end: bool = False
    ) -> None:
        self._work, self._every, self._at_end = work, every, at_end
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Do it until stopped."""
        while not self._stopping.is_set():
            await self._work()
            await _happens(self._stopping, within=self._every)
        if self._at_end:
            await self._work()

    async def stop(self) -> None:
        """Let the round under way be the last."""
        self._stopping.set()


class Daily:
    """Something to do once a day, at an hour when few are there, and soon after the start.

    A machine that is off at that hour would not do it otherwise.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[object]],
        *,
        at: time,
        clock: Callable[[], datetime],
        soon: float = SOON,
    ) -> None:
        self._work, self._at, self._clock, self._soon = work, at, clock, soon
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Do it day after day until stopped."""
        pause = self._soon
        while not await _happens(self._stopping, within=pause):
            await self._work()
            pause = (self._next() - self._clock()).total_seconds()

    def _next(self) -> datetime:
        now = self._clock()
        today = datetime.combine(now.date(), self._at, now.tzinfo)
        return today if today > now else today + timedelta(days=1)

    async def stop(self) -> None:
        """Let the round under way be the last."""
        self._stopping.set()


async def _happens(event: asyncio.Event, *, within: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()


@dataclass
class Supervised:
    """A loop and the task in which it runs."""

    loop: Loop
    task: asyncio.Task[None]


async def supervise(loop: Loop) -> None:
    """Run a loop, again after a pause when it fails, until it returns."""
    pause = FIRST_PAUSE
    while True:
        started = asyncio.get_running_loop().time()
        try:
            return await loop.run()
        except Overloaded as error:  # the database is down: every loop will say so
            log.warning("loop waits", loop=type(loop).__name__, reason=str(error))
        except Exception:
            log.exception("loop failed", loop=type(loop).__name__)
        if asyncio.get_running_loop().time() - started > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


@asynccontextmanager
async def running(loops: Sequence[Loop]) -> AsyncIterator[None]:
    """Keep the loops running inside the block; at its end stop them in the order given."""
    supervised = [
        Supervised(loop, asyncio.create_task(supervise(loop), name=type(loop).__name__))
        for loop in loops
    ]
    try:
        yield
    finally:
        for item in supervised:
            await _stop(item)


@asynccontextmanager
async def leading(
    lead: Leadership, begin: Callable[[], Awaitable[Sequence[Loop]]]
) -> AsyncIterator[None]:
    """Inside the block, keep loops running while this process leads.

    `begin` is called whenever it comes to lead, and makes the loops.
    """
    ending = asyncio.Event()
    task = asyncio.create_task(_lead(lead, begin, ending), name="leading")
    try:
        yield
    finally:
        ending.set()
        await task


async def _lead(
    lead: Leadership, begin: Callable[[], Awaitable[Sequence[Loop]]], ending: asyncio.Event
) -> None:
    while not ending.is_set():
        try:
            if await lead.take():
                log.info("leading")
                LEADER.set(1)
                async with running(await begin()):
                    while await lead.holds() and not await _happens(ending, within=lead.every):
                        pass
        except Exception as error:  # the database may be away: others may lead meanwhile
            log.warning("cannot lead", error=repr(error))
        finally:
            LEADER.set(0)
            await lead.release()
        await _happens(ending, within=lead.every)


async def _stop(item: Supervised) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await item.loop.stop()
            await item.task
    except TimeoutError:
        log.warning("loop stopped late", loop=type(item.loop).__name__)
    finally:
        item.task.cancel()
        await asyncio.gather(item.task, return_exceptions=True)
