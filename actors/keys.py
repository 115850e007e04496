"""Keys of actors: ours, sealed, to sign with; everybody's, public, to verify with.

Each actor of ours has its own pair of keys, so no actor can sign for another: RSA for HTTP
requests, because every peer takes it, and Ed25519 for proofs inside documents (FEP-521a).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from actors.models import Actor, ActorKey
from fedi.core.errors import NotFound
from fedi.core.signatures.keys import (
    PublicKey,
    SigningKey,
    Verifying,
    dump_private,
    dump_public,
    generate_ed25519,
    generate_rsa,
    load_private,
    load_public,
)
from fedi.core.unit import Unit

Kind = Literal["rsa", "ed25519"]

#: What is added to an actor's id to name its keys; peers remember these names, so they stay.
_FRAGMENTS: dict[Kind, str] = {"rsa": "#main-key", "ed25519": "#ed25519-key"}
#: Of the keys that we made for proofs, these are published; Mastodon reads ten of each kind.
MAX_PROVING = 9


@dataclass(frozen=True)
class KeyPair:
    """The private keys of one actor."""

    rsa: RSAPrivateKey
    ed25519: Ed25519PrivateKey


async def generate_keys() -> KeyPair:
    """Make the keys of an actor; the slow one is made in a thread."""
    return KeyPair(await asyncio.to_thread(generate_rsa), generate_ed25519())


def key_uri(actor_uri: str, kind: Kind, number: int = 1) -> str:
    """The id of a key of an actor of ours; `number` counts from its first one.

    A name stands for one key for ever: what was proved with it would be proved no more.
    """
    return f"{actor_uri}{_FRAGMENTS[kind]}{f'-{number}' if number > 1 else ''}"


def kind_of(key: Verifying) -> Kind:
    """What a public key is, in the words of `ActorKey.kind`."""
    return "ed25519" if isinstance(key, Ed25519PublicKey) else "rsa"


async def create_keys(unit: Unit, actor: Actor, pair: KeyPair | None = None) -> list[ActorKey]:
    """Store the keys of an actor of ours, private halves sealed; they are made when not given."""
    pair = pair or await generate_keys()
    return [
        unit.add(
            ActorKey(
                uri=key_uri(actor.uri, kind, actor.key_number),
                actor_id=actor.id,
                kind=kind,
                public=dump_public(private.public_key()),
                private_sealed=unit.vault.seal(dump_private(private)),
                created_at=unit.now,
                retired_at=None,
            )
        )
        for kind, private in _by_kind(pair)
    ]


async def rotate_keys(unit: Unit, actor: Actor, pair: KeyPair) -> list[ActorKey]:
    """Give an actor of ours new keys, under names of their own.

    The private halves of the old ones are destroyed.  The public key for proofs stays, and
    stays published; the one for requests has nothing left to prove and goes.
    """
    rows = [row for row in await public_keys(unit, actor) if row.retired_at is None]
    await drop_keys(unit, [row for row in rows if row.kind == "rsa"])
    for row in rows:
        row.private_sealed, row.retired_at = None, unit.now
        unit.wake(f"keys/{row.uri}")
    actor.key_number += 1
    actor.updated_at = unit.now
    return await create_keys(unit, actor, pair)


def _by_kind(pair: KeyPair) -> list[tuple[Kind, RSAPrivateKey | Ed25519PrivateKey]]:
    return [("rsa", pair.rsa), ("ed25519", pair.ed25519)]


async def signing_key(unit: Unit, actor: Actor, kind: Kind = "rsa") -> SigningKey:
    """The key with which an actor of ours signs: RSA for requests, Ed25519 for proofs.

    It is unsealed once per process.  Raises `NotFound` for an actor that is not ours.
    """
    row = await unit.find(ActorKey, uri=key_uri(actor.uri, kind, actor.key_number))
    if row is None or row.private_sealed is None:
        raise NotFound(f"there is no {kind} key here to sign for {actor.uri}")
    private = unit.vault.opened(row.private_sealed, load_private)
    return SigningKey(row.uri, actor.uri, private)


async def public_keys(unit: Unit, actor: Actor) -> list[ActorKey]:
    """The keys that an actor publishes, RSA first; of ours, then the newest first.

    Ours publish retired keys too, as many as peers read: what they proved stays proved.
    """
    if actor.is_local:
        newest = actor.key_number
        names = [key_uri(actor.uri, "rsa", newest)] + [
            key_uri(actor.uri, "ed25519", number)
            for number in range(newest, max(0, newest - MAX_PROVING), -1)
        ]
        await unit.load(ActorKey, uri=names)
        return [row for name in names if (row := await unit.find(ActorKey, uri=name))]
    await unit.flush()  # keys of a peer have any name, so only the database can list them
    rows = await unit.session.scalars(select(ActorKey).where(ActorKey.actor_id == actor.id))
    return sorted(rows, key=lambda row: (row.kind != "rsa", row.id))


async def drop_keys(unit: Unit, rows: Sequence[ActorKey]) -> None:
    """Forget keys, in every process; whatever they sign from now on is refused."""
    for row in rows:
        unit.wake(f"keys/{row.uri}")
        await unit.session.delete(row)
        unit.met[ActorKey, "uri", row.uri] = None


def to_public_key(row: ActorKey, owner_uri: str) -> PublicKey:
    """A stored key, ready to verify with; `owner_uri` is the id of the actor it belongs to."""
    return PublicKey(row.uri, owner_uri, _loaded(row.public))


@lru_cache(maxsize=2048)
def _loaded(der: bytes) -> Verifying:
    return load_public(der)
