"""What keeps a peer from making this node fetch without end."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from fedi.core.answers import Fetched
from fedi.core.errors import BudgetSpent, FediError, Unreachable
from fedi.core.urls import Origin, Url

MINUTE = 60.0


@dataclass
class Budget:
    """The fetches that one activity, or one click, is worth; handed from fetch to fetch.

    Within one budget a document that was fetched is not fetched again.  Asking for it
    still counts, so a crawl that turns in a circle comes to an end.
    """

    gets: int = 20
    hosts: int = 5
    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    answers: dict[str, Fetched] = field(default_factory=dict, repr=False)
    _visited: set[Origin] = field(default_factory=set, repr=False)
    _deadline: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._deadline = self.clock() + self.seconds

    @property
    def seconds_left(self) -> float:
        """How long the rest of the work may take; never negative."""
        return max(0.0, self._deadline - self.clock())

    def spend(self, url: Url) -> None:
        """Account for one GET before it is made; raises `BudgetSpent` when it is one too many."""
        if url.origin not in self._visited and len(self._visited) == self.hosts:
            raise BudgetSpent(code="budget-hosts")
        self.spend_again()
        self._visited.add(url.origin)

    def spend_again(self) -> None:
        """Account for a question that `answers` already holds the answer to."""
        if self.gets < 1:
            raise BudgetSpent(code="budget-gets")
        if self.seconds_left <= 0:
            raise BudgetSpent(code="budget-time")
        self.gets -= 1


class Failures:
    """URLs that failed a short while ago and are not worth asking again yet."""

    def __init__(self, *, limit: int = 4096, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._until: OrderedDict[str, tuple[float, FediError]] = OrderedDict()

    def remember(self, url: str, error: FediError) -> None:
        """Keep a failure for five minutes, or for one when the peer may come back sooner."""
        span = MINUTE if isinstance(error, Unreachable) else 5 * MINUTE
        # A copy: the original holds the frames, and so the documents, of the failed fetch.
        copy = type(error)(str(error), code=error.code)
        self._until[url] = self._clock() + span, copy
        self._until.move_to_end(url)
        if len(self._until) > self._limit:
            self._until.popitem(last=False)

    def check(self, url: str) -> None:
        """Raise again the failure of this URL if it is recent."""
        until, error = self._until.get(url, (0.0, None))
        if error is None:
            return
        if until > self._clock():
            raise type(error)(str(error), code=error.code)
        del self._until[url]

    def forget(self, url: str) -> None:
        """Let this URL be asked at once."""
        self._until.pop(url, None)
