"""The loops of a node: receive, process, deliver, complete threads, keep the journal.

Each loop is an object with `run()`, which works until told otherwise, and `stop()`,
which lets what is in flight finish.  A loop that fails is logged and started again:
its rows have leases, so nothing is lost and nothing waits for a person.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

log = structlog.get_logger()

#: Seconds before a failed loop starts again: first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
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
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._stopping.wait()
        if self._at_end:
            await self._work()

    async def stop(self) -> None:
        """Let the round under way be the last."""
        self._stopping.set()


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
