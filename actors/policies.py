"""Whom this node refuses: the decisions of its moderators about servers and about actors.

They apply before anything else happens: before a key is fetched, before a document is
asked for, before an activity is sent.
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from actors.models import Actor, Peer, Policy
from actors.peers import find_peer
from fedi.core.config import is_reserved
from fedi.core.db import Database
from fedi.core.errors import Blocked, Invalid, Malformed
from fedi.core.unit import Unit
from fedi.core.urls import Origin, origin_of, parse_url

Mode = Literal["open", "allowlist"]

#: How long a decision taken by another process may go unnoticed, when its wake is lost.
REREAD_AFTER = timedelta(seconds=10)

_BOOK = "actors.policies:book"


class Book:
    """The decisions as they stood when they were read.

    A rule for a host covers its sub-domains and all its ports; the most specific rule
    wins.  `origin in book` tells whether that server is refused.
    """

    def __init__(
        self,
        rules: Iterable[tuple[str, Policy]] = (),
        *,
        mode: Mode = "open",
        suspended: Iterable[str] = (),
    ) -> None:
        """`rules` go from authorities (`host` or `host:port`) to policies."""
        self._rules = dict(rules)
        self._mode = mode
        self._suspended = frozenset(suspended)

    @property
    def of_servers(self) -> "Book":
        """Only what was decided about servers that were named."""
        return Book(self._rules.items())

    def __contains__(self, origin: object) -> bool:
        return isinstance(origin, str | Origin) and self.refuses(origin)

    def refuses(self, origin: str | Origin) -> bool:
        """Whether nothing is exchanged with a server, given by its origin or a URL on it."""
        policy = self.policy_of(origin)
        return policy is Policy.BLOCKED or (
            self._mode == "allowlist" and policy is not Policy.ALLOWED
        )

    def check(self, origin: str | Origin) -> None:
        """Return if we speak with this server; raise `Blocked` if we do not."""
        if self.refuses(origin):
            raise Blocked(f"this node refuses {origin}", code="peer-blocked")

    def policy_of(self, origin: str | Origin) -> Policy:
        """The rule that covers a server; `OPEN` when there is none."""
        if not self._rules:
            return Policy.OPEN
        origin = origin_of(origin) if isinstance(origin, str) else origin
        for name in _names(origin):
            if (policy := self._rules.get(name, Policy.OPEN)) is not Policy.OPEN:
                return policy
        return Policy.OPEN

    def is_suspended(self, actor_uri: str) -> bool:
        """Whether moderators suspended this actor of a peer."""
        return actor_uri in self._suspended


def _names(origin: Origin) -> Iterator[str]:
    """The names under which a rule about a server can stand, the most specific first."""
    if origin.authority != origin.host:
        yield origin.authority
    yield origin.host
    if not origin.is_ip_literal:
        parent = origin.host.partition(".")[2]
        while parent:
            yield parent
            parent = parent.partition(".")[2]


class Policies:
    """The book of one process, read again when a decision is heard of, and every ten seconds.

    It costs no query in between.
    """

    def __init__(self, db: Database, mode: Mode) -> None:
        """`mode` is the node's: in `allowlist` whoever is not allowed is refused."""
        db.signals.listen("policies", self._forget)
        self._db = db
        self._mode = mode
        self._book = Book(mode=mode)
        self._read_at: datetime | None = None
        self._heard = 0
        self._reading = asyncio.Lock()

    async def check(self, origin: str | Origin) -> None:
        """Return if we speak with this server; raise `Blocked` if we do not."""
        (await self.book()).check(origin)

    async def book(self) -> Book:
        """The decisions of at most ten seconds ago."""
        if not self._is_fresh():
            async with self._reading:
                while not self._is_fresh():
                    await self._read()
        return self._book

    async def _read(self) -> None:
        heard = self._heard
        async with self._db.reading() as unit:
            self._book = await read_book(unit, self._mode)
        if heard == self._heard:  # or else a decision fell that this reading may have missed
            self._read_at = self._db.clock()

    def _forget(self, _: str) -> None:
        """Read the book again at the next question: something was just decided."""
        self._heard += 1
        self._read_at = None

    def _is_fresh(self) -> bool:
        if self._read_at is None:
            return False
        return self._db.clock() - self._read_at < REREAD_AFTER


#: What somebody decided; of most peers nobody did, and an index leads past them.
DECIDED = tuple(policy for policy in Policy if policy is not Policy.OPEN)


async def read_book(unit: Unit, mode: Mode = "open") -> Book:
    """Read the decisions from the database, those of `set_policy` in this unit included."""
    suspended = await unit.session.scalars(
        select(Actor.uri).where(Actor.suspended_at.is_not(None), Actor.role.is_(None))
    )
    return Book(await _read_rules(unit), mode=mode, suspended=suspended)


async def _read_rules(unit: Unit) -> list[tuple[str, Policy]]:
    peers = await unit.session.execute(
        select(Peer.uri, Peer.policy).where(Peer.policy.in_(DECIDED))
    )
    return [(origin_of(uri).authority, policy) for uri, policy in peers]


async def blocked_hosts(unit: Unit) -> Book:
    """What was decided about servers, remembered for the unit: ask `origin in blocked`."""
    if _BOOK not in unit.memory:
        unit.memory[_BOOK] = Book(await _read_rules(unit))
    book: Book = unit.memory[_BOOK]
    return book


def lend(unit: Unit, book: Book) -> None:
    """Let a unit go by decisions that were read before it: it need not ask for them."""
    unit.memory[_BOOK] = book.of_servers


async def set_policy(unit: Unit, host: str, policy: Policy, reason: str = "") -> list[Peer]:
    """Decide about a server, named by its host, by `host:port` or by an address on it.

    The rule for a host covers its sub-domains and every port.  Raises `Invalid` for what is
    no server, for a whole top-level domain, and for this node itself.
    """
    origin = _read_host(unit, host)
    await unit.flush()
    rows = await unit.session.scalars(select(Peer).where(Peer.host == origin.host))
    peers = [peer for peer in rows if origin_of(peer.uri).authority == origin.authority]
    if not peers:
        peers = [await find_peer(unit, str(origin))]
    for peer in peers:
        unit.meet(peer)
        peer.policy = policy
        peer.policy_reason = reason or None
    await unit.flush()
    unit.memory.pop(_BOOK, None)
    unit.wake("policies")
    return peers


def _read_host(unit: Unit, text: str) -> Origin:
    text = text.strip()
    try:
        origin = parse_url(text if "://" in text else f"https://{text}").origin
    except Malformed as error:
        raise Invalid(f"{text} is not the name of a server", code="bad-host") from error
    if "." not in origin.host and not is_reserved(origin.host) and not origin.is_ip_literal:
        raise Invalid(f"{text} is more than one server", code="bad-host")
    if origin.authority == unit.site.domain:
        raise Invalid("this node cannot refuse itself", code="own-host")
    return origin
