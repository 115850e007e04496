"""The documents of actors as they stood: with which keys what they said is judged later.

A server may disappear, change its keys, or change hands.  What was proved while a key was
published stays proved, so documents that show other keys than today's are never thrown away.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import select

from actors.document import read_keys
from actors.keys import kind_of, public_keys, to_public_key
from actors.models import Actor, ActorSnapshot
from fedi.core.errors import Malformed
from fedi.core.jsonld import parse_document
from fedi.core.signatures.keys import PublicKey, dump_public
from fedi.core.tables import IN_LIMIT
from fedi.core.unit import Unit

#: Keys for proofs by their ids: in the course of time one name may have stood for several.
ProvingKeys = Mapping[str, Sequence[PublicKey]]


async def keep_snapshot(unit: Unit, actor: Actor, published: Collection[PublicKey]) -> None:
    """Keep the document that stood until now, if it shows keys that are published no more."""
    if actor.document is None:
        return
    shown = {(key.id, dump_public(key.key)) for key in _keys_in(actor.document)}
    if shown <= {(key.id, dump_public(key.key)) for key in published}:
        return
    digest = sha256(actor.document).digest()
    query = select(ActorSnapshot.id).where(
        ActorSnapshot.actor_uri == actor.uri, ActorSnapshot.sha256 == digest
    )
    if await unit.session.scalar(query) is None:
        unit.write(
            ActorSnapshot,
            actor_uri=actor.uri,
            sha256=digest,
            body=actor.document,
            carried_by=actor.vouched_by,
            taken_at=actor.fetched_at or unit.now,
        )


async def snapshots_of(unit: Unit, actor_uris: Collection[str]) -> list[ActorSnapshot]:
    """The documents that were kept of these actors, the newest first."""
    names, found = sorted(actor_uris), list[ActorSnapshot]()
    for start in range(0, len(names), IN_LIMIT):
        query = (
            select(ActorSnapshot)
            .where(ActorSnapshot.actor_uri.in_(names[start : start + IN_LIMIT]))
            .order_by(ActorSnapshot.id.desc())
        )
        found += await unit.session.scalars(query)
    return found


async def proving_keys(unit: Unit, actors: Collection[Actor]) -> dict[str, ProvingKeys]:
    """With which keys each of these actors may have made proofs, those published today first."""
    known: dict[str, defaultdict[str, list[PublicKey]]] = {
        actor.uri: defaultdict(list) for actor in actors
    }
    for actor in actors:
        for key in await _published(unit, actor):
            known[actor.uri][key.id].append(key)
    for snapshot in await snapshots_of(unit, known.keys()):
        for key in _keys_in(snapshot.body):
            known[snapshot.actor_uri][key.id].append(key)
    return {
        uri: {name: _proving(keys) for name, keys in by_name.items()}
        for uri, by_name in known.items()
    }


async def _published(unit: Unit, actor: Actor) -> list[PublicKey]:
    if actor.is_local:
        return [to_public_key(row, actor.uri) for row in await public_keys(unit, actor)]
    return _keys_in(actor.document) if actor.document is not None else []


def _proving(keys: Sequence[PublicKey]) -> Sequence[PublicKey]:
    return [key for key in keys if kind_of(key.key) == "ed25519"]


def _keys_in(body: bytes) -> list[PublicKey]:
    """The keys in a document of an actor; it was accepted once, under stricter rules or other."""
    try:
        return read_keys(parse_document(body))
    except Malformed:
        return []
