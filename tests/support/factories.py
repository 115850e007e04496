"""Nodes and rows for tests: a real database, real keys, a clock that moves when told.

    node = await make_node(tmp_path, clock=clock)
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        ana = await make_remote_actor(unit, "ana", "https://lisbon.example")

Keys are kept for the whole run, because making an RSA key takes long; each test gives them
to the names it uses in the order it names them.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from databases import Databases, blank_file

from actors.document import read_actor
from actors.keys import KeyPair
from actors.known import FetchedActor, store_actor
from actors.local import create_actor, instance_handle
from actors.models import Actor, Dialect, Role
from actors.peers import find_peer
from fedi.core.jsonld import Document, dumps
from fedi.core.node import Node, open_node
from fedi.core.seal import create_secret
from fedi.core.settings import make_config
from fedi.core.signatures.keys import (
    SigningKey,
    generate_ed25519,
    generate_rsa,
    write_multikey,
    write_pem,
)
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import Scheme, sign
from fedi.core.unit import Unit
from fedi.core.vocab import ACTIVITY_JSON
from fedi.migrations.tables import TABLES

#: Enough for actors that must not be mistaken for each other.
_PAIRS = 16
_numbers = count()


class FakeClock:
    """A clock for `make_node`: it stands still until `advance`."""

    def __init__(self, now: datetime = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


# --- keys --------------------------------------------------------------------------------


@cache
def key_pair(name: str) -> KeyPair:
    """The keys that actors of this name have; those of the first sixteen names in a test differ."""
    return _pair(next(_numbers) % _PAIRS)


def forget_names() -> None:
    """Give keys to names anew: each test begins with all of them free."""
    key_pair.cache_clear()


@cache
def _pair(number: int) -> KeyPair:
    return KeyPair(generate_rsa(), generate_ed25519())


def remote_key(actor: Actor, kind: str = "rsa") -> SigningKey:
    """The private key of an actor made by `make_remote_actor`, to sign what it sends."""
    pair = key_pair(actor.uri)
    if kind == "ed25519":
        return SigningKey(f"{actor.uri}#ed25519-key", actor.uri, pair.ed25519)
    return SigningKey(f"{actor.uri}#main-key", actor.uri, pair.rsa)


# --- nodes -------------------------------------------------------------------------------


async def make_node(
    tmp_path: Path,
    domain: str = "node.test",
    *,
    clock: FakeClock | None = None,
    url: str = "",
    network: str = "reseau",
    database: str = "",
    **sections: dict[str, Any],
) -> Node:
    """Make a node with its instance and network actors, on a database of its own.

    It talks to loopback and over http.  `url` is for nodes that answer on a real port,
    `database` for those on an empty one of PostgreSQL; `sections` are further parts of the
    configuration.  Close it with `await node.close()`.
    """
    data_dir = tmp_path / domain.replace(":", "-")
    data_dir.mkdir()
    relaxed = {"allow_private_addresses": True, "allow_http": True}
    lent = "" if database else await Databases.lend()
    place = {"data_dir": data_dir, "database": database or lent}
    config = make_config(
        sections
        | {
            "node": {"domain": domain, "url": url, **place},
            "network": {"handle": network, "name": network.capitalize()},
            "federation": relaxed | sections.get("federation", {}),
        }
    )
    create_secret(config.secret_path)
    for file in config.database_files[:1]:
        file.write_bytes(blank_file())
    node = open_node(config, clock=clock or FakeClock())
    if database:
        async with node.db.writer.begin() as connection:
            await connection.run_sync(TABLES.create_all)
    async with node.db.unit() as unit:
        await make_local(unit, Role.INSTANCE, instance_handle(unit))
        await make_local(unit, Role.NETWORK, network)
    return node


# --- actors ------------------------------------------------------------------------------


async def make_local(unit: Unit, role: Role, handle: str, **more: Any) -> Actor:
    """Make an actor of this node."""
    more.setdefault("name", handle.capitalize())
    keys = key_pair(f"{unit.site.url} {handle}")
    return await create_actor(unit, role=role, handle=handle, keys=keys, **more)


async def make_person(unit: Unit, name: str, **more: Any) -> Actor:
    """Make a member of this node."""
    return await make_local(unit, Role.PERSON, name, **more)


async def make_group(unit: Unit, name: str, **more: Any) -> Actor:
    """Make a working group of this node."""
    return await make_local(unit, Role.GROUP, name, **more)


def remote_document(
    handle: str, origin: str, type: str = "Person", *, proofs: bool = True, **more: Any
) -> Document:
    """The document an actor of a peer would serve; `more` replaces or adds members."""
    uri = f"{origin}/users/{handle}"
    pair = key_pair(uri)
    multikey = {
        "id": f"{uri}#ed25519-key",
        "type": "Multikey",
        "controller": uri,
        "publicKeyMultibase": write_multikey(pair.ed25519.public_key()),
    }
    return {
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": uri,
        "type": type,
        "preferredUsername": handle,
        "name": handle.capitalize(),
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "following": f"{uri}/following",
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "discoverable": True,
        "publicKey": {
            "id": f"{uri}#main-key",
            "owner": uri,
            "publicKeyPem": write_pem(pair.rsa.public_key()),
        },
        **({"assertionMethod": [multikey]} if proofs else {}),
        **more,
    }


async def make_remote_actor(
    unit: Unit,
    handle: str,
    origin: str,
    type: str = "Person",
    dialect: Dialect | None = None,
    **more: Any,
) -> Actor:
    """Store an actor of a peer, as if its document had just been fetched.

    `dialect` is what NodeInfo would have told of its server.  Servers of GoToSocial have no
    shared inbox, and publish no Ed25519 keys.
    """
    if dialect is Dialect.GOTOSOCIAL:
        more = {"endpoints": {}, "proofs": False} | more
    document = remote_document(handle, origin, type, **more)
    actor = await store_actor(unit, FetchedActor(read_actor(document), dumps(document)))
    if dialect is not None:
        (await find_peer(unit, origin)).dialect = dialect
    return actor


# --- requests ----------------------------------------------------------------------------


def signed_request(
    node: Node,
    key: SigningKey,
    body: bytes = b"{}",
    *,
    method: str = "POST",
    target: str = "/inbox",
    scheme: Scheme = "cavage",
) -> Request:
    """A request as it reaches this node, signed with a peer's key at the node's own time."""
    headers = [("Content-Type", ACTIVITY_JSON)] if body else []
    origin = node.site.origin
    bare = Request(method, origin.scheme, origin.authority, target, headers, body)
    return replace(bare, headers=[*headers, *sign(bare, key, scheme, node.clock()).items()])
