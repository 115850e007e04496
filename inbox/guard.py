"""How much one peer may ask of the inbox at once, and in a minute."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fedi.core.errors import Overloaded

IN_FLIGHT = 8
MAX_ORIGINS = 10_000


class TooMany(Overloaded):
    """This peer sends faster than this node reads; the same request may come again later."""

    code = "too-many"


@dataclass
class Guard:
    """Counts requests by origin, in memory: a restart forgets, and harms nobody."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _in_flight: Counter[str] = field(default_factory=Counter)
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    @contextmanager
    def passage(self, origin: str) -> Iterator[None]:
        """Let a request in while fewer than eight of its origin are being answered.

        Before the signature is verified an origin is only what the request claims, so this
        bounds what is under way and takes nothing away for later.  Raises `Overloaded`.
        """
        if self._in_flight[origin] >= IN_FLIGHT:
            raise Overloaded(code="in-flight")
        self._in_flight[origin] += 1
        try:
            yield
        finally:
            self._in_flight[origin] -= 1
            if not self._in_flight[origin]:
                del self._in_flight[origin]

    def count(self, origin: str) -> None:
        """Count one request of a verified origin; raises `TooMany` beyond the rate of a minute."""
        now = self.clock()
        level, then = self._levels.get(origin, (float(self.per_minute), now))
        level = min(float(self.per_minute), level + (now - then) * self.per_minute / 60)
        if level < 1:
            raise TooMany
        self._levels[origin] = (level - 1, now)
        self._levels.move_to_end(origin)
        if len(self._levels) > MAX_ORIGINS:
            self._levels.popitem(last=False)
