"""The queue as a whole: what waits, and moving all that waits for a peer."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, true, update

from actors.journal import record
from actors.models import Peer
from fedi.core.unit import Unit
from outbox.models import Activity, Delivery
from outbox.retry import BREAKER, LIFETIME, LIKE_LIFETIME, LIKES

#: The longest the deliverer sleeps: deliveries may be queued by another process.
LONGEST_SLEEP = timedelta(seconds=5)
#: Due rows looked at for one claim, so that its cost does not grow with the queue.
HEAD = 400


@dataclass(frozen=True)
class Waiting:
    """What waits for one peer."""

    origin: str
    count: int
    oldest_at: datetime
    next_attempt_at: datetime | None
    attempts: int  # of the delivery tried most often
    failing_since: datetime | None
    paused_until: datetime | None
    last_error: str | None


async def list_queue(unit: Unit) -> list[Waiting]:
    """What waits to be delivered, by peer, the longest queue first."""
    query = (
        select(
            Delivery.origin,
            func.count(),
            func.min(Delivery.created_at),
            func.min(Delivery.next_attempt_at),
            func.max(Delivery.attempts),
            Peer.failing_since,
            Peer.paused_until,
            func.coalesce(Peer.last_error, func.max(Delivery.last_error)),
        )
        .outerjoin(Peer, Peer.uri == Delivery.origin)
        .where(Delivery.next_attempt_at.is_not(None))
        .group_by(Delivery.origin, Peer.id)
        .order_by(func.count().desc(), Delivery.origin)
    )
    return [Waiting(*row) for row in await unit.session.execute(query)]


async def retry_now(unit: Unit, origin: str | None = None) -> int:
    """Try everything that waits, for one peer or for all, without delay; how much that is."""
    peers = update(Peer).where(Peer.paused_until.is_not(None)).values(paused_until=None)
    waiting: list[ColumnElement[bool]] = [
        Delivery.next_attempt_at.is_not(None),
        Delivery.locked_until.is_(None),
    ]
    if origin is not None:
        peers = peers.where(Peer.uri == origin)
        waiting.append(Delivery.origin == origin)
    await unit.session.execute(peers.execution_options(synchronize_session=False))
    unit.wake("outbox")
    return await _reschedule(unit, unit.now, *waiting)


async def hold(unit: Unit, origin: str, until: datetime) -> None:
    """Let nothing go to a peer before a moment."""
    await _reschedule(
        unit,
        until,
        Delivery.origin == origin,
        Delivery.next_attempt_at < until,
        Delivery.locked_until.is_(None),
    )


async def hold_for_the_paused(unit: Unit) -> None:
    """Put off what was said since to peers that are paused: due, it would only be in the way."""
    paused = Peer.paused_until > unit.now
    until = select(Peer.paused_until).where(Peer.uri == Delivery.origin).scalar_subquery()
    due = (
        select(Delivery.id)
        .where(
            Delivery.origin.in_(select(Peer.uri).where(paused)),
            Delivery.next_attempt_at <= unit.now,
            Delivery.locked_until.is_(None),
        )
        .with_for_update(skip_locked=True)
    )
    await unit.session.execute(
        update(Delivery)
        .where(Delivery.id.in_(due))
        .values(next_attempt_at=until)
        .execution_options(synchronize_session=False)
    )


async def resume(unit: Unit, origins: Collection[str]) -> None:
    """Send at once what waits for peers that are back.

    What they answered with a reason to come back later keeps its own time.
    """
    if origins:
        await _reschedule(
            unit,
            unit.now,
            Delivery.origin.in_(origins),
            Delivery.next_attempt_at > unit.now,
            Delivery.locked_until.is_(None),
            or_(Delivery.status.is_(None), Delivery.status >= 500),
        )


async def _reschedule(unit: Unit, moment: datetime, *where: ColumnElement[bool]) -> int:
    connection = await unit.session.connection()
    done = await connection.execute(update(Delivery).where(*where).values(next_attempt_at=moment))
    return done.rowcount


async def heard_again(unit: Unit) -> list[str]:
    """Silent peers whose pause was ended because they spoke to us; a probe will tell more."""
    query = select(Peer.uri).where(
        Peer.failures >= BREAKER, Peer.paused_until.is_(None), Peer.heard_at.is_not(None)
    )
    return list(await unit.session.scalars(query))


async def look_ahead(unit: Unit) -> timedelta:
    """How long until something else becomes due, at most five seconds."""
    waiting, paused = Delivery.next_attempt_at, Peer.paused_until
    query = select(
        select(func.min(waiting)).where(waiting > unit.now).scalar_subquery(),
        select(func.min(paused)).where(paused > unit.now).scalar_subquery(),
    )
    moments = (await unit.session.execute(query)).one()
    waits: list[timedelta] = [moment - unit.now for moment in moments if moment is not None]
    return min([LONGEST_SLEEP, *waits])


async def give_up_on_the_lost(unit: Unit) -> None:
    """Close what has waited too long for peers that answer nothing; the journal keeps count.

    Two weeks for most, a day for likes.  What waits for a peer that answers ends by itself.
    """
    likes = exists().where(Activity.id == Delivery.activity_id, Activity.type.in_(LIKES))
    lost: Counter[str] = Counter()
    for age, which in ((LIFETIME, true()), (LIKE_LIFETIME, likes)):
        silent = select(Peer.uri).where(Peer.failing_since <= unit.now - age)
        closed = await unit.session.scalars(
            update(Delivery)
            .where(
                Delivery.origin.in_(silent),
                Delivery.next_attempt_at.is_not(None),
                Delivery.locked_until.is_(None),
                Delivery.created_at <= unit.now - age,
                which,
            )
            .values(next_attempt_at=None, finished_at=unit.now, outcome="given-up")
            .returning(Delivery.origin)
            .execution_options(synchronize_session=False)
        )
        lost.update(closed)
    for origin, count in lost.items():
        await record(
            unit,
            direction="out",
            origin=origin,
            code="given-up",
            subject=origin,
            detail="the server has answered nothing for too long",
            count=count,
        )
