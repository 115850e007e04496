"""`fedi network`: other networks, and what they debate."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedi.cli.frame import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    new_group,
    opened_node,
    print_rows,
)
from fedi.core.errors import Invalid, NotFound

if TYPE_CHECKING:
    from actors.models import Actor, Follow
    from fedi.core.node import Node
    from fedi.core.unit import Unit

app = new_group("Other networks: debates of those followed arrive here.")

Target = Annotated[
    str, typer.Argument(metavar="HANDLE_OR_URL", help="@handle@host, or the address of its page.")
]


@app.command("follow")
def follow(target: Target, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Ask another network, or one group of it, for its debates."""
    asyncio.run(_follow(config, target))


async def _follow(config: Path, target: str) -> None:
    async with opened_node(config) as node:
        followed = await ask_to_follow(node, target)
        print(f"@{followed.acct} is asked; `fedi serve` delivers the request")


async def ask_to_follow(node: "Node", target: str) -> "Actor":
    """Find a Group by handle or address, and queue the network's request to follow it.

    Raises `NotFound`, `Unreachable`, and `Invalid` when it is no Group.
    """
    from actors.local import network_actor
    from actors.models import Actor
    from actors.remote import obtain_by_handle
    from fedi.app import sign_requests
    from fedi.debates.groups import follow_network

    await sign_requests(node)  # some servers show their actors to nobody else
    found = await obtain_by_handle(node, target)
    if found.type != "Group":
        raise Invalid(f"{found.acct} is a {found.type}: only groups and networks hold debates")
    async with node.db.unit() as unit:
        followed = await unit.find(Actor, uri=found.uri)
        if followed is None:
            raise NotFound(f"{found.acct} has just disappeared")
        await follow_network(unit, await network_actor(unit), followed)
    return followed


@app.command("unfollow")
def unfollow(target: Target, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Stop following a network: what arrived stays, nothing new comes."""
    asyncio.run(_unfollow(config, target))


async def _unfollow(config: Path, target: str) -> None:
    from actors.local import network_actor
    from fedi.debates.relations import unfollow

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            network = await network_actor(unit)
            followed = await _find_followed(unit, network, target)
            await unfollow(unit, network, followed)
        print(f"@{followed.acct} is no longer followed")


async def _find_followed(unit: "Unit", network: "Actor", target: str) -> "Actor":
    """Among those followed, the one of this handle or address; nothing is asked of the peer."""
    wanted = target.strip().removeprefix("acct:").removeprefix("@")
    for _, actor in await _follows(unit, network, outward=True):
        if wanted in {actor.acct, actor.uri, actor.url}:
            return actor
    raise NotFound(f"this network does not follow {target}: see `fedi network list`")


@app.command("list")
def list_networks(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the networks that are followed, and those that follow this one."""
    asyncio.run(_list(config, as_json))


async def _list(config: Path, as_json: bool) -> None:
    from actors.local import network_actor

    async with opened_node(config) as node, node.db.reading() as unit:
        network = await network_actor(unit)
        rows = [
            {
                "handle": f"@{actor.acct}",
                "direction": "followed" if outward else "follower",
                "state": _state(follow),
                "since": follow.created_at,
                "name": actor.name,
                "id": actor.uri,
            }
            for outward in (True, False)
            for follow, actor in await _follows(unit, network, outward=outward)
        ]
    columns = ("handle", "direction", "state", "since", "name")
    print_rows(rows, columns, as_json=as_json, none="no network is followed, and none follows")


async def _follows(
    unit: "Unit", network: "Actor", *, outward: bool
) -> list[tuple["Follow", "Actor"]]:
    """Follows between the network and the Groups of others, oldest first."""
    from sqlalchemy import select

    from actors.models import Actor, Follow

    ours, theirs = Follow.follower_id, Follow.followed_id
    if not outward:
        ours, theirs = theirs, ours
    query = (
        select(Follow, Actor)
        .join(Actor, Actor.id == theirs)
        .where(ours == network.id, Actor.type == "Group")
        .order_by(Follow.id)
    )
    return [(follow, actor) for follow, actor in await unit.session.execute(query)]


def _state(follow: "Follow") -> str:
    if follow.rejected_at is not None:
        return "refused"
    return "accepted" if follow.accepted_at is not None else "asked"


@app.command("close")
def close(
    on: Annotated[datetime, typer.Argument(metavar="DATE", formats=["%Y-%m-%d"])],
    successor: Annotated[
        list[str], typer.Option("--successor", help="A network that goes on; the first first.")
    ] = [],  # noqa: B006  read by typer, changed by nobody
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say to others that this network closes on a day, and who goes on with its debates."""
    asyncio.run(_close(config, on, successor))


async def _close(config: Path, on: datetime, successors: list[str]) -> None:
    from actors.local import local_groups
    from actors.remote import obtain_by_handle
    from fedi.app import sign_requests
    from outbox.introduction import introduce

    async with opened_node(config) as node:
        await sign_requests(node)
        heirs = [await obtain_by_handle(node, name) for name in successors]
        if wrong := [heir.acct for heir in heirs if heir.type != "Group"]:
            raise Invalid(f"{wrong[0]} is no network: it cannot go on with debates")
        async with node.db.unit() as unit:
            for group in await local_groups(unit):
                group.closing_at = on.replace(tzinfo=UTC)
                group.successors = [heir.uri for heir in heirs] or None
                group.updated_at = unit.now
                await introduce(unit, group)
        print("those who follow are told; `fedi serve` delivers it")
