"""Claiming: which deliveries go next, and all that is needed to make them.

A claim looks for what is due, with what is known of the peers, and leases it for two minutes;
a process that dies loses its leases, and nothing else.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

from sqlalchemy import Row, Select, and_, bindparam, case, exists, func, select, update
from sqlalchemy.orm import aliased

from actors.keys import Kind, signing_key
from actors.models import Actor, Dialect, Peer
from fedi.core.errors import NotFound
from fedi.core.jobs import finish
from fedi.core.signatures.keys import SigningKey
from fedi.core.tables import Base, UtcDateTime
from fedi.core.unit import Unit
from outbox.delivery import WAYS, Message, Parcel, Way
from outbox.models import Activity, Delivery
from outbox.queue import HEAD

LEASE = timedelta(minutes=2)
#: Most rows of one claim for a peer that is well; any other is tried with one.
_DEPTH = 25
_WELL_FOR = timedelta(days=1)
#: How often it is worth a write that a peer is still there.
_REACHED_EVERY = timedelta(minutes=10)

#: What is kept in memory between claims.
_MAX_MESSAGES = 128
_MAX_BODY = 64 * 1024
_MAX_KEYS = 512

Keys = Mapping[Kind, SigningKey]
KINDS: tuple[Kind, ...] = get_args(Kind)

_Value = TypeVar("_Value")


_NOW = bindparam("now", type_=UtcDateTime)
_DELIVERIES = Base.metadata.tables[Delivery.__tablename__]
_OLDER = aliased(Delivery)
_IS_FREE = (
    Delivery.next_attempt_at <= _NOW,
    Delivery.locked_until.is_(None) | (Delivery.locked_until <= _NOW),
)
_WAITS_FOR_AN_OLDER_ONE = exists().where(
    _OLDER.subject == Delivery.subject,
    _OLDER.inbox == Delivery.inbox,
    _OLDER.id < Delivery.id,
    _OLDER.next_attempt_at.is_not(None),
)


def _write_due() -> Select[*tuple[Any, ...]]:
    """Select deliveries to claim, oldest first and few of each peer, and how their peers are."""
    is_well = and_(Peer.failures == 0, Peer.reached_at > bindparam("well", type_=UtcDateTime))
    oldest_first = (Delivery.next_attempt_at, Delivery.origin, Delivery.id)
    head = (
        select(Delivery.id, Delivery.origin, case((is_well, _DEPTH), else_=1).label("depth"))
        .outerjoin(Peer, Peer.uri == Delivery.origin)
        .where(
            *_IS_FREE,
            Delivery.origin.not_in(bindparam("busy", expanding=True)),
            Peer.paused_until.is_(None) | (Peer.paused_until <= _NOW),
            ~_WAITS_FOR_AN_OLDER_ONE,
        )
        .order_by(*oldest_first)
        .limit(HEAD)
        .cte("head")
    )
    place = func.row_number().over(partition_by=head.c.origin, order_by=head.c.id).label("place")
    seen = func.count().over().label("seen")
    ranked = select(head.c.id, head.c.depth, place, seen).subquery("ranked")
    return (
        select(
            Delivery.id,
            Delivery.activity_id,
            Delivery.signer_id,
            Delivery.inbox,
            Delivery.origin,
            Delivery.attempts,
            Delivery.created_at,
            Peer.failures,
            Peer.reached_at,
            Peer.scheme,
            Peer.scheme_until,
            Peer.dialect,
            ranked.c.seen,
        )
        .join(ranked, ranked.c.id == Delivery.id)
        .outerjoin(Peer, Peer.uri == Delivery.origin)
        .where(ranked.c.place <= ranked.c.depth)
        .order_by(*oldest_first)
        .limit(bindparam("limit"))
    )


#: Written once: to write them anew costs as much as to run them.
_DUE = _write_due()
_LEASE = (
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.id.in_(
            select(Delivery.id)
            .where(Delivery.id.in_(bindparam("ids", expanding=True)), *_IS_FREE)
            .with_for_update(skip_locked=True)
        )
    )
    .values(locked_until=bindparam("until", type_=UtcDateTime), attempts=_DELIVERIES.c.attempts + 1)
    .returning(_DELIVERIES.c.id)
)
_MESSAGES = select(
    Activity.id,
    Activity.uri,
    Activity.type,
    Activity.body,
    Activity.object_uri,
    Activity.passed_on,
).where(Activity.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Claim:
    """What was taken in hand."""

    parcels: Sequence[Parcel] = ()
    is_last: bool = True  # nothing more could be taken until something changes


class Claims:
    """Takes due deliveries in hand; remembers the bodies and keys that many of them share."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self._keys: dict[int, Keys] = {}

    async def take(self, unit: Unit, *, limit: int, busy: Collection[str]) -> Claim:
        """Claim up to `limit` due deliveries, none of them to the `busy` origins.

        Paused peers are left out, and whatever is about a subject of which the same inbox
        still waits to hear something older.
        """
        connection = await unit.session.connection()
        asked = {"now": unit.now, "well": unit.now - _WELL_FOR, "busy": busy, "limit": limit}
        due = (await connection.execute(_DUE, asked)).all()
        taken = await _lease(unit, [row.id for row in due]) if due else frozenset()
        rows = sorted((row for row in due if row.id in taken), key=lambda row: row.id)
        messages = await self._load_messages(unit, {row.activity_id for row in rows})
        keys = await self._load_keys(unit, {row.signer_id for row in rows})
        await _drop_unsigned(unit, [row.id for row in rows if row.signer_id not in keys])
        return Claim(
            [
                _parcel(row, unit.now, messages[row.activity_id], keys[row.signer_id])
                for row in rows
                if row.signer_id in keys
            ],
            is_last=len(due) == len(taken) < limit and all(row.seen < HEAD for row in due[:1]),
        )

    def forget_key(self, signer_id: int) -> None:
        """Read a key again before it is used next: a peer did not accept it."""
        self._keys.pop(signer_id, None)

    async def _load_messages(self, unit: Unit, ids: set[int]) -> Mapping[int, Message]:
        known = {id_: self._messages[id_] for id_ in ids & self._messages.keys()}
        if missing := ids - known.keys():
            connection = await unit.session.connection()
            rows = await connection.execute(_MESSAGES, {"ids": list(missing)})
            for id_, uri, type_, body, object_uri, passed_on in rows:
                known[id_] = Message(uri, type_, body, object_uri)
                # What was passed on for somebody else may be replaced by a newer edit.
                if not passed_on and len(body) <= _MAX_BODY:
                    _remember(self._messages, id_, known[id_], _MAX_MESSAGES)
        return known

    async def _load_keys(self, unit: Unit, ids: set[int]) -> Mapping[int, Keys]:
        known = {id_: self._keys[id_] for id_ in ids & self._keys.keys()}
        missing = ids - known.keys()
        await unit.load(Actor, id=missing)
        for id_ in missing:
            signer = await unit.find(Actor, id=id_)
            with suppress(NotFound):
                if signer is not None:
                    known[id_] = {kind: await signing_key(unit, signer, kind) for kind in KINDS}
                    _remember(self._keys, id_, known[id_], _MAX_KEYS)
        return known


