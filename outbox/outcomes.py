"""Writing down how attempts ended: the rows, the health of the peers, the journal.

Many results go into one unit: a commit costs as much for one as for fifty.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, update

from actors.journal import record
from actors.models import Actor, Peer
from actors.peers import find_peer
from fedi.core.jobs import MAX_ERROR
from fedi.core.tables import Base
from fedi.core.unit import Unit
from outbox.delivery import Parcel, Result, Verdict
from outbox.models import Delivery
from outbox.queue import hold, resume
from outbox.retry import BREAKER, LONGEST_PAUSE, delay, lifetime, pause

#: How long a peer's preference among signature schemes is believed.
_SCHEME_FOR = timedelta(days=7)
#: How often one actor is asked again because its inbox is gone.
_RECHECK_EVERY = timedelta(hours=1)
_GONE = frozenset({404, 410})

_DELIVERIES = Base.metadata.tables[Delivery.__tablename__]
#: A lease that somebody took back (a newer edit goes out instead) leaves nothing to write.
_ENDING = (
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.id.in_(bindparam("rows", expanding=True)),
        _DELIVERIES.c.locked_until.is_not(None),
    )
    .values(locked_until=None)
)
_ATTEMPTED = _ENDING.values(
    status=bindparam("status"),
    outcome=bindparam("outcome"),
    last_error=bindparam("error"),
    next_attempt_at=bindparam("next"),
    finished_at=bindparam("finished"),
)
_GIVEN_BACK = _ENDING.values(attempts=_DELIVERIES.c.attempts - 1)


async def give_back(unit: Unit, parcels: Sequence[Parcel]) -> None:
    """Return parcels that were claimed and not sent; the attempt does not count."""
    if parcels:
        connection = await unit.session.connection()
        await connection.execute(_GIVEN_BACK, {"rows": [parcel.id for parcel in parcels]})


async def write_results(unit: Unit, results: Sequence[Result], rng: Random) -> None:
    """Close what was delivered or refused, and give everything else its next moment."""
    if not results:
        return
    alike: dict[_Ending, list[int]] = defaultdict(list)
    for result in results:
        ending = _ending(result, unit.now, rng)
        alike[ending].append(result.parcel.id)
        if ending.outcome not in (None, Verdict.DELIVERED):
            await record(
                unit,
                direction="out",
                origin=result.parcel.origin,
                code=result.code if result.verdict is Verdict.REFUSED else ending.outcome,
                subject=result.parcel.message.uri,
                detail=ending.error or "",
            )
    connection = await unit.session.connection()
    for ending, rows in alike.items():  # nearly all are delivered, and end alike
        await connection.execute(_ATTEMPTED, {"rows": rows, **ending._asdict()})
    await _note_peers(unit, [result for result in results if _tells_something(result)])


class _Ending(NamedTuple):
    """The new state of a delivery, as the parameters of `_ATTEMPTED`."""

    status: int | None
    outcome: str | None
    error: str | None
    next: datetime | None
    finished: datetime | None


def _ending(result: Result, now: datetime, rng: Random) -> _Ending:
    error = None if result.verdict is Verdict.DELIVERED else _explain(result)
    moment = _next_attempt(result, now, rng) if result.verdict is Verdict.RETRY else None
    if moment is not None:
        return _Ending(result.status, None, error, moment, None)
    outcome = "given-up" if result.verdict is Verdict.RETRY else str(result.verdict)
    return _Ending(result.status, outcome, error, None, now)


def _next_attempt(result: Result, now: datetime, rng: Random) -> datetime | None:
    """When to try again: not before the peer asked for; None when that is too late."""
    parcel = result.parcel
    wait = delay(parcel.attempts, rng)
    if wait is None:
        return None
    moment = now + max(wait, min(result.retry_after or wait, LONGEST_PAUSE))
    return moment if moment < parcel.created_at + lifetime(parcel.message.type) else None


def _explain(result: Result) -> str:
    return f"{result.code}: {result.detail}"[:MAX_ERROR].removesuffix(": ")


# --- peers -------------------------------------------------------------------------------


def _tells_something(result: Result) -> bool:
    """Whether a result says of its peer what was not known when it was claimed."""
    parcel = result.parcel
    expected = result.verdict is Verdict.DELIVERED and result.learned is None
    return not expected or parcel.doubtful or not parcel.reached_lately


async def _note_peers(unit: Unit, results: Sequence[Result]) -> None:
    by_origin: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_origin[result.parcel.origin].append(result)
    await unit.load(Peer, uri=by_origin, lock=True)  # other processes count its failures too
    back = []
    for origin, group in by_origin.items():
        peer = await find_peer(unit, origin)
        was_lost, paused_before = peer.failures >= BREAKER, peer.paused_until
        for result in group:
            _note(peer, result, unit.now)
        if peer.paused_until is not None and peer.paused_until != paused_before:
            await hold(unit, origin, peer.paused_until)
        elif was_lost and not peer.failures:
            back.append(origin)
    await resume(unit, back)


def _note(peer: Peer, result: Result, now: datetime) -> None:
    """What one result says about a peer; any answer but one of distress ends its failures."""
    if result.silent:
        peer.failures += 1
        peer.failing_since = peer.failing_since or now
        peer.last_error = _explain(result)
    elif peer.failures:
        peer.failures, peer.failing_since, peer.paused_until, peer.last_error = 0, None, None, None
    waits = (pause(peer.failures) if result.silent else None, result.retry_after)
    if (wait := max((wait for wait in waits if wait), default=None)) is not None:
        peer.paused_until = now + min(wait, LONGEST_PAUSE)
    if result.verdict is Verdict.DELIVERED:
        peer.reached_at = now
    if result.learned is not None:
        peer.scheme, peer.scheme_until = result.learned, now + _SCHEME_FOR


async def actors_to_recheck(unit: Unit, results: Sequence[Result]) -> list[str]:
    """Actors whose inbox is no more, one for each inbox: they moved, or they are gone.

    Their rows are marked, so that nobody relies on them before they were asked for again.
    """
    gone = [result.parcel for result in results if result.status in _GONE]
    if not gone:
        return []
    uris = []
    for origin, inbox in sorted({(parcel.origin, parcel.inbox) for parcel in gone}):
        query = select(Actor.uri).where(
            Actor.origin == origin,
            or_(Actor.inbox == inbox, Actor.shared_inbox == inbox),
            Actor.fetched_at <= unit.now - _RECHECK_EVERY,
            Actor.gone_at.is_(None),
        )
        if (
            uri := await unit.session.scalar(query.order_by(Actor.fetched_at).limit(1))
        ) is not None:
            uris.append(uri)
    await unit.session.execute(
        update(Actor)
        .where(Actor.uri.in_(uris))
        .values(fetched_at=None)
        .execution_options(synchronize_session=False)
    )
    return uris
