"""Work that is done in rounds: all that is due, then a rest until a wake or a while has passed."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress


class Rounds(ABC):
    """A loop over job rows; whoever inherits says in `run_once` what a round is.

    `signal` is the event of a topic.  `rest` is in seconds: a wake may be lost, and what was
    postponed wakes nobody.
    """

    def __init__(self, signal: asyncio.Event, *, rest: float) -> None:
        self._signal, self._rest = signal, rest
        self._stopping = False

    @abstractmethod
    async def run_once(self) -> int:
        """Do a few things that are due; how many there were, 0 when nothing is."""

    async def run(self) -> None:
        """Work until stopped."""
        self._stopping = False
        while not self._stopping:
            self._signal.clear()
            while await self.run_once() and not self._stopping:
                pass
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest):
                    await self._signal.wait()

    async def stop(self) -> None:
        """Let the round under way be the last."""
        self._stopping = True
        self._signal.set()
