"""Actors of peers, as we know them: their rows and keys.  Nothing here reaches the network."""

from dataclasses import dataclass
from typing import Any

from actors.document import ActorDocument
from actors.followers import remove_follows_of
from actors.keys import drop_keys, kind_of, public_keys
from actors.models import Actor, ActorKey, Dialect
from actors.peers import find_peer
from actors.snapshots import keep_snapshot
from fedi.core.errors import Forbidden
from fedi.core.signatures.keys import PublicKey, dump_public
from fedi.core.tables import new_id
from fedi.core.unit import Unit

_NAMES = """
type handle name summary url icon inbox shared_inbox outbox followers following featured
moderators language approves_followers discoverable indexable also_known_as moved_to fields
mirrors successors closing_at
"""
#: What is copied from a document to the row.
_COLUMNS = tuple(_NAMES.split())


@dataclass(frozen=True)
class FetchedActor:
    """The document of an actor, as its own server served it just now."""

    document: ActorDocument
    body: bytes
    carried_by: str | None = None  # by which network, when the actor's own server is silent


async def store_actor(unit: Unit, fetched: FetchedActor) -> Actor:
    """Make the row of a peer's actor and its keys say what its document says.

    Keys that it no longer publishes are dropped.  The row of its server is made when this is
    the first actor we know there.  Raises `Forbidden` for a document that claims to be one of
    our own actors.
    """
    document = fetched.document
    if unit.site.is_local(document.uri):
        raise Forbidden(f"{document.uri} is ours to describe", code="own-actor")
    values: dict[str, Any] = {name: getattr(document, name) for name in _COLUMNS}
    values |= {"vouched_by": fetched.carried_by}
    actor = await unit.find(Actor, uri=document.uri)
    is_new = actor is None
    if actor is None:
        created_at = document.published_at or unit.now
        actor = unit.add(
            Actor(
                uri=document.uri,
                origin=document.origin,
                key_number=1,
                created_at=created_at,
                **values,
            )
        )
    else:
        if (actor.name, actor.handle) != (document.name, document.handle):
            actor.stamp = new_id()
        for name, value in values.items():
            setattr(actor, name, value)
    await keep_snapshot(unit, actor, document.keys)
    actor.document = fetched.body
    actor.verifies_proofs = any(kind_of(key.key) == "ed25519" for key in document.keys)
    actor.updated_at = unit.now
    actor.fetched_at = unit.now if fetched.carried_by is None else None
    actor.gone_at = None
    await _store_keys(unit, actor, document.keys, is_new=is_new)
    await _note_peer(unit, actor)
    if actor.type == "Group":
        unit.wake("networks")
    return actor


async def _store_keys(
    unit: Unit, actor: Actor, keys: tuple[PublicKey, ...], *, is_new: bool
) -> None:
    published = {key.id for key in keys}
    rows = [] if is_new else await public_keys(unit, actor)
    await drop_keys(unit, [row for row in rows if row.uri not in published])
    for key in keys:
        row, public = await unit.find(ActorKey, uri=key.id), dump_public(key.key)
        if row is None:
            row = unit.add(ActorKey(uri=key.id, actor_id=actor.id, created_at=unit.now))
        elif row.actor_id != actor.id and not _is_named_under(key.id, actor.uri):
            continue  # another actor of that server had this key first
        elif (row.actor_id, row.public) != (actor.id, public):
            unit.wake(f"keys/{row.uri}")  # processes hold it as it was
        row.actor_id = actor.id
        row.kind = kind_of(key.key)
        row.public = public


def _is_named_under(key_uri: str, actor_uri: str) -> bool:
    """Whether a key bears the name of its actor, as `ID#main-key` or `ID/main-key` do."""
    return key_uri.startswith((f"{actor_uri}#", f"{actor_uri}/"))


async def _note_peer(unit: Unit, actor: Actor) -> None:
    peer = await find_peer(unit, actor.origin)
    if actor.verifies_proofs and peer.dialect is Dialect.MICROBLOG:
        peer.dialect = Dialect.VERIFIER


async def forget_actor(unit: Unit, actor: Actor) -> None:
    """Note that a peer's actor is no more: its keys are dropped, and all its follows.

    Its row stays, for what it wrote; nothing is asked of it again.
    """
    actor.gone_at = unit.now
    unit.wake("networks")
    await drop_keys(unit, await public_keys(unit, actor))
    await remove_follows_of(unit, actor)
