"""How a process goes: what it still takes, and what it asks of those connected to it."""

import asyncio


class Departure:
    """Whether this process is on its way out, and how far."""

    def __init__(self) -> None:
        #: Balancers are to send nothing more.
        self.is_announced = False
        self._letting_go = asyncio.Event()

    def let_go(self) -> None:
        """Ask everybody to come again: the connection of each answer is closed after it."""
        self._letting_go.set()

    @property
    def is_letting_go(self) -> bool:
        """Whether connections end with the answer under way."""
        return self._letting_go.is_set()

    async def wait(self) -> None:
        """Wait until connections are to end: what lasts as long as a reader wants ends then."""
        await self._letting_go.wait()