def _remember(memory: dict[int, _Value], key: int, value: _Value, size: int) -> None:
    memory[key] = value
    if len(memory) > size:
        del memory[next(iter(memory))]


def _way(row: Row[Any], now: datetime) -> tuple[Way, bool]:
    """How to sign for a peer, and whether that is known: as it took it within a week.

    Everybody reads draft-cavage, our own kind also the signatures that are quickly made.
    """
    if row.scheme in WAYS and row.scheme_until is not None and row.scheme_until > now:
        return row.scheme, True
    return ("ed25519", False) if row.dialect is Dialect.NODE else ("cavage", True)


async def _lease(unit: Unit, ids: Sequence[int]) -> Collection[int]:
    """Lease what nobody else has leased or is leasing at this moment; which rows those are."""
    connection = await unit.session.connection()
    asked = {"now": unit.now, "until": unit.now + LEASE, "ids": ids}
    return frozenset((await connection.scalars(_LEASE, asked)).all())


async def _drop_unsigned(unit: Unit, ids: Sequence[int]) -> None:
    """Close the deliveries of actors that have no key any more: nobody can sign for them."""
    await finish(unit, Delivery, ids, outcome="refused", last_error="no-key")


def _parcel(row: Row[Any], now: datetime, message: Message, keys: Keys) -> Parcel:
    way, is_way_known = _way(row, now)
    return Parcel(
        id=row.id,
        message=message,
        inbox=row.inbox,
        origin=row.origin,
        signer_id=row.signer_id,
        keys=keys,
        way=way,
        is_way_known=is_way_known,
        doubtful=bool(row.failures),
        reached_lately=row.reached_at is not None and row.reached_at > now - _REACHED_EVERY,
        dialect=row.dialect or Dialect.MICROBLOG,
        attempts=row.attempts + 1,
        created_at=row.created_at,
        leased_until=now + LEASE,
    )
