"""Who follows whom, and where what an actor says has to go."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, func, or_, select

from actors.models import Actor, Dialect, Follow, Peer
from fedi.core.errors import Conflict
from fedi.core.unit import Unit

#: Why an activity goes somewhere; it decides which inbox of a GoToSocial server gets it.
Reason = Literal["addressed", "follower", "participant", "carrier"]

_TARGETS = "actors.followers:targets"
_DERIVED = "actors.followers:derived"
_PAIRS = "actors.followers:pairs"
_CHANGED = "actors.followers:changed"


@dataclass(frozen=True)
class Target:
    """A peer's actor to whom something goes, and how its server wants it."""

    actor_id: int
    uri: str
    inbox: str
    shared_inbox: str | None
    origin: str
    dialect: Dialect
    reason: Reason


async def targets_of(unit: Unit, actors: Iterable[Actor], reason: Reason) -> list[Target]:
    """The actors among these to whom something can be sent: of peers, not gone, not suspended."""
    reachable = [
        actor for actor in actors if not (actor.is_local or actor.gone_at or actor.suspended_at)
    ]
    await unit.load(Peer, uri={actor.origin for actor in reachable})
    targets = []
    for actor in reachable:
        peer = await unit.find(Peer, uri=actor.origin)
        dialect = peer.dialect if peer is not None else Dialect.MICROBLOG
        targets.append(
            Target(
                actor.id, actor.uri, actor.inbox, actor.shared_inbox, actor.origin, dialect, reason
            )
        )
    return targets


async def follower_targets(
    unit: Unit, actor: Actor, among: Collection[Dialect] = tuple(Dialect)
) -> list[Target]:
    """The accepted followers of an actor on other servers; asked of the database once a unit.

    `among` are the dialects of their servers: thousands who are not told need not be read.
    """
    memory: dict[int, dict[Any, list[Target]]] = unit.memory.setdefault(_TARGETS, {})
    known, wanted = memory.setdefault(actor.id, {}), frozenset(among)
    if wanted not in known:
        await _flush_changes(unit)
        rows = await unit.session.execute(_follower_columns(actor, wanted))
        known[wanted] = [
            Target(id_, uri, inbox, shared, origin, dialect or Dialect.MICROBLOG, "follower")
            for id_, uri, inbox, shared, origin, dialect in rows
        ]
    return known[wanted]


def known_of_followers(unit: Unit) -> dict[Any, Any]:
    """A memory for what is worked out from `follower_targets`; empty again when a follow changes.

    A Group may have thousands of followers, and a batch fifty posts for them.
    """
    known: dict[Any, Any] = unit.memory.setdefault(_DERIVED, {})
    return known


def _follower_columns(
    actor: Actor, among: Collection[Dialect]
) -> Select[int, str, str, str | None, str, Dialect]:
    return (
        select(Actor.id, Actor.uri, Actor.inbox, Actor.shared_inbox, Actor.origin, Peer.dialect)
        .join(Follow, Follow.follower_id == Actor.id)
        .outerjoin(Peer, Peer.uri == Actor.origin)
        .where(
            Follow.followed_id == actor.id,
            Follow.accepted_at.is_not(None),
            Actor.role.is_(None),
            Actor.gone_at.is_(None),
            Actor.suspended_at.is_(None),
            func.coalesce(Peer.dialect, Dialect.MICROBLOG).in_(among),
        )
        .order_by(Actor.id)
    )


# --- the relation ------------------------------------------------------------------------


async def request_follow(unit: Unit, uri: str, follower: Actor, followed: Actor) -> Follow:
    """Record that one actor asks to follow another; asking again changes nothing but the id.

    A peer that lost our Accept asks again under a new id, and it is that id which our next
    Accept must name.  Raises `Conflict` when the id belongs to another request.
    """
    named = await find_follow(unit, uri=uri)
    if named is not None and (named.follower_id, named.followed_id) != (follower.id, followed.id):
        raise Conflict(f"{uri} was another request to follow", code="follow-id-taken")
    follow = named or await find_follow(unit, pair=(follower, followed))
    if follow is None:
        follow = unit.add(
            Follow(
                uri=uri,
                follower_id=follower.id,
                followed_id=followed.id,
                created_at=unit.now,
                accepted_at=None,
                rejected_at=None,
            )
        )
        _pairs(unit)[follower.id, followed.id] = follow
        unit.memory[_CHANGED] = True
        unit.wake("networks")
    elif follow.uri != uri:
        unit.met[Follow, "uri", follow.uri] = None
        follow.uri = uri
        unit.meet(follow)
    return follow


