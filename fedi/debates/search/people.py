"""People, groups and networks, found by what they are called."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, or_, select

from actors.local import network_actor
from actors.models import Actor, Follow, Peer
from fedi.core.unit import Unit
from fedi.debates.search.matching import mark_author, mark_origin
from fedi.debates.search.seeking import named
from fedi.debates.search.words import fold_all

#: Actors of a name that are looked at.
LOOKED_AT = 200
#: Nobody reads what a server itself is called.
_SERVER = "Application"


async def find_people(
    unit: Unit, words: str, *, viewer: Actor | None = None, limit: int = 6
) -> list[Actor]:
    """People and groups each word of whose name, or handle, begins with one of these words.

    Those of this node come first.  Visitors find of other servers only who wishes to be found.
    """
    typed = fold_all(words)
    if not typed:
        return []
    query = named(unit, typed, LOOKED_AT).where(
        Actor.type != _SERVER, Actor.suspended_at.is_(None), Actor.gone_at.is_(None)
    )
    if viewer is None:
        query = query.where(or_(Actor.role.is_not(None), Actor.discoverable))
    return await _in_order(unit, query, limit)


async def _in_order(unit: Unit, query: Select[Actor], limit: int) -> list[Actor]:
    order = query.order_by(Actor.role.is_(None), Actor.name, Actor.id).limit(limit)
    return list(await unit.session.scalars(order))


async def authors_called(unit: Unit, name: str, viewer: Actor | None) -> list[str]:
    """The marks of what those wrote who are called so: by a handle, or by the words of a name.

    A member is called *moi* and *me* as well.
    """
    if viewer is not None and name.lower() in ("moi", "me"):
        return [mark_author(viewer.id)]
    return [mark_author(actor.id) for actor in await _called(unit, name)]


async def groups_called(unit: Unit, name: str) -> list[int]:
    """The keys of the groups that are called so."""
    return [actor.id for actor in await _called(unit, name, Actor.type == "Group")]


async def _called(unit: Unit, name: str, *conditions: ColumnElement[bool]) -> Sequence[Actor]:
    handle, at, host = name.partition("@")
    if at:
        query = select(Actor).where(Actor.handle == handle, Actor.origin.in_(_origins(host)))
        return (await unit.session.scalars(query.where(*conditions))).all()
    typed = fold_all(name)
    if not typed:
        return []
    query = named(unit, typed, LOOKED_AT).where(*conditions)
    found = await _in_order(unit, query, LOOKED_AT)
    return [actor for actor in found if fold_all(actor.handle) == typed] or found


async def networks_called(unit: Unit, name: str) -> list[str]:
    """The marks of what was written on servers that are called so.

    A server is called by its host, a network also by the words of its name.
    """
    hosts = select(Peer.uri).where(or_(Peer.host == name.lower(), Peer.uri.in_(_origins(name))))
    origins = set(await unit.session.scalars(hosts))
    us = await network_actor(unit)
    origins |= {us.origin} & set(_origins(name))
    typed = fold_all(name)
    for network in (us, *await _networks(unit, us)):
        words = fold_all(f"{network.name} {network.handle}")
        if typed and all(any(word.startswith(start) for word in words) for start in typed):
            origins.add(network.origin)
    return [mark_origin(origin) for origin in sorted(origins)]


async def _networks(unit: Unit, us: Actor) -> Sequence[Actor]:
    """The Groups of other servers that ours follows."""
    query = (
        select(Actor)
        .join(Follow, Follow.followed_id == Actor.id)
        .where(Follow.follower_id == us.id, Actor.type == "Group")
        .order_by(Follow.id)
        .limit(LOOKED_AT)
    )
    return (await unit.session.scalars(query)).all()


def _origins(host: str) -> list[str]:
    return [f"{scheme}://{host.strip().lower()}" for scheme in ("https", "http")]
