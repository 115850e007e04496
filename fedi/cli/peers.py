"""`fedi peers`: the other servers, and what is decided about them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedi.cli.frame import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    authority,
    new_group,
    opened_node,
    print_fields,
    print_json,
    print_rows,
)
from fedi.core.errors import NotFound

if TYPE_CHECKING:
    from actors.models import Peer
    from fedi.moderation.models import Act

app = new_group("Other servers: how they are, which may speak here.")

Host = Annotated[str, typer.Argument(metavar="HOST", help="A host; its sub-domains follow.")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for those who come after.")
]


@app.command("list")
def list_all(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the servers this node knows."""
    asyncio.run(_list(config, as_json))


async def _list(config: Path, as_json: bool) -> None:
    from actors.peers import list_peers

    async with opened_node(config) as node, node.db.reading() as unit:
        rows = [describe(peer) for peer in await list_peers(unit)]
    columns = ("host", "software", "policy", "heard_at", "reached_at", "failing_since")
    print_rows(rows, columns, as_json=as_json, none="no other server is known yet")


@app.command("show")
def show(host: Host, as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Show all that is known of a server, and what was refused to it lately."""
    asyncio.run(_show(config, host, as_json))


async def _show(config: Path, host: str, as_json: bool) -> None:
    from sqlalchemy import select

    from actors.models import JournalEntry
    from actors.peers import list_peers

    async with opened_node(config) as node, node.db.reading() as unit:
        found = [
            peer for peer in await list_peers(unit) if host in {peer.host, authority(peer.uri)}
        ]
        if not found:
            raise NotFound(f"no server {host} is known here")
        query = (
            select(JournalEntry)
            .where(JournalEntry.origin.in_([peer.uri for peer in found]))
            .order_by(JournalEntry.last_at.desc())
            .limit(20)
        )
        entries = [_describe_entry(entry) for entry in await unit.session.scalars(query)]
    rows = [describe(peer) for peer in found]
    if as_json:
        return print_json([{**row, "journal": entries} for row in rows])
    for row in rows:
        print_fields(row)
    columns = ("last_at", "direction", "code", "count", "subject")
    return print_rows(entries, columns, as_json=False, none="nothing was refused lately")


@app.command("block")
def block(host: Host, reason: Reason = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Refuse everything from a server, and say nothing more to it; follows end."""
    from fedi.moderation.models import Act

    asyncio.run(_decide(config, Act.BLOCK, host, reason))


@app.command("allow")
def allow(host: Host, reason: Reason = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Lift a block; with federation.mode = "allowlist", let a server in."""
    from fedi.moderation.models import Act

    asyncio.run(_decide(config, Act.ALLY, host, reason))


async def _decide(config: Path, act: "Act", host: str, reason: str) -> None:
    from fedi.moderation.servers import POLICIES, act_on_server

    async with opened_node(config) as node, node.db.unit() as unit:
        await act_on_server(unit, None, act, host, reason=reason)
    print(f"{host} is {POLICIES[act].value}")


@app.command("lost")
def lost(
    host: Host,
    found: Annotated[bool, typer.Option("--found", help="It is back after all.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say that a server will not come back, so that its debates can be taken up here."""
    asyncio.run(_declare(config, host, found))


async def _declare(config: Path, host: str, found: bool) -> None:
    from actors.peers import list_peers

    async with opened_node(config) as node, node.db.unit() as unit:
        peers = [p for p in await list_peers(unit) if host in {p.host, authority(p.uri)}]
        if not peers:
            raise NotFound(f"no server {host} is known here")
        for peer in peers:
            peer.declared_lost_at = None if found else unit.now
    print(f"{host} is {'back' if found else 'lost'}")


def describe(peer: "Peer") -> dict[str, Any]:
    """What is told of a server."""
    return {
        "host": authority(peer.uri),
        "software": " ".join(filter(None, (peer.software, peer.version))),
        "dialect": peer.dialect.value,
        "signatures": peer.scheme,
        "policy": peer.policy.value,
        "policy_reason": peer.policy_reason,
        "heard_at": peer.heard_at,
        "reached_at": peer.reached_at,
        "failing_since": peer.failing_since,
        "failures": peer.failures,
        "paused_until": peer.paused_until,
        "last_error": peer.last_error,
    }


def _describe_entry(entry: Any) -> dict[str, Any]:
    fields = ("direction", "code", "subject", "detail", "count", "first_at", "last_at")
    return {field: getattr(entry, field) for field in fields}