async def find_follow(
    unit: Unit, *, uri: str | None = None, pair: tuple[Actor, Actor] | None = None
) -> Follow | None:
    """A follow by the id of its activity, or by its pair: who follows, who is followed."""
    if uri is not None:
        return await unit.find(Follow, uri=uri)
    if pair is None:
        raise ValueError("a follow is found by its id or by its pair")
    names = (pair[0].id, pair[1].id)
    known = _pairs(unit)
    if names not in known:
        query = select(Follow).where(Follow.follower_id == names[0], Follow.followed_id == names[1])
        known[names] = follow = await unit.session.scalar(query)
        if follow is not None:
            unit.meet(follow)
    return known[names]


def _pairs(unit: Unit) -> dict[tuple[int, int], Follow | None]:
    pairs: dict[tuple[int, int], Follow | None] = unit.memory.setdefault(_PAIRS, {})
    return pairs


async def accept_follow(unit: Unit, follow: Follow) -> None:
    """The request was granted; accepting twice keeps the first date."""
    follow.accepted_at = follow.accepted_at or unit.now
    follow.rejected_at = None
    _forget_targets(unit, follow.followed_id)


async def reject_follow(unit: Unit, follow: Follow) -> None:
    """The request was refused, or a follower is no longer wanted."""
    follow.rejected_at = unit.now
    follow.accepted_at = None
    _forget_targets(unit, follow.followed_id)


async def remove_follow(unit: Unit, follower: Actor, followed: Actor) -> bool:
    """Stop following; False when there was nothing to stop."""
    follow = await find_follow(unit, pair=(follower, followed))
    if follow is None:
        return False
    await _delete(unit, follow)
    return True


async def remove_follows_of(unit: Unit, actor: Actor) -> None:
    """End every follow by this actor and of this actor."""
    await _flush_changes(unit)
    query = select(Follow).where(
        or_(Follow.follower_id == actor.id, Follow.followed_id == actor.id)
    )
    for follow in list(await unit.session.scalars(query)):
        await _delete(unit, follow)


async def _delete(unit: Unit, follow: Follow) -> None:
    await unit.session.delete(follow)
    await unit.flush()  # the same pair may ask again within this unit
    unit.met[Follow, "uri", follow.uri] = None
    unit.met[Follow, "id", follow.id] = None
    _pairs(unit)[follow.follower_id, follow.followed_id] = None
    _forget_targets(unit, follow.followed_id)


def _forget_targets(unit: Unit, followed_id: int) -> None:
    unit.memory.get(_TARGETS, {}).pop(followed_id, None)
    unit.memory.pop(_DERIVED, None)
    unit.memory[_CHANGED] = True
    unit.wake("networks")


async def _flush_changes(unit: Unit) -> None:
    """Let a query see the follows this unit changed; a batch without any is not interrupted."""
    if unit.memory.pop(_CHANGED, False):
        await unit.flush()


# --- what is shown -----------------------------------------------------------------------


async def count_followers(unit: Unit, actor: Actor) -> int:
    """How many actors follow this one, here and elsewhere."""
    return await _count(unit, Follow.followed_id == actor.id)


async def count_following(unit: Unit, actor: Actor) -> int:
    """How many actors this one follows, here and elsewhere."""
    return await _count(unit, Follow.follower_id == actor.id)


async def _count(unit: Unit, condition: Any) -> int:
    await _flush_changes(unit)
    query = (
        select(func.count()).select_from(Follow).where(condition, Follow.accepted_at.is_not(None))
    )
    return await unit.session.scalar(query) or 0


async def followers_page(unit: Unit, actor: Actor, after: str | None, limit: int) -> Sequence[str]:
    """Ids of followers that may be shown, by id; `after` is the last one of the page before.

    Only Groups, and persons who asked to be found, are shown; the others are counted.
    """
    return await _page(unit, Follow.follower_id, Follow.followed_id == actor.id, after, limit)


async def following_page(unit: Unit, actor: Actor, after: str | None, limit: int) -> Sequence[str]:
    """Ids of followed actors that may be shown; as `followers_page`."""
    return await _page(unit, Follow.followed_id, Follow.follower_id == actor.id, after, limit)


async def _page(
    unit: Unit, shown: Any, condition: Any, after: str | None, limit: int
) -> Sequence[str]:
    await _flush_changes(unit)
    query = (
        select(Actor.uri)
        .join(Follow, shown == Actor.id)
        .where(
            condition,
            Follow.accepted_at.is_not(None),
            Actor.uri > (after or ""),
            Actor.gone_at.is_(None),
            Actor.suspended_at.is_(None),
            or_(Actor.type == "Group", Actor.discoverable),
        )
        .order_by(Actor.uri)
        .limit(limit)
    )
    return (await unit.session.scalars(query)).all()
