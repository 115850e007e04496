"""Other servers: what they run, how they want to hear of debates, how they are doing.

`actors/nodeinfo.py` asks them; here is what we remember.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from actors.models import Actor, Dialect, Peer, Policy
from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.core.vocab import FORUM_SOFTWARE, OUR_SOFTWARE

_FEP_1B12 = "https://w3id.org/fep/1b12"
_FEP_8B32 = "https://w3id.org/fep/8b32"

#: Mastodon verifies FEP-8b32 proofs from this version on.
_MASTODON_VERIFIES = (4, 7)

DESCRIBED_FOR = timedelta(days=1)
_HEARD_EVERY = timedelta(minutes=1)


# --- what they run -----------------------------------------------------------------------


@dataclass(frozen=True)
class Description:
    """What a server says of its software (`nodeinfo.describe`); empty when it says nothing."""

    software: str | None = None  # lower case
    version: str | None = None
    implements: frozenset[str] = frozenset()


def dialect_for(description: Description, actor_verifies: bool) -> Dialect:
    """How a server wants to hear of group activities.

    `actor_verifies`: one of its actors publishes an Ed25519 key, so it knows about proofs.
    Unknown software counts as a microblog: to others, whole activities are noise.
    """
    if description.software == OUR_SOFTWARE:
        return Dialect.NODE
    if description.software == "gotosocial":
        return Dialect.GOTOSOCIAL
    if description.software in FORUM_SOFTWARE or _FEP_1B12 in description.implements:
        return Dialect.FORUM
    verifies = description.software == "mastodon" and (
        _read_version(description.version) >= _MASTODON_VERIFIES
    )
    if verifies or actor_verifies or _FEP_8B32 in description.implements:
        return Dialect.VERIFIER
    return Dialect.MICROBLOG


def _read_version(text: str | None) -> tuple[int, int]:
    match = re.match(r"v?(\d{1,4})\.(\d{1,4})", text or "", re.ASCII)
    return (int(match[1]), int(match[2])) if match else (0, 0)


async def store_description(unit: Unit, origin: str, description: Description) -> Peer:
    """Remember what a server runs, and with it how we speak to it."""
    peer = await find_peer(unit, origin)
    peer.software = description.software
    peer.version = description.version
    peer.dialect = dialect_for(description, await _has_verifying_actor(unit, origin))
    peer.described_at = unit.now
    if description.software is not None:
        peer.answered_at = unit.now
    unit.wake("networks")
    return peer


async def note_silence(unit: Unit, origin: str) -> None:
    """Remember that a server did not say what it runs: it is asked again in an hour."""
    peer = await find_peer(unit, origin)
    peer.described_at = unit.now - DESCRIBED_FOR + timedelta(hours=1)


async def _has_verifying_actor(unit: Unit, origin: str) -> bool:
    await unit.flush()
    query = select(Actor.id).where(Actor.origin == origin, Actor.verifies_proofs).limit(1)
    return await unit.session.scalar(query) is not None


# --- rows --------------------------------------------------------------------------------


async def find_peer(unit: Unit, origin: str) -> Peer:
    """The row of a server, made when there is none; only for one with an actor we know."""
    peer = await unit.find(Peer, uri=origin)
    if peer is None:
        peer = unit.add(
            Peer(
                uri=origin,
                host=origin_of(origin).host,
                policy=Policy.OPEN,
                dialect=Dialect.MICROBLOG,
                failures=0,
                created_at=unit.now,
            )
        )
    return peer


async def heard_from(unit: Unit, origins: Collection[str]) -> list[str]:
    """Note that these servers spoke to us, and return those that had seemed silent.

    The first word of a silent server ends its pause: what waits for it may be sent at once.
    A server whose deliveries fail although it goes on talking is not woken again.
    """
    await unit.load(Peer, uri=origins)
    woken = []
    for origin in sorted(set(origins)):
        peer = await unit.find(Peer, uri=origin)
        if peer is None or not _is_news(peer, unit.now):
            continue
        if peer.failing_since and (peer.heard_at is None or peer.heard_at < peer.failing_since):
            peer.paused_until = None
            woken.append(origin)
        peer.heard_at = unit.now
    return woken


def _is_news(peer: Peer, now: datetime) -> bool:
    """Whether hearing it again is worth a write: once a minute is enough."""
    return peer.heard_at is None or peer.heard_at <= now - _HEARD_EVERY


async def list_peers(unit: Unit) -> list[Peer]:
    """Every server we know of, by name."""
    return list(await unit.session.scalars(select(Peer).order_by(Peer.host, Peer.uri)))


async def peers_to_describe(unit: Unit, limit: int) -> list[str]:
    """Origins of servers whose software was never asked for, or more than a day ago."""
    found: list[str] = []
    # One question for each: together they would be answered by walking through all peers.
    for which in (Peer.described_at.is_(None), Peer.described_at < unit.now - DESCRIBED_FOR):
        query = (
            select(Peer.uri)
            .where(Peer.policy != Policy.BLOCKED, which)
            .order_by(Peer.described_at, Peer.id)
            .limit(limit - len(found))
        )
        found += await unit.session.scalars(query)
    return found


class PeerHealth(StrEnum):
    """How a server is doing, in one word for pages and the command line."""

    BLOCKED = "blocked"  # by us
    NEW = "new"  # nothing was exchanged yet
    WELL = "well"
    TROUBLED = "troubled"  # deliveries fail since less than a day
    SILENT = "silent"  # since a day or more
    LOST = "lost"  # since fourteen days: what waited was given up


def health_of(peer: Peer, now: datetime) -> PeerHealth:
    """Tell how a server is doing."""
    if peer.policy is Policy.BLOCKED:
        return PeerHealth.BLOCKED
    if peer.failing_since is None:
        exchanged = peer.heard_at or peer.reached_at
        return PeerHealth.WELL if exchanged else PeerHealth.NEW
    failing_for = now - peer.failing_since
    if failing_for >= timedelta(days=14):
        return PeerHealth.LOST
    return PeerHealth.SILENT if failing_for >= timedelta(days=1) else PeerHealth.TROUBLED
