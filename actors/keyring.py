"""What one process remembers of peers' keys: which hold, which were refused, when we asked.

Everything in it is bounded and fades, so no peer can make it grow or make it stale.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from fedi.core.errors import FediError, Unreachable
from fedi.core.metrics import CACHED
from fedi.core.signatures.keys import PublicKey

Value = TypeVar("Value")

KEYS = 2048
KEPT_FOR = timedelta(hours=24)
REFUSED_FOR = timedelta(minutes=5)
UNREACHABLE_FOR = timedelta(minutes=1)
#: A signature that does not hold makes us ask for the key again: this often for one actor…
REFETCH_EVERY = timedelta(minutes=5)
#: … and this many times an hour for one server.
REFETCHES_PER_HOUR = 60
#: New keys asked of one server per minute; others could use us to flood it.
FETCHES_PER_MINUTE = 300


class Fading(Generic[Value]):
    """A bounded memory whose entries are forgotten after a while."""

    def __init__(self, clock: Callable[[], datetime], *, limit: int = KEYS) -> None:
        self._clock = clock
        self._limit = limit
        self._entries: OrderedDict[str, tuple[datetime, Value]] = OrderedDict()

    def get(self, name: str) -> Value | None:
        """What is remembered under this name, if it has not faded."""
        until, value = self._entries.get(name, (None, None))
        if until is None or until <= self._clock():
            return None
        self._entries.move_to_end(name)
        return value

    def put(self, name: str, value: Value, span: timedelta) -> None:
        """Remember for that long; the entry unused for longest makes room."""
        self._entries[name] = (self._clock() + span, value)
        self._entries.move_to_end(name)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def drop(self, name: str) -> None:
        """Forget now."""
        self._entries.pop(name, None)

    def clear(self) -> None:
        """Forget everything now."""
        self._entries.clear()

    def names(self, suits: Callable[[Value], bool]) -> list[str]:
        """The names of the entries that suit."""
        return [name for name, (_, value) in self._entries.items() if suits(value)]


@dataclass
class _Used:
    times: int = 0


class Allowance:
    """So many times in a span of time, counted by name."""

    def __init__(self, clock: Callable[[], datetime], times: int, span: timedelta) -> None:
        self._times = times
        self._span = span
        self._used: Fading[_Used] = Fading(clock)

    def take(self, name: str) -> bool:
        """Use one; False when there is none left."""
        used = self._used.get(name)
        if used is None:
            used = _Used()
            self._used.put(name, used, self._span)
        if used.times >= self._times:
            return False
        used.times += 1
        return True


@dataclass(frozen=True)
class KnownKey:
    """A key that its owner publishes; `actor_id` is None while its owner has no row here."""

    public: PublicKey
    actor_id: int | None


class KeyRing:
    """The keys of peers, and the patience we have with those who name wrong ones."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.heard = 0  # how often a key was dropped or replaced, by any process
        self._keys: Fading[KnownKey] = Fading(clock)
        self._refused: Fading[FediError] = Fading(clock)
        self._fetches = Allowance(clock, FETCHES_PER_MINUTE, timedelta(minutes=1))
        self._refetches = Allowance(clock, REFETCHES_PER_HOUR, timedelta(hours=1))
        self._refetches_of_actor = Allowance(clock, 1, REFETCH_EVERY)

    def get(self, key_id: str) -> KnownKey | None:
        """The key of this name, if it was kept within a day."""
        known = self._keys.get(key_id)
        CACHED["keys", "miss" if known is None else "hit"].inc()
        return known

    def keep(self, known: KnownKey) -> None:
        """Remember a key."""
        self._keys.put(known.public.id, known, KEPT_FOR)

    def forget(self, owner_uri: str) -> None:
        """Drop the keys of an actor."""
        for name in self._keys.names(lambda known: known.public.owner == owner_uri):
            self._keys.drop(name)

    def hear(self, key_id: str) -> None:
        """Drop a key that was dropped or replaced in the database; all of them for an empty id."""
        self.heard += 1
        if key_id:
            self._keys.drop(key_id)
        else:
            self._keys.clear()

    def refuse(self, key_id: str, error: FediError) -> None:
        """Remember why a key cannot be had, so that it is not asked for at every request."""
        span = UNREACHABLE_FOR if isinstance(error, Unreachable) else REFUSED_FOR
        # A copy: the original holds the frames, and so the documents, of the failed fetch.
        self._refused.put(key_id, type(error)(str(error), code=error.code), span)

    def check_refused(self, key_id: str) -> None:
        """Raise again why this key could not be had a short while ago."""
        error = self._refused.get(key_id)
        if error is not None:
            raise type(error)(str(error), code=error.code)

    def may_fetch(self, origin: str) -> bool:
        """Whether a server may be asked for one more key; this counts as asking."""
        return self._fetches.take(origin)

    def may_refetch(self, owner_uri: str, origin: str) -> bool:
        """Whether a key that we hold may be asked for again; this counts as asking."""
        return self._refetches_of_actor.take(owner_uri) and self._refetches.take(origin)
