"""Actors of this node: the instance itself, its network, its groups and its members."""

import re

from sqlalchemy import select

from actors.keys import KeyPair, create_keys
from actors.models import Actor, Role
from fedi.core.config import HANDLE
from fedi.core.errors import Conflict, Invalid, NotFound
from fedi.core.tables import new_id
from fedi.core.unit import Unit

_NAMES = """
about abuse account accounts actor admin administrator all anonymous api auth contact debates
everyone fedi federation feed followers following group groups help here host inbox info instance
interact login logout me media moderator moderators network networks news nobody noreply nodeinfo
notifications null oauth objects official open outbox people person postmaster privacy public
register relay root rules search security settings setup shared signin signout signup static
support system team terms undefined webfinger webmaster well_known www
"""
#: Names that would look like the node speaking, or like one of its addresses.
RESERVED = frozenset(_NAMES.split())

_NETWORK = "actors.local:network"

_TYPES = {
    Role.INSTANCE: "Application",
    Role.NETWORK: "Group",
    Role.GROUP: "Group",
    Role.PERSON: "Person",
}


async def create_actor(
    unit: Unit,
    *,
    role: Role,
    handle: str,
    name: str,
    summary: str = "",
    language: str | None = None,
    keys: KeyPair | None = None,
) -> Actor:
    """Store a new actor of ours with its addresses and its two keys.

    Persons and groups share one namespace: WebFinger has only one, and NodeBB drops an actor
    that it finds under a name of another.  Keys are made here unless `keys` were made beforehand.
    Raises `Invalid` when the handle cannot be used and `Conflict` when it is taken.
    """
    if role is not Role.INSTANCE:
        check_handle(handle)
    if await get_local(unit, handle) is not None:
        raise Conflict(f"the name {handle} is already taken")
    actor = unit.add(_new_actor(unit, role, handle, name, summary, language))
    if role is Role.NETWORK:
        unit.memory[_NETWORK] = actor
    await create_keys(unit, actor, keys)
    return actor


def check_handle(handle: str) -> None:
    """Raise `Invalid`, with what to change, unless an actor of ours may bear this name."""
    if not re.fullmatch(HANDLE, handle):
        raise Invalid(
            "the name must have 2 to 30 characters among a-z, 0-9 and _", code="bad-handle"
        )
    if handle in RESERVED:
        raise Invalid(f"the name {handle} is reserved: choose another", code="reserved-handle")


def _new_actor(
    unit: Unit, role: Role, handle: str, name: str, summary: str, language: str | None
) -> Actor:
    uri = unit.site.actor(role, handle)
    is_group = role in (Role.NETWORK, Role.GROUP)
    return Actor(
        uri=uri,
        role=role,
        type=_TYPES[role],
        origin=unit.site.url,
        handle=handle,
        name=name,
        summary=summary,
        url=f"{unit.site.url}/" if role is Role.INSTANCE else uri,
        inbox=f"{uri}/inbox",
        shared_inbox=unit.site.shared_inbox,
        outbox=f"{uri}/outbox",
        followers=f"{uri}/followers",
        following=f"{uri}/following",
        featured=f"{uri}/featured" if is_group else None,
        moderators=f"{uri}/moderators" if is_group else None,
        language=language,
        approves_followers=False,
        discoverable=True,
        indexable=role is not Role.PERSON,  # that is for each person to choose
        verifies_proofs=True,
        key_number=1,
        also_known_as=[],
        fields=[],
        created_at=unit.now,
        updated_at=unit.now,
    )


async def get_local(unit: Unit, handle: str) -> Actor | None:
    """The actor of ours that bears this name, suspended and closed ones included."""
    if handle == instance_handle(unit):
        return await unit.find(Actor, uri=unit.site.instance_actor)
    names = [unit.site.actor(role, handle) for role in (Role.PERSON, Role.GROUP)]
    await unit.load(Actor, uri=names)
    for name in names:
        if (actor := await unit.find(Actor, uri=name)) is not None:
            return actor
    return None


async def find_local(unit: Unit, uri: str) -> Actor | None:
    """The actor of ours with this id, suspended and closed ones included."""
    actor = await unit.find(Actor, uri=uri) if unit.site.is_local(uri) else None
    return actor if actor is not None and actor.is_local else None


def instance_handle(unit: Unit) -> str:
    """The name of the instance actor: the node's own host name, as Mastodon does it."""
    return unit.site.origin.host.replace(":", "-")


async def instance_actor(unit: Unit) -> Actor:
    """The actor that signs what this node asks of others; `NotFound` before `fedi init`."""
    return _required(await unit.find(Actor, uri=unit.site.instance_actor))


async def network_actor(unit: Unit) -> Actor:
    """The Group that stands for the whole network; `NotFound` before `fedi init`."""
    if _NETWORK not in unit.memory:
        query = select(Actor).where(Actor.role == Role.NETWORK)
        unit.memory[_NETWORK] = (await unit.session.scalars(query)).one_or_none()
    network: Actor = _required(unit.memory[_NETWORK])
    unit.meet(network)
    return network


def _required(actor: Actor | None) -> Actor:
    if actor is None:
        raise NotFound("this node has no actors yet: run `fedi init`")
    return actor


async def local_groups(unit: Unit) -> list[Actor]:
    """The groups of this node that take part in debates: the network's own first, then by name."""
    await unit.flush()
    query = select(Actor).where(
        Actor.role.in_([Role.NETWORK, Role.GROUP]),
        Actor.suspended_at.is_(None),
        Actor.gone_at.is_(None),
    )
    groups = list(await unit.session.scalars(query))
    for group in groups:
        unit.meet(group)
    return sorted(groups, key=lambda group: (group.role is not Role.NETWORK, group.handle))


async def update_actor(
    unit: Unit,
    actor: Actor,
    *,
    name: str | None = None,
    summary: str | None = None,
    language: str | None = None,
    icon: str | None = None,
    fields: list[dict[str, str]] | None = None,
    discoverable: bool | None = None,
    indexable: bool | None = None,
    approves_followers: bool | None = None,
) -> Actor:
    """Change what an actor of ours says about itself; what is not given stays as it is.

    The caller publishes the Update.
    """
    changes = {
        "name": name,
        "summary": summary,
        "language": language,
        "icon": icon,
        "fields": fields,
        "discoverable": discoverable,
        "indexable": indexable,
        "approves_followers": approves_followers,
    }
    for column, value in changes.items():
        if value is not None:
            setattr(actor, column, value)
    actor.updated_at, actor.stamp = unit.now, new_id()
    unit.wake("networks")
    return actor
