"""Claiming: which deliveries go next, and all that is needed to make them.

A claim is one `UPDATE … RETURNING` and leases its rows for two minutes; a process that dies
loses its leases, and nothing else.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased

from actors.keys import signing_key
from actors.models import Actor, Dialect, Peer
from fedi.core.errors import NotFound
from fedi.core.jobs import claim, finish
from fedi.core.signatures.keys import SigningKey
from fedi.core.signatures.request import Scheme
from fedi.core.unit import Unit
from outbox.delivery import FIRST_SCHEME, Message, Parcel
from outbox.models import Activity, Delivery
from outbox.queue import HEAD

LEASE = timedelta(minutes=2)
#: Most rows of one claim for a peer that is well; any other is tried with one.
_DEPTH = 25
_WELL_FOR = timedelta(days=1)

#: What is kept in memory between claims.
_MAX_MESSAGES = 128
_MAX_BODY = 64 * 1024
_MAX_KEYS = 512

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a peer wants to be asked."""

    scheme: Scheme = FIRST_SCHEME
    doubtful: bool = False
    dialect: Dialect = Dialect.MICROBLOG


class Claims:
    """Takes due deliveries in hand; remembers the bodies and keys that many of them share."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self._keys: dict[int, SigningKey] = {}

    async def take(self, unit: Unit, *, limit: int, busy: Collection[str]) -> list[Parcel]:
        """Claim up to `limit` due deliveries, none of them to the `busy` origins.

        Paused peers are left out, and whatever is about a subject of which the same inbox
        still waits to hear something older.
        """
        due = _due(unit.now, limit, busy)
        rows = await claim(unit, Delivery, limit=limit, lease=LEASE, due=due)
        if not rows:
            return []
        messages = await self._load_messages(unit, {row.activity_id for row in rows})
        keys = await self._load_keys(unit, {row.signer_id for row in rows})
        manners = await _load_manners(unit, {row.origin for row in rows})
        await _drop_unsigned(unit, [row.id for row in rows if row.signer_id not in keys])
        return [
            _parcel(
                row,
                unit.now,
                messages[row.activity_id],
                keys[row.signer_id],
                manners.get(row.origin, _Manner()),
            )
            for row in rows
            if row.signer_id in keys
        ]

    def forget_key(self, signer_id: int) -> None:
        """Read a key again before it is used next: a peer did not accept it."""
        self._keys.pop(signer_id, None)

    async def _load_messages(self, unit: Unit, ids: set[int]) -> Mapping[int, Message]:
        known = {id_: self._messages[id_] for id_ in ids & self._messages.keys()}
        query = select(
            Activity.id,
            Activity.uri,
            Activity.type,
            Activity.body,
            Activity.object_uri,
            Activity.passed_on,
        ).where(Activity.id.in_(ids - known.keys()))
        rows = await unit.session.execute(query) if len(known) < len(ids) else ()
        for id_, uri, type_, body, object_uri, passed_on in rows:
            known[id_] = Message(uri, type_, body, object_uri)
            # What was passed on for somebody else may be replaced by a newer edit.
            if not passed_on and len(body) <= _MAX_BODY:
                _remember(self._messages, id_, known[id_], _MAX_MESSAGES)
        return known

    async def _load_keys(self, unit: Unit, ids: set[int]) -> Mapping[int, SigningKey]:
        known = {id_: self._keys[id_] for id_ in ids & self._keys.keys()}
        missing = ids - known.keys()
        await unit.load(Actor, id=missing)
        for id_ in missing:
            signer = await unit.find(Actor, id=id_)
            with suppress(NotFound):
                if signer is not None:
                    known[id_] = await signing_key(unit, signer)
                    _remember(self._keys, id_, known[id_], _MAX_KEYS)
        return known


def _remember(memory: dict[int, _Value], key: int, value: _Value, size: int) -> None:
    memory[key] = value
    if len(memory) > size:
        del memory[next(iter(memory))]


def _due(now: datetime, limit: int, busy: Collection[str]) -> Select[Any]:
    """Ids of the deliveries to claim: oldest first, and few of each peer."""
    depth = case(
        (and_(Peer.failures == 0, Peer.reached_at > now - _WELL_FOR), _DEPTH), else_=1
    ).label("depth")
    head = (
        select(Delivery.id, Delivery.origin, depth)
        .outerjoin(Peer, Peer.uri == Delivery.origin)
        .where(
            Delivery.next_attempt_at <= now,
            Delivery.locked_until.is_(None) | (Delivery.locked_until <= now),
            Delivery.origin.not_in(busy),
            Peer.paused_until.is_(None) | (Peer.paused_until <= now),
            ~_waits_for_an_older_one(),
        )
        .order_by(Delivery.next_attempt_at, Delivery.origin, Delivery.id)
        .limit(HEAD)
        .with_for_update(of=Delivery, skip_locked=True)
        .cte("head")
    )
    place = func.row_number().over(partition_by=head.c.origin, order_by=head.c.id).label("place")
    ranked = select(head.c.id, head.c.depth, place).subquery("ranked")
    return select(ranked.c.id).where(ranked.c.place <= ranked.c.depth).limit(limit)


def _waits_for_an_older_one() -> ColumnElement[bool]:
    older = aliased(Delivery)
    return exists().where(
        older.subject == Delivery.subject,
        older.inbox == Delivery.inbox,
        older.id < Delivery.id,
        older.next_attempt_at.is_not(None),
    )


async def _load_manners(unit: Unit, origins: set[str]) -> Mapping[str, _Manner]:
    query = select(Peer.uri, Peer.failures, Peer.scheme, Peer.scheme_until, Peer.dialect).where(
        Peer.uri.in_(origins)
    )
    return {
        uri: _Manner(
            "rfc9421" if scheme == "rfc9421" and until and until > unit.now else FIRST_SCHEME,
            failures > 0,
            dialect,
        )
        for uri, failures, scheme, until, dialect in await unit.session.execute(query)
    }


async def _drop_unsigned(unit: Unit, ids: Sequence[int]) -> None:
    """Close the deliveries of actors that have no key any more: nobody can sign for them."""
    await finish(unit, Delivery, ids, outcome="refused", last_error="no-key")


def _parcel(
    row: Delivery, now: datetime, message: Message, key: SigningKey, manner: _Manner
) -> Parcel:
    return Parcel(
        id=row.id,
        message=message,
        inbox=row.inbox,
        origin=row.origin,
        signer_id=row.signer_id,
        key=key,
        scheme=manner.scheme,
        doubtful=manner.doubtful,
        dialect=manner.dialect,
        attempts=row.attempts,
        created_at=row.created_at,
        leased_until=now + LEASE,
    )
