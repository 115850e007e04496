"""How often one address, or one person, may do a thing: token buckets in memory.

A bucket belongs to a handler, never to a path, so no spelling of an address escapes it.
They are lost at a restart, which is harmless: they slow guessing down, they do not forbid.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web

from fedi.core.config import LimitsSection

#: How many addresses are remembered at once; beyond, the one not seen for longest is forgotten.
MAX_BUCKETS = 10_000


class TooMany(Exception):
    """This was asked too often; `retry_after` says in how many seconds it may be asked again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many requests: try again in {retry_after} seconds")
        self.retry_after = retry_after


@dataclass
class Limiter:
    """Lets each key pass `burst` times at once, and `per_minute` times a minute over time."""

    per_minute: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, *keys: str) -> None:
        """Count one use against every key; raises `TooMany` when one of them is used up."""
        now = self.clock()
        levels = {key: self._level(key, now) for key in keys}
        if min(levels.values()) < 1:
            missing = 1 - min(levels.values())
            raise TooMany(max(1, round(missing * 60 / self.per_minute)))
        for key, level in levels.items():
            self._buckets[key] = (level - 1, now)
            self._buckets.move_to_end(key)
        while len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)

    def _level(self, key: str, now: float) -> float:
        level, then = self._buckets.get(key, (float(self.burst), now))
        return min(self.burst, level + (now - then) * self.per_minute / 60)


def address_of(request: web.Request) -> str:
    """Whose request this is, as limits count it: an IPv4 address, or an IPv6 network of 64 bits.

    `request.remote` is the peer's address, or what a trusted proxy says of it.
    """
    try:
        address = ip_address(request.remote or "")
    except ValueError:
        return "local"  # a Unix socket has no address
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


@dataclass(frozen=True)
class Limits:
    """The limits of the pages, one per kind of thing that can be overdone."""

    sign_in_address: Limiter
    sign_in_login: Limiter
    joining: Limiter
    mailing: Limiter
    confirming: Limiter
    proving: Limiter
    posting: Limiter
    looking_up: Limiter
    painting: Limiter
    searching: Limiter
    drafting: Limiter
    completing: Limiter
    reporting: Limiter


def make_limits(config: LimitsSection) -> Limits:
    """Build them from the configuration."""
    per_minute = config.signins_per_minute
    return Limits(
        sign_in_address=Limiter(per_minute, burst=5 * per_minute),
        sign_in_login=Limiter(per_minute / 10, burst=5 * per_minute),
        joining=Limiter(1 / 6, burst=5),
        mailing=Limiter(1 / 6, burst=5),
        confirming=Limiter(5, burst=25),
        proving=Limiter(1, burst=10),
        posting=Limiter(config.posts_per_hour / 60, burst=max(10, config.posts_per_hour // 4)),
        looking_up=Limiter(10, burst=20),
        painting=Limiter(10, burst=30),
        searching=Limiter(30, burst=40),
        drafting=Limiter(30, burst=30),
        completing=Limiter(120, burst=60),
        reporting=Limiter(400 / 1440, burst=10),
    )
