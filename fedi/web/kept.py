"""What was made once and is kept in memory for who asks again: within a bound, or for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable
from time import monotonic
from typing import Generic, TypeVar

from fedi.core.metrics import CACHED

Value = TypeVar("Value")

#: About what a key and its place take, besides what is kept under it.
OVERHEAD = 1000


class Kept(Generic[Value]):
    """Things by a key that is another one whenever the thing would be; none is ever wrong.

    When there is no room, what was not asked for longest goes first.
    """

    def __init__(self, room: int, name: str = "") -> None:
        """`room` is in bytes; under its name `/metrics` tells how often it spared work."""
        self._name = name
        self._left = room
        self._things: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """What is kept under a key."""
        thing = self._things.get(key)
        if thing is None:
            return None
        self._things.move_to_end(key)
        return thing[0]

    def get_all(self, keys: Collection[Hashable]) -> list[Value | None]:
        """What is kept under each of these keys; this is what `/metrics` counts."""
        values = [self.get(key) for key in keys]
        if self._name:
            misses = values.count(None)
            CACHED[self._name, "miss"].inc(misses)
            CACHED[self._name, "hit"].inc(len(values) - misses)
        return values

    def keep(self, key: Hashable, value: Value, size: int) -> Value:
        """Keep it while there is room; `size` is in bytes."""
        self.drop(key)
        self._things[key] = value, size + OVERHEAD
        self._left -= size + OVERHEAD
        while self._left < 0:
            self._left += self._things.popitem(last=False)[1][1]
        return value

    def clear(self) -> None:
        """Keep nothing any longer."""
        while self._things:
            self._left += self._things.popitem()[1][1]

    def drop(self, key: Hashable) -> None:
        """Keep it no longer."""
        _, size = self._things.pop(key, (None, 0))
        self._left += size


class Lasting(Generic[Value]):
    """One thing that takes long to read and may be a little old."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._known: tuple[Value, float] | None = None
        self._reading = asyncio.Lock()

    async def get(self, read: Callable[[], Awaitable[Value]]) -> Value:
        """What was read in the last seconds, or is read now, once for all who ask."""
        async with self._reading:
            if self._known is None or self._clock() >= self._known[1]:
                self._known = await read(), self._clock() + self._seconds
            return self._known[0]
