"""Debates that somebody opened, so that what is missing of them can be asked for.

A page that is read waits for nobody: which one it was is noted, and looked at seconds later.
"""

from collections.abc import Awaitable, Callable, Collection

from aiohttp import web

#: Debates noted between two looks; more are opened again by somebody else.
MAX_NOTED = 200

Complete = Callable[[Collection[int]], Awaitable[None]]


class Opened:
    """The debates opened since the last look."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete
        self._threads: set[int] = set()

    def note(self, thread_id: int) -> None:
        """Somebody is reading this debate."""
        if len(self._threads) < MAX_NOTED:
            self._threads.add(thread_id)

    async def flush(self) -> None:
        """Have them completed."""
        threads, self._threads = self._threads, set()
        if threads:
            await self._complete(sorted(threads))


OPENED = web.AppKey("opened", Opened)
