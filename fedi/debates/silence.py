"""Whether the origin of a debate is still there: patience first, and never on a bad answer alone.

A server that is moved, restored or attacked answers 404, 410, or nothing.  Only time without
any sign of life counts, or the word of those who run it, or of somebody here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from actors.models import Actor, Peer
from fedi.core.unit import Unit
from fedi.debates.models.thread import Thread

#: Without a signed request of its own and without a 2xx to ours.
SILENT_AFTER = timedelta(days=7)
LOST_AFTER = timedelta(days=30)


class Presence(StrEnum):
    """What is known of the node where a debate began."""

    HERE = "here"
    CLOSING = "closing"  # it has said when it will be no more
    SILENT = "silent"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Absence:
    """What readers should know when an origin is not simply there."""

    presence: Presence
    since: datetime  # the last sign of life; when it closes
    origin: str
    successors: Sequence[str] = ()


def presence_of(peer: Peer | None, closing_at: datetime | None, now: datetime) -> Presence:
    """Judge a server; one that was never exchanged a word with is given time from its first day."""
    if peer is not None and peer.declared_lost_at is not None:
        return Presence.LOST
    if closing_at is not None:
        return Presence.LOST if closing_at <= now else Presence.CLOSING
    if peer is None:
        return Presence.HERE
    quiet_for = now - last_sign_of(peer)
    if quiet_for >= LOST_AFTER:
        return Presence.LOST
    return Presence.SILENT if quiet_for >= SILENT_AFTER else Presence.HERE


def last_sign_of(peer: Peer) -> datetime:
    """When a server last showed that it is there."""
    signs = (peer.heard_at, peer.reached_at, peer.answered_at, peer.created_at)
    return max(sign for sign in signs if sign is not None)


async def absence_of_origin(unit: Unit, thread: Thread) -> Absence | None:
    """What to tell of the origin of a debate; None when it is ours, or simply there."""
    if thread.origin == unit.site.url:
        return None
    peer = await unit.find(Peer, uri=thread.origin)
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    if group is not None and group.origin != thread.origin:
        group = None  # it goes on elsewhere: what that Group plans is another matter
    closing_at = group.closing_at if group is not None else None
    presence = presence_of(peer, closing_at, unit.now)
    if presence is Presence.HERE:
        return None
    since = closing_at or (last_sign_of(peer) if peer is not None else unit.now)
    successors = group.successors or () if group is not None else ()
    return Absence(presence, since, thread.origin, successors)
